"""The tenants' preset files, read when they are first asked for and again when they change."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

import structlog

from cache_keys.errors import Refusal
from cache_keys.preset_file import Presets, parse_presets
from cache_keys.preset_lock import Lock, parse_lock, preset_digest
from cache_keys.presets import Preset
from edgeproof.console import CommandFailed

#: How often a preset file is looked at for a change, in seconds.
LOOK_S = 1.0
SUFFIXES = (".toml", ".json")
PRESETS_UNREADABLE = "presets_unreadable"
PRESET_CHANGED = "preset_changed"

Stamp = tuple[int, int]


def check_files(folder: Path) -> int:
    """Read every preset file of a folder and return how many; CommandFailed names a bad one."""
    files = sorted(path for path in folder.glob("*") if path.suffix in SUFFIXES)
    for path in files:
        try:
            parse_presets(path.read_bytes(), path.suffix)
        except OSError as error:
            raise CommandFailed(f"{path} cannot be read: {error.strerror}") from error
        except Refusal as refused:
            where = refused.field or ""
            raise CommandFailed(f"{path}{where}: {refused.public} ({refused.code})") from refused
    return len(files)


@dataclass(slots=True)
class _Shelf:
    """A tenant's presets as they are served, and the file that they were read from."""

    presets: dict[tuple[str, int], Preset]
    stamp: Stamp | None
    looked_at_s: float


class PresetFiles:
    """One file per tenant, ``{folder}/{tenant}.toml`` or ``.json``; a broken one keeps the last.

    A version is what it was when it was first seen or locked: one that was edited under its own
    number is not taken, since pictures of it are kept everywhere under that number.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._shelves: dict[str, _Shelf] = {}

    def preset(self, tenant: str, name: str, version: int) -> Preset | None:
        """Return it, or None when that tenant has none of that name and version."""
        return self.of(tenant).get((name, version))

    def of(self, tenant: str) -> Presets:
        """Return every preset of a tenant by (name, version)."""
        now_s = time.monotonic()
        shelf = self._shelves.setdefault(tenant, _Shelf({}, None, float("-inf")))
        if now_s - shelf.looked_at_s > LOOK_S:
            shelf.looked_at_s = now_s
            try:
                self._look(tenant, shelf)
            except (OSError, Refusal) as error:
                structlog.get_logger().error(PRESETS_UNREADABLE, tenant=tenant, reason=str(error))
        return shelf.presets

    def _look(self, tenant: str, shelf: _Shelf) -> None:
        path = self._path(tenant)
        if path is None:
            return
        status = path.stat()
        stamp = (status.st_mtime_ns, status.st_size)
        if shelf.stamp == stamp:
            return
        found = parse_presets(path.read_bytes(), path.suffix)
        locked = self._locked(path)
        shelf.stamp = stamp
        for key, preset in found.items():
            known = shelf.presets.get(key)
            digest = preset_digest(preset)
            name = f"{preset.name}~{preset.version}"
            first = preset_digest(known) if known is not None else locked.get(name, digest)
            if digest == first:
                shelf.presets[key] = preset
            else:
                structlog.get_logger().error(PRESET_CHANGED, tenant=tenant, preset=name)

    def _locked(self, path: Path) -> Lock:
        lock = path.with_name(path.name + ".lock")
        return parse_lock(lock.read_bytes()) if lock.is_file() else {}

    def _path(self, tenant: str) -> Path | None:
        for suffix in SUFFIXES:
            path = self._folder / f"{tenant}{suffix}"
            if path.is_file():
                return path
        return None
