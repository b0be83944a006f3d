"""Reads a picture file of any usual kind as plain pixels, and makes grey from colour."""

import errno
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageFile, PngImagePlugin, UnidentifiedImageError, features
from torch import Tensor

from gan_course.errors import CourseError

FORMATS = {  # read whatever the ending is; none of them starts another program
    "PNG": (".png", ".apng"),
    "JPEG": (".jpg", ".jpeg", ".jpe", ".jfif", ".jfi", ".jif", ".pjpeg", ".pjp", ".mpo"),
    "WEBP": (".webp",),
    "BMP": (".bmp", ".dib"),
    "GIF": (".gif",),
    "TIFF": (".tif", ".tiff"),
    "AVIF": (".avif",),  # in newer releases of Pillow
    "HEIF": (".heic", ".heif", ".hif"),  # where the package pillow-heif is installed
}
MAX_PIXELS = 64_000_000
MAX_JPEG_PIXELS = 4 * MAX_PIXELS  # a JPEG can be decoded at half its size
# bytes of one text or colour profile: Pillow's bound of 1 MB refuses good files
MAX_TEXT = 64 * 2**20
ORIENTATION = 0x0112  # EXIF's tag
# by EXIF's orientation; `ImageOps.exif_transpose` would also write EXIF anew, and fail on odd tags
TRANSPOSES = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
PHOTOMETRIC, BITS = 262, 258  # TIFF's tags
# Pillow's names of 2 and 4 bits a pixel -> one step of grey in 8 bits
GREY_STEPS = {"L;2": 85, "L;4": 17}


with suppress(Exception):  # an optional package: it may be missing, or fail in any way
    from pillow_heif import register_heif_opener

    register_heif_opener()


class PictureTooLargeError(CourseError):
    """A picture of more pixels than are read at once.

    Args:
        path: of the picture.
        largest_side: up to which shorter side it can be read smaller; 0 where it cannot.
    """

    def __init__(self, path: Path, largest_side: int = 0) -> None:
        super().__init__(f"{too_many_pixels(path)}: make it smaller")
        self.largest_side = largest_side


def too_many_pixels(path: Path) -> str:
    """The message on a picture that is too large, without the way out."""
    return f"{path} has more than {MAX_PIXELS // 1_000_000} million pixels"


def readable_formats() -> list[str]:
    """The keys of `FORMATS` that this installation of Pillow reads."""
    Image.init()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # an old Pillow has never heard of AVIF
        avif = features.check("avif")
    return [name for name in FORMATS if name in Image.OPEN and (name != "AVIF" or avif)]


def readable_endings() -> list[str]:
    """The endings, in small letters, of the files that this installation reads as pictures."""
    return [ending for name in readable_formats() for ending in FORMATS[name]]


def read_picture(path: Path | str, *, channels: int = 3) -> Tensor:
    """One picture file as pixels, the way a viewer shows it.

    The camera's rotation is applied; transparent places show white; 16-bit grey is scaled to 8
    bits; CMYK and palettes become colour. Of an animation the first frame is read. Of all metadata
    the camera's rotation alone is read: colour profiles are not applied, and a damaged or odd tag
    spoils nothing.

    Args:
        path: PNG, JPEG, WebP, BMP, GIF or TIFF; AVIF and HEIC where they can be read
            (`readable_formats`).
        channels: 3 for colour, 1 for grey (`to_grey`).

    Returns:
        (channels, H, W) uint8 in 0..255.

    Raises:
        ValueError: another number of channels.
        CourseError: the file is missing, is not a picture, is a pipe or a device, is damaged, is
            too large, or holds no 8- or 16-bit values.
    """
    if channels not in (1, 3):
        raise ValueError(f"channels is {channels}: choose 3 for colour or 1 for grey")
    picture = torch.from_numpy(np.array(open_picture(path))).permute(2, 0, 1).contiguous()
    return picture if channels == 3 else to_grey(picture)


def open_picture(path: Path | str, *, side: int | None = None) -> Image.Image:
    """The same as `read_picture`, as an RGB image of Pillow.

    Args:
        path: as for `read_picture`.
        side: what the shorter side will be reduced to. A JPEG above `MAX_PIXELS`, such as a phone's
            photograph of 108 megapixels, is then decoded at a fraction of its size, which is no
            smaller than that.

    Raises:
        PictureTooLargeError: more than `MAX_PIXELS`, and not a JPEG, or no `side` that would help.
        CourseError: as for `read_picture`.
    """
    path = Path(path)
    with _pillow_errors(path), _open(path) as image:
        _reduce(image, side, path)
        transparent = _transparent_value(image)
        image.load()
        if transparent is not None:
            image.info["transparency"] = transparent
        transpose = TRANSPOSES.get(_orientation(image))
        return _to_rgb(image if transpose is None else image.transpose(transpose), path)


def picture_size(path: Path | str) -> tuple[int, int]:
    """Width and height of a picture as a viewer shows it; of a JPEG the beginning alone is read.

    Raises:
        CourseError: as for `read_picture`.
    """
    path = Path(path)
    with _pillow_errors(path), _open(path) as image:
        if image.format in ("JPEG", "MPO"):
            width, height = image.size
            return (height, width) if _orientation(image) >= 5 else (width, height)
    return open_picture(path).size


@contextmanager
def _pillow_errors(path: Path) -> Iterator[None]:
    """Turn every error of Pillow and the system into one line."""
    try:
        # a link to a pipe: to open it would wait for ever
        if path.exists() and not (path.is_file() or path.is_dir()):
            raise CourseError(f"{path} is not a regular file: remove it")
        with warnings.catch_warnings():
            # what matters is an error here; MAX_PIXELS is stricter than Pillow's bound
            warnings.simplefilter("ignore")
            yield
    except CourseError:
        raise
    except FileNotFoundError as error:
        raise CourseError(f"no file {path}: check the name") from error
    except IsADirectoryError as error:
        raise CourseError(f"{path} is a folder: give a picture file") from error
    except PermissionError as error:
        raise CourseError(f"{path} may not be read: change its permissions") from error
    except UnidentifiedImageError as error:
        raise CourseError(
            f"{path} is not a picture that can be read: give PNG, JPEG, WebP, BMP, GIF or TIFF, or"
            " remove it"
        ) from error
    except Image.DecompressionBombError as error:
        raise PictureTooLargeError(path) from error
    except OSError as error:
        if error.errno is None:  # Pillow's own
            raise CourseError(_describe_damage(path, error)) from error
        if error.errno == errno.ELOOP:
            raise CourseError(f"{path} is a link that leads back to itself: remove it") from error
        reason = error.strerror or type(error).__name__
        raise CourseError(
            f"{path} cannot be read ({reason}): copy it anew, or remove it"
        ) from error
    except Exception as error:  # Pillow's decoders raise almost anything on damaged bytes
        raise CourseError(_describe_damage(path, error)) from error


def to_grey(pictures: Tensor) -> Tensor:
    r"""Luminance of colour pictures.

    $Y = (19595 R + 38470 G + 7471 B + 2^{15}) / 2^{16}$, rounded down: 0.299, 0.587 and 0.114 in
    integers, as in Pillow's "L", so that a picture with R = G = B keeps its values.

    Args:
        pictures: (..., 3, H, W) uint8.

    Returns:
        (..., 1, H, W) uint8.

    Raises:
        ValueError: not uint8, or not three channels.

    Source: ITU-R BT.601, the luma of gamma-encoded R, G and B.
    """
    if pictures.dtype != torch.uint8 or pictures.ndim < 3 or pictures.shape[-3] != 3:
        raise ValueError(
            f"pictures are {tuple(pictures.shape)} {pictures.dtype}: give (..., 3, H, W) uint8"
        )
    red, green, blue = pictures.to(torch.int32).split(1, dim=-3)
    return ((19595 * red + 38470 * green + 7471 * blue + 2**15) >> 16).to(torch.uint8)


def _describe_damage(path: Path, error: Exception) -> str:
    reason = " ".join(str(error).split()) or type(error).__name__
    return f"{path} is damaged ({reason}): save or download it again, or remove it"


@contextmanager
def _open(path: Path) -> Iterator[ImageFile.ImageFile]:
    """Open a picture, not yet decoded, under our bounds; Pillow's are put back afterwards."""
    bounds = Image.MAX_IMAGE_PIXELS, PngImagePlugin.MAX_TEXT_CHUNK, PngImagePlugin.MAX_TEXT_MEMORY
    Image.MAX_IMAGE_PIXELS = MAX_JPEG_PIXELS // 2  # Pillow refuses from twice as many
    PngImagePlugin.MAX_TEXT_CHUNK, PngImagePlugin.MAX_TEXT_MEMORY = MAX_TEXT, 4 * MAX_TEXT
    try:
        # A file, not its name: by name Pillow maps grey TIFFs into memory, and turned ones come out
        # scrambled.
        with open(path, "rb") as file, Image.open(file, formats=readable_formats()) as image:
            yield image
    finally:
        Image.MAX_IMAGE_PIXELS = bounds[0]
        PngImagePlugin.MAX_TEXT_CHUNK, PngImagePlugin.MAX_TEXT_MEMORY = bounds[1:]


def _reduce(image: Image.Image, side: int | None, path: Path) -> None:
    """Refuse a picture that is too large, or have it decoded smaller."""
    width, height = image.size
    if width * height <= MAX_PIXELS:
        return
    short = min(width, height)
    half = (
        short // 2 if image.format in ("JPEG", "MPO") and width * height <= MAX_JPEG_PIXELS else 0
    )
    if side is None or side > half:
        raise PictureTooLargeError(path, half)
    image.draft(None, (width * side // short, height * side // short))


def _orientation(image: Image.Image) -> int:
    with suppress(Exception):  # EXIF that cannot be read says nothing
        return int(image.getexif().get(ORIENTATION, 1))
    return 1


def _transparent_value(image: ImageFile.ImageFile) -> int | tuple[int, ...] | None:
    """The grey or colour that a PNG declares transparent, in terms of the decoded pixels.

    Pillow hands it over as the file has it, and scales the pixels of 2, 4 and, in colour, 16 bits
    to 8.
    """
    value = image.info.get("transparency")
    if image.format != "PNG" or not image.tile:
        return None
    coded = image.tile[0][3]
    if isinstance(value, int) and coded in GREY_STEPS:
        return value * GREY_STEPS[coded]
    return (
        tuple(part >> 8 for part in value)
        if isinstance(value, tuple) and coded == "RGB;16B"
        else None
    )


def _to_rgb(image: Image.Image, path: Path) -> Image.Image:
    if image.mode.startswith("I"):
        return _grey_of_16_bits(image, path)
    if image.mode == "F":
        raise CourseError(f"{path} holds floating-point values: save it with 8 bits a channel")
    if image.mode in ("LA", "La", "PA", "RGBA", "RGBa") or "transparency" in image.info:
        if image.mode == "La":
            image = image.convert("LA")
        rgba = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", rgba.size, "white"), rgba)
    return image.convert("RGB")


def _grey_of_16_bits(image: Image.Image, path: Path) -> Image.Image:
    values = np.asarray(image).astype(np.int64)
    if values.min() < 0 or values.max() > 65_535:
        raise CourseError(
            f"{path} holds values beyond 16 bits: save it with 8 or 16 bits a channel"
        )
    if isinstance(image.info.get("transparency"), int):
        values[values == image.info["transparency"]] = 65_535
    tags = getattr(image, "tag_v2", {})  # a TIFF's: Pillow hands over its numbers as they are
    white = 4_095 if tags.get(BITS) == (12,) else 65_535
    if tags.get(PHOTOMETRIC) == 0:  # WhiteIsZero
        values = white - values
    return Image.fromarray(((values * 255 + white // 2) // white).astype(np.uint8)).convert("RGB")
