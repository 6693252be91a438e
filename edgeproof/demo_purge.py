"""The demo's purge configuration: `edgeproof purge` in another terminal reaches its edge."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pydantic import SecretStr

from edge.local import write_private
from edgeproof.settings import Settings

MARK = "# Written by `edgeproof demo`, which removes it at its end."


@contextmanager
def purgeable(settings: Settings, port: int) -> Iterator[Settings]:
    """Write ``data_dir/purge.toml`` for a Varnish on loopback; remove it when the block ends.

    A configuration that is somebody's own is left as it is.
    """
    path = settings.data_dir / "purge.toml"
    if settings.purge_config is not None or (path.exists() and not _is_ours(path)):
        yield settings
        return
    secret = _secret(settings)
    path.write_text(_configuration(secret, port), "utf-8")
    try:
        yield settings.model_copy(update={"purge_secret": SecretStr(secret.read_text().strip())})
    finally:
        path.unlink(missing_ok=True)


def forget(settings: Settings) -> None:
    """Remove what a demo that was killed left behind: its Varnish is no longer there."""
    path = settings.data_dir / "purge.toml"
    if path.exists() and _is_ours(path):
        path.unlink()


def _is_ours(path: Path) -> bool:
    return path.read_text("utf-8").startswith(MARK)


def _secret(settings: Settings) -> Path:
    """Return the file of the edge's purge secret: the settings' own, else one that is made."""
    path = settings.data_dir / "keys" / "purge.secret"
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    given = settings.purge_secret
    if given is not None:
        path.unlink(missing_ok=True)
        write_private(path, given.get_secret_value() + "\n")
    elif not path.exists():
        write_private(path, secrets.token_hex(32) + "\n")
    return path


def _configuration(secret: Path, port: int) -> str:
    return f"""\
{MARK}
[[varnish]]
name = "demo"
instances = ["http://127.0.0.1:{port}"]
secret_file = "{secret.absolute()}"

[[edge]]
name = "varnish"
base_url = "http://127.0.0.1:{port}"
"""
