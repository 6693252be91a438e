"""The few forms of VCL text that the generated subroutines are made of."""

from __future__ import annotations

import re

from cache_keys.errors import REFUSALS

#: Whole seconds, as a real number: variables hold integers of 32 bits only.
NOW = 'var.get_real("now")'


def sub(name: str, body: str) -> str:
    """Return a subroutine ``edgeproof_NAME`` around a body."""
    return f"sub edgeproof_{name} {{\n{body}\n}}\n"


def refuse(code: str) -> str:
    """Return the statement that ends a request with a refusal."""
    return f'return (synth({REFUSALS[code][0]}, "{code}"));'


def unless(what: str, pattern: str, code: str) -> str:
    """Return the statement that refuses what does not match a pattern."""
    return f'    if ({what} !~ "{pattern}") {{ {refuse(code)} }}'


def chain(rows: list[str], empty: str) -> str:
    """Return ``if … elseif …``; each row starts behind the opening parenthesis."""
    if not rows:
        return f"    # {empty}"
    return "\n".join(f"    {'else' if number else ''}if ({row}" for number, row in enumerate(rows))


def quoted(text: str) -> str:
    """Return a host as a pattern; raises ValueError for what is no host."""
    if not re.fullmatch(r"[a-z0-9.:\[\]_-]+", text):
        raise ValueError(f"{text!r} is no host")
    return re.escape(text)


def at_most(limit: int) -> str:
    """Return a pattern of the numbers 1 to a limit, written without leading zeros."""
    digits = str(limit)
    choices = [digits]
    for place, digit in enumerate(digits):
        lowest, highest = int(place == 0), int(digit) - 1
        if highest >= lowest:
            rest = len(digits) - place - 1
            choices.append(
                f"{digits[:place]}[{lowest}-{highest}]" + f"[0-9]{{{rest}}}" * (rest > 0)
            )
    if len(digits) > 1:
        choices.append(f"[1-9][0-9]{{0,{len(digits) - 2}}}")
    return f"(?:{'|'.join(choices)})"


def first_repeat(of: str, split: str, end: str, names: int) -> str:
    """Return the statement that names the part at which a repetition is seen first.

    A pattern finds the leftmost first time, so no name between may be repeated sooner. Among one
    part more than there are names, one stands twice: what is behind needs no look.
    """
    name, rest = f"([a-z]+)(?={end})", f"[^{split}]*"
    other = f"{split}(?!\\1{end})"
    sooner = f"(?:{other}{rest})*?{split}\\2{end}"
    pair = f"{split}{name}{rest}(?:{other}{name}{rest}(?!{sooner}))*?{split}\\1{end}"
    few = f'regsub(var.get("{of}"), "^((?:{split}{rest}){{{names + 1}}}{split}?).*$", "\\1")'
    return f'var.set("field", regsub({few},\n            "^.*?{pair}.*$", "\\1"));'
