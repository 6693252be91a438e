"""A folder in which names are written whole or not at all. Blocking: called from threads.

``{root}/.tmp/{process}/`` holds what is not finished. Its owner keeps a lock (flock) on that
folder; the kernel frees it when the owner dies, and the next start removes the folder.
"""

from __future__ import annotations

import errno
import fcntl
import itertools
import os
import re
import secrets
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path

from origin.errors import StoreUnavailable

SEGMENT = re.compile(r"[a-z0-9][a-z0-9._~-]{0,99}")
SEGMENTS_MAX = 6
#: What tells one writing of a file from every other: its inode and when it was written, ns.
Written = tuple[int, int]
# Losing a race against a folder that is removed, or against a damaged object, this often in a row
# means that something else is wrong.
ATTEMPTS = 8
FULL = frozenset({errno.ENOSPC, errno.EDQUOT})

# What the event loop may read itself, from memory: 0.1 ms. It is the size of most pictures and of
# the masters' smaller levels.
NOW_BYTES = 512 << 10
CAN_ASK = hasattr(os, "RWF_NOWAIT")  # Linux can say that a read would wait

# Reads have their own threads, so that no read waits behind the flush of a write.
THREADS = 4


class Disk:
    """The object folder of one host. Several processes may hold it at once."""

    def __init__(self, root: Path) -> None:
        """Make the folder and sweep what dead processes left.

        Raises StoreUnavailable "store.full" or "store.unavailable" when it cannot be written.
        """
        self.root = root
        self._root = str(root)
        self._count = itertools.count()
        self.readers = ThreadPoolExecutor(THREADS, "disk-read")
        self.writers = ThreadPoolExecutor(THREADS, "disk-write")
        with store_errors(f"open the object folder {root}"):
            _make_folders(root / ".tmp")
            sweep(root / ".tmp")
            self._scratch, self._scratch_fd = _own_folder(root / ".tmp")
            probe = self.scratch_path()
            self.write(probe, b"probe")
            probe.unlink()

    def close(self) -> None:
        """Give the scratch folder back; harmless when called twice."""
        if self._scratch_fd >= 0:
            shutil.rmtree(self._scratch, ignore_errors=True)
            os.close(self._scratch_fd)
            self._scratch_fd = -1
            self.readers.shutdown(wait=False)
            self.writers.shutdown(wait=False)

    def path_of(self, name: str) -> Path:
        """Return where an object lives. A name is 1 to 6 plain segments: no way out of the root."""
        return self.root.joinpath(*plain_name(name))

    def scratch_path(self) -> Path:
        """Return a fresh path on the same disk; gone with this process."""
        return self._scratch / str(next(self._count))

    def write(self, path: Path, *pieces: bytes) -> None:
        """Write a scratch file and flush it to the disk."""
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with open(descriptor, "wb", buffering=0) as file:  # noqa: PTH123 (a descriptor)
            for piece in pieces:
                _write_all(file.fileno(), piece)
            os.fsync(file.fileno())

    def discard(self, scratch: Path) -> None:
        """Remove a scratch file; harmless when it is gone."""
        scratch.unlink(missing_ok=True)

    def read(self, name: str) -> bytes | None:
        """Return the stored bytes, None when absent; raises OSError when that cannot be known."""
        try:
            return self.path_of(name).read_bytes()
        except FileNotFoundError:
            self.must_be_there()
            return None

    def read_now(self, name: str) -> bytes | None:
        """Do what read() does without waiting for the disk, for whoever must not be blocked.

        Raises BlockingIOError for what is not in the page cache, or large.
        """
        path = f"{self._root}/{'/'.join(plain_name(name))}"  # a Path costs 8 µs
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            self.must_be_there()
            return None
        try:
            size_bytes = os.fstat(descriptor).st_size
            stored = bytearray(min(size_bytes, NOW_BYTES))
            if not CAN_ASK or os.preadv(descriptor, [stored], 0, os.RWF_NOWAIT) < size_bytes:
                raise BlockingIOError(errno.EAGAIN, "not in memory", name)
        except OSError as error:
            if error.errno == errno.EOPNOTSUPP:  # a file system that cannot say
                raise BlockingIOError(errno.EAGAIN, "not known", name) from error
            raise
        finally:
            os.close(descriptor)
        return bytes(stored)

    def reader_now(self, name: str, size_bytes: int) -> Callable[[], bytearray | None]:
        """Return what reads an object's first bytes again and again, as read_now() does.

        It returns None for what is absent, shorter, or not in the page cache.
        """
        path = f"{self._root}/{'/'.join(plain_name(name))}"

        def read() -> bytearray | None:
            content = bytearray(size_bytes)
            try:
                descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
                try:
                    count = os.preadv(descriptor, [content], 0, os.RWF_NOWAIT)
                finally:
                    os.close(descriptor)
            except OSError:
                return None
            return content if count == size_bytes else None

        return read if CAN_ASK and size_bytes <= NOW_BYTES else lambda: None

    def must_be_there(self) -> None:
        """Raise OSError when the root itself is away: then nothing can be called absent."""
        self._scratch.stat()

    def publish(self, scratch: Path, name: str, keeps: Callable[[Path], bool]) -> bool:
        """Give a scratch file its name and return True; False when what stood there is kept.

        ``keeps`` looks at the file that stands there and says whether it wins; if not it is
        replaced. The name is durable after settle().
        """
        target = self.path_of(name)
        for _ in range(ATTEMPTS):
            try:
                return _given_name(scratch, target, keeps)
            except FileNotFoundError:
                scratch.stat()  # the folder or what stood there went away: try again
        raise OSError(errno.EBUSY, "the name changes too often", str(target))

    def settle(self, name: str) -> None:
        """Flush the folder of a name, so that the name survives a power cut."""
        with suppress(FileNotFoundError):
            _flush_folder(self.path_of(name).parent)

    def remove(self, name: str) -> None:
        """Remove one name, durably; harmless when absent."""
        target = self.path_of(name)
        try:
            target.unlink()
        except FileNotFoundError:
            self.must_be_there()
        else:
            self.settle(name)

    def take_back(self, name: str, written: Written) -> None:
        """Remove a name if it is still that file; what was put there since then stays."""
        target, trash = self.path_of(name), self.scratch_path()
        try:
            target.rename(trash)
        except FileNotFoundError:
            self.must_be_there()
            return
        try:
            if written_of(trash) != written:
                with suppress(FileExistsError, FileNotFoundError):  # a later one still; an erase
                    os.link(trash, target)
        finally:
            trash.unlink()
        self.settle(name)

    def remove_folder(self, name: str) -> int:
        """Take a whole folder away in one step, then remove it; return how many files it held."""
        target, trash = self.path_of(name), self.scratch_path()
        try:
            target.rename(trash)
        except FileNotFoundError:
            self.must_be_there()
            return 0
        self.settle(name)
        removed = sum(1 for path in trash.rglob("*") if path.is_file())
        shutil.rmtree(trash)
        return removed


def written_of(path: Path) -> Written:
    """Tell one writing of a file from every other: a number that is used again has a new time."""
    at = path.stat()
    return at.st_ino, at.st_mtime_ns


def plain_name(name: str) -> list[str]:
    """Return the segments of an object's name; a name that is not plain is our own mistake."""
    segments = name.split("/")
    is_plain = len(segments) <= SEGMENTS_MAX and all(map(SEGMENT.fullmatch, segments))
    assert is_plain, f"{name!r} is no object name"
    return segments


@contextmanager
def store_errors(doing: str) -> Iterator[None]:
    """Turn an OSError into StoreUnavailable "store.full" or "store.unavailable"."""
    try:
        yield
    except OSError as error:
        code = "store.full" if error.errno in FULL else "store.unavailable"
        raise StoreUnavailable(code, log=f"cannot {doing}: {error}") from error


def sweep(scratch_root: Path) -> int:
    """Remove the scratch folders of dead processes; return how many."""
    removed = 0
    for folder in scratch_root.iterdir():
        with suppress(FileNotFoundError, NotADirectoryError):
            descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(folder)
                removed += 1
            except BlockingIOError:
                continue  # its owner lives
            finally:
                os.close(descriptor)
    return removed


def _own_folder(scratch_root: Path) -> tuple[Path, int]:
    """Make a folder and lock it. A sweep may take it between the two: then make another."""
    for _ in range(ATTEMPTS):
        folder = scratch_root / secrets.token_hex(8)
        folder.mkdir(mode=0o700)
        with suppress(FileNotFoundError):
            descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            fcntl.flock(descriptor, fcntl.LOCK_EX)  # a sweep holds it for a moment only
            if folder.exists():
                return folder, descriptor
            os.close(descriptor)
    raise OSError(errno.EBUSY, "no scratch folder of our own", str(scratch_root))


def _given_name(scratch: Path, target: Path, keeps: Callable[[Path], bool]) -> bool:
    _make_folders(target.parent)
    try:
        os.link(scratch, target)
    except FileExistsError:
        if keeps(target):
            return False
        scratch.replace(target)
    return True


def _make_folders(folder: Path) -> None:
    """Make a folder and its parents; each new name is flushed in its parent."""
    if folder.is_dir():
        return
    _make_folders(folder.parent)
    with suppress(FileExistsError):
        folder.mkdir(mode=0o700)
        _flush_folder(folder.parent)
    if folder.exists() and not folder.is_dir():
        raise NotADirectoryError(errno.ENOTDIR, "not a folder", str(folder))


def _flush_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _write_all(descriptor: int, piece: bytes) -> None:
    rest = memoryview(piece)
    while rest:
        rest = rest[os.write(descriptor, rest) :]
