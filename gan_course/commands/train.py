"""`python -m gan_course train`: trains a family on named pictures or folders."""

import argparse
import reprlib
import unicodedata
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from functools import partial
from os.path import expanduser
from pathlib import Path
from typing import Any, Protocol, TypeVar

from torch import Tensor

from gan_course.commands.fields import set_fields, show_fields
from gan_course.commands.own_pictures import own_folder, refuse_two_meanings
from gan_course.commands.parsing import folder, whole
from gan_course.data.cache import PictureCache, Pictures, read_folder
from gan_course.data.cats import load_cats
from gan_course.data.critters import load_critters
from gan_course.data.domains import DOMAINS, load_domain
from gan_course.data.fashion import load_fashion
from gan_course.data.pictures import picture_size
from gan_course.data.splits import Split
from gan_course.data.toons import load_toons
from gan_course.errors import CourseError, Stopped
from gan_course.lessons.profiles import config_for, max_steps
from gan_course.models.dcgan import split_resolution
from gan_course.runtime import Runtime, choose_runtime
from gan_course.settings import process_count
from gan_course.training.bundle import Training
from gan_course.training.cyclegan import CycleGANConfig, build_cyclegan
from gan_course.training.dcgan import DCGANConfig, build_dcgan
from gan_course.training.distributed import (
    device_of_process,
    process_group,
    share_of,
    together,
)
from gan_course.training.pix2pix import Pix2PixConfig, build_pix2pix
from gan_course.training.resume import OPTIONS
from gan_course.training.run import run_training
from gan_course.training.stylegan import StyleGANConfig, build_stylegan
from gan_course.weights.files import config_from
from gan_course.weights.starts import Start, load_start
from gan_course.weights.trunk import load_trunk


class DrawWorld(Protocol):
    """Pictures and factors of a world of factors, drawn at random."""

    def __call__(
        self, split: Split, *, n: int, resolution: int, seed: int
    ) -> tuple[Tensor, Tensor]:
        """Pictures (n, 3, resolution, resolution) uint8, and factors (n, F) int64."""


FASHION = "fashion"
N_PICTURES = 8_000  # drawn of a bundled domain
N_DRAWN = 20_000  # of a world of factors
WORLDS_OF_FACTORS: Mapping[str, DrawWorld] = {
    "critters": load_critters,
    "toons": load_toons,
    "cats": load_cats,
    "cats-small": partial(load_cats, small=True),
}
# domains that show the same things for the same seed
PAIRS = (("earth-satellite", "earth-map", "earth-grey"), ("emoji", "emoji-drawing"))
DCGAN: Mapping[str, DCGANConfig] = {
    "smoke": DCGANConfig(n_steps=2, batch_size=8, base_channels=8),
    "fast": DCGANConfig(n_steps=1_000, lr=1e-3, ema_decay=0.98),
    "full": DCGANConfig(n_steps=12_000, base_channels=96),
}
PIX2PIX: Mapping[str, Pix2PixConfig] = {
    "smoke": Pix2PixConfig(
        n_steps=2,
        batch_size=2,
        img_resolution=64,
        base_channels=4,
        n_halvings=4,
        d_base_channels=4,
        n_layers=1,
    ),
    "fast": Pix2PixConfig(
        n_steps=600,
        batch_size=8,
        img_resolution=64,
        base_channels=16,
        n_halvings=5,
        norm="instance",
        d_base_channels=16,
        n_layers=2,
        lr=5e-4,
    ),
    "full": Pix2PixConfig(
        n_steps=40_000, batch_size=4, img_resolution=64, n_halvings=5, norm="instance"
    ),
}
CYCLEGAN: Mapping[str, CycleGANConfig] = {
    "smoke": CycleGANConfig(
        n_steps=2,
        batch_size=2,
        img_resolution=32,
        base_channels=4,
        n_blocks=1,
        d_base_channels=4,
        n_layers=2,
    ),
    "fast": CycleGANConfig(
        n_steps=1_000, batch_size=4, base_channels=16, n_blocks=3, d_base_channels=16
    ),
    "full": CycleGANConfig(n_steps=40_000),
}
STYLEGAN: Mapping[str, StyleGANConfig] = {
    "smoke": StyleGANConfig(
        n_steps=2,
        batch_size=4,
        img_resolution=32,
        z_dim=8,
        w_dim=8,
        n_mapping=2,
        channel_base=128,
        channel_max=8,
        d_channel_base=128,
        r1_every=4,
        start_resolution=8,
        stable_steps=4,
        fade_steps=4,
    ),
    "fast": StyleGANConfig(
        n_steps=600, img_resolution=32, channel_base=1_024, d_channel_base=1_024
    ),
    "full": StyleGANConfig(n_steps=30_000, batch_size=32),
}

TABLES: Mapping[str, Mapping[str, Any]] = {
    "dcgan": DCGAN,
    "pix2pix": PIX2PIX,
    "cyclegan": CYCLEGAN,
    "stylegan": STYLEGAN,
}

CONFIGS: Mapping[str, type] = {
    "dcgan": DCGANConfig,
    "pix2pix": Pix2PixConfig,
    "cyclegan": CycleGANConfig,
    "stylegan": StyleGANConfig,
}

Config = TypeVar("Config", DCGANConfig, CycleGANConfig, Pix2PixConfig, StyleGANConfig)
TranslationConfig = TypeVar("TranslationConfig", CycleGANConfig, Pix2PixConfig)


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    parser.add_argument("family", metavar="FAMILY", help=f"one of: {', '.join(FAMILIES)}")
    parser.add_argument(
        "--set",
        nargs="+",
        type=_setting,
        action="extend",
        default=[],
        metavar="FIELD=VALUE",
        help="any field of the family's configuration, such as lr=1e-4 lambda_cycle=5",
    )
    parser.add_argument(
        "--show", action="store_true", help="train nothing: print the configuration, field by field"
    )
    parser.add_argument(
        "--data",
        nargs="+",
        type=expanduser,
        metavar="NAME_OR_DIR",
        help=(
            "dcgan: fashion (default), cats, critters, toons, or a folder; cyclegan: two bundled"
            " domains, such as earth-satellite and earth-map, or folders; pix2pix: the same, where"
            " pictures of one file name are pairs; stylegan: critters (default), toons, cats,"
            " cats-small, or a folder"
        ),
    )
    parser.add_argument(
        "--profile", default="full", help="whose sizes and rates to take (default: full)"
    )
    parser.add_argument(
        "--steps",
        type=whole,
        help=(
            "where to stop (default: the profile's); for pix2pix and cyclegan it also says when the"
            " learning rate falls, so --resume needs the same"
        ),
    )
    parser.add_argument(
        "--batch-size",
        type=_batch_size,
        help="pictures per batch, of all processes together (default: the profile's)",
    )
    parser.add_argument(
        "--resolution", type=whole, help="side of the pictures in pixels (default: 64)"
    )
    parser.add_argument(
        "--init",
        metavar="NAME_OR_RUN",
        help=(
            "start from trained networks, with their configuration: shipped weights such as"
            " stylegan-cats64, or the folder of a run"
        ),
    )
    parser.add_argument(
        "--augment",
        action="store_true",
        help="dcgan, stylegan: D sees real and fake augmented (colour, translation, cutout)",
    )
    parser.add_argument(
        "--mirror",
        action="store_true",
        help="dcgan, stylegan: mirror half of the pictures, by chance",
    )
    parser.add_argument("--seed", type=_seed, default=0, help="0 to 4294967295 (default: 0)")
    parser.add_argument(
        "--save-every",
        type=whole,
        default=500,
        metavar="K",
        help="steps between saves (default: 500)",
    )
    parser.add_argument(
        "--film", action="store_true", help="write OUT/film.gif at the end: the samples, moving"
    )
    parser.add_argument("--device", default="", help="cpu, cuda or mps")
    parser.add_argument("--out", type=folder, help="the run's folder")
    parser.add_argument(
        "--cache",
        type=folder,
        metavar="DIR",
        help=(
            "keep decoded pictures of folders here and read them from there (default: only if they"
            " do not fit into memory, in ~/.cache/gan_course)"
        ),
    )
    parser.add_argument(
        "--resume",
        action="store_true",
        help="go on from OUT/last.pt; bit for bit on the same machine with as many threads",
    )


def work(options: argparse.Namespace) -> int:
    """Train the family that the options name, and say where the results are.

    Started by torchrun, all processes train one model together.

    Raises:
        CourseError: bad options, bad pictures, or a folder that cannot be used.
        Stopped: a signal came; the run is saved, and the line says how to go on.
    """
    with process_group():
        return _train(options)


def _train(options: argparse.Namespace) -> int:
    if options.family not in FAMILIES:
        raise CourseError(f"unknown family {options.family!r}: choose from {', '.join(FAMILIES)}")
    if options.show:
        config = _apply_options(_start(CONFIGS[options.family], options)[1], options)
        if isinstance(config, DCGANConfig):
            _own_folder(options, [FASHION, *WORLDS_OF_FACTORS])
            name = options.data[0] if options.data else FASHION
            print(show_fields(_fit_to_pictures(config, name, options)))
        else:
            side = options.resolution or config.img_resolution
            print(show_fields(replace(config, img_resolution=side)))
        return 0
    if options.out is None:
        raise CourseError("train writes into a folder of its own: add --out DIR")
    runtime = together(lambda: choose_runtime(device_of_process(options.device)))
    training, n_steps = together(lambda: _build_training(options, runtime))
    try:
        run_training(
            training,
            options.out,
            n_steps=n_steps,
            save_every=options.save_every,
            resume=options.resume,
            film=options.film,
        )
    except Stopped as stop:
        again = "the same command" if options.resume else "the same command with --resume"
        raise Stopped(stop.number, f"{stop}: {again} goes on") from None
    if training.step.n_done > n_steps:
        print(f"{options.out} already has {training.step.n_done} steps: nothing was added")
    else:
        print(
            f"{training.step.n_done} steps done: {options.out}/last.pt, metrics.csv, strip.jpg and"
            " samples/"
        )
    if options.family == "cyclegan":
        print(f"to use it: translate --weights {options.out}/last.pt --direction AB")
    if options.family == "stylegan":
        print(f"to use it: generate --weights {options.out}/last.pt")
    return 0


def _build_training(options: argparse.Namespace, runtime: Runtime) -> tuple[Training, int]:
    """Build the training of a family; the values of --set may not make a network."""
    try:
        return FAMILIES[options.family](options, runtime)
    except (ValueError, RuntimeError, ArithmeticError, TypeError, MemoryError) as error:
        if options.init and not options.set:
            raise CourseError(
                f"--init {options.init}: its configuration makes no {options.family}"
                f" ({' '.join(str(error).split())[:160]}): choose other weights"
            ) from error
        if not options.set:
            raise
        if isinstance(error, MemoryError) or "memory" in str(error):
            words = " ".join(map(reprlib.repr, options.set))
            raise CourseError(
                f"--set {words} takes more memory than there is: choose smaller values"
            ) from error
        reason = " ".join(str(error).split())[:160]
        words = " ".join(map(reprlib.repr, options.set))
        raise CourseError(
            f"--set {words} does not make a {options.family} ({reason}): choose other values, or"
            " see --show"
        ) from error


def _dcgan(options: argparse.Namespace, runtime: Runtime) -> tuple[Training, int]:
    start, config = _start(DCGANConfig, options)
    config = _apply_options(config, options)
    folder = _own_folder(options, [FASHION, *WORLDS_OF_FACTORS])
    name = options.data[0] if options.data else FASHION
    config = _fit_to_pictures(config, name, options)
    images: Pictures
    if folder is None and name == FASHION:
        images = load_fashion()[0]
    elif folder is None:
        images = _world(name, config.img_resolution, seed=options.seed)
    else:
        images, _ = read_folder(
            folder,
            resolution=config.img_resolution,
            channels=config.img_channels,
            cache=options.cache,
        )
    print(f"{len(images)} pictures of {tuple(images.shape[1:])} · {runtime}")
    training = build_dcgan(config, images, seed=options.seed, runtime=runtime)
    return _begin(training, start), config.n_steps


def _cyclegan(options: argparse.Namespace, runtime: Runtime) -> tuple[Training, int]:
    start, config = _start(CycleGANConfig, options)
    config = _apply_options(config, options)
    config = _set_resolution(config, options, multiple=4)
    names = _two_names(options)
    (A, _), (B, _) = (
        _domain(name, config.img_resolution, seed=2 * options.seed + k, cache=options.cache)
        for k, name in enumerate(names)
    )
    print(
        f"{len(A)} pictures of A ({names[0]}), {len(B)} of B ({names[1]}), {config.img_resolution}"
        f" px · {runtime}"
    )
    trunk = load_trunk() if config.discriminator == "projected" else None
    training = build_cyclegan(config, A, B, seed=options.seed, runtime=runtime, trunk=trunk)
    return _begin(training, start), config.n_steps


def _pix2pix(options: argparse.Namespace, runtime: Runtime) -> tuple[Training, int]:
    start, config = _start(Pix2PixConfig, options)
    config = _apply_options(config, options)
    config = _set_resolution(config, options, multiple=2**config.n_halvings)
    names = _two_names(options)
    A, B = _pairs(names, config.img_resolution, seed=options.seed, cache=options.cache)
    print(f"{len(A)} pairs, from {names[0]} to {names[1]}, {config.img_resolution} px · {runtime}")
    training = build_pix2pix(config, A, B, seed=options.seed, runtime=runtime)
    return _begin(training, start), config.n_steps


def _stylegan(options: argparse.Namespace, runtime: Runtime) -> tuple[Training, int]:
    start, config = _start(StyleGANConfig, options)
    config = _apply_options(config, options)
    if config.batch_size > 4 and config.batch_size % 4:
        count = process_count()
        each = f" ({config.batch_size} in each of {count} processes)" if count > 1 else ""
        raise CourseError(
            f"--batch-size {config.batch_size * count}{each}: choose a multiple of {4 * count},"
            " because D compares groups of 4"
        )
    resolution = options.resolution or config.img_resolution
    if resolution < 8 or resolution > 256 or resolution & (resolution - 1):
        raise CourseError(f"--resolution {resolution}: choose a power of two from 8 to 256")
    config = replace(config, img_resolution=resolution)
    folder = _own_folder(options, WORLDS_OF_FACTORS)
    images: Pictures
    if folder is None:
        name = options.data[0] if options.data else "critters"
        images = _world(name, resolution, seed=options.seed)
    else:
        images, _ = read_folder(folder, resolution=resolution, cache=options.cache)
    print(f"{len(images)} pictures of {tuple(images.shape[1:])} · {runtime}")
    training = build_stylegan(config, images, seed=options.seed, runtime=runtime)
    return _begin(training, start), config.n_steps


def _world(name: str, resolution: int, *, seed: int) -> Tensor:
    """Pictures of a bundled world of factors."""
    try:
        return WORLDS_OF_FACTORS[name]("train", n=N_DRAWN, resolution=resolution, seed=seed)[0]
    except ValueError as error:
        raise CourseError(f"{name} at --resolution {resolution}: {error}") from error


FAMILIES: Mapping[str, Callable[[argparse.Namespace, Runtime], tuple[Training, int]]] = {
    "dcgan": _dcgan,
    "pix2pix": _pix2pix,
    "cyclegan": _cyclegan,
    "stylegan": _stylegan,
}


def _start(kind: type[Config], options: argparse.Namespace) -> tuple[Start | None, Config]:
    """The networks to start from, and the configuration that the options change.

    With --init that is the configuration of the weights, with the profile's length and batch.
    """
    profile = config_for(TABLES[options.family], options.profile)
    if options.init is None:
        return None, profile
    start = load_start(options.init, options.family)
    saved = {k: tuple(v) if isinstance(v, list) else v for k, v in start.config.items()}
    config = config_from(kind, saved)
    side = config.img_resolution
    if kind in (DCGANConfig, StyleGANConfig) and options.resolution not in (None, side):
        raise CourseError(
            f"--init {start.name} draws pictures of {side} px, not {options.resolution}: leave"
            " --resolution out, or choose other weights"
        )
    return start, replace(config, n_steps=profile.n_steps, batch_size=profile.batch_size)


def _begin(training: Training, start: Start | None) -> Training:
    """The training, with the networks of its start; networks that those lack begin anew."""
    if start is None:
        return training
    missing = start.load_into(training)
    words = f", with a new {' and '.join(missing)}, which {start.name} lacks" if missing else ""
    print(f"starts from {start.name}{words}")
    return replace(training, config=training.config | {"init": start.name})


def _apply_options(config: Config, options: argparse.Namespace) -> Config:
    """The profile's configuration with the options' fields, batch size and length."""
    for field, option in OPTIONS.items():
        if _is_set(field, options):
            raise CourseError(f"--set {field}: write {option} instead")
    switches: list[str] = [name for name in ("augment", "mirror") if getattr(options, name)]
    if switches and not isinstance(config, DCGANConfig | StyleGANConfig):
        raise CourseError(f"--{switches[0]} is for dcgan and stylegan: leave it out")
    config = set_fields(config, [*options.set, *(f"{name}=true" for name in switches)])
    n_steps = min(options.steps or config.n_steps, max_steps() or 10**12)
    batch_size = share_of(options.batch_size or config.batch_size)
    return replace(config, batch_size=batch_size, n_steps=n_steps)


def _is_set(field: str, options: argparse.Namespace) -> bool:
    return any(setting.partition("=")[0] == field for setting in options.set)


def _own_folder(options: argparse.Namespace, bundled: Collection[str]) -> Path | None:
    """The folder of a family that learns from one set of pictures; None for a bundled set."""
    names = options.data or []
    if len(names) > 1:
        raise CourseError(
            f"{options.family} learns from one set of pictures, not {len(names)}: name one after"
            " --data"
        )
    return own_folder(names[0], bundled) if names else None


def _fit_to_pictures(config: DCGANConfig, name: str, options: argparse.Namespace) -> DCGANConfig:
    """The configuration at the size of its pictures; all but fashion are in colour by default."""
    if name == FASHION:
        size = (config.img_channels, config.img_resolution)
        if options.init and size != (1, 28):
            raise CourseError(
                f"--init {options.init} draws {size[0]} x {size[1]} x {size[1]}, and fashion is"
                " 1 x 28 x 28: name other pictures after --data"
            )
        if options.resolution not in (None, config.img_resolution):
            raise CourseError(f"fashion is {config.img_resolution} px: leave --resolution out")
        return config
    resolution = options.resolution or (config.img_resolution if options.init else 64)
    try:
        split_resolution(resolution)
    except ValueError as error:
        raise CourseError(f"--resolution {resolution}: {error}") from error
    is_given = options.init or _is_set("img_channels", options)
    channels = config.img_channels if is_given else 3
    return replace(config, img_resolution=resolution, img_channels=channels)


def _two_names(options: argparse.Namespace) -> list[str]:
    names = options.data or []
    if len(names) != 2:
        raise CourseError(
            f"{options.family} learns from two sets of pictures, not {len(names)}: --data A B"
        )
    for name in names:
        refuse_two_meanings(name, DOMAINS)
    if Path(names[0]) == Path(names[1]):
        raise CourseError(f"both sets are {names[0]}: name two different ones after --data")
    return names


def _set_resolution(
    config: TranslationConfig, options: argparse.Namespace, *, multiple: int
) -> TranslationConfig:
    """The configuration at the wanted resolution, which G must be able to halve and D to judge."""
    side = options.resolution or config.img_resolution
    smallest = -(-3 * 2**config.n_layers // multiple) * multiple
    if side % multiple or side < smallest:
        ways = f"choose a multiple of {multiple}, at least {smallest}"
        if side < smallest and _is_set("n_layers", options):
            ways += f", or a smaller --set n_layers than {config.n_layers}"
        if side % multiple and _is_set("n_halvings", options):
            ways += f", or a smaller --set n_halvings than {multiple.bit_length() - 1}"
        raise CourseError(f"--resolution {side}: {ways}")
    return replace(config, img_resolution=side)


def _domain(
    name: str, resolution: int, *, seed: int, cache: Path | None
) -> tuple[Pictures, list[str]]:
    """Pictures of a bundled domain or a folder, and for a folder the names of its files."""
    folder = own_folder(name, DOMAINS)
    if folder is not None:
        return read_folder(folder, resolution=resolution, cache=cache)
    try:
        return load_domain(name, n=N_PICTURES, resolution=resolution, seed=seed), []
    except ValueError as error:
        raise CourseError(f"{name} at --resolution {resolution}: {error}") from error


def _pairs(
    names: list[str], resolution: int, *, seed: int, cache: Path | None
) -> tuple[Pictures, Pictures]:
    """Two views of the same things, or two folders whose files have the same names."""
    if any(name in DOMAINS for name in names) and not any(set(names) <= set(of) for of in PAIRS):
        choices = ", or of ".join(", ".join(group) for group in PAIRS)
        raise CourseError(
            f"{' and '.join(names)} are not pairs: choose two of {choices}, or two folders"
        )
    (A, files_A), (B, files_B) = (
        _domain(name, resolution, seed=seed, cache=cache) for name in names
    )
    index_A, index_B = _index_by_name(names[0], files_A), _index_by_name(names[1], files_B)
    unpaired = sorted(index_A.keys() ^ index_B.keys())
    if unpaired:
        owner, missing = names if unpaired[0] in index_A else reversed(names)
        others = f" ({len(unpaired) - 1} more like it)" if len(unpaired) > 1 else ""
        raise CourseError(
            f"{owner} has {unpaired[0]}, but {missing} has not{others}: pix2pix needs pairs of one"
            " name"
        )
    if not index_A:  # bundled, drawn in the same order
        return A, B
    pairs = [(a, index_B[name]) for name, a in index_A.items()]
    for a, b in pairs:
        width_A, height_A = picture_size(Path(names[0]) / files_A[a])
        width_B, height_B = picture_size(Path(names[1]) / files_B[b])
        if width_A * height_B != width_B * height_A:
            raise CourseError(
                f"{files_A[a]} is {width_A} x {height_A} in {names[0]} and {width_B} x"
                f" {height_B} in {names[1]}: cut both to the same part first"
            )
    order = [b for _, b in pairs]
    return A, B.take(order) if isinstance(B, PictureCache) else B[order]


def _index_by_name(folder: str, files: list[str]) -> dict[str, int]:
    """The index of each file by its name in one spelling; a Mac may write é as two characters."""
    index: dict[str, int] = {}
    for k, file in enumerate(files):
        name = unicodedata.normalize("NFC", file)
        if name in index:
            raise CourseError(
                f"{folder} has {name} twice, with its letters spelt in two ways: rename one of them"
            )
        index[name] = k
    return index


def _setting(text: str) -> str:
    if text in FAMILIES:
        raise argparse.ArgumentTypeError(
            f"{text} is a family: write it first, as in train {text} --set lr=1e-4"
        )
    return text


def _batch_size(text: str) -> int:
    return whole(text, highest=65_536)


def _seed(text: str) -> int:
    return whole(text, lowest=0, highest=2**32 - 1)
