"""``python -m benchmarks [--only cold,hot] [--rounds 5] [--page]``: measure, write the page."""

from __future__ import annotations

import argparse
import sys
import time
from importlib import import_module

from benchmarks import page
from benchmarks.install import install

#: In the order of the page.
SECTIONS = ("cold", "costly", "life", "limit", "hot", "crowd", "scale", "encoders", "prints")
ROUNDS = 5


def main() -> None:
    """Run what is asked, one section after the other; each is kept as soon as it is done."""
    parser = argparse.ArgumentParser(prog="benchmarks", description=__doc__)
    parser.add_argument("--only", default="", help=f"some of {', '.join(SECTIONS)}")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="rounds of each section")
    parser.add_argument("--page", action="store_true", help="only write the page again")
    asked = parser.parse_args()
    names = [name for name in asked.only.split(",") if name] or list(SECTIONS)
    unknown = sorted(set(names) - set(SECTIONS))
    if unknown:
        parser.error(f"no section {', '.join(unknown)}; there are {', '.join(SECTIONS)}")
    if not asked.page:
        install()
        for name in names:
            started = time.monotonic()
            sys.stderr.write(f"{name} …\n")
            section = import_module(f"benchmarks.sections.{name}").measure(asked.rounds)
            section.keep()
            for verdict in section.verdicts:
                sys.stderr.write("  " + "  ".join(verdict.row()) + "\n")
            sys.stderr.write(f"{name}: {time.monotonic() - started:.0f} s\n")
    sys.stdout.write(f"{page.write(list(SECTIONS))}\n")


if __name__ == "__main__":
    main()
