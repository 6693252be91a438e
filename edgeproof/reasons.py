"""Who asks, and why: the audit keeps it for ever, so it is checked before anything is done."""

from __future__ import annotations

import re

from edgeproof.console import CommandFailed, ExitCode
from purge.desk import BY_CHARS_MAX, REASON_CHARS_MAX

CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def check_reason(reason: str, by: str) -> None:
    """Refuse what a purge would refuse in the middle of the work; raises CommandFailed USAGE."""
    has_bad = "@" in reason or CONTROL.search(reason)
    if not reason.strip() or has_bad or len(reason) > REASON_CHARS_MAX:
        sentence = (
            "a reason is a ticket's number or a sentence,"
            f" at most {REASON_CHARS_MAX} characters, no address"
        )
        raise CommandFailed(sentence, ExitCode.USAGE)
    if not by.strip() or len(by) > BY_CHARS_MAX or CONTROL.search(by):
        sentence = f"--by says who asks for it, in at most {BY_CHARS_MAX} characters"
        raise CommandFailed(sentence, ExitCode.USAGE)
