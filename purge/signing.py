"""Signatures that anyone can check and only the holder of the key can make: Ed25519, RFC 8032.

A keyed hash would do for ourselves, but who can check one can also make one, and the receipt of an
erase goes to somebody else. The library is pyca/cryptography, loaded when a key is first used: it
holds 10 MB, and a server that purges nothing needs none.
"""

from __future__ import annotations

import base64
import hashlib
from binascii import Error as Base64Error
from typing import TYPE_CHECKING

from purge.errors import BadConfiguration

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

#: Characters of a key's name: the start of the SHA-256 of its public half.
KEY_ID_CHARS = 16


class Signer:
    """A private key."""

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key = key

    @classmethod
    def from_pem(cls, pem: bytes) -> Signer:
        """Read an unencrypted PKCS #8 key; raises BadConfiguration "purge.configuration"."""
        from cryptography.exceptions import UnsupportedAlgorithm
        from cryptography.hazmat.primitives import serialization
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        try:
            key = serialization.load_pem_private_key(pem, password=None)
        except (ValueError, TypeError, UnsupportedAlgorithm) as error:
            raise _not_a_key() from error
        if not isinstance(key, Ed25519PrivateKey):
            raise _not_a_key()
        return cls(key)

    @property
    def key_id(self) -> str:
        """The name of the key, from its public half."""
        return key_id(self.public_pem())

    def public_pem(self) -> bytes:
        """Return the public half, with which everyone can check."""
        from cryptography.hazmat.primitives import serialization

        return self._key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )

    def sign(self, message: bytes) -> str:
        """Return the signature as base64."""
        return base64.b64encode(self._key.sign(message)).decode()


def new_pem() -> bytes:
    """Return a fresh private key."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    return Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def key_id(public_pem: bytes) -> str:
    """Return the name of a public key."""
    return hashlib.sha256(public_pem).hexdigest()[:KEY_ID_CHARS]


def is_signed(public_pem: bytes, message: bytes, signature: str) -> bool:
    """Say whether the holder of the key signed exactly this message.

    Raises BadConfiguration "purge.configuration" when the public key cannot be read.
    """
    from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        key = serialization.load_pem_public_key(public_pem)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise _not_a_key() from error
    if not isinstance(key, Ed25519PublicKey):
        raise _not_a_key()
    try:
        key.verify(base64.b64decode(signature, validate=True), message)
    except (InvalidSignature, Base64Error, ValueError):
        return False
    return True


def _not_a_key() -> BadConfiguration:
    return BadConfiguration("purge.configuration", "The audit key is not an Ed25519 key in PEM.")
