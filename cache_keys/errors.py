"""Why a request is refused before any pixel: one base class, one code per reason.

Refusal
├── GrammarError      400, 404, 405, 421: the URL itself
├── SignatureError    403 or 410: who asks
├── SigningError      422: what the signer is asked to sign
└── DesignError       422: a design document
"""

from __future__ import annotations


class Refusal(Exception):
    """A request that is answered by an error; ``code`` is API and listed in docs/errors.md."""

    def __init__(self, code: str, status: int, public: str, *, field: str | None = None) -> None:
        super().__init__(f"{status} {code}: {public}")
        self.code = code
        self.status = status
        self.public = public
        self.field = field

    @property
    def public_code(self) -> str:
        """Return the code that may leave the host: every 403 says the same (GRAMMAR step 5)."""
        return FORBIDDEN_CODE if self.status == 403 else self.code

    def __reduce__(self) -> tuple[object, ...]:
        """Cross a process border whole."""
        return (_rebuild, (type(self), self.code, self.status, self.public, self.field))


def _rebuild(cls: type[Refusal], code: str, status: int, public: str, field: str | None) -> Refusal:
    return cls(code, status, public, field=field)


class GrammarError(Refusal):
    """The method, host, target or leaf is outside the grammar."""


class SignatureError(Refusal):
    """The signature, its time or an edge's proof does not hold."""


class SigningError(Refusal):
    """The signer will not sign this: the life is too long or no key may sign for the tenant."""


class DesignError(Refusal):
    """A design, preset or product document says something that cannot be rendered."""


FORBIDDEN_CODE = "sig.refused"
_FORBIDDEN = "This address is not signed for you, or not in a way that we accept."

# code: (status, the words that anyone may read)
REFUSALS: dict[str, tuple[int, str]] = {
    "http.method": (405, "Only GET and HEAD are answered here."),
    "http.body": (400, "A request for a preview has no body."),
    "http.host": (421, "This host is not served here."),
    "url.bytes": (400, "The address is too long or has characters that no preview's address has."),
    "url.shape": (400, "An address under /v1/ is /v1/{tenant}/{asset}/{ops}.{ext}."),
    "url.unknown": (404, "There is no such address."),
    "sig.repeated": (400, "exp, kid, sig and scope may each be given once."),
    "sig.form": (403, _FORBIDDEN),
    "sig.missing": (403, _FORBIDDEN),
    "sig.bad": (403, _FORBIDDEN),
    "sig.far": (403, _FORBIDDEN),
    "edge.proof": (403, _FORBIDDEN),
    "sig.expired": (410, "This address was signed for a time that is over."),
    "key.ext": (400, "The ending must be .avif, .webp, .jpg, .png or .auto."),
    "key.op": (400, "There is no such operation."),
    "key.value": (400, "The value of this operation is not allowed."),
    "key.repeated": (400, "Each operation may be given once."),
    "key.many": (400, "At most 12 operations may be given."),
    "key.no_size": (400, "One of t, w and h is needed."),
    "key.dpr_without_size": (400, "dpr needs w or h beside it."),
    "key.design_owns_geometry": (400, "Beside a design there is no c, r, fl or g: it has its own."),
    "key.aspect": (400, "The box is too tall for its width."),
    "key.not_canonical": (400, "An edge must send a canonical path without a query."),
    "preset.unknown": (404, "There is no such preset."),
    "sign.life": (422, "The life is not positive, or longer than 8 days less one bucket."),
    "sign.kid": (422, "No key of that name signs for this tenant now."),
    "sign.time": (422, "The time of expiry has not ten digits."),
}


def refusal(code: str, field: str | None = None) -> Refusal:
    """Make the error of a code; ``field`` names the op, parameter or header it is about."""
    status, public = REFUSALS[code]
    if code.startswith("sign."):
        return SigningError(code, status, public, field=field)
    if status in {403, 410}:
        return SignatureError(code, status, public, field=field)
    return GrammarError(code, status, public, field=field)
