"""Does a picture cost the same beside 100,000 stored ones, and among 1,000 tenants?"""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path

from sqlalchemy import create_engine, insert, select

from benchmarks.contestants import Product, Wanted, product
from benchmarks.load import ask
from benchmarks.photos import Original, phones
from benchmarks.processes import cpu_s
from benchmarks.rounds import Verdict, ratios, spread
from benchmarks.section import Section, Table
from origin.adapters.records.schema import derivatives, tenants

NAME = "scale"
STORED, TENANTS = (10, 1_000, 100_000), (1, 1_000)
#: Cold pictures in a turn; pictures that hits are asked for, and how often each.
COLD, DISK, TIMES = 24, 10, 60
GROWTH_MAX = 1.2
ROWS_AT_ONCE = 5_000

METHOD = """\
CPU of a cold preview (640 px WebP) and of a hit on the disk (the memory cache is off) beside more
and more stored derivatives of the same photo, and with more and more tenants. The others are put
there as a restore from a backup would: files and rows, without rendering them."""


def measure(rounds: int) -> Section:
    """Grow one server step by step."""
    original = phones()[0]
    section = Section(NAME, "Scale", METHOD, rounds=rounds)
    figures: dict[str, tuple[list[float], list[float]]] = {}
    with product(memory_cache_mb="0") as made:
        made.know([original])
        known = [made.url(Wanted(original, 320, "webp")) for _ in range(DISK)]
        ask(known, at_once=4)
        for stored in STORED:
            _fill(made, stored)
            figures[f"{stored:,} derivatives"] = _figures(made, original, known, rounds)
        for count in TENANTS:
            _found(made, count)
            figures[f"{count:,} tenants"] = _figures(made, original, known, rounds)
    rows = [
        [name, spread(cold).text(), spread(hit).text(2)] for name, (cold, hit) in figures.items()
    ]
    section.tables.append(Table(["beside", "cold CPU ms", "disk hit CPU ms"], rows))
    names = list(figures)
    for few, many in ((names[0], names[2]), (names[3], names[4])):
        for index, kind in enumerate(("cold", "disk hit")):
            growth = ratios(figures[many][index], figures[few][index]).median
            section.verdicts.append(Verdict(f"{kind}: {many} ÷ {few}", growth, GROWTH_MAX))
    return section


def _figures(
    made: Product, original: Original, known: list[str], rounds: int
) -> tuple[list[float], list[float]]:
    cold, hits = [], []
    for _ in range(rounds):
        fresh = [made.url(Wanted(original, 640, "webp")) for _ in range(COLD)]
        cold.append(_cpu_ms(made, fresh))
        hits.append(_cpu_ms(made, known * TIMES))
    return cold, hits


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
