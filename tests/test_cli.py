"""Bad input: one clear line, exit code 2, nothing overwritten."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gan_course.cli import COMMANDS, command_parser, main
from gan_course.commands.weights import run_to_its_end


@pytest.fixture
def pictures(tmp_path):
    folder = tmp_path / "mine"
    folder.mkdir()
    for number in range(6):
        noise = np.random.default_rng(number).integers(0, 255, (40, 50, 3), dtype=np.uint8)
        Image.fromarray(noise).save(folder / f"{number}.png")
    return folder


def last_line(capfd):
    err = capfd.readouterr().err.strip()
    assert "Traceback" not in err
    return err.splitlines()[-1]


def train(*arguments, out):
    return main(
        [
            "train",
            "dcgan",
            "--profile",
            "smoke",
            "--device",
            "cpu",
            "--steps",
            "2",
            "--out",
            str(out),
            *arguments,
        ]
    )


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["run", "--profile", "huge"], ["unknown profile 'huge'", "smoke, fast or full"]),
        (["run", "--only", "99"], ["no lesson '99'", "01_the_game"]),
        (["run", "--device", "tpu9000", "--only", "01"], ["unknown device 'tpu9000'"]),
        (["train", "gan9", "--out", "x"], ["unknown family 'gan9'", "dcgan"]),
        (
            ["train", "dcgan", "--data", "nowhere", "--out", "x"],
            ["no data named 'nowhere'", "fashion"],
        ),
        (
            ["train", "dcgan", "--data", "fashion", "fashion", "--out", "x"],
            ["one set of pictures, not 2"],
        ),
        (["train", "dcgan", "--resolution", "32", "--out", "x"], ["fashion is 28 px"]),
        (["train", "cyclegan", "--out", "x"], ["two sets of pictures, not 0", "--data A B"]),
        (
            ["train", "pix2pix", "--data", "photos", "paintings", "--out", "x"],
            ["are not pairs", "earth-map"],
        ),
        (
            ["translate", "--weights", "monet", "--input", "a", "--output", "x"],
            ["no weights named 'monet'"],
        ),
        (
            ["translate", "--weights", "photo2vangogh", "--input", "", "--output", "x"],
            ["--input is empty"],
        ),
        (
            ["project", "--weights", "stylegan-critters64", "--input", "", "--out", "x"],
            ["--input is empty"],
        ),
        (
            ["generate", "--weights", "stylegan-critters64", "--layers", "x", "--out", "x"],
            ["unknown styles 'x'", "fine"],
        ),
        (
            ["generate", "--weights", "x", "--seeds", "9" * 5_000, "--out", "x"],
            ["more than 10 digits", "below 2^32"],
        ),
        (["train", "dcgan", "--profile", "huge", "--out", "x"], ["unknown profile 'huge'"]),
        (["train", "dcgan", "--device", "gpu", "--out", "x"], ["unknown device 'gpu'"]),
        (
            ["measure", "--real", "fashion", "--fake", "x", "--reader", "dogs"],
            ["no reader 'dogs'", "critters"],
        ),
        (
            ["measure", "--real", "fashion", "--fake", "nowhere", "--reader", "fashion"],
            ["no data named 'nowhere'"],
        ),
        (
            ["measure", "--real", "toons", "--fake", "toons", "--reader", "fashion"],
            ["--reader toons"],
        ),
        (
            [
                "measure",
                "--real",
                "fashion",
                "--fake",
                "fashion",
                "--reader",
                "fashion",
                "--n",
                "10",
            ],
            ["fashion has too few pictures: 20 or more are needed"],
        ),
        (
            [
                "measure",
                "--real",
                "fashion",
                "--fake",
                "fashion",
                "--reader",
                "fashion",
                "--n",
                "9",
                "--inception",
            ],
            ["has 9 pictures: FID needs more than its 2048 features"],
        ),
        (
            ["measure", "--real", "", "--fake", "fashion", "--reader", "fashion", "--n", "600"],
            ["no data named ''", "or a folder"],
        ),
        (["weights", "--measure", "nothing"], ["no recipe for weights 'nothing'"]),
        (["weights", "--make", "nothing"], ["no recipe for weights 'nothing'", "dcgan-fashion"]),
    ],
)
def test_a_bad_value_is_named_with_the_way_out(arguments, words, capfd, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(arguments) == 2
    line = last_line(capfd)
    assert all(word in line for word in words), line
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("--steps", "0"),
        ("--steps", "-3"),
        ("--steps", "\u00b2"),
        ("--batch-size", "many"),
        ("--batch-size", "99999999999"),
        ("--save-every", "1.5"),
        ("--seed", "-1"),
        ("--seed", "99999999999999999999999"),
        ("--out", ""),
    ],
)
def test_a_number_out_of_range(option, value, capfd, tmp_path):
    with pytest.raises(SystemExit) as stop:
        main(["train", "dcgan", option, value, "--out", str(tmp_path / "x")])
    assert stop.value.code == 2
    err = capfd.readouterr().err.strip()
    assert option in err and len(err.splitlines()) == 1


@pytest.mark.parametrize("n", ["0", "-1", "1000000", "many"])
def test_measuring_a_number_out_of_range(n, capfd):
    with pytest.raises(SystemExit) as stop:
        main(["measure", "--real", "fashion", "--fake", "fashion", "--n", n])
    assert stop.value.code == 2
    assert "--n" in capfd.readouterr().err


def test_measuring_a_folder_against_a_bundled_set(tmp_path, capfd):
    from gan_course.data.fashion import load_fashion

    images, _ = load_fashion("train")
    for number, image in enumerate(images[:257]):
        Image.fromarray(image[0].numpy()).save(tmp_path / f"{number}.png")
    arguments = [
        "measure",
        "--real",
        "fashion",
        "--fake",
        str(tmp_path),
        "--reader",
        "fashion",
        "--n",
        "600",
    ]
    assert main(arguments) == 0
    out = capfd.readouterr().out
    assert "N = 257 against 300 real pictures (not FID)" in out
    assert all(
        name in out for name in ("frechet", "kernel", "precision", "recall", "copied", "rarest")
    )


def test_a_run_is_not_overwritten(tmp_path, capfd):
    out = tmp_path / "run"
    assert train(out=out) == 0
    before = {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}
    assert train(out=out) == 2
    assert "already holds a run" in last_line(capfd)
    assert {path: path.read_bytes() for path in out.rglob("*") if path.is_file()} == before
    names = {path.relative_to(out).as_posix() for path in before}
    sheets = {"samples/step_000000.jpg", "samples/step_000002.jpg"}
    assert names == {".lock", "last.pt", "metrics.csv", "strip.jpg"} | sheets


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (["--batch-size", "5"], "batch_size"),
        (["--seed", "9"], "seed"),
        (["--profile", "fast"], "base_channels"),
    ],
)
def test_resuming_with_another_configuration(tmp_path, capfd, change, words):
    out = tmp_path / "run"
    assert train(out=out) == 0
    before = (out / "last.pt").read_bytes()
    assert train("--resume", *change, out=out) == 2
    assert words in last_line(capfd)
    assert (out / "last.pt").read_bytes() == before


def test_resuming_on_other_pictures(pictures, tmp_path, capfd):
    own = ("--data", str(pictures), "--resolution", "16", "--batch-size", "4")
    assert train(*own, out=tmp_path / "run") == 0
    (pictures / "0.png").unlink()
    assert train(*own, "--resume", out=tmp_path / "run") == 2
    assert "pictures = 6 with sha256" in last_line(capfd)


@pytest.mark.parametrize(
    "state",
    [
        [1, 2],
        {"family": "dcgan"},
        {"family": "dcgan", "config": None, "step": {}, "batches": {}},
        {"a": 1},
    ],
    ids=str,
)
def test_a_foreign_checkpoint(tmp_path, capfd, state):
    import torch

    out = tmp_path / "run"
    assert train(out=out) == 0
    torch.save(state, out / "last.pt")
    assert train("--resume", out=out) == 2
    assert "checkpoint of" in last_line(capfd)


def test_a_checkpoint_with_a_missing_part(tmp_path, capfd):
    import torch

    out = tmp_path / "run"
    assert train(out=out) == 0
    state = torch.load(out / "last.pt", weights_only=True)
    del state["step"]["opt_G"]
    torch.save(state, out / "last.pt")
    assert train("--resume", out=out) == 2
    assert "does not fit" in last_line(capfd)


def test_a_lost_checkpoint_beside_the_previous_one(tmp_path, capfd):
    out = tmp_path / "run"
    assert train("--save-every", "1", out=out) == 0
    (out / "last.pt").unlink()
    assert train("--resume", out=out) == 2
    assert "previous.pt" in last_line(capfd)


def test_a_run_into_a_folder_where_one_is_going_on(tmp_path, capfd):
    from gan_course.locks import run_folder

    out = tmp_path / "out"
    with run_folder(out):
        before = sorted(tmp_path.rglob("*"))
        assert (
            main(
                ["run", "--profile", "smoke", "--device", "cpu", "--only", "01", "--out", str(out)]
            )
            == 2
        )
        assert f"a run is going on in {out}" in last_line(capfd)
        assert train(out=out) == 2
        assert f"a run is going on in {out}" in last_line(capfd)
        assert sorted(tmp_path.rglob("*")) == before
    assert train(out=out) == 0  # the way out: it has ended


def test_results_of_another_run_are_not_overwritten(tmp_path, capfd):
    (tmp_path / "02_images.ipynb").write_text("keep")
    assert main(["run", "--profile", "smoke", "--only", "02", "--out", str(tmp_path)]) == 2
    assert "already holds 02_images.ipynb" in last_line(capfd)
    assert (tmp_path / "02_images.ipynb").read_text() == "keep"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PRECISION", "junk"),
        ("MAX_STEPS", "junk"),
        ("DEVICE", "junk"),
        ("THREADS", "\u00b2"),
        ("DATA", "nowhere"),
    ],
)
def test_bad_settings_are_found_before_the_first_lesson(tmp_path, capfd, monkeypatch, name, value):
    monkeypatch.setenv(f"GAN_COURSE_{name}", value)
    assert main(["run", "--profile", "smoke", "--out", str(tmp_path / "out")]) == 2
    assert value in last_line(capfd)
    assert not (tmp_path / "out").exists()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no pipes with names")
def test_a_pipe_among_the_pictures_does_not_hang(pictures, tmp_path):
    os.mkfifo(pictures / "a.png")
    assert train("--data", str(pictures), "--resolution", "16", out=tmp_path / "run") == 0


def test_a_reader_that_leaves_and_letters_that_are_missing():
    command = [sys.executable, "-m", "gan_course", "doctor"]
    environment = os.environ | {"PYTHONIOENCODING": "ascii"}
    done = subprocess.run(command, env=environment, capture_output=True)
    assert done.returncode in (0, 1) and b"Traceback" not in done.stderr
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        process.stdout.close()
        assert b"Traceback" not in process.stderr.read()


def test_nothing_to_resume(tmp_path, capfd):
    assert train("--resume", out=tmp_path / "run") == 2
    assert "no checkpoint" in last_line(capfd)


def test_an_output_folder_that_is_a_file(tmp_path, capfd):
    (tmp_path / "out").write_text("mine")
    assert train(out=tmp_path / "out") == 2
    assert "is a file, not a folder" in last_line(capfd)
    assert (tmp_path / "out").read_text() == "mine"


@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write anywhere"
)
def test_a_read_only_output_folder(tmp_path, capfd):
    tmp_path.chmod(0o500)
    assert train(out=tmp_path / "out") == 2
    assert "cannot write" in last_line(capfd)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_while_losses_are_written(tmp_path, capfd):
    out = tmp_path / "run"
    out.mkdir()
    (out / "samples").mkdir()
    from gan_course.errors import CourseError
    from gan_course.training import run

    with pytest.raises(CourseError, match="cannot write"):
        run._append_rows(Path("/dev/full"), [{"step": 1, "loss": 0.5}])


def test_a_folder_of_one_s_own_pictures(pictures, tmp_path):
    out = tmp_path / "run"
    assert train("--data", str(pictures), "--resolution", "16", "--batch-size", "4", out=out) == 0
    assert (out / "last.pt").is_file()


def spoil_broken(folder):
    (folder / "3.png").write_bytes((folder / "3.png").read_bytes()[:200])
    return "3.png"


def spoil_tiny(folder):
    Image.new("RGB", (4, 4)).save(folder / "tiny.png")
    return "tiny.png"


def spoil_empty(folder):
    for path in folder.iterdir():
        path.unlink()
    return folder.name


@pytest.mark.parametrize("spoil", [spoil_broken, spoil_tiny, spoil_empty])
def test_a_folder_that_cannot_be_used(pictures, tmp_path, capfd, spoil):
    name = spoil(pictures)
    assert train("--data", str(pictures), "--resolution", "16", out=tmp_path / "run") == 2
    assert name in last_line(capfd)
    assert not (tmp_path / "run").exists()


def fine_sixteen_bit(folder):
    Image.fromarray(np.full((40, 40), 40_000, np.uint16)).save(folder / "deep.png")


def fine_transparent(folder):
    Image.new("RGBA", (40, 40), (255, 0, 0, 0)).save(folder / "clear.png")


def fine_rotated(folder):
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("RGB", (40, 60)).save(folder / "turned.jpg", exif=exif)


@pytest.mark.parametrize("add", [fine_sixteen_bit, fine_transparent, fine_rotated])
def test_unusual_pictures_are_read(pictures, tmp_path, add):
    add(pictures)
    assert train("--data", str(pictures), "--resolution", "16", out=tmp_path / "run") == 0


@pytest.mark.parametrize(
    "damage", ["missing", "changed", "no manifest", "empty manifest", "no folder"]
)
def test_damaged_bundled_data(tmp_path, capfd, monkeypatch, damage):
    import shutil

    from gan_course.data.manifest import data_root

    root = tmp_path / "data"
    (root / "fashion").mkdir(parents=True)
    for path in [data_root() / "manifest.json", *(data_root() / "fashion").iterdir()]:
        shutil.copy(path, root / path.relative_to(data_root()))
    labels = root / "fashion" / "t10k-labels-idx1-ubyte.gz"
    match damage:
        case "missing":
            labels.unlink()
        case "changed":
            labels.write_bytes(labels.read_bytes()[:-1] + b"x")
        case "no manifest":
            (root / "manifest.json").unlink()
        case "empty manifest":
            (root / "manifest.json").write_text("[]")
        case "no folder":
            shutil.rmtree(root)
    monkeypatch.setenv("GAN_COURSE_DATA", str(root))
    assert train(out=tmp_path / "run") == 2
    line = last_line(capfd)
    assert str(root) in line and ("git checkout" in line or "GAN_COURSE_DATA" in line)
    assert not (tmp_path / "run").exists()


def test_the_commands_as_a_user_types_them():
    """The real process: help, a bad family, and exit codes."""
    command = [sys.executable, "-m", "gan_course"]
    assert subprocess.run([*command, "--help"], capture_output=True).returncode == 0
    bad = subprocess.run([*command, "train", "gan9", "--out", "x"], capture_output=True, text=True)
    assert bad.returncode == 2
    line = "gan_course: unknown family 'gan9': choose from dcgan, pix2pix, cyclegan, stylegan"
    assert bad.stderr.strip().splitlines() == [line]


def test_doctor_reports(capfd):
    assert main(["doctor"]) in (0, 1)
    out = capfd.readouterr().out
    assert all(
        word in out for word in ("python", "runtime", "memory", "disk", "files intact", "missing")
    )


@pytest.mark.parametrize(
    ("arguments", "setting", "words"),
    [
        (["--max-steps", "2"], "", "leave out --max-steps"),
        ([], "2", "unset GAN_COURSE_MAX_STEPS"),
        (["--only", "01"], "", "leave out --only"),
    ],
)
def test_half_a_run_is_not_recorded(tmp_path, capfd, monkeypatch, arguments, setting, words):
    monkeypatch.setenv("GAN_COURSE_MAX_STEPS", setting)
    out = tmp_path / "out"
    assert main(["run", "--profile", "smoke", "--record", "--out", str(out), *arguments]) == 2
    assert words in last_line(capfd)
    assert not out.exists()


def test_a_folder_without_a_manifest_is_found_before_the_first_lesson(tmp_path, capfd, monkeypatch):
    monkeypatch.setenv("GAN_COURSE_DATA", str(tmp_path))
    assert main(["run", "--profile", "smoke", "--out", str(tmp_path / "out")]) == 2
    assert "manifest.json cannot be read" in last_line(capfd)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("option", ["--make", "--measure"])
def test_an_empty_name_of_weights(option, capfd):
    assert main(["weights", option, ""]) == 2
    assert "no recipe for weights ''" in last_line(capfd)


@pytest.mark.skipif(os.name == "nt", reason="another way to stop")
def test_weights_pass_a_request_to_stop_on_and_wait(tmp_path):
    ready, saved = tmp_path / "ready", tmp_path / "saved"
    child = (
        "import pathlib, signal, sys, time\n"
        "def save(*_):\n"
        f"    time.sleep(0.5); pathlib.Path({str(saved)!r}).touch(); sys.exit(7)\n"
        "signal.signal(signal.SIGTERM, save)\n"
        f"pathlib.Path({str(ready)!r}).touch()\n"
        "time.sleep(60)\n"
    )

    def stop_when_ready():
        while not ready.exists():
            time.sleep(0.05)
        os.kill(os.getpid(), signal.SIGTERM)

    thread = threading.Thread(target=stop_when_ready, daemon=True)
    thread.start()
    assert run_to_its_end([sys.executable, "-c", child]) == 7
    assert saved.exists()
    thread.join()


def test_a_number_of_thousands_of_digits(capfd, tmp_path):
    with pytest.raises(SystemExit) as stop:
        main(["train", "dcgan", "--steps", "9" * 5_000, "--out", str(tmp_path / "x")])
    assert stop.value.code == 2
    assert len(last_line(capfd)) < 200


def test_a_name_that_the_system_refuses(capfd):
    assert (
        main(["translate", "--weights", "photo2vangogh", "--input", "x" * 5_000, "--output", "y"])
        == 2
    )
    assert len(last_line(capfd).split(": ")) > 2


@pytest.mark.skipif(os.name == "nt", reason="another shell")
def test_a_stream_that_the_shell_closed():
    done = subprocess.run(
        f"{sys.executable} -m gan_course weights >&-", shell=True, capture_output=True, text=True
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_a_tilde_that_the_shell_left_is_read(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    parser = command_parser(*COMMANDS)
    taken = {"--data", "--out", "--output", "--input", "--weights", "--real", "--fake"}
    for line in (
        "run --out=~/x",
        "train dcgan --data ~/x --out=~/x",
        "translate --weights=~/x --input=~/x --output=~/x",
        "generate --weights=~/x --out=~/x",
        "project --weights=~/x --input=~/x --out=~/x",
        "measure --real=~/x --fake=~/x",
    ):
        given = {word.partition("=")[0] for word in line.split() if word.startswith("--")}
        options = vars(parser.parse_args(line.split()))
        for name in given & taken:
            value = options[name.removeprefix("--")]
            assert [str(part) for part in (value if isinstance(value, list) else [value])] == [
                str(tmp_path / "x")
            ]
