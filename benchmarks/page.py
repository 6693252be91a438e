"""Writes docs/benchmarks.md from what the sections found, with machine, versions and dates."""

from __future__ import annotations

import os
import platform
import subprocess
from collections.abc import Collection
from importlib.metadata import version
from pathlib import Path

from benchmarks.install import PINS, program
from benchmarks.photos import ROOT
from benchmarks.plots import draw
from benchmarks.section import Section, Table, kept

DOCS = ROOT / "docs"
HEAD = """# Benchmarks

edgeproof against the tools that people would pick instead, on one machine in one run. Written by
`make bench`; one section again: `make bench ONLY=cold`; what a failure left: `make bench RESUME=1`.
Speeds are CPU time where they can be: it is what a picture costs, and a busy machine distorts it
least. Contestants take turns within each round, ratios are taken round by round, and min to max are
over the rounds.

"""


def write(names: list[str], failed: Collection[str] = ()) -> Path:
    """Write the page and its plots; sections that never ran here are left out.

    failed: those whose last run failed; what an earlier one found is shown as such.
    """
    sections = [section for name in names if (section := kept(name)) is not None]
    parts = [
        HEAD,
        _summary(sections),
        _machine(),
        *(_section(section, failed) for section in sections),
    ]
    path = DOCS / "benchmarks.md"
    path.write_text("\n".join(parts).rstrip() + "\n")
    return path


def _summary(sections: list[Section]) -> str:
    verdicts = [verdict for section in sections for verdict in section.verdicts]
    met = sum(verdict.is_met for verdict in verdicts)
    rows = [[section.title, *verdict.row()] for section in sections for verdict in section.verdicts]
    table = _table(Table(["section", "what", "target", "measured", "verdict"], rows))
    return f"## Targets\n{met} of {len(verdicts)} met.\n\n{table}\n"


def _machine() -> str:
    model = next(
        line.partition(":")[2].strip()
        for line in Path("/proc/cpuinfo").read_text().splitlines()
        if line.startswith("model name")
    )
    memory_kb = int(Path("/proc/meminfo").read_text().split()[1])
    peers = PINS["npm"] | PINS["pip"]
    rows = [
        ["machine", f"{model}, {os.cpu_count()} cores, {memory_kb / 1_048_576:.0f} GiB"],
        [
            "system",
            f"{platform.freedesktop_os_release()['PRETTY_NAME']}, Linux {platform.release()}",
        ],
        [
            "edgeproof",
            (
                f"Python {platform.python_version()}, "
                f"libvips of pyvips-binary {version('pyvips-binary')}"
            ),
        ],
        ["peers", ", ".join(f"{name} {number}" for name, number in peers.items())],
        [
            "servers",
            f"{_said('nginx', '-v')}, {_said('varnishd', '-V')}, Node {_said('node', '--version')}",
        ],
        ["judge", f"ssimulacra2_rs {PINS['cargo']['ssimulacra2_rs']}, {_said('wrk', '-v')}"],
    ]
    return "## Machine and versions\n" + _table(Table(["what", "which"], rows)) + "\n"


def _said(name: str, option: str) -> str:
    done = subprocess.run([program(name), option], capture_output=True, text=True, check=False)
    first = (done.stdout + done.stderr).strip().splitlines()[0]
    first = first.replace("nginx version: ", "").replace("varnishd (", "")
    return first.split(" Copyright")[0].split(" revision")[0]


def _section(section: Section, failed: Collection[str]) -> str:
    parts = [f"## {section.title}", section.method]
    if section.name in failed:
        parts.append("**The last run of this section failed; these are an earlier run's figures.**")
    rounds = "1 round" if section.rounds == 1 else f"{section.rounds} rounds"
    parts.append(f"{rounds}, {section.at}.\n")
    for plot in section.plots:
        draw(plot, DOCS / f"{plot.name}.svg")
        parts.append(f"![{plot.title}, {plot.unit}]({plot.name}.svg)\n")
    parts += [_table(table) for table in section.tables]
    return "\n".join(parts) + "\n"


def _table(table: Table) -> str:
    lines = [f"{table.caption}\n"] if table.caption else []
    lines.append("| " + " | ".join(table.head) + " |")
    lines.append("|" + " --- |" * len(table.head))
    lines += ["| " + " | ".join(row) + " |" for row in table.rows]
    return "\n".join(lines) + "\n"
