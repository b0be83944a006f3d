"""Reading one picture file of any usual kind as plain pixels, and grey from colour."""

import warnings
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageOps, UnidentifiedImageError
from torch import Tensor

from gan_course.errors import CourseError

ENDINGS = (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".gif", ".tif", ".tiff")
FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "GIF", "TIFF")  # whatever the ending; none that starts another program
MAX_PIXELS = 64_000_000


def read_picture(path: Path | str, *, channels: int = 3) -> Tensor:
    """One picture file as pixels, the way a viewer shows it.

    The camera's rotation is applied; transparent places show white; 16-bit grey is scaled to 8 bits; CMYK
    and palettes become colour. Of an animation the first frame is read. Colour profiles are not applied.

    Args:
        path: PNG, JPEG, WebP, BMP, GIF or TIFF.
        channels: 3 for colour, 1 for grey (`to_grey`).

    Returns:
        (channels, H, W) uint8 in 0..255.

    Raises:
        ValueError: another number of channels.
        CourseError: the file is missing, is no picture, is a pipe or a device, is damaged, is too large, or holds no 8-
            or 16-bit values.
    """
    if channels not in (1, 3):
        raise ValueError(f"channels is {channels}: choose 3 for colour or 1 for grey")
    picture = torch.from_numpy(np.array(open_picture(path))).permute(2, 0, 1).contiguous()
    return picture if channels == 3 else to_grey(picture)


def open_picture(path: Path | str) -> Image.Image:
    """The same as `read_picture`, as an RGB image of Pillow.

    Raises:
        CourseError: as for `read_picture`.
    """
    path = Path(path)
    try:
        if path.exists() and not (path.is_file() or path.is_dir()):  # a link to a pipe: to open it would wait for ever
            raise CourseError(f"{path} is no regular file: remove it")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what matters is an error here; MAX_PIXELS is stricter than Pillow's bound
            return _opened(path)
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
            f"{path} is not a picture that can be read: give PNG, JPEG, WebP, BMP, GIF or TIFF, or remove it"
        ) from error
    except Image.DecompressionBombError as error:
        raise CourseError(_too_large(path)) from error
    except Exception as error:  # Pillow's decoders raise almost anything on damaged bytes
        reason = " ".join(str(error).split()) or type(error).__name__
        raise CourseError(f"{path} is damaged ({reason}): save or download it again, or remove it") from error


def to_grey(pictures: Tensor) -> Tensor:
    r"""Luminance of colour pictures.

    $Y = (19595 R + 38470 G + 7471 B + 2^{15}) / 2^{16}$, rounded down: 0.299, 0.587 and 0.114 in integers, as in
    Pillow's "L", so that a picture with R = G = B keeps its values.

    Args:
        pictures: (..., 3, H, W) uint8.

    Returns:
        (..., 1, H, W) uint8.

    Raises:
        ValueError: not uint8, or not three channels.

    Source: ITU-R BT.601, the luma of gamma-encoded R, G and B.
    """
    if pictures.dtype != torch.uint8 or pictures.ndim < 3 or pictures.shape[-3] != 3:
        raise ValueError(f"pictures are {tuple(pictures.shape)} {pictures.dtype}: give (..., 3, H, W) uint8")
    red, green, blue = pictures.to(torch.int32).split(1, dim=-3)
    return ((19595 * red + 38470 * green + 7471 * blue + 2**15) >> 16).to(torch.uint8)


def _opened(path: Path) -> Image.Image:
    with Image.open(path, formats=FORMATS) as image:
        if image.width * image.height > MAX_PIXELS:
            raise CourseError(_too_large(path))
        image.load()
        return _to_rgb(ImageOps.exif_transpose(image), path)


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
        raise CourseError(f"{path} holds values beyond 16 bits: save it with 8 or 16 bits a channel")
    if isinstance(image.info.get("transparency"), int):
        values[values == image.info["transparency"]] = 65_535
    return Image.fromarray(((values * 255 + 32_767) // 65_535).astype(np.uint8)).convert("RGB")


def _too_large(path: Path) -> str:
    return f"{path} has more than {MAX_PIXELS // 1_000_000} million pixels: make it smaller"
