"""The words of ``url explain``, step by step."""

from __future__ import annotations

import pytest

from cache_keys import Gate, RingKey, read_target, sign
from edgeproof.explanation import Circumstances, explain_url

ASSET = "a" * 51 + "q"
NOW = 1_767_225_600
GATE = Gate({"k1": RingKey(b"1" * 64, None, None)}, ("shop",))
CHROME = "image/avif,image/webp,*/*;q=0.8"


def explained(leaf: str, accept: str = CHROME, tenant: str = "shop") -> dict[str, str]:
    around = Circumstances((accept.encode(),) if accept else (), "v8", GATE, NOW)
    lines = explain_url(f"/v1/{tenant}/{ASSET}/{leaf}".encode(), around)
    return {line[:14].strip(): line[15:] for line in lines}


@pytest.mark.parametrize(
    ("leaf", "accept", "words"),
    [
        ("w_640.auto", CHROME, "avif: Accept names avif and webp"),
        ("w_640.auto", "", "jpg: Accept names neither avif nor webp"),
        ("w_640.auto", "x" * 1025, "jpg: an Accept header this long counts as absent"),
        ("w_1920.auto", CHROME, "webp: Accept names avif and webp, but avif is not chosen above"),
        ("t_card~3.auto", CHROME, "avif: Accept names avif and webp"),
        ("w_640.png", CHROME, "png, as the URL says"),
    ],
)
def test_the_format_has_its_reason(leaf: str, accept: str, words: str) -> None:
    assert explained(leaf, accept)["9 format"].startswith(words)


@pytest.mark.parametrize(
    ("leaf", "words"),
    [
        ("w_640,q_80.jpg", "canonical already"),
        ("q_80,w_640.jpg", "the same ops in another order"),
        ("w_320,dpr_2,q_80.jpg", "w_320 dpr_2 becomes w_640"),
        ("w_640,fit_inside.jpg", "fit_inside becomes nothing"),
    ],
)
def test_the_spelling_says_what_changed(leaf: str, words: str) -> None:
    assert explained(leaf)["8 spelling"] == words


@pytest.mark.parametrize(
    ("leaf", "words"),
    [
        ("t_card~3.jpg", "none in the URL: the preset's"),
        ("w_640.jpg", "640 x any px asked, 640 x any px made: as asked, on the ladder"),
        (
            "h_300,dpr_2.jpg",
            "any x 600 px asked, any x 640 px made: the ladder's for what was asked",
        ),
    ],
)
def test_the_size_is_told_before_and_after(leaf: str, words: str) -> None:
    assert explained(leaf)["7 size"] == words


def test_ops_are_told_as_they_were_read() -> None:
    ops = explained("c_0_0_5_5,t_card~3,pf_mug~2~paper.jpg")["6 ops"]
    assert ops == "c=0_0_5_5 t=card_3 pf=mug_2_True ext=jpg"


def test_info_json_has_lane_and_tags_and_no_format() -> None:
    told = explained("info.json")
    assert told["10 canonical"].endswith("/info.json")
    assert told["lane"].startswith("origin")
    assert "9 format" not in told


def test_a_refused_leaf_ends_with_its_code_and_field() -> None:
    told = explained("w_1,h_2560.jpg")
    assert told["6-10 picture"].startswith("refused: 400 key.aspect (h): ")
    assert "10 canonical" not in told
    assert explained("nonsense")["6-10 picture"].startswith("refused: 400 key.ext (ext): ")


def test_a_path_outside_ends_at_its_shape() -> None:
    around = Circumstances((), "v8", GATE, NOW)
    assert list(explain_url(b"/robots.txt", around))[-1].startswith(
        "3 shape        refused: 404 url.unknown"
    )


def test_the_signature_is_told_in_every_state() -> None:
    path = f"/v1/acme/{ASSET}/w_64.jpg"
    signed = sign(read_target(path.encode()), GATE.ring, "k1", NOW + 9, now=NOW)
    wide = sign(read_target(path.encode()), GATE.ring, "k1", NOW + 9, now=NOW, scope="asset")
    leaf = signed.rpartition("/")[2]
    assert explained("w_64.jpg")["4-5 signature"] == "not signed, and shop is a public tenant"
    assert "403 sig.missing" in explained("w_64.jpg", tenant="acme")["4-5 signature"]
    good = explained(leaf, tenant="acme")["4-5 signature"]
    assert good == (
        "good: key k1, for this path only, until 2026-01-01 00:00:09 UTC (9 s from now)"
    )
    assert (
        "every op of this asset"
        in (explained(wide.rpartition("/")[2], tenant="acme")["4-5 signature"])
    )
    bad = explained(leaf.replace("w_64", "w_96"), tenant="acme")["4-5 signature"]
    assert "403 sig.bad" in bad
    assert bad.endswith("It says key k1, until 2026-01-01 00:00:09 UTC.")
    assert "400 sig.repeated" in explained("w_64.jpg?sig&sig")["4-5 signature"]
