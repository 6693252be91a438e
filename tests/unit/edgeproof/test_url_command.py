"""``edgeproof url`` as a program: lines in, lines out, any bytes, no data folder."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cache_keys import Refusal
from edgeproof.commands.tenants import app as tenants
from edgeproof.commands.url import app
from edgeproof.console import CommandFailed
from tests.unit.cache_keys import second_reading as second
from tests.unit.cache_keys.vector_files import accept_of, load, rows, target_of

ASSET = "a" * 51 + "q"
PATH = f"/v1/acme/{ASSET}/w_600.auto"
NOW = 1_767_225_600
Run = Callable[..., subprocess.CompletedProcess[bytes]]


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Set the vectors' ring and public tenants, and work in an empty folder."""
    signature = load("signature")
    ring = tmp_path / "ring.json"
    ring.write_text(json.dumps(signature["ring"]))
    ring.chmod(0o600)
    folder = tmp_path / "empty"
    folder.mkdir()
    for name in os.environ:
        if name.startswith("EDGEPROOF_"):
            monkeypatch.delenv(name)
    monkeypatch.chdir(folder)
    monkeypatch.setenv("EDGEPROOF_KEY_RING", str(ring))
    monkeypatch.setenv("EDGEPROOF_PUBLIC_TENANTS", ",".join(signature["public_tenants"]))


@pytest.fixture
def run(settings: None) -> Iterator[Run]:
    """Run the real program with lines on stdin; it needs and leaves nothing in its folder."""

    def run_program(*arguments: str, lines: bytes = b"") -> subprocess.CompletedProcess[bytes]:
        command = [sys.executable, "-m", "edgeproof", "url", *arguments]
        return subprocess.run(command, input=lines, capture_output=True, timeout=60, check=False)

    yield run_program
    assert list(Path.cwd().iterdir()) == []


def told(*arguments: str) -> str:
    """Run a command in this process and return what it writes."""
    result = CliRunner().invoke(app, list(arguments), catch_exceptions=False)
    assert result.exit_code == 0
    return result.stdout


def test_canon_answers_every_vector_line_by_line(run: Run) -> None:
    asked = [(target_of(row), accept_of(row)) for row in rows("canonical") + rows("refused")]
    asked = [(target, accept) for target, accept in asked if not {9, 10} & set(target)]
    lines = b"".join(target + b"\t" + b",".join(accept) + b"\n" for target, accept in asked)
    done = run("canon", "-", lines=lines)
    expected = [second.canon(target, accept) for target, accept in asked]
    assert done.stdout.decode().split("\n") == [*expected, ""]
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.usefixtures("settings")
def test_verify_answers_every_vector_of_a_file(tmp_path: Path) -> None:
    asked = [row for row in rows("signature") if "\n" not in row["target"]]
    lines = tmp_path / "lines"
    lines.write_bytes(b"".join(b"%d\t%s\n" % (row["now"], target_of(row)) for row in asked))
    expected = ["ok" if row["answer"] == "ok" else f"!{row['answer']}" for row in asked]
    assert told("verify", str(lines)).split("\n") == [*expected, ""]


def test_every_line_has_its_answer_whatever_its_bytes_are(run: Run) -> None:
    every_byte = bytes(byte for byte in range(256) if byte != 10)
    lines = [b"", every_byte, b"\r", b"\t\t", b"x" * 3_000_000, PATH.encode() + b"\tx\r", b"\xff"]
    for command in ("canon", "verify"):
        done = run(command, "-", lines=b"\n".join(lines))
        assert done.returncode == 0
        assert len(done.stdout.split(b"\n")) == len(lines) + 1


def test_a_carriage_return_belongs_to_its_line(run: Run) -> None:
    done = run("canon", "-", lines=f"{PATH}\timage/avif\r\n{PATH}\r\n\n".encode())
    assert done.stdout.decode().split() == [
        PATH.replace("600.auto", "640.jpg"),
        *("!400", "url.bytes", "!404", "url.unknown"),
    ]


def test_no_input_has_no_answer(run: Run) -> None:
    assert run("canon", "-").stdout == b""


def test_a_waiting_reader_gets_each_answer_at_once(settings: None) -> None:
    command = [sys.executable, "-m", "edgeproof", "url", "canon", "-"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as program:
        assert program.stdin is not None
        assert program.stdout is not None
        for width in (64, 96):
            program.stdin.write(PATH.replace("600.auto", f"{width}.jpg\n").encode())
            program.stdin.flush()
            assert program.stdout.readline().endswith(b"/w_%d.jpg\n" % width)
        program.stdin.close()
        assert program.wait(timeout=30) == 0


def test_verify_answers_lines_whatever_their_form(run: Run) -> None:
    good = next(row for row in rows("signature") if row["id"] == "a signed path")["target"]
    absolute = f"https://img.example{good}#top"
    lines = [
        *("", "x\tx", f"{NOW} /v1/", f"{NOW}.9\t/v1/", "-1\t/v1/"),
        *(f"{NOW}\t{absolute}", f"{NOW}\t{good}"),
    ]
    done = run("verify", "-", lines="\n".join(lines).encode())
    assert done.stdout.decode().splitlines() == [
        *["!400 line.form"] * 3,
        *("!400 url.shape", "!400 line.form", "ok", "ok"),
    ]


@pytest.mark.usefixtures("settings")
@pytest.mark.parametrize("start", ["https://img.example", "HTTP://user@img.example:8443"])
def test_an_absolute_url_is_judged_by_its_path_and_query(start: str) -> None:
    good = next(row for row in rows("signature") if row["id"] == "a signed path")["target"]
    assert told("verify", f"{start}{good}#top", "--now", str(NOW)) == "ok\n"


@pytest.mark.usefixtures("settings")
def test_other_schemes_and_bare_hosts_are_not_taken_apart() -> None:
    assert told("verify", f"ftp://img.example{PATH}") == "!400 url.bytes\n"
    for url in ("https://img.example", "https://img.example?sig=1"):
        assert told("verify", url) == "!404 url.unknown\n"


@pytest.mark.usefixtures("settings")
def test_arguments_are_answered_like_lines() -> None:
    assert told("canon", PATH, "image/webp") == PATH.replace("600.auto", "640.webp\n")
    assert told("canon", "/nowhere\udcff") == "!400 url.bytes\n"
    assert told("canon", "/nul\0") == "!400 url.bytes\n"
    assert told("canon", "/" + "x" * 9000) == "!400 url.bytes\n"
    assert told("canon", "/") == "!404 url.unknown\n"
    assert told("verify", PATH) == "!403 sig.missing\n"


@pytest.mark.usefixtures("settings")
def test_without_keys_and_records_nothing_opens(monkeypatch: pytest.MonkeyPatch) -> None:
    good = next(row for row in rows("signature") if row["id"] == "a signed path")["target"]
    monkeypatch.delenv("EDGEPROOF_KEY_RING")
    monkeypatch.delenv("EDGEPROOF_PUBLIC_TENANTS")
    assert told("verify", good, "--now", str(NOW)) == "!403 sig.bad\n"
    assert told("verify", PATH) == "!403 sig.missing\n"


@pytest.mark.usefixtures("settings")
def test_public_tenants_are_those_of_the_records_unless_they_are_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("EDGEPROOF_PUBLIC_TENANTS")
    monkeypatch.setenv("EDGEPROOF_DATA_DIR", str(tmp_path / "data"))
    for arguments in (["acme", "--public"], ["bees"]):
        assert CliRunner().invoke(tenants, ["add", *arguments]).exit_code == 0
    assert told("verify", PATH) == "ok\n"
    assert told("verify", PATH.replace("acme", "bees")) == "!403 sig.missing\n"
    monkeypatch.setenv("EDGEPROOF_PUBLIC_TENANTS", "bees")
    assert told("verify", PATH) == "!403 sig.missing\n"


@pytest.mark.usefixtures("settings")
@pytest.mark.parametrize("content", [None, "{"])
def test_a_ring_that_is_named_must_load(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, content: str | None
) -> None:
    ring = tmp_path / "other.json"
    if content is not None:
        ring.write_text(content)
    monkeypatch.setenv("EDGEPROOF_KEY_RING", str(ring))
    with pytest.raises(CommandFailed, match=r"other\.json"):
        told("verify", "-")


@pytest.mark.usefixtures("settings")
def test_lines_that_cannot_be_opened_are_a_sentence(tmp_path: Path) -> None:
    place = tmp_path / "s"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(place))
        with pytest.raises(CommandFailed, match="cannot be read"):
            told("canon", str(place))


@pytest.mark.usefixtures("settings")
def test_what_is_signed_opens() -> None:
    options = [
        "--tenant",
        "acme",
        "--asset",
        ASSET,
        "--ops",
        "w_600",
        "--host",
        "https://i.example/",
    ]
    for more in ([], ["--scope", "asset"], ["--kid", "k1"], ["--life", "60", "--bucket", "60"]):
        url = told("sign", *options, *more).strip()
        assert url.startswith(f"https://i.example{PATH}?exp=")
        assert url.endswith("&scope=asset") == ("--scope" in more)
        assert told("verify", url) == "ok\n"


@pytest.mark.usefixtures("settings")
@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--ops", "w_0640"], "key.value"),
        (["--asset", "x"], "url.shape"),
        (["--life", "691200"], "sign.life"),
        (["--kid", "k9"], "sign.kid"),
        (["--scope", "tenant"], "--scope"),
        (["--now", "5"], "sign.time"),
    ],
)
def test_what_would_not_open_is_not_signed(options: list[str], words: str) -> None:
    base = {"--tenant": "acme", "--asset": ASSET, "--ops": "w_640"}
    base.update(dict([options]))
    with pytest.raises((CommandFailed, Refusal), match=words):
        told("sign", *(word for pair in base.items() for word in pair))


@pytest.mark.usefixtures("settings")
def test_explain_says_every_step_in_words() -> None:
    url = told("sign", "--tenant", "acme", "--asset", ASSET, "--ops", "w_600,fl_v").strip()
    text = told("explain", url, "--accept", "image/avif", "--engine", "v8")
    for words in (
        *("tenant acme", "good: key k2", "w=600 fl=v ext=auto", "640 x any px made"),
        *("w_600 fl_v becomes r_180 fl_h w_640", "avif: Accept names avif"),
        *(
            f"/v1/acme/{ASSET}/r_180,fl_h,w_640.avif\n",
            "edge: may be",
            f"a-{ASSET} n-acme e-v8 all",
        ),
    ):
        assert words in text
    assert "neither avif nor webp" in told("explain", PATH)
