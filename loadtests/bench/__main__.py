"""``make bench-edges``: what the edges cost and save, into docs/load.md."""

from __future__ import annotations

import argparse
import signal
import sys
from pathlib import Path
from typing import Final

from edgeproof.console import ExitCode, out, remark
from loadtests import report
from loadtests.bench import lane, varnish, worker
from loadtests.record import machine
from loadtests.runs import Ground
from loadtests.verdict import Check, table

DOCS: Final = Path(__file__).parents[2] / "docs"
PARTS: Final = ("varnish", "worker", "lane")


def main() -> None:
    """Measure the parts asked for; exit with 1 when a limit is not kept."""
    parser = argparse.ArgumentParser(
        prog="python -m loadtests.bench",
        description="Measure what the edges cost (Varnish, workerd) and what the edge lane saves.",
        epilog="Example: python -m loadtests.bench --only varnish --seconds 2 --no-docs",
    )
    parser.add_argument("--only", choices=PARTS, action="append", help="may be repeated")
    parser.add_argument("--seconds", type=float, default=4.0, help="of one round of one case")
    parser.add_argument("--folder", type=Path, default=Path("data/load"), help="shop and runs")
    parser.add_argument("--no-docs", dest="docs", action="store_false")
    told = parser.parse_args()
    # As Ctrl-C: origin and edge end with the run.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    ground = Ground(told.folder.absolute(), remark)
    is_passed = True
    for part in told.only or PARTS:
        remark(f"{part}: alternating rounds")
        checks, text = _measured(part, told.seconds, ground)
        out(text)
        is_passed = is_passed and all(check.is_met for check in checks)
        if told.docs:
            report.write_section(DOCS, f"bench-{part}", f"{text}\n\n{_where()}")
    sys.exit(ExitCode.DONE if is_passed else ExitCode.FAILED)


def _measured(part: str, seconds: float, ground: Ground) -> tuple[list[Check], str]:
    if part == "worker":
        return [], worker.measure(seconds)
    if part == "lane":
        checks = lane.measure(ground)
        return checks, table(checks)
    checks, cases = varnish.measure(seconds)
    return checks, f"{cases}\n\n{table(checks)}"


def _where() -> str:
    facts = machine()
    return (
        f"*{facts['date']}; {facts['processor']}; {facts['system']}; {facts['varnish']}; "
        f"{worker.workerd_version()}.*"
    )


if __name__ == "__main__":
    main()
