"""A backup's file: a tar of a manifest, the files that it names with their SHA-256, and the SHA-256 of the manifest.

It appears under its name whole and on the disk, or not at all; only its owner can read it, as it holds keys.
"""

from __future__ import annotations

import fcntl
import hashlib
import io
import os
import shutil
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

import msgspec
from msgspec import Struct, field

from .. import __version__
from ..folder import sync

FORMAT = 1
"""Of the file. Grows when an older prewatt could not read it rightly."""
MANIFEST, CHECKSUM = "manifest.json", "manifest.json.sha256"
WHOLE = "whole.tar"
MOST_MANIFEST = 1_000_000
CHUNK = 1 << 20
SIDES = {"server": "prewatt restore", "gateway": "prewatt edge restore"}
"""What a copy can be of, and the command that puts it back."""


class BackupError(ValueError):
    """A copy can't be made or put back; the message says why. Nothing was changed."""


class Member(Struct, frozen=True):
    """A file in the copy: bytes, and SHA-256 in hexadecimal."""

    size: int
    sha256: str


class Manifest(Struct, frozen=True):
    """What a copy is of. `name`: the gateway's or the machine's; `made`: ISO 8601 in UTC; `formats`: of the files that have
    one; `folder`: where they lay; `settings`: the server's environment, without what is secret.
    """

    format: int
    side: str
    name: str
    made: str
    version: str
    folder: str
    formats: dict[str, str] = field(default_factory=dict)
    settings: dict[str, str] = field(default_factory=dict)
    files: dict[str, Member] = field(default_factory=dict)


class _Format(Struct):
    format: int
    version: str = "?"


def manifest(side: str, name: str, folder: Path, formats: dict[str, str], settings: dict[str, str]) -> Manifest:
    """The manifest of a copy that is made now, of the files that are yet to be packed."""
    made = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
    return Manifest(FORMAT, side, name, made, __version__, str(folder.resolve()), formats, settings)


@contextmanager
def workplace(target: Path) -> Iterator[Path]:
    """A private folder beside `target`, where its parts are gathered. BackupError if `target` can't be written, or is
    something else than an earlier copy.
    """
    if target.is_dir() or not target.parent.is_dir():
        raise BackupError(f"{target}: the folder of this file does not exist")
    if target.exists():
        try:
            read_manifest(target)
        except BackupError:
            raise BackupError(f"{target}: exists already and is not a backup, so it is not overwritten") from None
    work = target.with_name(f".{target.name}.part")
    try:
        work.mkdir(exist_ok=True, mode=0o700)
    except OSError as error:
        raise BackupError(f"{target.parent}: can't be written ({error.strerror})") from None
    handle = os.open(work, os.O_RDONLY)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise BackupError(f"{target}: is being written by another backup") from None
        # What one that was killed has left.
        for each in work.iterdir():
            each.unlink()
        try:
            yield work
        except OSError as error:
            raise BackupError(f"{error.filename or target}: {error.strerror or error}") from None
        finally:
            shutil.rmtree(work, ignore_errors=True)
    finally:
        os.close(handle)


def pack(work: Path, target: Path, about: Manifest) -> Manifest:
    """Make `target` of the files in a workplace."""
    files = {each.name: Member(each.stat().st_size, _digest(each)) for each in sorted(work.iterdir())}
    whole = msgspec.structs.replace(about, files=files)
    text = msgspec.json.format(msgspec.json.encode(whole), indent=1) + b"\n"
    made = work / WHOLE
    handle = os.open(made, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file, tarfile.open(fileobj=file, mode="w") as tar:
        _add(tar, MANIFEST, len(text), io.BytesIO(text))
        for name, member in files.items():
            with (work / name).open("rb") as content:
                _add(tar, name, member.size, content)
        line = f"{hashlib.sha256(text).hexdigest()}  {MANIFEST}\n".encode()
        _add(tar, CHECKSUM, len(line), io.BytesIO(line))
    sync(made)
    made.replace(target)
    sync(target.parent)
    return whole


def _add(tar: tarfile.TarFile, name: str, size: int, content: IO[bytes]) -> None:
    info = tarfile.TarInfo(name)
    info.size, info.mode = size, 0o600
    tar.addfile(info, content)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def read_manifest(source: Path) -> Manifest:
    """A copy's manifest. BackupError if the file is no copy, was made by a newer prewatt, or its list of files is not
    what it was.
    """
    with _opened(source) as tar:
        return _manifest(source, tar)


def check(source: Path, side: str) -> Manifest:
    """A copy's manifest, after all of the file was read and found to be what was written. BackupError says what is wrong
    with it, or that it is of the other side.
    """
    with _opened(source) as tar:
        found = _manifest(source, tar)
        if found.side != side:
            raise BackupError(f"{source}: is a copy of a {found.side}: put it back with `{SIDES[found.side]}`")
        for name in found.files:
            _copy(source, tar, name, found.files[name], None)
    return found


def extract(source: Path, found: Manifest, into: Path) -> None:
    """Write a copy's files into a folder, each checked once more."""
    with _opened(source) as tar:
        for name, member in found.files.items():
            handle = os.open(into / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(handle, "wb") as file:
                _copy(source, tar, name, member, file)


@contextmanager
def _opened(source: Path) -> Iterator[tarfile.TarFile]:
    try:
        with tarfile.open(source, "r:") as tar:
            yield tar
    except (tarfile.TarError, EOFError) as error:
        raise _damaged(source, str(error)) from None
    except OSError as error:
        raise BackupError(f"{error.filename or source}: {error.strerror or error}") from None


def _damaged(source: Path, why: str) -> BackupError:
    return BackupError(f"{source}: is not a complete backup ({why}). Nothing was changed. Use another copy")


def _manifest(source: Path, tar: tarfile.TarFile) -> Manifest:
    names = tar.getnames()
    if MANIFEST not in names or CHECKSUM not in names:
        raise _damaged(source, f"{MANIFEST} or {CHECKSUM} is missing")
    text, line = _small(source, tar, MANIFEST), _small(source, tar, CHECKSUM)
    if line.split(b" ")[0] != hashlib.sha256(text).hexdigest().encode():
        raise _damaged(source, f"{MANIFEST} was altered")
    try:
        known = msgspec.json.decode(text, type=_Format)
        if known.format > FORMAT:
            raise BackupError(f"{source}: was made by prewatt {known.version}: a prewatt so new can put it back")
        found = msgspec.json.decode(text, type=Manifest)
    except msgspec.MsgspecError as error:
        raise _damaged(source, f"{MANIFEST}: {error}") from None
    if found.side not in SIDES or names != [MANIFEST, *found.files, CHECKSUM]:
        raise _damaged(source, "other files lie in it than it says")
    if any("/" in name or name.startswith(".") for name in found.files):
        raise _damaged(source, "a file in it has a name that leads elsewhere")
    return found


def _small(source: Path, tar: tarfile.TarFile, name: str) -> bytes:
    file = tar.extractfile(name)
    if file is None or tar.getmember(name).size > MOST_MANIFEST:
        raise _damaged(source, f"{name} is no such file")
    return file.read()


def _copy(source: Path, tar: tarfile.TarFile, name: str, member: Member, into: IO[bytes] | None) -> None:
    file = tar.extractfile(name)
    if file is None or tar.getmember(name).size != member.size:
        raise _damaged(source, f"{name} is not as long as it was")
    digest = hashlib.sha256()
    while chunk := file.read(CHUNK):
        digest.update(chunk)
        if into is not None:
            into.write(chunk)
    if digest.hexdigest() != member.sha256:
        raise _damaged(source, f"{name} was altered")
