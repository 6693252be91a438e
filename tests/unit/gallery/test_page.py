"""The page itself: its files, its links, and a policy under which nothing foreign can run."""

from __future__ import annotations

import re
from importlib.resources import files

import pytest
from starlette.testclient import TestClient

from edgeproof.gallery.routes import PAGE, TYPES

STATIC = files("edgeproof.gallery").joinpath("static")
NAMES = sorted(entry.name for entry in STATIC.iterdir())


def text_of(name: str) -> str:
    return STATIC.joinpath(name).read_text("utf-8")


def directives(policy: str) -> dict[str, list[str]]:
    return {words[0]: words[1:] for words in (part.split() for part in policy.split(";"))}


def test_the_root_leads_to_the_page(client: TestClient) -> None:
    answer = client.get("/")
    assert answer.status_code == 307
    assert answer.headers["location"] == PAGE
    assert client.get(PAGE).headers["content-type"] == "text/html; charset=utf-8"


@pytest.mark.parametrize("name", NAMES)
def test_every_file_of_the_page_is_served_with_its_type_and_is_not_kept(
    client: TestClient, name: str
) -> None:
    answer = client.get(PAGE + name)
    assert answer.status_code == 200
    assert answer.content == STATIC.joinpath(name).read_bytes()
    assert answer.headers["content-type"] == TYPES[name[name.rfind(".") :]]
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    "name", ["nothing.js", "routes.py", "..%2froutes.py", "%2e%2e%2froutes.py", "index", "static"]
)
def test_what_is_no_file_of_the_page_is_404(client: TestClient, name: str) -> None:
    answer = client.get(PAGE + name)
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"


def test_only_the_pages_own_files_and_the_previews_may_be_loaded(client: TestClient) -> None:
    policy = directives(client.get(PAGE).headers["content-security-policy"])
    assert policy["default-src"] == ["'none'"]
    assert policy["script-src"] == ["'self'"]
    assert policy["style-src"] == ["'self'"]
    assert policy["connect-src"] == ["'self'", "http://127.0.0.1:8080"]
    assert policy["frame-ancestors"] == ["'none'"]
    assert policy["require-trusted-types-for"] == ["'script'"]
    assert not any("unsafe" in word for words in policy.values() for word in words)


def test_the_page_has_no_inline_script_style_or_handler() -> None:
    page = text_of("index.html")
    assert all(" src=" in tag for tag in re.findall(r"<script\b[^>]*>", page))
    assert not re.search(r"<style\b|\sstyle=|\son[a-z]+=|javascript:", page)


@pytest.mark.parametrize("name", [name for name in NAMES if name.endswith(".js")])
def test_no_module_writes_markup_or_evaluates_text(name: str) -> None:
    found = re.search(
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function",
        text_of(name),
    )
    assert found is None


def test_every_file_that_is_named_is_there_and_every_file_is_named() -> None:
    named = {"index.html", "proof.html"}
    for name in NAMES:
        text = text_of(name)
        named |= set(re.findall(r'(?:href|src)="([\w.-]+\.\w+)"', text))
        named |= set(re.findall(r'from "\./([\w.-]+)"', text))
    assert named == set(NAMES)


def test_every_class_that_the_scripts_give_is_one_that_the_sheets_know() -> None:
    sheets = text_of("gallery.css") + text_of("studio.css") + text_of("proof.css")
    known = set(re.findall(r"\.([a-z][\w-]*)", sheets))
    markup = text_of("index.html") + "".join(text_of(n) for n in NAMES if n.endswith(".js"))
    given: set[str] = set()
    for words in re.findall(r'class(?:: |=)"([\w -]+)"', markup):
        given |= set(words.split())
    assert given - known == set()
