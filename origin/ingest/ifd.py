"""Reads directories of TIFF structures: TIFF and BigTIFF files, and the Exif block of any photo."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from origin.decode.view import View, damaged, number

SIZES: Final = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4}
SIZES_BIG: Final = SIZES | {16: 8, 17: 8, 18: 8}
"""Bytes of one value by field type (TIFF 6.0, section 2; BigTIFF)."""

BYTE, ASCII, SHORT, LONG, IFD, LONG8 = 1, 2, 3, 4, 13, 16
VALUES_MAX: Final = 1_000
"""Values read of one field; longer ones (strip offsets) are not needed whole."""
TEXT_MAX: Final = 200


@dataclass(frozen=True, slots=True)
class Entry:
    """One field: its type, count and where its values stand."""

    kind: int
    count: int
    at: int
    order: Literal["big", "little"]

    @property
    def size_bytes(self) -> int:
        """Bytes of all values, as declared."""
        return self.count * SIZES_BIG.get(self.kind, 1)


@dataclass(frozen=True, slots=True)
class Directory:
    """One directory and the offset of the next, 0 for none."""

    entries: Mapping[int, Entry]
    next_at: int


@dataclass(frozen=True, slots=True)
class Reader:
    """A TIFF structure: its bytes, byte order and whether offsets have 64 bits."""

    view: View
    order: Literal["big", "little"]
    is_big: bool
    first_at: int

    def directory(self, at: int, entries_max: int) -> Directory:
        """Read the directory at ``at``; raises "photo.damaged" past the end or past entries_max."""
        wide = 8 if self.is_big else 4
        count, first_at, step = self._shape(at)
        if count > entries_max:
            damaged(f"a directory of {count} entries")
        entries: dict[int, Entry] = {}
        for start in range(first_at, first_at + count * step, step):
            kind, number_of = self._number(start + 2, 2), self._number(start + 4, wide)
            value_at = start + 4 + wide
            if number_of * SIZES_BIG.get(kind, 1) > wide:
                value_at = self._number(value_at, wide)
            entry = Entry(kind, number_of, value_at, self.order)
            entries.setdefault(self._number(start, 2), entry)
        return Directory(entries, self.next_after(at))

    def next_after(self, at: int) -> int:
        """Return the offset of the directory after that at ``at``, 0 when there is none.

        Some writers leave the last offset out, and a later directory may be cut off.
        """
        if at + 8 > len(self.view):
            return 0
        wide = 8 if self.is_big else 4
        count, first_at, step = self._shape(at)
        end = first_at + count * step
        return self._number(end, wide) if end + wide <= len(self.view) else 0

    def _shape(self, at: int) -> tuple[int, int, int]:
        """Return how many entries a directory has, where the first stands, and their size."""
        count_bytes = 8 if self.is_big else 2
        return self._number(at, count_bytes), at + count_bytes, 20 if self.is_big else 12

    def whole(self, entry: Entry | None, missing: int = 0) -> int:
        """Return the first value as an integer, ``missing`` when absent or of another type."""
        found = self.wholes(entry, 1)
        return found[0] if found else missing

    def wholes(self, entry: Entry | None, most: int = VALUES_MAX) -> tuple[int, ...]:
        """Return up to ``most`` unsigned values of type BYTE, SHORT, LONG, IFD or LONG8."""
        if entry is None or entry.kind not in (BYTE, SHORT, LONG, IFD, LONG8, 18):
            return ()
        size = SIZES_BIG[entry.kind]
        return tuple(
            self._number(entry.at + size * index, size) for index in range(min(entry.count, most))
        )

    def text(self, entry: Entry | None) -> str:
        """Return an ASCII field, printable characters only, at most TEXT_MAX."""
        if entry is None or entry.kind != ASCII:
            return ""
        raw = self.view[entry.at : entry.at + min(entry.count, TEXT_MAX)].split(b"\x00")[0]
        return "".join(
            sign for sign in raw.decode("utf-8", "replace") if sign.isprintable()
        ).strip()

    def _number(self, at: int, size: int) -> int:
        return number(self.view, at, size, self.order)


def reader_of(view: View) -> Reader:
    """Read the header of a TIFF structure; raises PhotoRefused "photo.damaged"."""
    order: Literal["big", "little"] = "little" if view[:2] == b"II" else "big"
    if view[:2] not in (b"II", b"MM"):
        damaged("no byte order")
    is_big = number(view, 2, 2, order) == 43
    first_at = number(view, 8, 8, order) if is_big else number(view, 4, 4, order)
    return Reader(view, order, is_big, first_at)
