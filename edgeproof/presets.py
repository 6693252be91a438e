"""The tenants' preset files, read when they are first asked for and again when they change."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

from cache_keys.errors import Refusal
from cache_keys.preset_file import Presets, parse_presets
from cache_keys.presets import Preset
from edgeproof.console import CommandFailed

#: How often a preset file is looked at for a change, in seconds.
LOOK_S = 1.0
SUFFIXES = (".toml", ".json")


def check_files(folder: Path) -> int:
    """Read every preset file of a folder and return how many; CommandFailed names a bad one."""
    files = sorted(path for path in folder.glob("*") if path.suffix in SUFFIXES)
    files = [path for path in files if not path.name.endswith(".lock.json")]
    for path in files:
        try:
            parse_presets(path.read_bytes(), path.suffix)
        except Refusal as refused:
            where = refused.field or ""
            raise CommandFailed(f"{path}{where}: {refused.public} ({refused.code})") from refused
    return len(files)


@dataclass(slots=True)
class _Shelf:
    presets: Presets
    stamp: tuple[str, int, int]
    looked_at_s: float


class PresetFiles:
    """One file per tenant, ``{folder}/{tenant}.toml`` or ``.json``; a broken one keeps the last."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._shelves: dict[str, _Shelf] = {}

    def preset(self, tenant: str, name: str, version: int) -> Preset | None:
        """Return it, or None when that tenant has none of that name and version."""
        return self.of(tenant).get((name, version))

    def of(self, tenant: str) -> Presets:
        """Return every preset of a tenant by (name, version)."""
        now_s = time.monotonic()
        shelf = self._shelves.get(tenant)
        if shelf is None or now_s - shelf.looked_at_s > LOOK_S:
            shelf = self._look(tenant, shelf, now_s)
        return shelf.presets

    def _look(self, tenant: str, shelf: _Shelf | None, now_s: float) -> _Shelf:
        path = self._path(tenant)
        if path is None:
            shelf = _Shelf({}, ("", 0, 0), now_s)
        else:
            status = path.stat()
            stamp = (path.suffix, status.st_mtime_ns, status.st_size)
            if shelf is not None and shelf.stamp == stamp:
                shelf.looked_at_s = now_s
                return shelf
            try:
                shelf = _Shelf(parse_presets(path.read_bytes(), path.suffix), stamp, now_s)
            except Refusal:
                kept = shelf.presets if shelf is not None else {}
                shelf = _Shelf(kept, stamp, now_s)
        self._shelves[tenant] = shelf
        return shelf

    def _path(self, tenant: str) -> Path | None:
        for suffix in SUFFIXES:
            path = self._folder / f"{tenant}{suffix}"
            if path.is_file():
                return path
        return None
