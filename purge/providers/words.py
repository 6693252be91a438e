"""How a vendor's answer is told: its own words, short, on one line, without our secret."""

from __future__ import annotations

import math
import re

#: Of a vendor's text, enough to find it in its documentation.
CHARACTERS_MAX = 200
#: When a 429 says nothing about when to come back.
RETRY_AFTER_S = 5.0
#: Longer than any vendor's window; a stranger number is a clock that is wrong.
RETRY_AFTER_S_MAX = 3_600.0


def told(text: str, secret: str) -> str:
    """Return a vendor's text for a log: one line, cut, the secret taken out wherever it stands."""
    line = re.sub(r"\s+", " ", text.replace(secret, "[secret]") if secret else text).strip()
    return line if len(line) <= CHARACTERS_MAX else f"{line[:CHARACTERS_MAX]}…"


def wait_s(text: str | None, *, now_s: float | None = None) -> float:
    """Return the seconds to wait: of Retry-After, or with now_s of a reset in Unix time.

    What cannot be read is RETRY_AFTER_S; what is out of reason is brought into it.
    """
    try:
        seconds = float(text or "nan") - (now_s or 0.0)
    except ValueError:
        return RETRY_AFTER_S
    if math.isnan(seconds):
        return RETRY_AFTER_S
    return min(max(seconds, 0.0), RETRY_AFTER_S_MAX)


def whole(text: str | None) -> int | None:
    """Return a header's whole number, or None when there is none."""
    return int(text) if text is not None and re.fullmatch("[0-9]{1,15}", text) else None
