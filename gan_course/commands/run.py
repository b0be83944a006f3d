"""`python -m gan_course run`: lessons end to end, with a gallery."""

import argparse
from datetime import datetime

from gan_course.commands.parsing import folder, termination_like_ctrl_c, whole
from gan_course.data.manifest import data_root, read_manifest
from gan_course.errors import CourseError
from gan_course.lessons.gallery import write_gallery
from gan_course.lessons.names import select_lessons
from gan_course.lessons.profiles import max_steps, resolve_profile
from gan_course.lessons.results import machine_kind, record_run
from gan_course.lessons.runner import print_missed_claims, run_lessons
from gan_course.locks import new_folder, run_folder
from gan_course.paths import IN_CLONE
from gan_course.runtime import choose_runtime


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    parser.add_argument(
        "--profile", default="", help="smoke, fast or full (default: GAN_COURSE_PROFILE, else fast)"
    )
    parser.add_argument(
        "--only", default="", metavar="LESSONS", help="such as 02 or 01,02 (default: all)"
    )
    parser.add_argument(
        "--device",
        default="",
        help="cpu, cuda or mps (default: a GPU that is really there, else cpu)",
    )
    parser.add_argument("--out", type=folder, help="folder for results (default: runs/<time>)")
    parser.add_argument(
        "--max-steps",
        type=whole,
        metavar="N",
        help="cap every training at N steps, to prove the path",
    )
    parser.add_argument(
        "--jobs",
        type=_jobs,
        default=1,
        metavar="N",
        help="lessons at a time, each on one thread (default: 1)",
    )
    parser.add_argument(
        "--record", action="store_true", help="also write docs/results/course-<profile>-<kind>.json"
    )


def work(options: argparse.Namespace) -> int:
    """Run the lessons that the options name.

    Returns:
        0, or 1 where a lesson did not pass.

    Raises:
        CourseError: bad options or settings; nothing has been run then.
    """
    profile = resolve_profile(options.profile)
    names = select_lessons(options.only)
    # bad settings are found before the first lesson, not in it
    capped = bool(max_steps() or options.max_steps)
    read_manifest(data_root())
    if options.record and not IN_CLONE:
        raise CourseError("--record writes into a clone of the course's repository: leave it out")
    if options.record and capped:
        raise CourseError(
            "--record keeps real figures: leave out --max-steps, and unset GAN_COURSE_MAX_STEPS"
        )
    if options.record and options.jobs > 1:
        raise CourseError("--record keeps the times of lessons that run alone: leave out --jobs")
    if options.record and names != select_lessons():
        raise CourseError("--record keeps one run of all lessons: leave out --only")
    runtime = choose_runtime(options.device)
    with (
        termination_like_ctrl_c(),
        run_folder(
            options.out or new_folder("runs", datetime.now().strftime("%Y-%m-%d_%H-%M-%S"))
        ) as out,
    ):
        summary = run_lessons(
            names,
            profile=profile,
            device=options.device,
            out=out,
            max_steps=options.max_steps,
            where=str(runtime),
            jobs=options.jobs,
        )
        page = write_gallery(out, summary)
    n_passed = sum(lesson["status"] == "passed" for lesson in summary["lessons"])
    print(
        f"{n_passed} of {len(names)} lessons passed in {summary['seconds']:.0f} s; gallery: {page}"
    )
    if options.record and n_passed == len(names):
        print(f"recorded in {record_run(summary, machine_kind(runtime))}")
    print_missed_claims(summary)
    return 0 if n_passed == len(names) else 1


def _jobs(text: str) -> int:
    return whole(text, highest=64)
