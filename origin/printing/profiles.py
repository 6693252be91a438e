"""The colour profiles that products may name: those that come along, and those a shop adds.

A profile is pinned by the SHA-256 of its bytes: a product names both, so that the same name can
never quietly mean other colours.
"""

from __future__ import annotations

import hashlib
import io
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from origin.errors import BadDocument, NotFound

NAME: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
BYTES_MAX: Final = 4_000_000
HEADER_BYTES: Final = 128
SPACES: Final = {b"RGB ": "rgb", b"CMYK": "cmyk", b"GRAY": "gray"}
CLASSES: Final = {b"mntr": "display", b"prtr": "output", b"spac": "colour space", b"scnr": "input"}
"""Device classes of ICC.1:2022, 7.2.5; links and named colours are no working profiles."""
MODES: Final = {"rgb": "RGB", "cmyk": "CMYK", "gray": "L"}
TO_DEVICE: Final = (b"B2A0", b"B2A1", b"rXYZ")
"""A profile that a print can be made for has one of these tags: tables, or matrix and curves."""


@dataclass(frozen=True, slots=True)
class Profile:
    """A profile of the registry. ``space`` is rgb, cmyk or gray; ``sha256`` is hex."""

    name: str
    path: Path
    sha256: str
    size_bytes: int
    space: str
    device_class: str
    title: str
    origin: str  # where it comes from and under which licence
    fit: Mapping[str, float] | None = None  # of a characterised press: ΔE00 to its data

    def content(self, sha256: str | None = None) -> bytes:
        """Return the bytes; raises BadDocument 422 "profile.digest" when they are other ones."""
        content = self.path.read_bytes()
        found = hashlib.sha256(content).hexdigest()
        if found != (sha256 or self.sha256):
            raise BadDocument("profile.digest", log=f"{self.name}: {found}")
        return content


class Profiles:
    """The registry: what comes along, and the folder of a deployment."""

    def __init__(
        self, folder: Path | None = None, *, lent: Mapping[str, Path] | None = None
    ) -> None:
        """``folder``: where ``add`` keeps a shop's own; it need not exist.

        lent: files by name, for a worker, which cannot read that folder.
        """
        self._folder = folder
        self._lent = lent or {}

    def all(self) -> list[Profile]:
        """Return every profile, by name."""
        return sorted([*_shipped(), *self._added()], key=lambda profile: profile.name)

    def by_name(self, name: str) -> Profile:
        """Return one; raises NotFound "profile.unknown"."""
        for profile in self.all():
            if profile.name == name:
                return profile
        known = ", ".join(profile.name for profile in self.all())
        raise NotFound("profile.unknown", f"There is no colour profile {name}. Known: {known}.")

    def add(self, name: str, content: bytes) -> Profile:
        """Keep a profile under a new name.

        Raises BadDocument: "profile.damaged", "profile.class", "profile.space", or
        "api.parameter" for a name that cannot be or is taken by other bytes.
        """
        if self._folder is None:
            raise BadDocument("api.parameter", "There is no folder for profiles.", field="name")
        if not NAME.fullmatch(name):
            raise BadDocument("api.parameter", "A name is a-z, 0-9 and -.", field="name")
        read_profile(content)
        digest = hashlib.sha256(content).hexdigest()
        for profile in self.all():
            if profile.name == name and profile.sha256 != digest:
                words = f"{name} is taken by other bytes; a new version needs a new name."
                raise BadDocument("api.parameter", words, field="name")
        self._folder.mkdir(parents=True, exist_ok=True)
        scratch = self._folder / f".{name}.part"
        scratch.write_bytes(content)
        scratch.rename(self._folder / f"{name}.icc")
        return self.by_name(name)

    def _added(self) -> list[Profile]:
        if self._folder is None or not self._folder.is_dir():
            return [
                replace(_described(path, "added here"), name=name)
                for name, path in self._lent.items()
            ]
        return [_described(path, "added here") for path in sorted(self._folder.glob("*.icc"))]


@dataclass(frozen=True, slots=True)
class Facts:
    """What a profile says about itself."""

    space: str
    device_class: str
    title: str


def read_profile(content: bytes) -> Facts:
    """Check that bytes are a profile that pixels can be converted with.

    Raises BadDocument 422 "profile.damaged" (too large, cut off, or LittleCMS cannot open it),
    "profile.class", "profile.space".
    """
    if len(content) > BYTES_MAX:
        raise BadDocument("profile.damaged", "The colour profile is larger than 4 MB.")
    is_whole = len(content) > HEADER_BYTES and content[36:40] == b"acsp"
    if not is_whole or int.from_bytes(content[:4], "big") != len(content):
        raise BadDocument("profile.damaged")
    device_class = CLASSES.get(content[12:16])
    if device_class is None:
        raise BadDocument("profile.class")
    space = SPACES.get(content[16:20])
    if space is None:
        raise BadDocument("profile.space")
    return Facts(space, device_class, _proven(content, space))


def is_for_output(content: bytes) -> bool:
    """Say whether a profile can be converted to: a device link or a bare input profile cannot."""
    tags = int.from_bytes(content[128:132], "big")
    names = {content[at : at + 4] for at in range(132, 132 + 12 * tags, 12)}
    return any(name in names for name in TO_DEVICE)


def _proven(content: bytes, space: str) -> str:
    """Convert a pixel, which reads what opening alone does not, and return the profile's title."""
    from PIL import Image, ImageCms

    mode = MODES[space]
    try:
        opened = ImageCms.ImageCmsProfile(io.BytesIO(content))
        to_srgb = ImageCms.buildTransform(opened, ImageCms.createProfile("sRGB"), mode, "RGB")
        ImageCms.applyTransform(Image.new(mode, (1, 1)), to_srgb)
        return ImageCms.getProfileDescription(opened).strip()
    except (ImageCms.PyCMSError, OSError) as error:
        raise BadDocument("profile.damaged", log=str(error)[:200]) from error


@cache
def _shipped() -> tuple[Profile, ...]:
    folder = Path(str(files("origin.printing"))) / "icc"
    index: dict[str, dict[str, Any]] = json.loads((folder / "index.json").read_text("utf-8"))
    return tuple(
        _described(folder / f"{name}.icc", entry["origin"], entry.get("fit"))
        for name, entry in index.items()
    )


def _described(path: Path, origin: str, fit: Mapping[str, float] | None = None) -> Profile:
    content = path.read_bytes()
    facts = read_profile(content)
    return Profile(
        name=path.stem,
        path=path,
        sha256=hashlib.sha256(content).hexdigest(),
        size_bytes=len(content),
        space=facts.space,
        device_class=facts.device_class,
        title=facts.title,
        origin=origin,
        fit=fit,
    )
