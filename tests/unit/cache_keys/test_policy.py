"""The policy table against the words of the rules, and the errors' promises."""

from __future__ import annotations

import pickle
import re

import pytest

from cache_keys import (
    DesignError,
    GrammarError,
    Refusal,
    SignatureError,
    SigningError,
    policy,
    refusal,
)
from cache_keys.errors import REFUSALS
from cache_keys.leaf import read_ops
from tests.unit.cache_keys.second_reading import ALLOWED, COMPASS, LADDER, ORDER


def test_the_table_has_the_ladder_and_the_order_of_the_rules() -> None:
    assert [*policy.LADDER] == [*LADDER]
    assert policy.LADDER[-1] == policy.TOP == 2560
    assert list(policy.ORDER) == ORDER
    assert {*policy.COMPASS, *policy.FOUND_POINTS} == set(COMPASS)
    assert len(policy.ORDER) == policy.OPS_MAX


SAMPLES = [
    *("", "0", "1", "64", "064", "2560", "90", "270", "h", "v", "hv", "vh", "inside", "fill"),
    *("c", "smart", "ne", "en", "1_2", "01_2", "1_2_3_4", "0_0_100000_100000", "ffffff", "30"),
    *("95", "35", "33", "3", "4", "card~3", "card~0", "card~3~paper", "-a~1", "a" * 52, "\uff11"),
]


@pytest.mark.parametrize("name", policy.OPS)
@pytest.mark.parametrize("value", SAMPLES)
def test_the_patterns_that_edges_copy_say_what_the_reader_says(name: str, value: str) -> None:
    matches = re.fullmatch(policy.OPS[name], value) is not None
    assert matches == ALLOWED[name](value)
    if matches:
        assert name in read_ops(f"{name}_{value}")
    else:
        with pytest.raises(GrammarError):
            read_ops(f"{name}_{value}")


@pytest.mark.parametrize("code", REFUSALS)
def test_a_refusal_knows_its_class_and_crosses_a_process_whole(code: str) -> None:
    refused = refusal(code, "w")
    expected: type[Refusal] = GrammarError
    if refused.status in {403, 410}:
        expected = SignatureError
    if refused.status == 422:
        expected = SigningError
    assert type(refused) is expected
    copy = pickle.loads(pickle.dumps(refused))  # noqa: S301 - our own bytes
    assert (type(copy), copy.args) == (type(refused), refused.args)
    assert (copy.code, copy.status, copy.public, copy.field) == (
        *(refused.code, refused.status, refused.public, "w"),
    )


def test_every_403_says_the_same_in_public() -> None:
    refused = [refusal(code) for code, (status, _) in REFUSALS.items() if status == 403]
    assert len(refused) == 5
    assert {(each.public_code, each.public) for each in refused} == {
        ("sig.refused", refused[0].public)
    }
    assert refusal("key.ext").public_code == "key.ext"


def test_a_design_error_keeps_its_own_words() -> None:
    refused = DesignError("design.crop_outside", 422, "The crop leaves the photo.", field="crop")
    assert str(refused) == "422 design.crop_outside: The crop leaves the photo."


@pytest.mark.parametrize(
    ("leaf", "field"),
    [("w_64,fit_x", "fit"), ("w_64,w_64", "w"), ("nonsense", "nonsense"), ("w_64,x_1", "x")],
)
def test_a_refused_op_is_named(leaf: str, field: str) -> None:
    with pytest.raises(GrammarError) as refused:
        read_ops(leaf)
    assert refused.value.field == field
