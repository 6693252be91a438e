"""Receipts: any change is found, whoever formats the file, and only the right key counts."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeproof.console import CommandFailed, ExitCode
from edgeproof.receipts import (
    SCHEMA,
    check_receipt,
    read_receipt,
    sign_receipt,
    when,
    write_receipt,
)
from purge.signing import Signer, new_pem

OURS, THEIRS = Signer.from_pem(new_pem()), Signer.from_pem(new_pem())
RECEIPT = {
    "schema": SCHEMA,
    "erasure": "e-1",
    "reason": "Ticket 7: Größe",
    "counts": {"sources": 1, "derivatives": 14},
    "photos": {"erased": ["b" * 52], "kept": [{"asset": "c" * 52, "why": "hold"}]},
    "edges": [{"edge": "varnish", "verdict": "gone"}],
}


def signed(**changes: Any) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(sign_receipt(RECEIPT, OURS))
    return document | changes


def test_a_receipt_holds_with_the_key_that_made_it() -> None:
    checked = check_receipt(sign_receipt(RECEIPT, OURS), OURS.public_pem())
    assert (checked.receipt, checked.key_id, checked.is_known) == (RECEIPT, OURS.key_id, True)


def test_a_receipt_without_a_known_key_is_whole_but_of_unknown_origin() -> None:
    assert not check_receipt(sign_receipt(RECEIPT, OURS), None).is_known


def test_a_receipt_that_was_formatted_anew_still_holds() -> None:
    text = json.dumps(signed(), sort_keys=True, separators=(",", ":"))
    assert check_receipt(text, OURS.public_pem()).receipt == RECEIPT


def test_another_shops_key_does_not_make_our_receipts() -> None:
    for known in (OURS.public_pem(), None):
        text = json.dumps(signed(public_key=THEIRS.public_pem().decode()))
        if known is None:
            with pytest.raises(CommandFailed, match="does not hold"):
                check_receipt(text, known)
    with pytest.raises(CommandFailed, match="does not hold"):
        check_receipt(sign_receipt(RECEIPT, THEIRS), OURS.public_pem())


@given(st.data())
def test_any_change_of_what_a_receipt_says_is_found(data: st.DataObject) -> None:
    document = signed()
    name = data.draw(st.sampled_from(sorted(RECEIPT)))
    value: object = data.draw(st.one_of(st.integers(-9, 9), st.text(max_size=5), st.just([])))
    document["receipt"][name] = value
    with pytest.raises(CommandFailed):
        check_receipt(json.dumps(document), OURS.public_pem())


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"receipt":{},"key_id":"","public_key":"","signature":""}',
        json.dumps(signed(public_key="no pem")),
        json.dumps(signed(receipt={"schema": SCHEMA, "n": 2**60})),
        json.dumps(signed(extra=1)),
        "[" * 100_000,
    ],
    ids=["empty", "list", "bare", "no schema", "no key", "large number", "extra field", "deep"],
)
def test_what_is_no_receipt_is_a_usage_error(text: str) -> None:
    with pytest.raises(CommandFailed, match="no receipt") as failed:
        check_receipt(text, None)
    assert failed.value.exit_code is ExitCode.USAGE


@pytest.mark.parametrize("signature", ["", "AAAA", "ÄÖ", "=" * 88])
def test_a_signature_that_is_none_does_not_hold(signature: str) -> None:
    with pytest.raises(CommandFailed, match="does not hold") as failed:
        check_receipt(json.dumps(signed(signature=signature)), OURS.public_pem())
    assert failed.value.exit_code is ExitCode.FAILED


def test_a_receipt_is_written_whole_and_for_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "receipts" / "e-1.json"
    write_receipt(path, "old")
    write_receipt(path, sign_receipt(RECEIPT, OURS))
    assert check_receipt(read_receipt(path), OURS.public_pem()).receipt == RECEIPT
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [found.name for found in path.parent.iterdir()] == ["e-1.json"]


def test_a_receipt_that_is_not_there_says_so(tmp_path: Path) -> None:
    with pytest.raises(CommandFailed, match="cannot be read"):
        read_receipt(tmp_path / "none.json")


def test_times_are_in_utc() -> None:
    assert when(1_800_000_000.9) == "2027-01-15T08:00:00Z"
