"""Every row of the vectors that concerns an edge, asked of a real varnishd."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cache_keys import parse_ring, read_target
from cache_keys.asking import ask
from cache_keys.errors import Refusal
from cache_keys.proof import check_proof
from edge.deployment import Deployment
from edge.local_varnish import find_missing
from edge.varnish_policy import Secrets
from origin.headers import problem
from tests.conftest import missing
from tests.edge.varnish import (
    Answer,
    Backend,
    Varnish,
    site_vcl,
    varnishd,
    vector_main,
    write_conf,
)

VECTORS = Path(__file__).parents[2] / "cache_keys" / "vectors"
ORIGIN_HOST = "origin.example:8080"
#: "as a client" of steps 3 and 6 to 10: without 4 and 5, and every host is ours.
ALL_PUBLIC = """
sub edgeproof_host { }
sub edgeproof_public { var.set("max_age", "1"); }
"""
#: The master of a row instead of a ring's.
ANY_MASTER = """
sub edgeproof_ring { var.set("master", req.http.X-Test-Master); }
"""
#: Why a few rows are not asked: they cannot reach VCL over a socket.
NO_HTTP = (
    "varnishd answers a bare 400 itself to an empty method or target, a blank, a NUL, a newline"
)
TRIMMED = "blanks around a method or a header's value are taken away before any host sees it"
NOT_HTTP = ("\n", "\r", "\0", " ", "\t")


def head_of(name: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((VECTORS / f"{name}.json").read_text())
    return document


def rows_of(name: str) -> list[Any]:
    rows = head_of(name)["rows"]
    return [pytest.param(row, id=row["id"]) for row in rows if left_out(name, row) is None]


def left_out(name: str, row: dict[str, Any]) -> str | None:
    """Return why a row cannot be asked over a socket, or None."""
    words = [target_of(row)] if name in {"refused", "signature", "request"} else []
    words += [row["method"].strip()] if name == "request" else []
    trimmed = {"accept": row.get("accept", []), "proof": [row.get("header", "")]}
    values = trimmed.get(name, [row.get("method", "")])
    if any(not text or any(sign in text for sign in NOT_HTTP) for text in words):
        return NO_HTTP
    if any(sign in value for value in values for sign in "\r\f"):
        return NO_HTTP
    return TRIMMED if any(value != value.strip(" \t\n") for value in values) else None


def all_left_out(why: str) -> list[dict[str, Any]]:
    names = ("refused", "signature", "request", "accept", "proof")
    return [row for name in names for row in head_of(name)["rows"] if left_out(name, row) == why]


GATE = head_of("request")["gate"]


def target_of(row: dict[str, Any], key: str = "target") -> str:
    if f"{key}_hex" in row:
        return bytes.fromhex(row[f"{key}_hex"]).decode("latin-1")
    if f"{key}_repeat" in row:
        head, part, times, tail = row[f"{key}_repeat"]
        return str(head + part * times + tail)
    return str(row[key])


@pytest.fixture(scope="module")
def backend() -> Iterator[Backend]:
    what = find_missing()
    if what is not None:
        missing(what)
    backend = Backend()
    yield backend
    backend.stop()


def edge(
    folder: Path, backend: Backend, ring: dict[str, Any], **replaced: str
) -> Iterator[Varnish]:
    main = write_conf(
        folder,
        site=site_vcl(backend.port, host=ORIGIN_HOST),
        deployment=Deployment(tuple(GATE["hosts"]), {"catalogue": 604800}),
        secrets=Secrets(
            ring=parse_ring(json.dumps(ring).encode()),
            own=("e1", GATE["edge_secrets"]["e1"]),
            purge="ab" * 32,
            edges=GATE["edge_secrets"],
        ),
        replaced={"edgeproof.vcl": vector_main()} | replaced,
    )
    with varnishd(main) as running:
        yield running


@pytest.fixture(scope="module")
def gated(backend: Backend, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Varnish]:
    """A shield with the gate of request.json, which signature.json and proof.json share."""
    yield from edge(tmp_path_factory.mktemp("gated"), backend, GATE["ring"])


@pytest.fixture(scope="module")
def opened(backend: Backend, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Varnish]:
    """An edge that is open to all."""
    # The subroutine stays called, for Varnish refuses an unused one; it is only never reached.
    unsigned = "if (req.restarts > 9) { call edgeproof_claim; }"
    main = vector_main().replace("call edgeproof_claim;", unsigned)
    replaced = {"deployment.vcl": ALL_PUBLIC, "edgeproof.vcl": main}
    yield from edge(tmp_path_factory.mktemp("opened"), backend, {}, **replaced)


@pytest.fixture(scope="module")
def mastered(backend: Backend, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Varnish]:
    """An edge whose ring is the master that the request says."""
    folder = tmp_path_factory.mktemp("mastered")
    main = write_conf(
        folder,
        site=site_vcl(backend.port, host=ORIGIN_HOST),
        deployment=Deployment((), {}),
        secrets=Secrets({}, ("e1", GATE["edge_secrets"]["e1"]), "ab" * 32),
        replaced={"edgeproof.vcl": vector_main(), "deployment.vcl": ALL_PUBLIC},
    )
    secrets = (folder / "secrets.vcl").read_text()
    empty = secrets[secrets.index("sub edgeproof_ring") :].split("}\n")[0] + "}\n"
    (folder / "secrets.vcl").write_text(secrets.replace(empty, ANY_MASTER))
    with varnishd(main) as running:
        yield running


def said(answer: Answer) -> str:
    """Return a canonical path, or status and the code of the log."""
    if answer.status == 200:
        return answer.headers["x-path"]
    code = json.loads(answer.body)["code"] if answer.body else ""
    if answer.status == 403 or not code:
        assert answer.status != 403 or not code or code == "sig.refused"
        code = answer.headers["x-test-code"]
    return f"{answer.status} {code}"


def accepts(row: dict[str, Any]) -> list[tuple[str, str | bytes]]:
    return [("Accept", line) for line in row.get("accept", [])]


def test_what_is_no_http_is_refused_by_varnishd_itself_and_asks_nobody(
    opened: Varnish, backend: Backend
) -> None:
    """The rows of NO_HTTP: a bare 400 without any of our words, whatever our code would say."""
    before, rows = len(backend.seen), all_left_out(NO_HTTP)
    assert len(rows) == 11
    for row in rows:
        target = target_of(row) if "box" not in row else f"/v1/acme/{'a' * 52}/w_640.auto"
        answer = opened.ask(target, *accepts(row), method=row.get("method", "GET"))
        assert (answer.status, answer.body) == (400, b""), row["id"]
        assert "content-security-policy" not in answer.headers
    assert len(backend.seen) == before


def test_blanks_around_a_value_are_taken_away_before_it_is_judged(
    opened: Varnish, gated: Varnish
) -> None:
    """The rows of TRIMMED: with blanks around it a value is the one without them."""
    rows = all_left_out(TRIMMED)
    assert len(rows) == 7
    for row in rows:
        if "header" in row:
            lines = (("X-Test-Now", str(row["now"])), ("Edgeproof-Edge", row["header"]))
            answer = gated.ask(row["path"], *lines, method=row["method"], host=row["host"])
            assert answer.status != 403, row["id"]
        elif "method" in row:
            assert opened.ask(row["target"], method=row["method"]).status == 200, row["id"]
        else:
            path = f"/v1/acme/{'a' * 52}/w_640.auto"
            trimmed = {"accept": [line.strip() for line in row["accept"]]}
            blank, bare = (opened.ask(path, *accepts(one)) for one in (row, trimmed))
            assert (blank.status, blank.body) == (bare.status, bare.body), row["id"]


@pytest.mark.parametrize("row", rows_of("canonical"))
def test_an_address_has_the_canonical_path_of_the_vectors(
    row: dict[str, Any], opened: Varnish
) -> None:
    target = target_of(row)
    answer = opened.ask(target, *accepts(row))
    assert said(answer) == row["canonical"]
    assert ("vary" in answer.headers) == row["negotiated"]


@pytest.mark.parametrize("row", rows_of("canonical"))
def test_a_canonical_path_is_its_own_whatever_accept_says(
    row: dict[str, Any], opened: Varnish
) -> None:
    answer = opened.ask(row["canonical"], ("Accept", "image/webp,image/avif;q=0"))
    assert said(answer) == row["canonical"]


@pytest.mark.parametrize("row", rows_of("refused"))
def test_an_address_is_refused_by_the_code_of_the_vectors(
    row: dict[str, Any], opened: Varnish
) -> None:
    target = target_of(row)
    answer = opened.ask(target)
    assert said(answer) == f"{row['status']} {row['code']}"
    with pytest.raises(Refusal) as refused:
        ask(read_target(target.encode("latin-1")), ())
    wrong = refused.value
    expected = problem(wrong.status, wrong.public_code, wrong.public, field=wrong.field)
    assert answer.body == expected.body, "the body is the origin's, to the byte"


@pytest.mark.parametrize("row", rows_of("pairs"))
def test_a_pair_shares_one_path_or_does_not(row: dict[str, Any], opened: Varnish) -> None:
    first, second = (said(opened.ask(target, *accepts(row))) for target in row["targets"])
    assert (first == second) == row["equal"]


@pytest.mark.parametrize("row", rows_of("accept"))
def test_auto_becomes_the_format_of_the_vectors(row: dict[str, Any], opened: Varnish) -> None:
    width, height = row["box"]
    sides = [f"w_{width}"] * bool(width) + [f"h_{height}"] * bool(height)
    leaf = ",".join(sides or ["t_card~1"])
    answer = opened.ask(f"/v1/acme/{'a' * 52}/{leaf}.auto", *accepts(row))
    assert said(answer).rpartition(".")[2] == row["ext"]


@pytest.mark.parametrize("row", rows_of("signature"))
def test_a_signature_is_judged_as_in_the_vectors(row: dict[str, Any], gated: Varnish) -> None:
    target = target_of(row)
    answer = said(gated.ask(target, ("X-Test-Now", str(row["now"]))))
    if row["answer"] == "ok":
        assert answer.startswith(("/v1/", "400 key.", "404 preset.")), answer
    else:
        assert answer == row["answer"]


@pytest.mark.parametrize("row", rows_of("tenant_keys"))
def test_a_tenant_key_is_derived_as_in_the_vectors(row: dict[str, Any], mastered: Varnish) -> None:
    scope = f"&scope={row['scope']}" * bool(row["scope"])
    target = f"{row['path']}?exp={row['exp']}&kid={row['kid']}&sig={row['sig']}{scope}"
    lines = (("X-Test-Now", str(row["exp"])), ("X-Test-Master", row["master"]))
    answer = said(mastered.ask(target, *lines))
    is_dummy = set(row["master"]) == {"0"}
    assert answer == "403 sig.bad" if is_dummy else not answer.startswith("403"), answer


@pytest.mark.parametrize("row", rows_of("proof"))
def test_a_proof_is_judged_as_in_the_vectors(row: dict[str, Any], opened: Varnish) -> None:
    answer = said(
        opened.ask(
            row["path"],
            ("X-Test-Now", str(row["now"])),
            ("Edgeproof-Edge", row["header"]),
            method=row["method"],
            host=row["host"],
        )
    )
    assert (answer != "403 edge.proof") == row["ok"], answer


@pytest.mark.parametrize("row", rows_of("request"))
def test_a_request_is_answered_as_in_the_vectors(row: dict[str, Any], gated: Varnish) -> None:
    lines = [("X-Test-Now", str(row["now"])), *accepts(row)]
    if row["has_body"]:
        lines.append(("Content-Length", "1"))
    if row["proof"] is not None:
        lines.append(("Edgeproof-Edge", row["proof"]))
    answer = gated.ask(row["target"], *lines, method=row["method"], host=row["host"])
    assert said(answer) == row["answer"]


def test_each_request_to_the_origin_was_proven_as_it_was_sent(
    opened: Varnish, gated: Varnish, backend: Backend
) -> None:
    """Over all that the vectors made the edges ask, HEADs too."""
    for row in head_of("canonical")["rows"]:
        opened.ask(row["canonical"])
    gated.ask(f"/v1/catalogue/{'a' * 52}/w_64.png", method="HEAD")
    secrets = {kid: secret.encode() for kid, secret in GATE["edge_secrets"].items()}
    assert len(backend.seen) > 100
    for seen in backend.seen:
        assert seen.headers["host"] == ORIGIN_HOST
        (header,) = seen.headers.get_all("edgeproof-edge", [])
        t = int(header.partition(";")[0].removeprefix("t="))
        check_proof(header.encode(), secrets, (seen.method, ORIGIN_HOST, seen.path), t)
        assert "?" not in seen.path
        assert "accept" not in seen.headers
