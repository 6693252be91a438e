"""A JSON document as nodes that know their place: strict types, ranges, and errors with a pointer.

Numbers that are no integers, repeated names and nulls survive the parsing, so that each is refused
at the field where it stands (a JSON pointer, RFC 6901). Codes are ``{kind}.{reason}``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NoReturn, TypeVar

from cache_keys.errors import DesignError

T = TypeVar("T")
BODY_BYTES_MAX = 65_536  # four times the canonical limit: room for spaces and \u escapes
LEVELS_MAX = 8  # GRAMMAR of ids: the document itself is the first
INTEGER_DIGITS_MAX = 16  # 2^53 - 1 has 16 digits; int() of a long string is slow
PLAIN_NAME = re.compile(r"[A-Za-z0-9_-]{1,40}")
# Why a document is refused; a code is ``{kind}.{reason}``, kind design, preset or lock.
REASONS = {
    "json": "the document is not JSON in UTF-8",
    "toml": "the document is not TOML in UTF-8",
    "too_large": "the document is too large",
    "depth": "the document is nested too deep",
    "type": "a value of another type is wanted",
    "value": "the value is outside its range",
    "missing_field": "a field is needed",
    "unknown_field": "there is no such field",
    "repeated_field": "a field is given twice, or in two units",
    "repeated": "a preset of that name and version is given twice",
    "ops": "the ops of a preset are not ops, or not ones that a preset may have",
    "text": "a character is not allowed",
    "text_length": "the text has too many characters or lines",
    "sheet_missing": "a frame or caption needs the size of its sheet",
    "frame_width": "the frame leaves too little of the photo",
    "caption_place": "a caption on the frame needs a frame with room for it",
}
UNITS_UM = {"um": 1, "mm": 1_000, "in": 25_400}  # exact: the international inch is 25.4 mm


class Pairs(list[tuple[str, object]]):
    """A JSON object as it was written, repeated names kept."""


@dataclass(frozen=True, slots=True)
class NotInteger:
    """A number with a fraction or an exponent, NaN, Infinity, or one of more than 16 digits."""


@dataclass(frozen=True, slots=True)
class Node:
    """One value of a document and where it stands."""

    kind: str
    pointer: str
    value: object

    def refuse(self, reason: str, sentence: str) -> NoReturn:
        """Raise DesignError 422 ``{kind}.{reason}`` for this place."""
        assert reason in REASONS, f"{reason} is no documented reason"
        raise DesignError(f"{self.kind}.{reason}", 422, sentence, field=self.pointer)

    def integer(self, low: int, high: int) -> int:
        """Return an integer of low..high."""
        if type(self.value) is not int:
            self.refuse("type", "An integer is wanted here.")
        if not low <= self.value <= high:
            self.refuse("value", f"The number must be {low} to {high}.")
        return self.value

    def text(self) -> str:
        """Return a string."""
        if not isinstance(self.value, str):
            self.refuse("type", "A string is wanted here.")
        return self.value

    def match(self, pattern: re.Pattern[str], sentence: str) -> str:
        """Return a string that the pattern matches from end to end."""
        text = self.text()
        if not pattern.fullmatch(text):
            self.refuse("value", sentence)
        return text

    def one_of(self, names: Sequence[str]) -> str:
        """Return one of a closed set of strings."""
        text = self.text()
        if text not in names:
            self.refuse("value", f"This must be one of: {', '.join(names)}.")
        return text

    def items(self, low: int, high: int) -> list[Node]:
        """Return the nodes of a list of low..high elements."""
        if not isinstance(self.value, list) or isinstance(self.value, Pairs):
            self.refuse("type", "A list is wanted here.")
        if not low <= len(self.value) <= high:
            many = str(low) if low == high else f"{low} to {high}"
            self.refuse("value", f"The list must have {many} elements.")
        return [Node(self.kind, f"{self.pointer}/{i}", v) for i, v in enumerate(self.value)]

    def fields(self, names: Sequence[str]) -> Fields:
        """Return the fields of an object that may have these names; null counts as absent."""
        value = self.value
        pairs = Pairs(value.items()) if isinstance(value, dict) else value
        if not isinstance(pairs, Pairs):
            self.refuse("type", "An object is wanted here.")
        seen: dict[str, Node] = {}
        for name, part in pairs:
            node = Node(self.kind, self._below(name), part)
            if name in seen:
                node.refuse("repeated_field", "This field is given twice.")
            if name not in names:
                node.refuse("unknown_field", "There is no such field here.")
            seen[name] = node
        return Fields(self, {name: node for name, node in seen.items() if node.value is not None})

    def _below(self, name: str) -> str:
        """Return the pointer of a field; a name that we do not repeat in an answer is left out."""
        return f"{self.pointer}/{name}" if PLAIN_NAME.fullmatch(name) else self.pointer


@dataclass(frozen=True, slots=True)
class Fields:
    """The fields of one object, none of them null."""

    owner: Node
    nodes: dict[str, Node]

    def get(self, name: str) -> Node | None:
        """Return a field, None when absent."""
        return self.nodes.get(name)

    def need(self, name: str) -> Node:
        """Return a field that must be there."""
        node = self.nodes.get(name)
        if node is None:
            absent = Node(self.owner.kind, f"{self.owner.pointer}/{name}", None)
            absent.refuse("missing_field", "This field is needed.")
        return node

    def integer(self, name: str, low: int, high: int, default: int) -> int:
        """Return an integer of low..high, the default when absent."""
        node = self.nodes.get(name)
        return default if node is None else node.integer(low, high)

    def one_of(self, name: str, names: Sequence[str], default: T) -> str | T:
        """Return one of a closed set of strings, the default when absent."""
        node = self.nodes.get(name)
        return default if node is None else node.one_of(names)

    def match(self, name: str, pattern: re.Pattern[str], sentence: str, default: T) -> str | T:
        """Return a string that the pattern matches, the default when absent."""
        node = self.nodes.get(name)
        return default if node is None else node.match(pattern, sentence)

    def length(self, name: str) -> tuple[Node, int] | None:
        """Return ``name`` in whichever unit it is given and the µm of that unit, None if absent."""
        given = [(n, um) for u, um in UNITS_UM.items() if (n := self.nodes.get(f"{name}_{u}"))]
        if len(given) > 1:
            given[1][0].refuse("repeated_field", "This length is given in two units.")
        return given[0] if given else None

    def length_um(self, name: str, low_um: int, high_um: int, default_um: int) -> int:
        """Return a length of low..high µm, the default when absent."""
        given = self.length(name)
        return default_um if given is None else scaled(*given, low_um, high_um)


def scaled(node: Node, unit_um: int, low_um: int, high_um: int) -> int:
    """Return the µm of an integer length in a unit of ``unit_um``."""
    low, high = -(-low_um // unit_um), high_um // unit_um
    return node.integer(low, high) * unit_um


def in_units(*names: str) -> tuple[str, ...]:
    """Return the field names of lengths in every unit: width_um, width_mm, width_in."""
    return tuple(f"{name}_{unit}" for name in names for unit in UNITS_UM)


def parse_json(body: bytes, kind: str, bytes_max: int = BODY_BYTES_MAX) -> Node:
    """Return the root of a JSON document.

    Raises DesignError 422 ``{kind}.too_large``, ``.json`` (not UTF-8 or not JSON) or ``.depth``.
    """
    root = Node(kind, "", None)
    if len(body) > bytes_max:
        root.refuse("too_large", f"The document is larger than {bytes_max} bytes.")
    try:
        value = json.loads(
            body.decode("utf-8"),
            object_pairs_hook=Pairs,
            parse_int=_integer,
            parse_float=lambda _: NotInteger(),
            parse_constant=lambda _: NotInteger(),
        )
    except RecursionError:
        root.refuse("depth", f"The document has more than {LEVELS_MAX} levels.")
    except ValueError:
        root.refuse("json", "The document is not JSON in UTF-8.")
    if _levels(value) > LEVELS_MAX:
        root.refuse("depth", f"The document has more than {LEVELS_MAX} levels.")
    return Node(kind, "", value)


def _integer(digits: str) -> int | NotInteger:
    return int(digits) if len(digits.lstrip("-")) <= INTEGER_DIGITS_MAX else NotInteger()


def _levels(value: object) -> int:
    """Return how deep objects and lists are nested, counted without recursion."""
    depth, level = 0, [value]
    while level := [v for v in level if isinstance(v, list)]:
        depth += 1
        level = [part for v in level for part in _parts(v)]
    return depth


def _parts(value: list[object]) -> list[object]:
    return [part for _, part in value] if isinstance(value, Pairs) else value
