"""Damages files the way that finds bugs in walks: lengths, offsets, counts, cuts, splices."""

from __future__ import annotations

import random
import struct
from collections.abc import Callable, Sequence
from typing import Final

#: What a mutation may make of a file; a guard's cost must not depend on more.
BYTES_MAX: Final = 400_000
#: Where readers of sizes and counts go wrong.
EDGES: Final = (0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)
WORDS: Final = ("<H", ">H", "<I", ">I")

Mutation = Callable[[bytearray, random.Random, Sequence[bytes]], None]


def mutated(seeds: Sequence[bytes], chance: random.Random) -> bytes:
    """Return one of the seeds with one to eight damages, most of them in its first kilobytes."""
    content = bytearray(chance.choice(seeds)[:BYTES_MAX])
    for _ in range(chance.choice((1, 1, 2, 3, 8))):
        if content:
            chance.choice(MUTATIONS)(content, chance, seeds)
    return bytes(content[:BYTES_MAX])


def _place(content: bytearray, chance: random.Random) -> int:
    """Return an offset; structure is at the start, so it is near there in two of three cases."""
    return chance.randrange(min(len(content), chance.choice((64, 2_048, BYTES_MAX))))


def _flip(content: bytearray, chance: random.Random, seeds: Sequence[bytes]) -> None:
    del seeds
    content[_place(content, chance)] ^= 1 << chance.randrange(8)


def _edge(content: bytearray, chance: random.Random, seeds: Sequence[bytes]) -> None:
    del seeds
    word = chance.choice(WORDS)
    size = struct.calcsize(word)
    at = _place(content, chance)
    content[at : at + size] = struct.pack(word, chance.choice(EDGES) & (256**size - 1))


def _cut(content: bytearray, chance: random.Random, seeds: Sequence[bytes]) -> None:
    del seeds
    del content[_place(content, chance) :]


def _drop(content: bytearray, chance: random.Random, seeds: Sequence[bytes]) -> None:
    del seeds
    at = _place(content, chance)
    del content[at : at + chance.choice((1, 2, 4, 64, 1_024))]


def _repeat(content: bytearray, chance: random.Random, seeds: Sequence[bytes]) -> None:
    del seeds
    at = _place(content, chance)
    piece = content[at : at + chance.choice((4, 12, 64, 512))]
    content[at:at] = piece * chance.choice((1, 3, 200))


def _splice(content: bytearray, chance: random.Random, seeds: Sequence[bytes]) -> None:
    other = chance.choice(seeds)
    if other:
        start = chance.randrange(len(other))
        content[_place(content, chance) :] = other[start:BYTES_MAX]


def _zero(content: bytearray, chance: random.Random, seeds: Sequence[bytes]) -> None:
    del seeds
    at = _place(content, chance)
    end = min(len(content), at + chance.choice((4, 16, 256)))
    content[at:end] = bytes(end - at)


MUTATIONS: Final[tuple[Mutation, ...]] = (_flip, _edge, _edge, _cut, _drop, _repeat, _splice, _zero)
