"""Objects and sources as files, in the layout of docs/storage.md."""

from __future__ import annotations

import os
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from functools import partial
from itertools import islice
from pathlib import Path

from blake3 import blake3

from origin.adapters.disk import SEGMENT, Disk, Written, store_errors, written_of
from origin.adapters.sealed import Note, note_bytes, unsealed
from origin.adapters.stores import Found, IsErased, Listed, Wins
from origin.adapters.threads import in_thread

LISTED_AT_ONCE = 1000  # names looked at in one turn of a thread
COMPARED_BYTES = 1 << 20  # read at a time when two files are compared


class FileObjects:
    """ObjectStore on a Disk; each file is its content and a note (origin.adapters.sealed)."""

    def __init__(self, disk: Disk, *, on_damage: Callable[[str], None] = lambda _: None) -> None:
        """``on_damage`` gets the name of each object that was found damaged and removed."""
        self._disk = disk
        self._on_damage = on_damage

    async def get(self, name: str) -> bytes | None:
        """Return the content; None when absent, or damaged, reported and removed."""
        found = await self.read(name)
        return None if found is None else found[0]

    async def put(self, name: str, content: bytes) -> bytes:
        """Create it and return what is stored: sound bytes that stand there win."""
        note = Note(blake3(content).digest())
        async with self.staged(name, content, note, lambda _: True) as staged:
            kept = await staged.publish()
        return content if kept is None else kept[0]

    async def delete(self, name: str) -> None:
        """Remove it; harmless when absent."""
        await in_thread(self._disk.writers, "remove an object", self._disk.remove, name)

    async def delete_prefix(self, prefix: str) -> int:
        """Remove the folder ``prefix`` (ends in ``/``) in one step; return how many files."""
        assert prefix.endswith("/"), f"the prefix {prefix!r} does not end in /"
        remove = self._disk.remove_folder
        return await in_thread(self._disk.writers, "remove objects", remove, prefix[:-1])

    async def read(self, name: str) -> Found | None:
        """Return content and note; None when absent, or damaged, reported and removed."""
        stored = await self._stored(name)
        found = None if stored is None else unsealed(name, stored)
        if stored is not None and found is None:
            self._on_damage(name)
            await self.delete(name)
        return found

    def read_now(self, name: str) -> Found | None:
        """Return content and note of a small file that the kernel has in memory; None: ask read().

        Damage is left to read(), which reports it.
        """
        try:
            stored = self._disk.read_now(name)
        except OSError:
            return None
        return None if stored is None else unsealed(name, stored)

    def is_absent_now(self, name: str) -> bool:
        """Say whether there is no such file; False where the disk does not say so by itself."""
        try:
            return self._disk.read_now(name) is None
        except OSError:
            return False

    def reader_now(self, name: str, size_bytes: int) -> Callable[[], bytearray | None]:
        """Return what reads the content again, unproven; None: ask read()."""
        return self._disk.reader_now(name, size_bytes)

    @asynccontextmanager
    async def staged(
        self, name: str, content: bytes, note: Note, wins: Wins
    ) -> AsyncIterator[StagedFile]:
        """Write and flush the bytes beside the store and lend them; their publish() gives the name.

        On a clean end the name is flushed too; after an error what was published is taken back, and
        only that.
        """
        threads, scratch = self._disk.writers, self._disk.scratch_path()
        staged = StagedFile(self._disk, scratch, name, wins)
        pieces = (content, note_bytes(name, note))
        try:
            await in_thread(threads, "write an object", self._disk.write, scratch, *pieces)
            yield staged
            await in_thread(threads, "write an object", self._finish, name, scratch)
        except BaseException:
            try:
                if staged.is_published:
                    take_back = partial(self._disk.take_back, name, staged.written)
                    await in_thread(threads, "remove an object", take_back)
            finally:
                await in_thread(threads, "write an object", self._disk.discard, scratch)
            raise

    async def folders(self, prefix: str) -> set[str]:
        """Return the segments that follow ``prefix`` (ends in ``/``)."""
        return await in_thread(self._disk.readers, "list objects", self._folders, prefix[:-1])

    async def names(self, prefix: str) -> AsyncIterator[Listed]:
        """Go through every object below ``prefix`` (ends in ``/``)."""
        walk = self._walk(prefix[:-1])
        turn = partial(islice, walk, LISTED_AT_ONCE)
        while some := await in_thread(self._disk.readers, "list objects", lambda: list(turn())):
            for listed in some:
                yield listed

    async def _stored(self, name: str) -> bytes | None:
        with store_errors("read an object"), suppress(BlockingIOError):
            return self._disk.read_now(name)
        return await in_thread(self._disk.readers, "read an object", self._disk.read, name)

    def _finish(self, name: str, scratch: Path) -> None:
        self._disk.settle(name)
        self._disk.discard(scratch)

    def _folders(self, folder: str) -> set[str]:
        path = self._disk.path_of(folder)
        self._disk.must_be_there()
        return {each.name for each in path.iterdir()} if path.is_dir() else set()

    def _walk(self, folder: str) -> Iterator[Listed]:
        path = self._disk.path_of(folder)
        self._disk.must_be_there()
        for each in path.rglob("*"):
            with suppress(FileNotFoundError):  # removed while we look
                if each.is_file():
                    at = each.stat()
                    name = str(each.relative_to(self._disk.root))
                    yield Listed(name, at.st_size, time.time() - at.st_mtime)


class StagedFile:
    """Bytes that are on the disk and have no name yet."""

    def __init__(self, disk: Disk, scratch: Path, name: str, wins: Wins) -> None:
        self._disk = disk
        self._scratch = scratch
        self._name = name
        self._wins = wins
        self.is_published = False
        self.written: Written = (0, 0)

    async def publish(self) -> Found | None:
        """Give the bytes their name; where sound bytes stand that win, return those instead."""
        return await in_thread(self._disk.writers, "name an object", self._publish)

    def publish_here(self) -> Found | None:
        """Do the same in the thread that calls it, which it blocks."""
        with store_errors("name an object"):
            return self._publish()

    def _publish(self) -> Found | None:
        kept: list[Found] = []

        def keeps(target: Path) -> bool:
            found = unsealed(self._name, target.read_bytes())
            if found is None or not self._wins(found[1]):
                return False
            kept.append(found)
            return True

        self.written = written_of(self._scratch)
        self.is_published = self._disk.publish(self._scratch, self._name, keeps)
        return None if self.is_published else kept[-1]


class FileSources:
    """SourceStore on a Disk: plain bytes under their asset's id, private to our user."""

    def __init__(self, disk: Disk) -> None:
        self._disk = disk

    @asynccontextmanager
    async def receive(self) -> AsyncIterator[Path]:
        """Lend a fresh path beside the store; what is left there afterwards is removed."""
        async with lent_scratch(self._disk) as path:
            yield path

    async def adopt(self, tenant: str, asset: str, received: Path) -> None:
        """Keep a received file; what stands there and differs is damaged and is replaced."""
        name = source_name(tenant, asset)
        await in_thread(self._disk.writers, "keep a source", self._adopt, name, received)

    @asynccontextmanager
    async def local_path(self, tenant: str, asset: str) -> AsyncIterator[Path | None]:
        """Lend the path of the source; readers must not write to it."""
        name = source_name(tenant, asset)
        yield await in_thread(self._disk.readers, "find a source", self._find, name)

    async def delete(self, tenant: str, asset: str) -> None:
        """Remove it; harmless when absent."""
        name = source_name(tenant, asset)
        await in_thread(self._disk.writers, "remove a source", self._disk.remove, name)

    async def drop_copies(self, is_erased: IsErased) -> int:
        """Return 0: readers get the file itself."""
        del is_erased
        return 0

    async def ages_s(self, tenant: str) -> dict[str, float]:
        """Return each source's asset id and the seconds since it was last taken in."""
        return await in_thread(self._disk.readers, "list the sources", self._ages_s, tenant)

    async def delete_older_than(self, tenant: str, asset: str, age_s: float) -> bool:
        """Remove a source unless it was taken in since; return whether it was removed."""
        name = source_name(tenant, asset)
        return await in_thread(self._disk.writers, "remove a source", self._delete_old, name, age_s)

    def _ages_s(self, tenant: str) -> dict[str, float]:
        folder, ages_s = self._disk.path_of(f"{tenant}/sources"), {}
        self._disk.must_be_there()
        for path in folder.iterdir() if folder.is_dir() else ():
            with suppress(FileNotFoundError):  # removed while we look
                if SEGMENT.fullmatch(path.name):
                    ages_s[path.name] = _age_s(path)
        return ages_s

    def _delete_old(self, name: str, age_s: float) -> bool:
        """Take it aside and look at its age again, so that no upload that comes in now is lost."""
        path, aside = self._disk.path_of(name), self._disk.scratch_path()
        try:
            if not _is_old(path, age_s):
                return False
            path.rename(aside)
        except FileNotFoundError:
            self._disk.must_be_there()
            return False
        is_old = _is_old(aside, age_s)
        if not is_old:
            with suppress(FileExistsError):
                os.link(aside, path)
        aside.unlink()
        self._disk.settle(name)
        return is_old

    def _find(self, name: str) -> Path | None:
        path = self._disk.path_of(name)
        if path.is_file():
            return path
        self._disk.must_be_there()
        return None

    def _adopt(self, name: str, received: Path) -> None:
        received.chmod(0o600)
        os.utime(received)
        with received.open("rb") as file:
            os.fsync(file.fileno())
        link = self._disk.scratch_path()
        os.link(received, link)

        def keeps(target: Path) -> bool:
            is_same = _is_same(received, target)
            if is_same:
                os.utime(target)  # taken in now: no sweep may remove it
            return is_same

        try:
            self._disk.publish(link, name, keeps)
            self._disk.settle(name)
        finally:
            link.unlink(missing_ok=True)


@asynccontextmanager
async def lent_scratch(disk: Disk) -> AsyncIterator[Path]:
    """Lend a fresh path; what is left there afterwards is removed."""
    path = disk.scratch_path()
    try:
        yield path
    finally:
        await in_thread(disk.writers, "remove a scratch file", disk.discard, path)


def source_name(tenant: str, asset: str) -> str:
    """Return the object name of a source."""
    return f"{tenant}/sources/{asset}"


def _age_s(path: Path) -> float:
    return time.time() - path.stat().st_mtime


def _is_old(path: Path, age_s: float) -> bool:
    return _age_s(path) > age_s


def _is_same(one: Path, other: Path) -> bool:
    if one.stat().st_size != other.stat().st_size:
        return False
    with one.open("rb") as left, other.open("rb") as right:
        while piece := left.read(COMPARED_BYTES):
            if piece != right.read(COMPARED_BYTES):
                return False
    return True
