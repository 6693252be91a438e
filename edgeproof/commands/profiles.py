"""``edgeproof profiles``: list, show and add colour profiles."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from edgeproof.console import CommandFailed, ExitCode, out, out_json

if TYPE_CHECKING:
    from origin.printing.profiles import Profile, Profiles

EPILOG = """
Examples:

  edgeproof profiles list                                  those that come along and your own

  edgeproof profiles add press.icc --name our-press        keep a print house's profile

  edgeproof profiles show our-press                        the SHA-256 for a product document
"""

app = typer.Typer(help="Colour profiles that products may name, pinned by SHA-256.", epilog=EPILOG)
Json = Annotated[bool, typer.Option("--json", help="One JSON object per line.")]


@app.command("list", epilog=EPILOG)
def list_profiles(*, as_json: Json = False) -> None:
    """Print every profile, one a line."""
    for profile in _profiles().all():
        if as_json:
            out_json(row(profile))
        else:
            out(
                f"{profile.name:<22} {profile.space:<5} {profile.sha256[:12]}…  "
                f"{profile.size_bytes:>9,} bytes  {profile.title}"
            )


@app.command()
def show(
    name: Annotated[str, typer.Argument(help="A name from the list.")], *, as_json: Json = False
) -> None:
    """Print all of one profile: where it is from, its digest, how well it fits its data."""
    profile = _profiles().by_name(name)
    if as_json:
        out_json(row(profile))
        return
    for key, value in row(profile).items():
        out(f"{key:<14} {value}")


@app.command()
def add(
    file: Annotated[Path, typer.Argument(help="An ICC profile, at most 4 MB.")],
    name: Annotated[str, typer.Option("--name", help="a-z, 0-9 and -")],
) -> None:
    """Keep a profile under a new name; the same name with other bytes is refused."""
    try:
        content = file.read_bytes()
    except OSError as error:
        raise CommandFailed(f"{file}: {error.strerror}", ExitCode.USAGE) from error
    profile = _profiles().add(name, content)
    out(f"{profile.name} {profile.sha256}")


def row(profile: Profile) -> dict[str, object]:
    """Return a profile as one JSON object."""
    return {
        "name": profile.name,
        "sha256": profile.sha256,
        "space": profile.space,
        "class": profile.device_class,
        "title": profile.title,
        "size_bytes": profile.size_bytes,
        "origin": profile.origin,
        "fit": dict(profile.fit) if profile.fit else None,
    }


def _profiles() -> Profiles:
    from edgeproof.settings import load
    from origin.printing.profiles import Profiles

    return Profiles(load().profiles_path)
