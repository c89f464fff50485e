"""A backup is a tar file: a manifest, the files that the manifest lists with their SHA-256, and the SHA-256 of the
manifest.

The file gets its name only when it is complete and on the disk. Only its owner can read it, because it contains keys.
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
from ..terminal_texts import _

FORMAT = 1
"""The number of the file's format. It grows when older versions of prewatt could misread the file."""
MANIFEST, CHECKSUM = "manifest.json", "manifest.json.sha256"
WHOLE = "whole.tar"
MOST_MANIFEST = 1_000_000
CHUNK = 1 << 20
SIDES = {"server": "prewatt restore", "gateway": "prewatt edge restore"}
"""The sides that a copy can be of, each with the command that puts it back."""


class BackupError(ValueError):
    """A copy can't be made or put back. The message says why. Nothing was changed."""


class Member(Struct, frozen=True):
    """A file in the copy: its size in bytes, and its SHA-256 in hexadecimal."""

    size: int
    sha256: str


class Manifest(Struct, frozen=True):
    """The description of a copy.

    `side` is a key of `SIDES`, `name` the name of the gateway or the machine. `made` is the time of the copy, as ISO
    8601 in UTC. `folder` is where the files lay. `formats` are the format numbers of files that have one. `settings`
    are the server's environment variables, without secrets.
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
    """What every version of a manifest has: its `format`, and the `version` of prewatt that wrote it."""

    format: int
    version: str = "?"


def manifest(side: str, name: str, folder: Path, formats: dict[str, str], settings: dict[str, str]) -> Manifest:
    """Return the manifest of a copy that is made now. Its files are packed later."""
    now = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
    return Manifest(FORMAT, side, name, now, __version__, str(folder.resolve()), formats, settings)


def _check_target(target: Path) -> None:
    if target.is_dir():
        raise BackupError(_("%(target)s: this is a folder. Name a file in it", target=target))
    if not target.parent.is_dir():
        raise BackupError(_("%(target)s: the folder of this file does not exist. Make the folder first", target=target))
    if target.exists():
        try:
            read_manifest(target)
        except BackupError:
            raise BackupError(
                _("%(target)s: exists and is not a backup, so it is not overwritten. Name another file", target=target)
            ) from None


@contextmanager
def workplace(target: Path) -> Iterator[Path]:
    """Make a private folder beside `target`, in which the parts of a copy are gathered. It is removed at the end.

    Raises BackupError if `target` can't be written, or exists and is not an earlier copy.
    """
    _check_target(target)
    work = target.with_name(f".{target.name}.part")
    try:
        work.mkdir(exist_ok=True, mode=0o700)
    except OSError as error:
        raise BackupError(
            _("%(parent)s: can't be written (%(cause)s)", parent=target.parent, cause=error.strerror)
        ) from None
    handle = os.open(work, os.O_RDONLY)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise BackupError(
                _("%(target)s: another backup is writing this file. Wait until it is done", target=target)
            ) from None
        # Another backup that was killed may have left files.
        for leftover in work.iterdir():
            leftover.unlink()
        try:
            yield work
        except OSError as error:
            raise BackupError(f"{error.filename or target}: {error.strerror or error}") from None
        finally:
            shutil.rmtree(work, ignore_errors=True)
    finally:
        os.close(handle)


def pack(work: Path, target: Path, about: Manifest) -> Manifest:
    """Pack the files of a workplace into `target`. Returns the manifest with the list of files."""
    files = {path.name: Member(path.stat().st_size, _digest(path)) for path in sorted(work.iterdir())}
    whole = msgspec.structs.replace(about, files=files)
    text = msgspec.json.format(msgspec.json.encode(whole), indent=1) + b"\n"
    packed = work / WHOLE
    handle = os.open(packed, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file, tarfile.open(fileobj=file, mode="w") as tar:
        _add(tar, MANIFEST, len(text), io.BytesIO(text))
        for name, member in files.items():
            with (work / name).open("rb") as content:
                _add(tar, name, member.size, content)
        line = f"{hashlib.sha256(text).hexdigest()}  {MANIFEST}\n".encode()
        _add(tar, CHECKSUM, len(line), io.BytesIO(line))
    sync(packed)
    packed.replace(target)
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
    """Return a copy's manifest. Raises BackupError if the file is no copy, if a newer prewatt made it, or if its list
    of files was altered.
    """
    with _opened(source) as tar:
        return _manifest(source, tar)


def check(source: Path, side: str) -> Manifest:
    """Read all of a copy and check that nothing was altered. Returns its manifest. Raises BackupError that says what is
    wrong, or that the copy is of the other side.
    """
    with _opened(source) as tar:
        about = _manifest(source, tar)
        if about.side != side:
            words = {"source": source, "command": SIDES[about.side]}
            if about.side == "gateway":
                raise BackupError(_("%(source)s: this is a copy of a gateway. Put it back with `%(command)s`", **words))
            raise BackupError(_("%(source)s: this is a copy of a server. Put it back with `%(command)s`", **words))
        for name, member in about.files.items():
            _copy(source, tar, name, member, None)
    return about


def extract(source: Path, about: Manifest, into: Path) -> None:
    """Write a copy's files into a folder, and check each of them again."""
    with _opened(source) as tar:
        for name, member in about.files.items():
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
    return BackupError(
        _(
            "%(source)s: is not a complete backup (%(why)s). Nothing was changed. Use another copy",
            source=source,
            why=why,
        )
    )


def _decoded(source: Path, text: bytes) -> Manifest:
    """Return the manifest in a text. Raises BackupError if it is damaged, or of a newer format."""
    try:
        known = msgspec.json.decode(text, type=_Format)
        if known.format > FORMAT:
            raise BackupError(
                _(
                    "%(source)s: prewatt %(version)s made this copy. Put it back with that version or a newer one",
                    source=source,
                    version=known.version,
                )
            )
        return msgspec.json.decode(text, type=Manifest)
    except msgspec.MsgspecError as error:
        raise _damaged(source, f"{MANIFEST}: {error}") from None


def _manifest(source: Path, tar: tarfile.TarFile) -> Manifest:
    if not all(each.isreg() for each in tar.getmembers()):
        # A link would be followed, and one to itself without end.
        raise _damaged(source, "something in it is no file")
    names = tar.getnames()
    if MANIFEST not in names or CHECKSUM not in names:
        raise _damaged(source, f"{MANIFEST} or {CHECKSUM} is missing")
    text, line = _small(source, tar, MANIFEST), _small(source, tar, CHECKSUM)
    if line.split(b" ")[0] != hashlib.sha256(text).hexdigest().encode():
        raise _damaged(source, f"{MANIFEST} was altered")
    about = _decoded(source, text)
    if about.side not in SIDES or names != [MANIFEST, *about.files, CHECKSUM]:
        raise _damaged(source, "its list of files is not what it contains")
    if any("/" in name or name.startswith(".") for name in about.files):
        raise _damaged(source, "the name of a file in it leads to another folder")
    return about


def _small(source: Path, tar: tarfile.TarFile, name: str) -> bytes:
    file = tar.extractfile(name)
    if file is None or tar.getmember(name).size > MOST_MANIFEST:
        raise _damaged(source, f"{name} is not a small file")
    return file.read()


def _copy(source: Path, tar: tarfile.TarFile, name: str, member: Member, into: IO[bytes] | None) -> None:
    file = tar.extractfile(name)
    if file is None or tar.getmember(name).size != member.size:
        raise _damaged(source, f"the length of {name} has changed")
    digest = hashlib.sha256()
    while chunk := file.read(CHUNK):
        digest.update(chunk)
        if into is not None:
            into.write(chunk)
    if digest.hexdigest() != member.sha256:
        raise _damaged(source, f"{name} was altered")
