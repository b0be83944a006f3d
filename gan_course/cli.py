"""The command line: `python -m gan_course`. Heavy imports wait until a command needs them."""

import argparse
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from importlib import import_module
from os.path import expanduser

from gan_course import __version__
from gan_course.course.commands import (
    OneLineParser,
    folder,
    interrupt_held,
    number,
    run_command,
    termination_like_ctrl_c,
    whole,
)
from gan_course.errors import CourseError

FAMILIES = ("dcgan", "pix2pix", "cyclegan", "stylegan")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Returns:
        0 where all went well, 1 where a lesson failed, 2 for bad input (one line on standard error), 130 where
        the user stopped it; 143 or 129 where a training was saved after SIGTERM or SIGHUP.
    """
    return run_command(_parser(), arguments, lambda options: options.command(options))


def _parser() -> argparse.ArgumentParser:
    parser = OneLineParser(prog="python -m gan_course", description="A course on GANs that trains and measures.")
    parser.set_defaults(smaller="--batch-size or --resolution")  # where memory runs out
    parser.add_argument("--version", action="version", version=f"gan_course {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    doctor = commands.add_parser("doctor", help="say where things would run, and what is missing")
    doctor.set_defaults(command=_doctor)

    run = commands.add_parser("run", help="execute lessons end to end and write a gallery")
    run.add_argument("--profile", default="", help="smoke, fast or full (default: GAN_COURSE_PROFILE, else fast)")
    run.add_argument("--only", default="", metavar="LESSONS", help="such as 02 or 01,02 (default: all)")
    run.add_argument("--device", default="", help="cpu, cuda or mps (default: a GPU that is really there, else cpu)")
    run.add_argument("--out", type=folder, help="folder for results (default: runs/<time>)")
    run.add_argument("--max-steps", type=whole, metavar="N", help="cap every training at N steps, to prove the path")
    run.add_argument(
        "--jobs", type=_jobs, default=1, metavar="N", help="lessons at a time, each on one thread (default: 1)"
    )
    run.add_argument("--record", action="store_true", help="also write docs/results/course-<profile>.json")
    run.set_defaults(command=_run)

    train = commands.add_parser("train", help="train a model on bundled pictures or on a folder of your own")
    train.add_argument("family", metavar="FAMILY", help=f"one of: {', '.join(FAMILIES)}")
    train.add_argument(
        "--data",
        nargs="+",
        type=expanduser,
        metavar="NAME_OR_DIR",
        help="dcgan: fashion (default), or a folder; cyclegan: two bundled domains, such as earth-satellite and "
        "earth-map, or folders; pix2pix: the same, where pictures of one file name are pairs; stylegan: critters "
        "(default), toons, or a folder",
    )
    train.add_argument("--profile", default="full", help="whose sizes and rates to take (default: full)")
    train.add_argument(
        "--steps",
        type=whole,
        help="where to stop (default: the profile's); for pix2pix and cyclegan it also says when the learning rate "
        "falls, so --resume needs the same",
    )
    train.add_argument("--batch-size", type=_batch_size, help="pictures per batch (default: the profile's)")
    train.add_argument("--resolution", type=whole, help="side of the pictures in pixels (default: 64)")
    train.add_argument("--seed", type=_seed, default=0, help="0 to 4294967295 (default: 0)")
    train.add_argument("--save-every", type=whole, default=500, metavar="K", help="steps between saves (default: 500)")
    train.add_argument("--device", default="", help="cpu, cuda or mps")
    train.add_argument("--out", type=folder, required=True, help="the run's folder")
    train.add_argument(
        "--resume",
        action="store_true",
        help="go on from OUT/last.pt; bit for bit on the same machine with as many threads",
    )
    train.set_defaults(command=_train)

    translate = commands.add_parser(
        "translate",
        help="translate pictures of any size with shipped weights, a run, or an official CycleGAN generator",
        description="Above half a million pixels a picture is computed layer by layer in bands of rows, with the "
        "statistics of the whole picture: the result is that of one pass, in a fraction of its memory.",
    )
    translate.add_argument(
        "--weights", required=True, type=expanduser, metavar="NAME_OR_FILE", help="such as photo2vangogh"
    )
    translate.add_argument(
        "--input", required=True, type=expanduser, metavar="FILE_OR_DIR", help="a picture, or a folder of pictures"
    )
    translate.add_argument("--output", required=True, type=folder, metavar="DIR", help="where results are written")
    translate.add_argument("--direction", default="", help="AB or BA, for last.pt of a run")
    translate.add_argument(
        "--size",
        type=_side,
        help="bring the shorter side to so many pixels first; a JPEG above 64 megapixels needs it",
    )
    translate.add_argument("--overwrite", action="store_true", help="replace results that are there already")
    translate.add_argument("--device", default="", help="cpu, cuda or mps")
    translate.set_defaults(command=_translate, smaller="--size")

    generate = commands.add_parser("generate", help="make pictures with a StyleGAN: by seed, mixed, or on a walk")
    generate.add_argument(
        "--weights", required=True, type=expanduser, metavar="NAME_OR_FILE", help="such as stylegan-critters64"
    )
    generate.add_argument("--seeds", default="0-63", help="such as 0-63 or 1,5,9 (default: 0-63)")
    generate.add_argument("--kind", default="pictures", help="pictures (default), mix, gif or mp4")
    generate.add_argument("--truncation", type=number, default=1.0, metavar="PSI", help="0 to 2 (default: 1, none)")
    generate.add_argument(
        "--layers", help="for mix alone, what the columns give: coarse (default), middle or fine styles"
    )
    generate.add_argument(
        "--out",
        required=True,
        type=folder,
        metavar="DIR",
        help="where results are written; what is not a sample, such as the grid, goes into its folder sheets/",
    )
    generate.add_argument("--overwrite", action="store_true", help="replace results that are there already")
    generate.add_argument("--device", default="", help="cpu, cuda or mps")
    generate.set_defaults(command=_generate, smaller="number of --seeds")

    project = commands.add_parser("project", help="find the styles with which a StyleGAN makes a picture")
    project.add_argument(
        "--weights", required=True, type=expanduser, metavar="NAME_OR_FILE", help="such as stylegan-critters64"
    )
    project.add_argument(
        "--input", required=True, type=expanduser, metavar="FILE", help="a picture; its middle square is resized"
    )
    project.add_argument("--out", required=True, type=folder, metavar="DIR", help="where results are written")
    project.add_argument("--steps", type=whole, default=300, help="of the search (default: 300)")
    project.add_argument("--overwrite", action="store_true", help="replace results that are there already")
    project.add_argument("--device", default="", help="cpu, cuda or mps")
    project.set_defaults(command=_project, smaller="--steps")

    measure = commands.add_parser("measure", help="measure generated pictures against real ones")
    measure.add_argument(
        "--real", required=True, type=expanduser, metavar="NAME_OR_DIR", help="a bundled set, or a folder"
    )
    measure.add_argument(
        "--fake", required=True, type=expanduser, metavar="NAME_OR_DIR", help="the generated pictures, likewise"
    )
    measure.add_argument(
        "--reader",
        default="photos",
        help="fashion, critters, toons, earth or photos (default); pictures are brought to 64 px, for fashion to 28, "
        "and must not be smaller",
    )
    measure.add_argument(
        "--n",
        type=_count,
        default=2_000,
        help="pictures of each at most, drawn by a fixed seed and not by name (default: 2000)",
    )
    measure.add_argument(
        "--inception",
        action="store_true",
        help="the FID of the papers, of pictures at their own size; fetches Inception's weights",
    )
    measure.set_defaults(command=_measure)

    weights = commands.add_parser("weights", help="list the weights that ship with the course, with their cards")
    weights.add_argument("--make", metavar="NAME", help="train these weights anew and ship them (for maintainers)")
    weights.add_argument("--measure", metavar="NAME", help="measure these weights anew, for their card")
    weights.set_defaults(command=_weights)
    return parser


def _batch_size(text: str) -> int:
    return whole(text, highest=65_536)


def _jobs(text: str) -> int:
    return whole(text, highest=64)


def _count(text: str) -> int:
    return whole(text, highest=100_000)


def _side(text: str) -> int:
    return whole(text, lowest=8, highest=20_000)


def _seed(text: str) -> int:
    return whole(text, lowest=0, highest=2**32 - 1)


def _doctor(options: argparse.Namespace) -> int:
    with interrupt_held(), suppress(ImportError):  # the doctor says what is missing
        import_module("torch")
    from gan_course.course.doctor import print_report

    return print_report()


def _run(options: argparse.Namespace) -> int:
    from gan_course.config import max_steps, resolve_profile
    from gan_course.course.lessons import select_lessons
    from gan_course.data.manifest import data_root, read_manifest

    profile = resolve_profile(options.profile)
    names = select_lessons(options.only)
    capped = bool(max_steps() or options.max_steps)  # bad settings are found before the first lesson, not in it
    read_manifest(data_root())
    if options.record and capped:
        raise CourseError("--record keeps real figures: leave out --max-steps, and unset GAN_COURSE_MAX_STEPS")
    if options.record and options.jobs > 1:
        raise CourseError("--record keeps the times of lessons that run alone: leave out --jobs")
    if options.record and names != select_lessons():
        raise CourseError("--record keeps one run of all lessons: leave out --only")
    with interrupt_held():
        from gan_course.course.gallery import write_gallery
        from gan_course.course.results import machine_kind, record_run
        from gan_course.course.runner import print_missed_claims, run_lessons
        from gan_course.locks import new_folder, run_folder
        from gan_course.runtime import choose_runtime

    runtime = choose_runtime(options.device)
    settings = {"profile": profile, "device": options.device, "max_steps": options.max_steps, "jobs": options.jobs}
    with (
        termination_like_ctrl_c(),
        run_folder(options.out or new_folder("runs", datetime.now().strftime("%Y-%m-%d_%H-%M-%S"))) as out,
    ):
        summary = run_lessons(names, **settings, out=out, where=str(runtime))
        page = write_gallery(out, summary)
    n_passed = sum(lesson["status"] == "passed" for lesson in summary["lessons"])
    print(f"{n_passed} of {len(names)} lessons passed in {summary['seconds']:.0f} s; gallery: {page}")
    if options.record and n_passed == len(names):
        print(f"recorded in {record_run(summary, machine_kind(runtime))}")
    print_missed_claims(summary)
    return 0 if n_passed == len(names) else 1


def _train(options: argparse.Namespace) -> int:
    if options.family not in FAMILIES:
        raise CourseError(f"unknown family {options.family!r}: choose from {', '.join(FAMILIES)}")
    with interrupt_held():
        from gan_course.course.training_command import train_from_options

    train_from_options(options)
    return 0


def _translate(options: argparse.Namespace) -> int:
    with interrupt_held():
        from gan_course.course.translate_command import translate_from_options

    translate_from_options(options)
    return 0


def _generate(options: argparse.Namespace) -> int:
    with interrupt_held():
        from gan_course.course.generate_command import generate_from_options

    generate_from_options(options)
    return 0


def _project(options: argparse.Namespace) -> int:
    with interrupt_held():
        from gan_course.course.generate_command import project_from_options

    project_from_options(options)
    return 0


def _measure(options: argparse.Namespace) -> int:
    with interrupt_held():
        from gan_course.course.measure_command import measure_from_options

    measure_from_options(options)
    return 0


def _weights(options: argparse.Namespace) -> int:
    with interrupt_held():
        from gan_course.course.shipped import make_weights, measure_weights, print_cards

    if options.make is not None:
        make_weights(options.make)
    if options.measure is not None:
        measure_weights(options.measure)
    print_cards()
    return 0
