"""Amounts of bytes as people write and read them: 500MB, 20GB, 1.5TB (decimal, as on disks)."""

from __future__ import annotations

import re

from edgeproof.console import CommandFailed, ExitCode

UNITS = {"B": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12}
WRITTEN = re.compile(r"([0-9]{1,6}(?:\.[0-9]{1,3})?) ?([KMGT]?B)", re.IGNORECASE)


def read_bytes(text: str) -> int:
    """Return the bytes that a size names; CommandFailed, exit code 2, for any other text."""
    match = WRITTEN.fullmatch(text.strip())
    if match is None:
        raise CommandFailed(f"{text!r} is no size: write 500MB, 20GB or 1.5TB", ExitCode.USAGE)
    whole, _, part = match[1].partition(".")
    unit = UNITS[match[2].upper()]
    thousandths = int(whole) * 1000 + int(part.ljust(3, "0"))
    return thousandths * unit // 1000


def said_bytes(size_bytes: int) -> str:
    """Return a size for a person, three digits at most before the point."""
    name, unit = next(
        ((name, unit) for name, unit in reversed(UNITS.items()) if size_bytes >= unit), ("B", 1)
    )
    return f"{size_bytes / unit:.1f} {name}" if unit > 1 else f"{size_bytes} B"
