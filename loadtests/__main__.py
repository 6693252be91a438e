"""``make load``: one run, its verdict, its section in docs/load.md."""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Final

from edgeproof.console import ExitCode, out, out_json, remark
from loadtests import report, runs, verdict
from loadtests.edges import KINDS
from loadtests.runs import Ground

DOCS: Final = Path(__file__).parents[1] / "docs"
#: Seconds of each shape; of a failure, those of the outage.
SECONDS: Final = {"sessions": 120.0, "overload": 30.0, "soak": 300.0, "failure": 60.0}
EPILOG: Final = """\
Examples:
  python -m loadtests                                   sessions at the origin
  python -m loadtests --edge varnish                    the same through an edge
  python -m loadtests --shape failure --edge cloudflare
  python -m loadtests --shape soak --seconds 60 --no-docs
Exit codes: 0 passed, 1 failed, 2 usage. python -m loadtests.verdict RUN judges a run again.
"""


def main() -> None:
    """Run, judge, draw and write."""
    told = _parser().parse_args()
    # As Ctrl-C: origin and edge end with the run.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    if told.shape == "failure" and not told.edge:
        sys.stderr.write("--shape failure needs --edge varnish or cloudflare\n")
        sys.exit(ExitCode.USAGE)
    if told.shape in {"overload", "soak"} and told.edge:
        sys.stderr.write(f"--shape {told.shape} is about the origin: leave --edge out\n")
        sys.exit(ExitCode.USAGE)
    seconds = told.seconds or SECONDS[told.shape]
    folder = RUNS[told.shape](Ground(told.folder.absolute(), remark), told.edge, seconds)
    remark("the verdict: every picture decoded")
    run = verdict.read_run(folder)
    checks = verdict.judge(run)
    is_passed = all(check.is_met for check in checks)
    if told.json:
        out_json(
            {"run": run.record.name, "passed": is_passed, "checks": [asdict(c) for c in checks]}
        )
    else:
        out(verdict.table(checks))
        out(f"{'passed' if is_passed else 'failed'}: {folder}")
    if told.docs:
        _document(run, checks)
    sys.exit(ExitCode.DONE if is_passed else ExitCode.FAILED)


RUNS: Final[dict[str, Callable[[Ground, str, float], Path]]] = {
    "sessions": runs.sessions,
    "overload": lambda ground, _, seconds: runs.overload(ground, seconds),
    "soak": lambda ground, _, seconds: runs.soak(ground, seconds),
    "failure": runs.failure,
}


def _document(run: verdict.Run, checks: list[verdict.Check]) -> None:
    from loadtests.plots import draw

    plot = draw(run, DOCS / report.PLOTS)
    text = report.section(run, checks, f"{report.PLOTS}/{plot.name}")
    report.write_section(DOCS, run.record.name, text)
    remark(f"written: docs/{report.PAGE}, docs/{report.PLOTS}/{plot.name}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m loadtests",
        description="Load the real origin, or an edge before it, and judge what came back.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--shape", choices=list(SECONDS), default="sessions")
    parser.add_argument("--edge", choices=KINDS, default="", help="ask through this edge")
    parser.add_argument("--seconds", type=float, help="how long, instead of the shape's own")
    parser.add_argument("--folder", type=Path, default=Path("data/load"), help="shop and runs")
    parser.add_argument("--json", action="store_true", help="the verdict as one JSON object")
    parser.add_argument(
        "--no-docs", dest="docs", action="store_false", help="leave docs/load.md as it is"
    )
    return parser


if __name__ == "__main__":
    main()
