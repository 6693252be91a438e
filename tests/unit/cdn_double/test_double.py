"""The double's API as the vendors document it: answers, refusals, limits, planned failures."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator

import httpx
import pytest
from starlette.applications import Starlette

from edgeproof.cdn_double.app import make_app
from edgeproof.cdn_double.desk import Accounts
from edgeproof.cdn_double.faults import Failure, Fault, Faults, Vendor, parse_fault
from edgeproof.cdn_double.limits import Bucket, Window
from edgeproof.cdn_double.network import Network, Purge, tag_of
from edgeproof.cdn_double.sample import configuration
from purge.configuration import PurgeConfiguration

pytestmark = pytest.mark.anyio

ACCOUNTS = Accounts(hosts=("img.shop.example",), cloudflare_plan="free", fastly_per_hour=3)
FASTLY = {"fastly-key": ACCOUNTS.fastly_token}
CLOUDFLARE = {"authorization": f"Bearer {ACCOUNTS.cloudflare_token}"}
SERVICE = f"/service/{ACCOUNTS.fastly_service}"
ZONE = f"/client/v4/zones/{ACCOUNTS.cloudflare_zone}"
PATH = f"/v1/acme/{'a' * 52}/w_320.jpg"


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


class Recorder(Network):
    """A network that only remembers: these tests are about the API; others have a real Varnish."""

    def __init__(self) -> None:
        super().__init__("http://127.0.0.1:1", "secret")
        self.purges: list[Purge] = []

    async def apply(self, purge: Purge) -> int:
        self.purges.append(purge)
        return len(purge)


class Clock:
    """Time that a test moves."""

    def __init__(self) -> None:
        self.s = 1_800_000_000.0

    def __call__(self) -> float:
        return self.s


@pytest.fixture
async def network() -> AsyncIterator[Recorder]:
    recorder = Recorder()
    yield recorder
    await recorder.close()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def app(network: Recorder, clock: Clock) -> Starlette:
    return make_app(network, ACCOUNTS, now=clock)


@pytest.fixture
async def http(app: Starlette) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://double") as client:
        yield client


async def test_fastly_purges_a_batch_softly_and_names_each_key(
    http: httpx.AsyncClient, network: Recorder
) -> None:
    headers = {**FASTLY, "fastly-soft-purge": "1"}
    answer = await http.post(
        f"{SERVICE}/purge", headers=headers, json={"surrogate_keys": ["a", "b"]}
    )
    assert answer.status_code == 200
    assert set(answer.json()) == {"a", "b"}
    assert network.purges == [Purge(is_soft=True, tags=("a", "b"))]
    assert answer.headers["fastly-ratelimit-remaining"] == "2"


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (f"{SERVICE}/purge/a-b", Purge(is_soft=False, tags=("a-b",))),
        (f"{SERVICE}/purge_all", Purge(is_soft=False, prefixes=("/v1/",))),
        (f"/purge/img.shop.example{PATH}", Purge(is_soft=False, paths=(PATH,))),
    ],
)
async def test_fastlys_other_purges(
    http: httpx.AsyncClient, network: Recorder, path: str, expected: Purge
) -> None:
    answer = await http.post(path, headers=FASTLY)
    assert answer.json()["status"] == "ok"
    assert network.purges == [expected]


@pytest.mark.parametrize(
    ("path", "headers", "body", "status"),
    [
        (f"{SERVICE}/purge", {}, {"surrogate_keys": ["a"]}, 401),
        (f"{SERVICE}/purge", {"fastly-key": "expired"}, {"surrogate_keys": ["a"]}, 401),
        ("/service/other/purge", FASTLY, {"surrogate_keys": ["a"]}, 404),
        (f"{SERVICE}/purge", FASTLY, {"surrogate_keys": []}, 400),
        (f"{SERVICE}/purge", FASTLY, {"keys": ["a"]}, 400),
        (f"{SERVICE}/purge", FASTLY, {"surrogate_keys": ["a"] * 257}, 400),
        (f"/purge/elsewhere.example{PATH}", FASTLY, None, 403),
    ],
)
async def test_fastly_refuses_as_it_does(
    http: httpx.AsyncClient,
    network: Recorder,
    path: str,
    headers: dict[str, str],
    body: object,
    status: int,
) -> None:
    answer = await http.post(path, headers=headers, json=body)
    assert answer.status_code == status
    assert network.purges == []


async def test_fastlys_hour_is_used_up_and_begins_anew(
    http: httpx.AsyncClient, clock: Clock
) -> None:
    async def purge() -> httpx.Response:
        return await http.post(f"{SERVICE}/purge/a", headers=FASTLY)

    assert [(await purge()).status_code for _ in range(4)] == [200, 200, 200, 429]
    refused = await purge()
    assert refused.headers["fastly-ratelimit-remaining"] == "0"
    clock.s = float(refused.headers["fastly-ratelimit-reset"])
    assert (await purge()).status_code == 200


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"tags": ["A-B", "c"]}, Purge(is_soft=False, tags=("a-b", "c"))),
        ({"files": [f"https://img.shop.example{PATH}"]}, Purge(is_soft=False, paths=(PATH,))),
        (
            {"files": [{"url": f"https://img.shop.example{PATH}", "headers": {"Origin": "x"}}]},
            Purge(is_soft=False, paths=(PATH,)),
        ),
        ({"prefixes": ["img.shop.example/v1/a"]}, Purge(is_soft=False, prefixes=("/v1/a",))),
        ({"hosts": ["img.shop.example"]}, Purge(is_soft=False, prefixes=("/v1/",))),
        ({"purge_everything": True}, Purge(is_soft=False, prefixes=("/v1/",))),
    ],
    ids=["tags, in any case", "files", "files with headers", "prefixes", "hosts", "everything"],
)
async def test_cloudflare_purges_by_each_field(
    http: httpx.AsyncClient, network: Recorder, body: object, expected: Purge
) -> None:
    answer = await http.post(f"{ZONE}/purge_cache", headers=CLOUDFLARE, json=body)
    assert answer.json()["success"] is True
    assert network.purges == [expected]
    soft = await http.post(f"{ZONE}/invalidate_cache", headers=CLOUDFLARE, json=body)
    assert soft.json()["result"] == {"id": ACCOUNTS.cloudflare_zone}
    assert network.purges[1].is_soft


@pytest.mark.parametrize(
    ("path", "headers", "body", "status", "code"),
    [
        (ZONE, {}, {"tags": ["a"]}, 401, 10000),
        (ZONE, {"authorization": "Bearer expired"}, {"tags": ["a"]}, 401, 10000),
        ("/client/v4/zones/" + "f" * 32, CLOUDFLARE, {"tags": ["a"]}, 404, 7003),
        (ZONE, CLOUDFLARE, {}, 400, 1012),
        (ZONE, CLOUDFLARE, {"colour": ["a"]}, 400, 1012),
        (ZONE, CLOUDFLARE, {"tags": ["a"] * 101}, 400, 1093),
        (ZONE, CLOUDFLARE, {"files": ["https://elsewhere.example/"]}, 400, 1016),
        (ZONE, CLOUDFLARE, {"prefixes": ["https://img.shop.example/"]}, 400, 1016),
    ],
)
async def test_cloudflare_refuses_as_it_does(
    http: httpx.AsyncClient,
    network: Recorder,
    path: str,
    headers: dict[str, str],
    body: object,
    status: int,
    code: int,
) -> None:
    answer = await http.post(f"{path}/purge_cache", headers=headers, json=body)
    assert answer.status_code == status
    assert answer.json()["success"] is False
    assert answer.json()["errors"][0]["code"] == code
    assert network.purges == []


async def test_cloudflares_bucket_runs_dry_says_when_it_has_a_token_and_fills_again(
    http: httpx.AsyncClient, clock: Clock
) -> None:
    async def purge() -> httpx.Response:
        return await http.post(f"{ZONE}/purge_cache", headers=CLOUDFLARE, json={"tags": ["a"]})

    assert [(await purge()).status_code for _ in range(26)] == [200] * 25 + [429]
    refused = await purge()
    assert refused.headers["retry-after"] == "12"
    assert refused.headers["ratelimit"] == '"purge";r=0;t=12'
    clock.s += 12
    assert [(await purge()).status_code for _ in range(2)] == [200, 429]


async def test_urls_have_a_bucket_of_their_own_and_each_costs(
    http: httpx.AsyncClient,
) -> None:
    body = {"files": [f"https://img.shop.example{PATH}"] * 100}
    url = f"{ZONE}/purge_cache"
    codes = [(await http.post(url, headers=CLOUDFLARE, json=body)).status_code for _ in range(9)]
    assert codes == [200] * 8 + [429]
    assert (await http.post(url, headers=CLOUDFLARE, json={"tags": ["a"]})).status_code == 200


async def test_failures_are_planned_counted_and_cleared_while_it_runs(
    http: httpx.AsyncClient, network: Recorder
) -> None:
    async def purge() -> int:
        answer = await http.post(
            f"{ZONE}/purge_cache", headers=CLOUDFLARE, json={"tags": ["a", "b", "c"]}
        )
        return answer.status_code

    async def plan(failure: str, times: int | None = 1) -> None:
        fault = {"vendor": "cloudflare", "failure": failure, "times": times}
        assert (await http.post("/double/faults", json=fault)).status_code == 201

    await plan("429")
    await plan("500")
    await plan("partial")
    assert [await purge() for _ in range(3)] == [429, 500, 200]
    assert network.purges == [Purge(is_soft=False, tags=("a", "c"))]
    await plan("not-done", None)
    assert [await purge() for _ in range(2)] == [200, 200]
    assert len(network.purges) == 1
    assert (await http.delete("/double/faults")).status_code == 204
    assert await purge() == 200
    assert len(network.purges) == 2
    state = (await http.get("/double")).json()
    assert state["count"] == 6
    assert [call["failure"] for call in state["calls"]] == [
        "429",
        "500",
        "partial",
        "not-done",
        "not-done",
        None,
    ]


async def test_a_failure_that_there_is_not_is_refused(http: httpx.AsyncClient) -> None:
    answer = await http.post("/double/faults", json={"vendor": "fastly", "failure": "fire"})
    assert answer.status_code == 422
    assert "failure" in answer.text


def test_a_planned_failure_is_written_vendor_failure_times() -> None:
    assert parse_fault("fastly:429:3") == Fault(
        vendor=Vendor.FASTLY, failure=Failure.TOO_MANY, times=3
    )
    assert parse_fault("cloudflare:not-done").times is None
    for text in ("", "fastly", "fastly:fire", "akamai:500", "fastly:500:x", "fastly:500:0"):
        with pytest.raises(ValueError, match=r".+"):
            parse_fault(text)


def test_failures_of_one_vendor_do_not_hit_the_other() -> None:
    faults = Faults()
    faults.planned.append(parse_fault("fastly:500:1"))
    assert faults.take(Vendor.CLOUDFLARE) is None
    assert faults.take(Vendor.FASTLY) is not None
    assert faults.take(Vendor.FASTLY) is None


def test_a_bucket_gains_with_time_and_never_more_than_its_size() -> None:
    clock = Clock()
    bucket = Bucket(2.0, 4, clock)
    assert [bucket.take() for _ in range(5)] == [0, 0, 0, 0, 0.5]
    clock.s += 100
    assert [bucket.take() for _ in range(5)] == [0, 0, 0, 0, 0.5]
    assert bucket.take(3) == 1.5


def test_a_window_ends_at_the_full_hour() -> None:
    clock = Clock()
    window = Window(1, 3_600, clock)
    assert [window.take(), window.take()] == [True, False]
    assert window.ends_at_s % 3_600 == 0
    clock.s = window.ends_at_s
    assert window.take()


def test_a_prefix_of_a_photo_a_shop_or_all_is_a_tag() -> None:
    asset = "b" * 51 + "q"
    assert tag_of(f"/v1/acme/{asset}/") == f"a-{asset}"
    assert tag_of("/v1/acme/") == "n-acme"
    assert tag_of("/v1/") == "all"
    assert tag_of("/v1/acm") is None
    assert tag_of(f"/v1/acme/{asset}/w_3") is None


def test_the_printed_configuration_is_one_that_is_read() -> None:
    import tomllib

    text = configuration(ACCOUNTS, 8095, "http://127.0.0.1:8090/")
    read = PurgeConfiguration.model_validate(tomllib.loads(text))
    assert [table.name for table in read.providers] == ["fastly-double", "cloudflare-double"]
    assert read.edge[0].base_url == "http://127.0.0.1:8090"
    assert json.dumps(ACCOUNTS.cloudflare_token) not in text
