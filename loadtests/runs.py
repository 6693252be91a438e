"""The runs: each starts the real programs, lets a swarm loose and keeps what it takes to judge."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from threading import Thread
from typing import Any, Final

from loadtests import shapes
from loadtests.edges import Edge, running_edge
from loadtests.house import SHOP, House, open_shop, running_house
from loadtests.plan import Plan, Stage, write_plan
from loadtests.record import Record, Shape, machine, write_record
from loadtests.sampling import sampled
from loadtests.sessions import session
from loadtests.shop import Shop
from loadtests.trace import Row, read_trace

SEED: Final = 1
#: The ramp plays other sessions than the run, on another copy of the shop.
RAMP_SEED: Final = 2
#: What an edge must be asked for each derivative before its offload means anything.
REQUESTS_PER_KEY: Final = 30
SESSIONS_STEP: Final = 100
#: A swarm is given up when it takes this much longer than its stages.
LATE_S: Final = 900.0
OVERLOAD: Final = 10
#: Few who ask beside the crowd, from a process of their own: a crowd of ten times the capacity in
#: one process waits for itself, and its clock cannot tell that from waiting for the origin.
BESIDE_RATE: Final = 20.0
BESIDE: Final = "beside"
UNAVAILABLE: Final = 503
CLOSED_VISITORS: Final = 8
SOAK_COLD_SHARE: Final = 0.05
#: Full before the warm-up ends: a cache that still fills would look like a leak.
SOAK_CACHE_MB: Final = 16
FAILURE_RATE: Final = 60.0


@dataclass(frozen=True, slots=True)
class Ground:
    """Where runs take place. folder: of the shop and all runs. tell: is told what happens now."""

    folder: Path
    tell: Callable[[str], None]

    def begin(self, shape: Shape, edge: str) -> tuple[Path, Path, Record]:
        """Return the shop's folder, an empty folder of this run, and its record."""
        self.tell("the shop: photos painted and taken in, once")
        base = open_shop(self.folder)
        record = Record(shape, edge, SEED, "", "", machine=machine())
        folder = self.folder / "runs" / record.name
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        record.shop = str(shutil.copy2(base / SHOP, folder))
        record.ring = str(shutil.copy2(base / "keys" / "ring.json", folder))
        return base, folder, record


def let_loose(folder: Path, record: Record, url: str, **wishes: Any) -> float:
    """Play a plan against a base URL, its trace into a folder; return the seconds that it took."""
    folder.mkdir(parents=True, exist_ok=True)
    told: dict[str, Any] = {"seed": record.seed, "rate": record.rate} | wishes
    plan = Plan(url, record.shop, record.ring, str(folder), **told)
    write_plan(folder / "plan.json", plan)
    module = "loadtests.swarm" if plan.load == "sessions" else "loadtests.crowd"
    began = time.monotonic()
    with (folder / "swarm.log").open("wb") as log:
        done = subprocess.run(  # noqa: S603 - our own module
            [sys.executable, "-m", module, str(folder / "plan.json")],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            timeout=shapes.length_s(plan.stages) + LATE_S,
            check=False,
        )
    if done.returncode != 0:
        raise RuntimeError(f"the swarm ended: {(folder / 'swarm.log').read_text()[-2000:]}")
    return time.monotonic() - began


@contextmanager
def standing(
    base: Path, folder: Path, record: Record, **changes: object
) -> Iterator[tuple[House, Edge | None, str]]:
    """Run origin and, where the record names one, edge; yield them and the URL to ask.

    changes: settings of the origin that are not the shop's.
    """
    with running_house(base, folder / "data", **changes) as house:
        edge = running_edge(record.edge, house, folder / "edge") if record.edge else nullcontext()
        with edge as running:
            yield house, running, house.public_url if running is None else running.url


def sessions(ground: Ground, edge: str, seconds: float) -> Path:
    """Sessions: at the origin for so long at half its capacity, found by a ramp.

    At an edge as fast as ten visitors go, until each key had thirty requests: its offload is the
    question, and a cold edge that is asked slowly has the same.
    """
    base, folder, record = ground.begin("sessions", edge)
    count = 0
    if edge:
        count = sessions_needed(_shop(record), record.seed)
        ground.tell(f"{count} sessions, a few minutes")
    else:
        find_capacity(ground, base, folder, record)
        ground.tell(f"{record.rate:.0f} requests/s for {seconds:.0f} s")
    with standing(base, folder, record) as (house, _, url):
        assert house.process is not None, "it runs"
        with sampled(house.process.pid, _scratch(house), folder):
            stages = shapes.steady(seconds)
            record.seconds = let_loose(folder, record, url, stages=stages, sessions=count)
        _count(record, house, 0)
    write_record(folder, record)
    return folder


def overload(ground: Ground, seconds: float) -> Path:
    """Distinct cold pictures in open loop at ten times what closed loops get, before and after.

    A few more of them are asked for from another process, whose clock judges the refusals.
    """
    base, folder, record = ground.begin("overload", "")
    closed = (Stage(seconds, CLOSED_VISITORS),)
    with standing(base, folder, record) as (house, _, url):
        for turn in ("before", "after"):
            ground.tell(f"capacity {turn}: {CLOSED_VISITORS} visitors, each picture a new one")
            wishes = {"stages": closed, "load": "closed", "seed": f"{turn}"}
            let_loose(folder / turn, record, url, **wishes)
            if turn == "before":
                rate = OVERLOAD * steady_rate(list(read_trace(folder / turn)))
                ground.tell(f"overload: {rate:.0f} new pictures a second")
                record.seconds = _crowd(folder, record, url, seconds, rate)
        rates = [steady_rate(list(read_trace(folder / turn))) for turn in ("before", "after")]
        record.capacity, record.rate = sum(rates) / 2, OVERLOAD * rates[0]
        slow = sorted(float(str(x["ms"])) for x in house.answers()[0] if x["status"] == UNAVAILABLE)
        record.times = {"capacity_before": rates[0], "capacity_after": rates[1]}
        record.times["refused_ms_99"] = slow[int(0.99 * len(slow))] if slow else 0.0
        _count(record, house, 0)
    write_record(folder, record)
    return folder


def _crowd(folder: Path, record: Record, url: str, seconds: float, rate: float) -> float:
    """Ask at a rate, and a few beside it from another process; return the seconds it took."""
    few = Stage(seconds, BESIDE_RATE)

    def ask_beside() -> None:
        let_loose(folder / BESIDE, record, url, stages=(few,), load="open", seed=BESIDE)

    beside = Thread(target=ask_beside)
    beside.start()
    spent_s = let_loose(folder, record, url, stages=(Stage(seconds, rate),), load="open")
    beside.join()
    return spent_s


def soak(ground: Ground, seconds: float) -> Path:
    """Sessions and new pictures at half capacity, the origin's memory and files watched."""
    base, folder, record = ground.begin("soak", "")
    find_capacity(ground, base, folder, record, cold_share=SOAK_COLD_SHARE)
    ground.tell(f"soak: {record.rate:.0f} requests/s for {seconds:.0f} s")
    with standing(base, folder, record, memory_cache_mb=SOAK_CACHE_MB) as (house, _, url):
        assert house.process is not None, "it runs"
        with sampled(house.process.pid, _scratch(house), folder):
            stages = shapes.steady(seconds)
            record.seconds = let_loose(
                folder, record, url, stages=stages, cold_share=SOAK_COLD_SHARE
            )
        _count(record, house, 0)
    write_record(folder, record)
    return folder


def failure(ground: Ground, edge: str, outage_s: float) -> Path:
    """Sessions through an edge; the origin is killed, what is cached made stale, it comes back."""
    base, folder, record = ground.begin("failure", edge)
    record.rate = FAILURE_RATE
    before_s, after_s = outage_s / 2, outage_s / 2
    stages = (Stage(before_s + outage_s + after_s, shapes.VISITORS),)
    with standing(base, folder, record) as (house, running, url):
        assert running is not None, "an edge was named"
        swarm = Thread(target=lambda: let_loose(folder, record, url, stages=stages))
        swarm.start()
        ground.tell(f"sessions for {before_s:.0f} s")
        time.sleep(before_s)
        cached = sorted({str(line["path"]) for line in house.answers()[0] if line["status"] == 200})
        record.times["killed"] = time.time()
        house.kill()
        ground.tell(f"origin killed for {outage_s:.0f} s")
        time.sleep(outage_s / 3)
        record.softened = running.soften(cached)
        record.times["softened"] = time.time()
        ground.tell(f"{record.softened} pictures made stale")
        time.sleep(max(0.0, outage_s - (time.time() - record.times["killed"])))
        reached = house.answers()[1]
        house.start()
        record.times["back"] = time.time()
        ground.tell("origin back")
        swarm.join()
        record.renders_after = _counted(house, reached)[1]
        _count(record, house, 0)
    record.seconds = shapes.length_s(stages)
    write_record(folder, record)
    return folder


def find_capacity(
    ground: Ground, base: Path, folder: Path, record: Record, **wishes: object
) -> None:
    """Find the capacity by a ramp of few sessions, played again and again; the run has half."""
    ground.tell(f"capacity: a ramp of {shapes.length_s(shapes.RAMP):.0f} s")
    told = {"stages": shapes.RAMP, "seed": RAMP_SEED, "cycle": shapes.RAMP_SESSIONS} | wishes
    with standing(base, folder, record) as (_, _, url):
        let_loose(folder / "ramp", record, url, **told)
    record.capacity = capacity_of(list(read_trace(folder / "ramp")))
    record.rate = record.capacity / 2


def capacity_of(rows: list[Row]) -> float:
    """Return the good answers a second in the best stage of a ramp after the first, which fills."""
    at_s, best = min(row.at_s for row in rows), 0.0
    for place, stage in enumerate(shapes.RAMP):
        # Locust looks at the clock once a second; what a stage begins with belongs to no stage.
        begin_s, at_s = at_s + 1, at_s + stage.seconds
        good = sum(row.is_good and begin_s <= row.at_s < at_s for row in rows)
        if place > 0:
            best = max(best, good / (stage.seconds - 1))
    return best


def steady_rate(rows: list[Row]) -> float:
    """Return the good answers a second between the first fifth and the end of a run."""
    ends = sorted(row.at_s + row.ms / 1_000 for row in rows if row.is_good)
    start_s = min(row.at_s for row in rows)
    stop_s = max(row.at_s for row in rows)
    first_s = start_s + (stop_s - start_s) / 5
    return sum(first_s < end <= stop_s for end in ends) / (stop_s - first_s)


def sessions_needed(shop: Shop, seed: int) -> int:
    """Return how many sessions ask for each of their keys thirty times on average."""
    keys, good, number, now = set[str](), 0, 0, int(time.time())
    while True:
        for _ in range(SESSIONS_STEP):
            number += 1
            _, pages = session(shop, seed, number, now)
            asked = [ask for page in pages for ask in page.asks if ask.status == 200]
            good += len(asked)
            keys.update(ask.key for ask in asked)
        # A little more: the swarm's clock, not ours, decides about a signature's day.
        if good >= REQUESTS_PER_KEY * len(keys) * 1.01:
            return number


def _shop(record: Record) -> Shop:
    from loadtests.shop import read_shop

    return read_shop(Path(record.shop), Path(record.ring))


def _scratch(house: House) -> Path:
    return house.settings.data_dir / "objects" / ".tmp"


def _count(record: Record, house: House, since: int) -> None:
    record.origin, record.renders = _counted(house, since)
    lines, _ = house.answers()
    record.engine = str(lines[0]["engine"]) if lines else ""


def _counted(house: House, since: int) -> tuple[dict[str, int], dict[str, int]]:
    lines, _ = house.answers(since)
    asked = Counter(str(line["path"]) for line in lines)
    return dict(asked), dict(Counter(str(x["path"]) for x in lines if x["hit"] == "render"))
