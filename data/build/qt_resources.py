"""Reading Qt resource files (.rcc): a tree of names, and the contents of the files."""

import struct
import zlib
from collections.abc import Iterator

from gan_course.errors import CourseError

HEADER = struct.Struct(">4s4I")  # magic, version, and where tree, data and names begin
BYTES_A_NODE = {1: 14, 2: 22, 3: 22}  # by version; from 2 on a node ends with a time
COMPRESSED, FOLDER, ZSTANDARD = 1, 2, 4  # flags


def read_resources(blob: bytes) -> dict[str, bytes]:
    """All files inside.

    Args:
        blob: the whole .rcc file.

    Returns:
        path -> content, in the order of the tree.

    Raises:
        CourseError: this is no Qt resource file of version 1 to 3, or one compressed with
            zstandard.
    """
    try:
        magic, version, *_ = HEADER.unpack_from(blob)
        if magic != b"qres" or version not in BYTES_A_NODE:
            raise CourseError("not a Qt resource file of version 1 to 3: get the archive again")
        return dict(_walk(blob, 0, ""))
    except (struct.error, UnicodeDecodeError, zlib.error, RecursionError) as error:
        raise CourseError(f"a damaged Qt resource file ({error}): get the archive again") from error


def _walk(blob: bytes, number: int, parent: str) -> Iterator[tuple[str, bytes]]:
    _, version, tree, data, names = HEADER.unpack_from(blob)
    node = tree + number * BYTES_A_NODE[version]
    name_at, flags = struct.unpack_from(">IH", blob, node)
    path = f"{parent}{_name(blob, names + name_at)}" if number else ""  # the root has no name
    if flags & FOLDER:
        count, first = struct.unpack_from(">II", blob, node + 6)
        for child in range(first, first + count):
            yield from _walk(blob, child, f"{path}/" if path else "")
        return
    (content_at,) = struct.unpack_from(">I", blob, node + 10)  # after country and language
    yield path, _content(blob, data + content_at, flags)


def _name(blob: bytes, start: int) -> str:
    (length,) = struct.unpack_from(">H", blob, start)
    # after the length and a hash
    return blob[start + 6 : start + 6 + 2 * length].decode("utf-16-be")


def _content(blob: bytes, start: int, flags: int) -> bytes:
    if flags & ZSTANDARD:
        raise CourseError(
            "a Qt resource file compressed with zstandard: get the version that fetch.py names"
        )
    (length,) = struct.unpack_from(">I", blob, start)
    content = blob[start + 4 : start + 4 + length]
    # after the length when unpacked
    return zlib.decompress(content[4:]) if flags & COMPRESSED else content
