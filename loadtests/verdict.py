"""Pass or fail: ``python -m loadtests.verdict RUN`` judges the trace of a run and says why."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Final

from edgeproof.console import ExitCode, out, out_json
from loadtests import figures
from loadtests.pictures import wrong_pictures
from loadtests.record import Record, Shape, read_record
from loadtests.runs import BESIDE, REQUESTS_PER_KEY, steady_rate
from loadtests.sampling import read_samples
from loadtests.shop import read_shop
from loadtests.trace import NO_ANSWER, Row, read_trace

OFFLOAD_MIN: Final = 0.95
#: Half a point: what collapsing may miss and purges may cost.
OFFLOAD_GAP_MAX: Final = 0.005
GOODPUT_MIN: Final = 0.8
REFUSED_MS_MAX: Final = 50.0
GROWTH_MB_MAX: Final = 1.0
#: Connections come and go; a leak of one a second would be hundreds.
DESCRIPTORS_MORE_MAX: Final = 16
#: An answer that was on its way when the origin was killed counts as asked before.
KILL_SLACK_S: Final = 1.0


@dataclass(frozen=True, slots=True)
class Check:
    """One rule: what was found, what it must be, whether it is."""

    rule: str
    found: str
    limit: str
    is_met: bool


@dataclass(frozen=True, slots=True)
class Run:
    """A run as the rules read it. beside: answers to those who asked beside a crowd."""

    folder: Path
    record: Record
    rows: list[Row]
    beside: list[Row] = field(default_factory=list)


def read_run(folder: Path) -> Run:
    """Return the run of a folder; raises OSError or ValueError when it is not whole."""
    beside = list(read_trace(folder / BESIDE)) if (folder / BESIDE).exists() else []
    return Run(folder, read_record(folder), list(read_trace(folder)), beside)


def judge(run: Run) -> list[Check]:
    """Return every rule that holds for the shape of a run."""
    rules: list[Callable[[Run], list[Check]]] = [pictures, *BY_SHAPE[run.record.shape]]
    return [check for rule in rules for check in rule(run)]


def pictures(run: Run) -> list[Check]:
    """No wrong picture: every body its own digest and its key's, every key the right picture."""
    good = [row for row in run.rows if row.is_good]
    digests = len(good) + sum(row.is_good for row in run.beside)
    keys = sorted({row.key for row in good})
    wrong = figures.wrong_digests([*run.rows, *run.beside])
    shop = read_shop(Path(run.record.shop), Path(run.record.ring))
    others = wrong_pictures(run.folder, keys, shop)
    return [
        Check("good answers", str(len(good)), "some", bool(good)),
        Check(f"wrong bodies among {digests} digests", str(len(wrong)), "0", not wrong),
        Check(
            f"wrong pictures among {len(keys)} decoded",
            str(len(others)) + "".join(f"; {text}" for text in others[:3]),
            "0",
            not others,
        ),
    ]


def errors(run: Run) -> list[Check]:
    """Every answer has the status that the request must get: no 5xx, no missing answer."""
    failed = [row for row in run.rows if row.status in figures.SERVER_ERRORS]
    other = [row for row in run.rows if row.status != row.want and row not in failed]
    silent = sum(row.status == NO_ANSWER for row in run.rows)
    return [
        Check("answers 5xx", str(len(failed)), "0", not failed),
        Check("other unexpected answers", f"{len(other)} ({silent} without any)", "0", not other),
    ]


def offload(run: Run) -> list[Check]:
    """What an edge keeps from the origin, against the best possible for this very trace."""
    if not run.record.edge:
        return []
    found = figures.offload_of(run.rows, run.record)
    many = f"at least {REQUESTS_PER_KEY}"
    return [
        Check(
            "requests per derivative",
            f"{found.per_key:.1f}",
            many,
            found.per_key >= REQUESTS_PER_KEY,
        ),
        Check(
            "offload", f"{found.share:.4f}", f"at least {OFFLOAD_MIN}", found.share >= OFFLOAD_MIN
        ),
        Check(
            "offload, best possible for this trace",
            f"{found.best:.4f}",
            f"at most {OFFLOAD_GAP_MAX} more",
            found.best - found.share <= OFFLOAD_GAP_MAX,
        ),
    ]


def overload(run: Run) -> list[Check]:
    """Overload bends: goodput stays, refusals are quick and say when to come again.

    Pictures made for those who ask beside the crowd are goodput too: they had places of the same.
    """
    goodput = steady_rate([*run.rows, *run.beside]) / run.record.capacity
    refused = [row for row in run.rows if row.status != row.want]
    plain = [row for row in refused if row.status == 503 and row.has_retry]
    beside = [row for row in run.beside if row.status != row.want]
    at_once = figures.quantile_ms(beside, 0.99)
    crowd, inside = figures.quantile_ms(refused, 0.99), run.record.times["refused_ms_99"]
    return [
        Check(
            "goodput of capacity",
            f"{goodput:.2f}",
            f"at least {GOODPUT_MIN}",
            goodput >= GOODPUT_MIN,
        ),
        Check(
            f"refused within, 99th percentile of {len(beside)} asked for beside the crowd",
            f"{at_once:.1f} ms (the crowd's own clock: {crowd:.0f}; the origin's: {inside:.0f})",
            f"{REFUSED_MS_MAX:.0f} ms",
            bool(beside) and at_once <= REFUSED_MS_MAX,
        ),
        Check(
            f"refused with 503 and Retry-After, of {len(refused)}",
            str(len(plain)),
            "all",
            len(plain) == len(refused),
        ),
    ]


def flat(run: Run) -> list[Check]:
    """Memory, descriptors and temporaries stay where they were after warm-up."""
    samples = read_samples(run.folder)
    growth = figures.growth_mb_per_1000(samples, run.rows)
    warm = figures.after_warm_up(samples)
    early, late = figures.halves([sample.descriptors for sample in warm])
    return [
        Check(
            "memory per 1,000 requests",
            f"{growth:+.2f} MB",
            f"under {GROWTH_MB_MAX} MB",
            growth < GROWTH_MB_MAX,
        ),
        Check(
            "descriptors, first and second half",
            f"{early:.0f}, {late:.0f}",
            f"at most {DESCRIPTORS_MORE_MAX} more",
            late - early <= DESCRIPTORS_MORE_MAX,
        ),
        Check(
            "temporaries at the end",
            str(samples[-1].temporaries),
            "0",
            samples[-1].temporaries == 0,
        ),
    ]


def outage(run: Run) -> list[Check]:
    """What was cached stays there while the origin is away, and each key is rendered once after."""
    times = run.record.times
    cached = {row.key for row in run.rows if row.is_good and _end_s(row) < times["killed"]}
    asked = [row for row in run.rows if row.key in cached and row.want == 200]
    away = [row for row in asked if times["killed"] - KILL_SLACK_S <= row.at_s < times["back"]]
    failed = [row for row in asked if row.status != row.want]
    stale = [row for row in away if row.at_s > times["softened"]]
    after = [row for row in run.rows if row.at_s > times["back"] + RECOVERY_S]
    missing = [row for row in after if row.status != row.want]
    often = [key for key, count in run.record.renders_after.items() if count > 1]
    rendered = len(run.record.renders_after)
    return [
        Check("cached keys asked for while away", str(len(away)), "some", bool(away)),
        Check(
            f"of them when stale ({run.record.softened} made stale)",
            str(len(stale)),
            "some",
            bool(stale),
        ),
        Check("not answered, of cached keys", str(len(failed)), "0", not failed),
        Check(
            f"not answered {RECOVERY_S:.0f} s after its return", str(len(missing)), "0", not missing
        ),
        Check(f"rendered more than once, of {rendered} since", str(len(often)), "0", not often),
    ]


#: Probes and back-offs of the edges: the origin is seen as back after at most this.
RECOVERY_S: Final = 6.0
BY_SHAPE: Final[dict[Shape, list[Callable[[Run], list[Check]]]]] = {
    "sessions": [errors, offload],
    "overload": [overload],
    "soak": [errors, flat],
    "failure": [outage],
}


def _end_s(row: Row) -> float:
    return row.at_s + row.ms / 1_000


def table(checks: Sequence[Check]) -> str:
    """Return the checks as a Markdown table."""
    lines = ["| rule | found | must be | |", "|---|---|---|---|"]
    for check in checks:
        word = "pass" if check.is_met else "**fail**"
        lines.append(f"| {check.rule} | {check.found} | {check.limit} | {word} |")
    return "\n".join(lines)


def main() -> None:
    """Judge one run from the command line; exit with 0 or 1, 2 for a folder that is no run."""
    parser = argparse.ArgumentParser(
        prog="python -m loadtests.verdict",
        description="Judge the trace of a run. Exit codes: 0 passed, 1 failed, 2 no run there.",
        epilog="Example: python -m loadtests.verdict data/load/runs/sessions-varnish --json",
    )
    parser.add_argument("run", type=Path, help="the folder of a run")
    parser.add_argument("--json", action="store_true", help="one JSON object")
    told = parser.parse_args()
    try:
        run = read_run(told.run)
    except (OSError, ValueError, TypeError) as error:
        sys.stderr.write(f"{told.run} holds no whole run: {error}\n")
        sys.exit(ExitCode.USAGE)
    checks = judge(run)
    is_passed = all(check.is_met for check in checks)
    if told.json:
        out_json(
            {"run": run.record.name, "passed": is_passed, "checks": [asdict(c) for c in checks]}
        )
    else:
        out(table(checks))
        out("passed" if is_passed else "failed")
    sys.exit(ExitCode.DONE if is_passed else ExitCode.FAILED)


if __name__ == "__main__":
    main()
