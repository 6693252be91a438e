"""Does a picture cost the same beside 100,000 stored ones, and among 1,000 tenants?"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from sqlalchemy import create_engine, insert, select

from benchmarks.contestants import Product, Wanted, product
from benchmarks.load import ask
from benchmarks.photos import Original, phones
from benchmarks.processes import cpu_s
from benchmarks.rounds import Spread, Verdict, alternate, ratios, spread
from benchmarks.section import Plot, Section, Table
from origin.adapters.records.schema import derivatives, tenants

NAME = "scale"
FEW, MANY, TENANTS = "10 derivatives, 1 tenant", "100,000 derivatives", "1,000 tenants"
#: Stored derivatives and tenants of each server.
SERVERS = {
    FEW: (10, 1),
    "the same again": (10, 1),
    "1,000 derivatives": (1_000, 1),
    MANY: (100_000, 1),
    TENANTS: (10, 1_000),
}
KINDS = ("cold", "disk hit")
#: Cold pictures in a turn; pictures that hits are asked for, and how often each.
COLD, DISK, TIMES = 24, 10, 60
GROWTH_MAX = 1.2
ROWS_AT_ONCE = 5_000

METHOD = """\
CPU of a cold preview (640 px WebP) and of a hit on the disk (the memory cache is off) beside more
and more stored derivatives of the same photo, and with more and more tenants: a server for each,
in turns. The others are put there as a restore from a backup would: files and rows, without
rendering them. They are the same pictures everywhere, byte for byte."""


def measure(rounds: int) -> Section:
    """Fill a server for each size, then let them take turns."""
    original = phones()[0]
    section = Section(NAME, "Scale", METHOD, rounds=rounds)
    with ExitStack() as stack:
        turns: dict[str, Callable[[int], tuple[float, float]]] = {}
        for name, (stored, count) in SERVERS.items():
            made = stack.enter_context(product(memory_cache_mb="0"))
            made.know([original])
            known = [made.url(Wanted(original, 320, "webp")) for _ in range(DISK)]
            ask(known, at_once=4)
            sys.stderr.write(f"  filling: {name}\n")
            _fill(made, stored)
            _found(made, count)
            turns[name] = partial(_figures, made, original, known)
        for turn in turns.values():
            turn(0)  # each has read its records and filled its pools
        found = alternate(rounds, turns)
    rows = []
    for name, pairs in found.items():
        row = [name]
        for index, digits in ((0, 1), (1, 2)):
            row.append(spread(pair[index] for pair in pairs).text(digits))
            row.append(_growth(found, name, index).text(2))
        rows.append(row)
    head = ["beside", "cold CPU ms", "÷ the first", "disk hit CPU ms", "÷ the first"]
    section.tables.append(Table(head, rows, "The second row is the null pair."))
    for name in (MANY, TENANTS):
        for index, kind in enumerate(KINDS):
            growth = _growth(found, name, index).median
            section.verdicts.append(Verdict(f"{kind}: {name} ÷ {FEW}", growth, GROWTH_MAX))
    groups = {
        name: [spread(found[name][at][index] for at in range(rounds)).bar() for index in (0, 1)]
        for name in found
    }
    section.plots.append(Plot("benchmark-scale", "Scale", "CPU ms", list(KINDS), groups))
    return section


def _growth(found: dict[str, list[tuple[float, float]]], name: str, index: int) -> Spread:
    return ratios([pair[index] for pair in found[name]], [pair[index] for pair in found[FEW]])


def _figures(made: Product, original: Original, known: list[str], _: int) -> tuple[float, float]:
    fresh = [made.url(Wanted(original, 640, "webp")) for _ in range(COLD)]
    return _cpu_ms(made, fresh), _cpu_ms(made, known * TIMES)


def _cpu_ms(made: Product, urls: list[str]) -> float:
    before = cpu_s(made.pid)
    ask(urls, at_once=4)
    return 1_000 * (cpu_s(made.pid) - before) / len(urls)


def _fill(made: Product, count: int) -> None:
    """Add files and rows until there are so many derivatives of the photo."""
    engine = create_engine(f"sqlite:///{made.server.data_dir}/records.sqlite3")
    with engine.begin() as connection:
        row = dict(connection.execute(select(derivatives).limit(1)).mappings().one())
        there = len(connection.execute(select(derivatives.c.key)).all())
        numbers = range(there, count)
        folder = made.server.data_dir / "objects" / row["tenant"] / "derivatives" / row["asset"]
        source = next(folder.glob(f"{row['key']}.*"))
        for some in _parts(numbers):
            rows = [
                row | {"key": f"{number:052}", "path": f"{row['path']}?{number}"} for number in some
            ]
            connection.execute(insert(derivatives), rows)
            _copy(source, [folder / f"{number:052}.webp" for number in some])
    engine.dispose()


def _copy(source: Path, targets: list[Path]) -> None:
    for target in targets:
        shutil.copyfile(source, target)


def _found(made: Product, count: int) -> None:
    """Add rows until there are so many tenants."""
    engine = create_engine(f"sqlite:///{made.server.data_dir}/records.sqlite3")
    with engine.begin() as connection:
        row = dict(connection.execute(select(tenants).limit(1)).mappings().one())
        there = len(connection.execute(select(tenants.c.name)).all())
        rows = [row | {"name": f"shop-{number}"} for number in range(there, count)]
        if rows:
            connection.execute(insert(tenants), rows)
    engine.dispose()


def _parts(numbers: range) -> Iterable[range]:
    return (numbers[at : at + ROWS_AT_ONCE] for at in range(0, len(numbers), ROWS_AT_ONCE))
