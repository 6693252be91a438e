"""The vectors' expected values against a second reading of the rules, not against the package."""

from __future__ import annotations

import itertools
import random

import pytest

from cache_keys import Refusal, ask, read_target
from tests.unit.cache_keys import second_reading as second
from tests.unit.cache_keys.vector_files import Row, accept_of, load, rows, sentence, target_of


@pytest.mark.parametrize("row", rows("canonical"), ids=sentence)
def test_canonical_rows_agree(row: Row) -> None:
    assert second.canon(target_of(row), accept_of(row)) == row["canonical"]


@pytest.mark.parametrize("row", rows("refused"), ids=sentence)
def test_refused_rows_agree(row: Row) -> None:
    assert second.canon(target_of(row), []) == f"!{row['status']} {row['code']}"


@pytest.mark.parametrize("row", rows("pairs"), ids=sentence)
def test_pair_rows_agree(row: Row) -> None:
    one, other = (second.canon(target.encode(), accept_of(row)) for target in row["targets"])
    assert (one == other) is row["equal"]


@pytest.mark.parametrize("row", rows("accept"), ids=sentence)
def test_accept_rows_agree(row: Row) -> None:
    box = {name: str(px) for name, px in zip("wh", row["box"], strict=True) if px is not None}
    assert second.format_of(accept_of(row), box) == row["ext"]


@pytest.mark.parametrize("row", rows("signature"), ids=sentence)
def test_signature_rows_agree(row: Row) -> None:
    head = load("signature")
    answer = second.verify(target_of(row), row["now"], head["ring"], head["public_tenants"])
    assert answer == row["answer"]


@pytest.mark.parametrize("row", rows("proof"), ids=sentence)
def test_proof_rows_agree(row: Row) -> None:
    asked = (row["method"], row["host"], row["path"])
    header = row["header"].encode("latin-1")
    assert second.proves(header, asked, load("proof")["edge_secrets"], row["now"]) is row["ok"]


def canon(target: bytes, accept: list[bytes], *, is_edge: bool) -> str:
    try:
        return ask(read_target(target), accept, is_edge=is_edge).canonical_path
    except Refusal as refused:
        return f"!{refused.status} {refused.code}"


ASSET = "a" * 51 + "q"
PARTS = [
    *("w_640", "w_1", "w_2560", "w_0640", "h_480", "h_2560", "h_1", "dpr_1", "dpr_3", "dpr_0"),
    *(
        "t_card~3",
        "t_edge~1",
        "t_edge~2",
        "t_card",
        "d_" + ASSET,
        "d_x",
        "pf_mug~2",
        "pf_a~1~paper",
    ),
    *("c_0_0_100000_100000", "c_1_2_3_4", "c_0_0_0_0", "r_90", "r_180", "r_0", "fl_v", "fl_hv"),
    *("fit_inside", "fit_cover", "fit_contain", "fit_x", "g_c", "g_n", "g_smart", "g_1_2", "g_1"),
    *("bg_ffffff", "bg_white", "q_80", "q_81", "x_1", "w", "", "_", "w_", "q_80.jpg"),
]
EXTS = ["jpg", "auto", "avif", "gif", "", "auto"]
ACCEPTS = [[], [b"image/avif,image/webp"], [b"image/webp"], [b"image/avif;q=0, image/webp;q=1.0"]]


def test_every_pair_of_ops_reads_the_same_twice() -> None:
    for one, other in itertools.product(PARTS, repeat=2):
        target = f"/v1/acme/{ASSET}/{one},{other}.auto".encode()
        for is_edge in (False, True):
            expected = second.canon(target, ACCEPTS[1], is_edge=is_edge)
            assert canon(target, ACCEPTS[1], is_edge=is_edge) == expected, target


def test_twenty_thousand_random_leaves_read_the_same_twice() -> None:
    dice = random.Random(20261122)
    for _ in range(20_000):
        parts = dice.choices(PARTS, k=dice.randint(1, 9))
        if dice.random() < 0.7:
            parts = list({part.partition("_")[0]: part for part in parts}.values())
        leaf = f"{','.join(parts)}.{dice.choice(EXTS)}"
        target = f"/v1/acme/{ASSET}/{leaf}".encode()
        accept, is_edge = dice.choice(ACCEPTS), dice.random() < 0.2
        expected = second.canon(target, accept, is_edge=is_edge)
        assert canon(target, accept, is_edge=is_edge) == expected, target


def test_every_small_box_and_many_large_ones_snap_the_same_twice() -> None:
    dice = random.Random(7)
    small = list(itertools.product(range(1, 60), (1, 2, 3, 40, 41, 59, 2400, 2560)))
    large = [(dice.randint(1, 2560), dice.randint(1, 2560)) for _ in range(5_000)]
    for w, h in small + large:
        target = f"/v1/acme/{ASSET}/w_{w},h_{h},dpr_{dice.randint(1, 3)}.jpg".encode()
        assert canon(target, [], is_edge=False) == second.canon(target, []), target
