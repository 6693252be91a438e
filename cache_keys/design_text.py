"""Plain text that is drawn: which characters, how many, and its one spelling."""

from __future__ import annotations

import unicodedata

from cache_keys.document import Node

CHARACTERS_MAX = 200  # the product's limit for a caption
LINES_MAX = 6
JOINERS = "\u200c\u200d"  # the only invisible characters that spelling needs (Unicode 15, 23.2)
SELECTORS = range(0xFE00, 0xFE10)  # variation selectors choose emoji, which no font here has
REFUSED = {
    "Cc": "control characters",
    "Cf": "invisible or direction-changing characters",
    "Cs": "half characters (lone surrogates)",
    "Co": "private-use characters",
    "Zl": "line separators",
    "Zp": "paragraph separators",
}


def read_text(node: Node, characters_max: int, lines_max: int) -> str:
    """Return the text as it is drawn: NFC, no spaces at line ends, no empty first or last line.

    characters_max counts code points with the line feeds, lines_max the lines, of what is drawn.
    Raises DesignError 422 ``.text`` for a character that is refused (bidirectional overrides,
    isolates and marks among them), ``.text_length`` above the limits.
    """
    raw = node.text()
    for character in raw:
        _check(node, character)
    composed = unicodedata.normalize("NFC", raw)
    text = "\n".join(_trimmed(line) for line in composed.split("\n")).strip("\n")
    if len(text) > characters_max:
        node.refuse("text_length", f"The text has more than {characters_max} characters.")
    if text.count("\n") >= lines_max:
        node.refuse("text_length", f"The text has more than {lines_max} lines.")
    return text


def _trimmed(line: str) -> str:
    """Return a line without spaces at its ends, empty when nothing of it can be seen."""
    is_seen = any(not (c.isspace() or c in JOINERS) for c in line)
    return line.strip() if is_seen else ""


def _check(node: Node, character: str) -> None:
    if character == "\n" or character in JOINERS:
        return
    words = REFUSED.get(unicodedata.category(character))
    if ord(character) in SELECTORS:
        words = "variation selectors"
    if words is not None:
        node.refuse("text", f"The text may have no {words}: U+{ord(character):04X}.")
