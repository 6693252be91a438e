"""The examples of docs/urls.md that people will paste: they run and sign as the vectors say."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from cache_keys import ask, policy, read_target
from tests.unit.cache_keys.vector_files import rows

TEXT = (Path(__file__).parents[3] / "docs" / "urls.md").read_text(encoding="utf-8")
ROW = next(row for row in rows("tenant_keys") if row["id"] == "the key of the first kid for acme")
ASSET, LEAF = ROW["path"].split("/")[3:]
NOW = ROW["exp"] - policy.BUCKET_S
SIGNED = f"https://img.shop.example{ROW['path']}?exp={ROW['exp']}&kid=k1&sig={ROW['sig']}"


def example(language: str) -> str:
    (code,) = re.findall(rf"```{language}\n(.*?)```", TEXT, re.DOTALL)
    text: str = code
    return text.replace("…64 hex characters…", ROW["tenant_key"])


def test_the_python_example_signs() -> None:
    names: dict[str, Any] = {}
    exec(example("python"), names)  # noqa: S102 - our own page
    assert names["signed_url"](ASSET, LEAF, now=NOW) == SIGNED


@pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")
def test_the_javascript_example_signs(tmp_path: Path) -> None:
    script = tmp_path / "sign.mjs"
    call = f'console.log(signedUrl("{ASSET}", "{LEAF}", 86_400, {NOW}));'
    script.write_text(f"{example('js')}\n{call}\n", encoding="utf-8")
    done = subprocess.run(["node", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == SIGNED


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")
def test_the_shell_example_signs() -> None:
    call = f"sign acme k1 {ROW['tenant_key']} {ROW['exp']} {ROW['path']}"
    done = subprocess.run(
        ["sh", "-c", f"{example('sh')}\n{call}"], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == ROW["sig"]


def test_the_table_of_examples_is_allowed() -> None:
    leaves = re.findall(r"^\| `([a-z0-9_,~-]+\.[a-z]+)` \|", TEXT, re.MULTILINE)
    assert len(leaves) == 6
    for leaf in leaves:
        assert ask(read_target(f"/v1/acme/{ASSET}/{leaf}".encode()), []).transform is not None


def test_the_page_names_every_op_and_every_rung() -> None:
    for name in policy.OPS:
        assert re.search(rf"^\| .*`{name}`.* \|", TEXT, re.MULTILINE), name
    assert " ".join(map(str, policy.LADDER)) in TEXT
    assert f"`{' '.join(policy.ORDER)}`" in TEXT
