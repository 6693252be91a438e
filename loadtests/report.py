"""Puts what a run found into docs/load.md: its own section between two marks, nothing else."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from loadtests import figures
from loadtests.record import Record
from loadtests.verdict import Check, Run, table

PAGE: Final = "load.md"
PLOTS: Final = "load"
TITLES: Final = {
    "sessions-origin": "Sessions at the origin, half of its capacity",
    "sessions-varnish": "Sessions through Varnish",
    "sessions-cloudflare": "Sessions through the Worker",
    "overload-origin": "Ten times too much",
    "soak-origin": "Soak",
    "failure-varnish": "The origin away: Varnish",
    "failure-cloudflare": "The origin away: the Worker",
}


def write_section(docs: Path, name: str, text: str) -> None:
    """Replace a section of docs/load.md; raises ValueError where its marks are not there."""
    page = docs / PAGE
    old = page.read_text("utf-8")
    begin, end = f"<!-- {name} -->", f"<!-- /{name} -->"
    pattern = re.compile(f"{re.escape(begin)}.*?{re.escape(end)}", re.DOTALL)
    if not pattern.search(old):
        raise ValueError(f"{page} has no marks {begin} … {end}")
    page.write_text(pattern.sub(lambda _: f"{begin}\n{text.strip()}\n{end}", old), "utf-8")


def section(run: Run, checks: list[Check], plot: str) -> str:
    """Return a run's section: what was done, what was found, the picture."""
    record, rows = run.record, run.rows
    good = [row for row in rows if row.is_good]
    middle, slow = figures.quantile_ms(good, 0.5), figures.quantile_ms(good, 0.99)
    sentence = (
        f"{len(rows):,} requests in {record.seconds:.0f} s, {len(good):,} good answers of "
        f"{len({row.key for row in good}):,} pictures; median {middle:.1f} ms, "
        f"99th percentile {slow:.0f} ms."
    )
    if record.capacity:
        sentence += f" Measured capacity {record.capacity:.0f}/s, asked for {record.rate:.0f}/s."
    return f"""### {TITLES[record.name]}
{sentence}

{table(checks)}

![{TITLES[record.name]}]({plot})

{where(record)}"""


def where(record: Record) -> str:
    """Return machine, versions and date in a line."""
    facts = record.machine
    varnish = f"{facts['varnish']}, " if record.edge else ""
    return (
        f"*{facts['date']}; {facts['processor']}; {facts['system']}; Python {facts['python']}, "
        f"Locust {facts['locust']}, {varnish}engine {record.engine}.*"
    )
