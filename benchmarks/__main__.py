"""``python -m benchmarks [--only cold,hot] [--rounds 5] [--resume] [--page]``: measure and show.

Exit codes: 0 all was measured, 1 a section failed (the others are kept and on the page).
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from importlib import import_module

from benchmarks import page
from benchmarks.install import install
from benchmarks.section import kept

#: In the order of the page.
SECTIONS = ("cold", "costly", "life", "limit", "hot", "crowd", "scale", "encoders", "prints")
ROUNDS = 5
#: What --resume does not measure again is at most so old: of the same machine, day and build.
RESUME_S = 12 * 3_600


def main() -> None:
    """Run what is asked, one section after the other, and write the page."""
    asked = _asked()
    if asked.section:
        import_module(f"benchmarks.sections.{asked.section}").measure(asked.rounds).keep()
        return
    failed: list[str] = []
    if not asked.page:
        install()
        names = [name for name in asked.only.split(",") if name] or list(SECTIONS)
        failed = _measure(names, asked.rounds, is_resumed=asked.resume)
    sys.stdout.write(f"{page.write(list(SECTIONS), failed)}\n")
    _say_missed()
    if failed:
        sys.stderr.write(f"failed: {', '.join(failed)}; again: make bench RESUME=1\n")
        sys.exit(1)


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="benchmarks", description=__doc__)
    parser.add_argument("--only", default="", help=f"some of {', '.join(SECTIONS)}")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="rounds of each section")
    parser.add_argument("--resume", action="store_true", help="go on: leave out what is fresh")
    parser.add_argument("--page", action="store_true", help="only write the page again")
    parser.add_argument("--section", default="", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    names = [name for name in [*asked.only.split(","), asked.section] if name]
    unknown = sorted(set(names) - set(SECTIONS))
    if unknown:
        parser.error(f"no section {', '.join(unknown)}; there are {', '.join(SECTIONS)}")
    return asked


def _measure(names: list[str], rounds: int, *, is_resumed: bool) -> list[str]:
    """Measure sections, each in a process of its own; return those that failed.

    So no section inherits another's memory, threads or servers, and none takes the others with it.
    """
    failed, begun = [], time.monotonic()
    for place, name in enumerate(names, start=1):
        found = kept(name) if is_resumed else None
        if found is not None and found.rounds >= rounds and found.age_s < RESUME_S:
            sys.stderr.write(f"{name}: measured at {found.at}, left as it is\n")
            continue
        started = time.monotonic()
        sys.stderr.write(f"{name} ({place} of {len(names)}) …\n")
        command = [sys.executable, "-m", "benchmarks", "--section", name, "--rounds", str(rounds)]
        if subprocess.run(command, check=False).returncode:
            sys.stderr.write(f"{name}: FAILED\n")
            failed.append(name)
            continue
        for verdict in found_now.verdicts if (found_now := kept(name)) else []:
            sys.stderr.write("  " + "  ".join(verdict.row()) + "\n")
        now = time.monotonic()
        sys.stderr.write(f"{name}: {now - started:.0f} s, {(now - begun) / 60:.0f} min in all\n")
    return failed


def _say_missed() -> None:
    verdicts = [verdict for name in SECTIONS if (one := kept(name)) for verdict in one.verdicts]
    missed = [verdict for verdict in verdicts if not verdict.is_met]
    sys.stderr.write(f"{len(verdicts) - len(missed)} of {len(verdicts)} targets met\n")
    for verdict in missed:
        sys.stderr.write("  " + "  ".join(verdict.row()) + "\n")


if __name__ == "__main__":
    main()
