"""The real origin in a folder of its own: started, asked, killed, counted; and the shop in it."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Final

from edge.local import free_port
from edgeproof.settings import Settings, child_environment
from loadtests.photos import REVISION, make_photos
from loadtests.sessions.product import PRESETS
from loadtests.shop import (
    ALBUM_PHOTOS,
    ALBUMS,
    CATALOGUE,
    CATALOGUE_PHOTOS,
    TENANT,
    Photo,
    Shop,
    read_shop,
    write_shop,
)
from origin.adapters.records.migrate import NEWEST

START_S: Final = 60.0
STOP_S: Final = 30.0
SHOP: Final = "shop.json"
#: The edge's secret of these runs; both sides are ours and on loopback.
EDGE_SECRETS: Final = '{"e1":"' + "5e" * 32 + '"}'
LOG: Final = "server.log"


@dataclass
class House:
    """One origin. settings: what it is started with, data folder and both ports among them."""

    settings: Settings
    process: subprocess.Popen[bytes] | None = field(default=None, init=False)

    @property
    def log_path(self) -> Path:
        """Where its log lines are."""
        return self.settings.data_dir / LOG

    @property
    def shop(self) -> Shop:
        """Return what visitors can ask for."""
        return read_shop(self.settings.data_dir / SHOP, self.settings.ring_path)

    @property
    def public_url(self) -> str:
        """The base that it answers previews at."""
        return f"http://{self.settings.public_bind}"

    def start(self) -> None:
        """Start it in a process group of its own and wait until it is ready."""
        with self.log_path.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "edgeproof", "serve"],
                env=_environment(self.settings),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        deadline = time.monotonic() + START_S
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                break
            if self._ask("GET", "/readyz")[0] == 200:
                return
            time.sleep(0.05)
        raise RuntimeError(f"the origin is not ready: {self.log_path.read_text()[-2000:]}")

    def stop(self) -> None:
        """End it as an operator does."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(timeout=STOP_S)

    def kill(self) -> None:
        """End it and its workers as a power cut does."""
        assert self.process is not None, "it was started"
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(timeout=STOP_S)

    def upload(self, file: Path, tenant: str, owner: str, token: str) -> Photo:
        """Post a photo through the private API and return it as the shop knows it."""
        path = f"/api/v1/tenants/{tenant}/assets?owner={owner}"
        fields = {"Authorization": f"Bearer {token}"}
        status, body = self._ask("POST", path, file.read_bytes(), fields)
        if status not in {200, 201}:
            raise RuntimeError(f"{file.name} was refused: {status} {body[:500]!r}")
        taken = json.loads(body)
        return Photo(tenant, taken["asset"], taken["width"], taken["height"], str(file))

    def _ask(
        self, method: str, path: str, body: bytes = b"", fields: Mapping[str, str] | None = None
    ) -> tuple[int, bytes]:
        connection = HTTPConnection(self.settings.private_bind, timeout=STOP_S)
        try:
            connection.request(method, path, body, dict(fields or {}))
            answer = connection.getresponse()
            return answer.status, answer.read()
        except (OSError, HTTPException) as error:
            return 0, str(error).encode()
        finally:
            connection.close()

    def answers(self, since: int = 0) -> tuple[list[dict[str, object]], int]:
        """Return what it logged of previews after a place in its log, and the place reached."""
        with self.log_path.open("rb") as log:
            log.seek(since)
            text = log.read()
        whole, _, _ = text.rpartition(b"\n")
        lines = (json.loads(line) for line in whole.splitlines() if line.startswith(b"{"))
        answered = [line for line in lines if line.get("event") == "preview_answered"]
        return answered, since + len(whole)


def settings_for(folder: Path, **changes: object) -> Settings:
    """Return settings for an origin in a folder, on two free ports of loopback."""
    own: dict[str, object] = {
        "data_dir": folder,
        "public_bind": f"127.0.0.1:{free_port()}",
        "private_bind": f"127.0.0.1:{free_port()}",
        "hosts": "127.0.0.1,localhost",
        "edge_secrets": EDGE_SECRETS,
        # Sessions ask for many pictures of few photos at once; the ration has tests of its own.
        "cold_renders_per_minute": 1_000_000,
    }
    return Settings(**(own | changes))  # type: ignore[arg-type] # pydantic judges the values


def _environment(settings: Settings) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if "EDGEPROOF" not in name}  # noqa: TID251
    return kept | child_environment(settings)


def open_shop(folder: Path) -> Path:
    """Return a data folder with the shop of the load runs in it, made unless it is there.

    Nothing is rendered in it yet: each run begins with a copy.
    """
    base = folder / f"base-{REVISION}-{NEWEST}"
    if (base / SHOP).exists():
        return base
    shutil.rmtree(base, ignore_errors=True)
    base.mkdir(parents=True)
    files = make_photos(folder / "photos", ALBUMS * ALBUM_PHOTOS + CATALOGUE_PHOTOS, lambda: None)
    house = House(settings_for(base))
    _command(house.settings, "tenants", "add", TENANT)
    _command(house.settings, "tenants", "add", CATALOGUE, "--public")
    token = _command(house.settings, "tokens", "new", "load", "--tenant", "*").strip()
    house.settings.presets_path.mkdir(parents=True, exist_ok=True)
    (house.settings.presets_path / f"{CATALOGUE}.toml").write_text(PRESETS, "utf-8")
    house.start()
    try:
        _take_in(house, files, token)
    finally:
        house.stop()
    return base


def _take_in(house: House, files: list[Path], token: str) -> None:
    own = files[: ALBUMS * ALBUM_PHOTOS]
    with ThreadPoolExecutor(2) as pool:
        taken = list(pool.map(lambda file: house.upload(file, TENANT, "c-1", token), own))
        catalogue = list(
            pool.map(
                lambda file: house.upload(file, CATALOGUE, "catalogue", token), files[len(own) :]
            )
        )
    albums = [taken[first : first + ALBUM_PHOTOS] for first in range(0, len(taken), ALBUM_PHOTOS)]
    write_shop(house.settings.data_dir / SHOP, albums, catalogue)


def _command(settings: Settings, *words: str) -> str:
    done = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-m", "edgeproof", *words],
        env=_environment(settings),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise RuntimeError(f"edgeproof {' '.join(words)}: {done.stderr[-1000:]}")
    return done.stdout


@contextmanager
def running_house(base: Path, folder: Path, **changes: object) -> Iterator[House]:
    """Run an origin over a fresh copy of the shop; both end with the block.

    Objects are hard links, since they are only ever replaced whole; records are copied.
    """
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(base, folder, copy_function=_link_object)
    house = House(settings_for(folder, **changes))
    house.log_path.write_bytes(b"")
    house.start()
    try:
        yield house
    finally:
        house.stop()
        shutil.rmtree(folder, ignore_errors=True)


def _link_object(source: str, target: str) -> str:
    if any(word in Path(source).name for word in (".sqlite3", ".json", ".log", ".toml")):
        return str(shutil.copy2(source, target))
    os.link(source, target)
    return target
