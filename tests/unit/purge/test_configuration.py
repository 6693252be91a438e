"""The purge configuration: what is read, what is refused and in which words."""

from __future__ import annotations

from pathlib import Path

import pytest

from purge.configuration import PurgeConfiguration, read_configuration
from purge.errors import BadConfiguration
from purge.providers.opening import list_providers, open_providers
from purge.values import Kind

ZONE = "0123456789abcdef" * 2
WHOLE = f"""
[[varnish]]
name = "shield"
instances = ["http://10.0.0.5:80", "http://10.0.0.6:80/"]

[[fastly]]
name = "fastly-shop"
service = "SU1Z0isxPaozGVKXdv0eY"
token_env = "FASTLY_API_TOKEN"
hosts = ["img.shop.example"]

[[cloudflare]]
name = "shop-zone"
zone = "{ZONE}"
zone_name = "shop.example"
plan = "pro"
token_file = "{{folder}}/token"
hosts = ["img.shop.example", "img2.shop.example"]
account = "shop"
depth = 2
burst = 5

[[cloudflare]]
name = "other-zone"
zone = "{ZONE[::-1]}"
token_env = "OTHER_TOKEN"
account = "shop"

[[edge]]
name = "zurich"
base_url = "https://192.0.2.7"
host = "img.shop.example"

[verify]
vantage = "the office in Zurich"
samples = 5
"""
VARIABLES = {
    "FASTLY_API_TOKEN": "fastly-secret-1",
    "OTHER_TOKEN": "other-secret-2",
    "EDGEPROOF_PURGE_SECRET": "5e" * 32,
}
FASTLY = '[[fastly]]\nname = "f"\nservice = "S1"\n'
VARNISH = '[[varnish]]\nname = "v"\ninstances = ["http://127.0.0.1:80"]\n'


def written(folder: Path, text: str) -> Path:
    path = folder / "purge.toml"
    path.write_text(text)
    return path


@pytest.fixture
def whole(tmp_path: Path) -> PurgeConfiguration:
    (tmp_path / "token").write_text("zone-secret-3\n")
    return read_configuration(written(tmp_path, WHOLE.replace("{folder}", str(tmp_path))))


def test_several_accounts_zones_and_instances_come_innermost_first(
    whole: PurgeConfiguration,
) -> None:
    providers = open_providers(whole, VARIABLES)
    assert [(one.name, one.account, one.depth) for one in providers] == [
        ("shield", "shield", 0),
        ("fastly-shop", "fastly-shop", 1),
        ("other-zone", "shop", 1),
        ("shop-zone", "shop", 2),
    ]
    assert whole.edge[0].host == "img.shop.example"
    assert (whole.verify.vantage, whole.verify.samples) == ("the office in Zurich", 5)


def test_limits_are_the_vendors_unless_the_file_says_otherwise(whole: PurgeConfiguration) -> None:
    shield, fastly, other, shop = (one.limits for one in list_providers(whole, VARIABLES))
    assert fastly.per_batch == {Kind.TAG: 256, Kind.URL: 1}
    assert shop.per_batch == {Kind.TAG: 100, Kind.ALL: 1, Kind.URL: 50, Kind.PREFIX: 50}
    assert (shop.rate_per_s, shop.burst) == (5, 5)
    assert other.per_batch == {Kind.TAG: 100, Kind.ALL: 1}
    assert (other.rate_per_s, other.burst) == (5 / 60, 20)
    assert shield.header_bytes_max == 8_000


def test_the_list_says_where_each_secret_is_and_never_what_it_is(
    whole: PurgeConfiguration,
) -> None:
    listed = list_providers(whole, {"FASTLY_API_TOKEN": "fastly-secret-1"})
    assert [one.secret.rpartition(": ")[2] for one in listed] == [
        "missing",
        "set",
        "missing",
        "set",
    ]
    assert listed[0].secret == "variable EDGEPROOF_PURGE_SECRET: missing"
    assert [one.scope for one in listed[1:]] == [
        "SU1Z0isxPaozGVKXdv0eY",
        ZONE[::-1],
        "shop.example",
    ]
    shown = f"{listed!r} {whole!r}"
    assert "secret-1" not in shown
    assert "secret-3" not in shown


def test_no_provider_is_opened_when_one_secret_is_missing(whole: PurgeConfiguration) -> None:
    without = {name: text for name, text in VARIABLES.items() if name != "OTHER_TOKEN"}
    with pytest.raises(BadConfiguration, match="other-zone: the variable OTHER_TOKEN is empty"):
        open_providers(whole, without)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (None, "No such file"),
        (b"", "is empty"),
        (b"\xff\xfe", "is not text"),
        (b"a b", "no one word"),
    ],
    ids=["absent", "empty", "not text", "two words"],
)
def test_a_secret_file_that_holds_no_secret_is_named(
    tmp_path: Path, content: bytes | None, sentence: str
) -> None:
    file = tmp_path / "token"
    if content is not None:
        file.write_bytes(content)
    path = written(tmp_path, f'{FASTLY}token_file = "{file}"\n')
    with pytest.raises(BadConfiguration, match=sentence) as caught:
        open_providers(read_configuration(path), {})
    assert str(file) in caught.value.public
    assert caught.value.public.startswith("f: ")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (f'{FASTLY}token_env = "T"\nplan = "pro"\n', r"\[\[fastly\]\] f: plan: is unknown here"),
        (f'{FASTLY}token = "abc"\n', r"\[\[fastly\]\] f: token: a secret is never written here"),
        (FASTLY, r"\[\[fastly\]\] f: exactly one of token_env and token_file"),
        (f'{FASTLY}token_env = "T"\ntoken_file = "/t"\n', "exactly one of token_env"),
        (
            f'{FASTLY}token_env = "T"\ndepth = 11\n',
            r"\[\[fastly\]\] f: depth: .*less than or equal",
        ),
        (f'{FASTLY}token_env = "T"\nkeys_per_call = 300\n', "keys_per_call: .*256"),
        (f'{FASTLY}token_env = "T"\nbase_url = "ftp://x"\n', "base_url: a base is like"),
        (f'{FASTLY}token_env = "a-b"\n', "token_env: "),
        (f'{FASTLY}token_env = "EDGEPROOF_TOKEN"\n', "token_env: EDGEPROOF_ begins"),
        (f'{FASTLY}token_env = "T"\nhosts = ["https://x"]\n', r"hosts: 0: "),
        ('[[fastly]]\nservice = "S"\n', r"\[\[fastly\]\] number 1: name: Field required"),
        (VARNISH + VARNISH, "two providers are called v"),
        (
            VARNISH.replace('80"]', '80", "http://127.0.0.1:80/"]'),
            "instances: an instance is named",
        ),
        (VARNISH.replace('["http://127.0.0.1:80"]', "[]"), "instances: "),
        (VARNISH.replace("http://", "http://user:pw@"), "instances: 0: a base is like"),
        ('[[edge]]\nname = "e"\nbase_url = "x"\n', r"\[\[edge\]\] e: base_url: "),
        ("[verify]\nat_once = 0\n", r"\[verify\]: at_once: "),
        ("[[akamai]]\n", r"\[akamai\]: is unknown here"),
        ("name = ", "is not TOML"),
    ],
)
def test_a_mistake_is_told_with_file_table_and_key(
    tmp_path: Path, text: str, sentence: str
) -> None:
    path = written(tmp_path, text)
    with pytest.raises(BadConfiguration, match=sentence) as caught:
        read_configuration(path)
    assert caught.value.code == "purge.configuration"
    assert caught.value.public.startswith(f"{path}: ")


def test_what_was_written_by_mistake_is_not_repeated(tmp_path: Path) -> None:
    path = written(tmp_path, f'{FASTLY}token = "very-secret"\ntoken_env = "very secret"\n')
    with pytest.raises(BadConfiguration) as caught:
        read_configuration(path)
    assert "very" not in str(caught.value)


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    path = written(tmp_path, f'{FASTLY}token_env = "T"\ndepth = 11\ncolour = 1\n')
    with pytest.raises(BadConfiguration, match=r"depth: .*; .*colour: "):
        read_configuration(path)


def test_a_file_that_is_absent_or_no_file_is_said_so(tmp_path: Path) -> None:
    for path in (tmp_path / "none.toml", tmp_path):
        with pytest.raises(BadConfiguration, match="cannot be read"):
            read_configuration(path)


def test_an_empty_file_is_a_purge_that_reaches_no_cache(tmp_path: Path) -> None:
    configuration = read_configuration(written(tmp_path, ""))
    assert open_providers(configuration, {}) == []
    assert configuration == PurgeConfiguration()
