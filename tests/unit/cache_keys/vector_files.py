"""Read the vectors as bytes and texts that the package takes."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

Row = dict[str, Any]


def load(name: str) -> dict[str, Any]:
    document = json.loads((files("cache_keys") / "vectors" / f"{name}.json").read_bytes())
    assert isinstance(document, dict)
    return document


def rows(name: str) -> list[Row]:
    found = load(name)["rows"]
    assert isinstance(found, list)
    return found


def target_of(row: Row) -> bytes:
    if "target_hex" in row:
        return bytes.fromhex(row["target_hex"])
    if "target_repeat" in row:
        head, part, times, tail = row["target_repeat"]
        return f"{head}{part * times}{tail}".encode("latin-1")
    target: str = row["target"]
    return target.encode("latin-1")


def accept_of(row: Row) -> list[bytes]:
    return [line.encode("latin-1") for line in row.get("accept", [])]


def sentence(row: Row) -> str:
    text: str = row["id"]
    return text
