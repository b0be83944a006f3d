"""The course guards the package: each planted bug turns a named test or a named claim red."""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass

import pytest

from gan_course.paths import ROOT


@dataclass(frozen=True)
class Bug:
    name: str
    file: str
    right: str
    wrong: str
    red: str  # a test, or a lesson's claim as "02_images: words of the claim"


BUGS = [
    Bug(
        "fakes not augmented for D",
        "training/dcgan.py",
        "logits_real, logits_fake = self.run_D(real), self.run_D(fake)",
        "logits_real, logits_fake = self.run_D(real), self.D(fake)",
        "tests/training/test_augment.py::test_d_sees_nothing_that_was_not_augmented",
    ),
    Bug(
        "augmentation without a gradient",
        "training/augment.py",
        "    return images * ~is_cut",
        "    return images.detach() * ~is_cut",
        "tests/training/test_augment.py"
        "::test_the_gradient_reaches_every_picture_and_has_one_of_its_own",
    ),
    Bug(
        "a start without D",
        "weights/starts.py",
        '            networks["D"] = load_weights(name + CRITIC)\n',
        "            pass\n",
        "tests/weights/test_starts.py::test_a_shipped_discriminator_comes_with_its_generator",
    ),
    Bug(
        "flipped loss sign",
        "training/losses.py",
        "    return softplus(-logits_fake).mean()",
        "    return softplus(logits_fake).mean()",
        "tests/training/test_losses.py::test_directions",
    ),
    Bug(
        "missing detach",
        "training/dcgan.py",
        "        with torch.no_grad():\n            fake = self.sample(len(real))",
        "        fake = self.sample(len(real))",
        "tests/training/test_dcgan.py::test_the_discriminator_s_update_leaves_the_generator_alone",
    ),
    Bug(
        "D learns from G's loss",
        "training/dcgan.py",
        "with freeze(self.D):",
        "with torch.enable_grad():",
        "tests/training/test_dcgan.py::test_the_generator_s_update_leaves_the_discriminator_alone",
    ),
    Bug(
        "EMA without buffers",
        "training/ema.py",
        "        slow.copy_(fast)",
        "        pass",
        "02_images: no BatchNorm statistic of the slow copy differs from G's",
    ),
    Bug(
        "EMA never updated",
        "training/dcgan.py",
        "        update_ema(self.G_ema, self.G, decay=self.config.ema_decay)\n",
        "",
        "tests/training/test_dcgan.py::test_the_average_follows",
    ),
    Bug(
        "BatchNorm's eps 0.8",
        "models/dcgan.py",
        "nn.BatchNorm2d(2 * channels)",
        "nn.BatchNorm2d(2 * channels, 0.8)",
        "tests/models/test_dcgan.py::test_every_batchnorm_keeps_the_usual_eps_and_momentum",
    ),
    Bug(
        "train/eval leak",
        "training/ema.py",
        "copy.deepcopy(G).eval()",
        "copy.deepcopy(G)",
        "tests/training/test_ema.py::test_the_average_takes_no_gradient_and_stays_in_evaluation",
    ),
    Bug(
        "penalty without a graph",
        "training/penalties.py",
        "grad(logits.sum(), points, create_graph=True)",
        "grad(logits.sum(), points, retain_graph=True)",
        "tests/training/test_penalties.py::test_r1_reaches_the_discriminator",
    ),
    Bug(
        "R1 rewards slope",
        "training/toy_gans.py",
        "total + gamma / 2 * self._penalty(r1_penalty",
        "total - gamma / 2 * self._penalty(r1_penalty",
        "tests/training/test_toy_gans.py::test_the_penalties_of_every_gan_add_up",
    ),
    Bug(
        "R2 at the real points",
        "training/toy_gans.py",
        "self._penalty(r2_penalty, fake[which], which)",
        "self._penalty(r2_penalty, real[which], which)",
        "tests/training/test_toy_gans.py::test_the_penalties_of_every_gan_add_up",
    ),
    Bug(
        "clipping spares nobody",
        "training/toy_gans.py",
        "weights.clamp_(-self.bounds, self.bounds)",
        "weights.clamp_(-self.bounds.min(), self.bounds.min())",
        "tests/training/test_toy_gans.py::test_only_the_clipped_are_clipped",
    ),
    Bug(
        "hinge under the name of Wasserstein",
        "training/losses.py",
        "    return logits_fake.mean() - logits_real.mean()",
        "    return relu(1 - logits_real).mean() + relu(1 + logits_fake).mean()",
        "tests/training/test_losses.py::test_hinge_leaves_alone_who_is_beyond_the_margin_and_wasserstein_nobody",
    ),
    Bug(
        "pictures in [0, 1]",
        "data/batches.py",
        "images.float().div_(127.5).sub_(1)",
        "images.float().div_(255)",
        "02_images: real pictures reach exactly from -1 to 1",
    ),
    Bug(
        "balls of the wrong set",
        "evaluation/coverage.py",
        "(_radii(real, k).square() + slack).sqrt()[:, None]",
        "(_radii(fake, k).square() + slack).sqrt()[None]",
        "tests/evaluation/test_coverage.py::test_precision_and_recall_by_hand",
    ),
    Bug(
        "each sample paired with itself",
        "evaluation/frechet.py",
        "(kernel.sum() - kernel.diagonal().sum())",
        "kernel.sum()",
        "tests/evaluation/test_frechet.py::test_the_kernel_distance_has_no_bias",
    ),
    Bug(
        "product of roots for root of product",
        "evaluation/frechet.py",
        "    middle = torch.linalg.eigvalsh(root @ cov_f @ root).clamp_min(0).sqrt().sum()",
        "    values, vectors = torch.linalg.eigh(cov_f)\n"
        "    middle = (root @ vectors @ values.clamp_min(0).sqrt().diag() @ vectors.T).trace()",
        "tests/evaluation/test_frechet.py::test_covariances_that_do_not_commute",
    ),
    Bug(
        "copies judged by themselves",
        "evaluation/memorisation.py",
        "nearest(train, held_out)[0]",
        "nearest(train, train)[0]",
        "04_measuring: copier: every picture is found to be a copy",
    ),
    Bug(
        "swapped domains",
        "training/cyclegan.py",
        "logits_fake_A, logits_fake_B = self.D_A(fake_A).float(), self.D_B(fake_B).float()",
        "logits_fake_A, logits_fake_B = self.D_A(fake_B).float(), self.D_B(fake_A).float()",
        "tests/training/test_cyclegan.py::test_losses_are_those_of_the_paper[0.0]",
    ),
    Bug(
        "lambda_cycle zero",
        "training/cyclegan.py",
        "config.lambda_cycle * l1_loss(self.G_AB(fake_A), real_B)",
        "0 * l1_loss(self.G_AB(fake_A), real_B)",
        "tests/training/test_cyclegan.py::test_losses_are_those_of_the_paper[0.0]",
    ),
    Bug(
        "fakes that are not detached",
        "training/image_pool.py",
        "images = images.detach()",
        "images = images.clone()",
        "tests/training/test_cyclegan.py::test_the_update_of_D_moves_both_discriminators_and_nothing_else",
    ),
    Bug(
        "the D's learn from the G's loss",
        "training/cyclegan.py",
        "with freeze(self.D_A, self.D_B), self.runtime.autocast():",
        "with self.runtime.autocast():",
        "tests/training/test_cyclegan.py::test_the_update_of_G_moves_both_generators_and_nothing_else",
    ),
    Bug(
        "a pool that never returns old pictures",
        "training/image_pool.py",
        "        return old",
        "        return image",
        "tests/training/test_image_pool.py::test_half_of_what_it_hands_back_are_pictures_of_earlier_calls",
    ),
    Bug(
        "a schedule that never decays",
        "training/optim.py",
        "    return lr * min(1.0, max(0.0, share_left))",
        "    return lr",
        "tests/training/test_cyclegan.py::test_the_schedule_reaches_both_optimisers",
    ),
    Bug(
        "a D that is not told the condition",
        "training/pix2pix.py",
        "torch.cat([A, B], 1) if self.config.conditional else B",
        "torch.cat([B, B], 1) if self.config.conditional else B",
        "tests/training/test_pix2pix.py::test_losses_are_those_of_the_paper",
    ),
    Bug(
        "each band normalised alone",
        "inference/streaming.py",
        "        band.copy_((band.float() - mean) * scale)",
        "        band.copy_(torch.nn.functional.instance_norm(band.float(), eps=eps))",
        "tests/inference/test_translate.py::test_streamed_pictures_are_equal_to_two_grey_steps"
        "[97 131]",
    ),
    Bug(
        "one noise map for both layers of a block",
        "models/stylegan.py",
        "noise if isinstance(noise, str) else noise[j])",
        "noise if isinstance(noise, str) else noise[2 * k])",
        "tests/models/test_stylegan.py::test_each_layer_gets_its_own_style_and_its_own_noise",
    ),
    Bug(
        "noise that begins at full strength",
        "models/stylegan.py",
        "self.noise_strength = nn.Parameter(torch.zeros(n_out))",
        "self.noise_strength = nn.Parameter(torch.randn(n_out))",
        "tests/models/test_stylegan.py::test_noise_begins_without_strength_and_a_strength_drawn_from_n_0_1_would_not",
    ),
    Bug(
        "fakes that blur when a resolution is added",
        "models/stylegan.py",
        "before = upsample(self.to_rgb[k - 1](x), smooth=False)",
        "before = upsample(self.to_rgb[k - 1](x))",
        "tests/models/test_stylegan.py::test_at_the_start_of_a_fade_d_cannot_tell_that_anything_has_grown",
    ),
    Bug(
        "StyleGAN's R1 rewards slope",
        "training/stylegan.py",
        "loss_D = loss_D + self.config.r1_gamma / 2",
        "loss_D = loss_D - self.config.r1_gamma / 2",
        "tests/training/test_stylegan.py::test_r1_reaches_the_weights_of_d_with_its_sign[4]",
    ),
    Bug(
        "mixing that never mixes",
        "training/stylegan.py",
        "chance < self.config.mixing",
        "chance > 1",
        "tests/training/test_stylegan.py::test_nine_of_ten_pictures_mix_two_styles_at_a_layer_of_their_own",
    ),
    Bug(
        "mixing in layers that are not there yet",
        "training/stylegan.py",
        "torch.randint(1, n_layers, (n,)",
        "torch.randint(1, self.G.num_ws, (n,)",
        "tests/training/test_stylegan.py::test_while_g_is_small_the_crossover_lies_within_it[0-2]",
    ),
    Bug(
        "path lengths without a graph",
        "training/penalties.py",
        "grad(weighted, ws, create_graph=True)",
        "grad(weighted, ws, retain_graph=True)",
        "tests/training/test_path_lengths.py::test_path_lengths_reach_the_weights_with_the_right_gradient",
    ),
    Bug(
        "StyleGAN's EMA never updated",
        "training/stylegan.py",
        "        update_ema(self.G_ema, self.G, decay=self.config.ema_decay)\n",
        "",
        "tests/training/test_stylegan.py::test_the_average_of_g_follows_by_hand",
    ),
    Bug(
        "the first by name for a sample",
        "commands/measure.py",
        "torch.randperm(len(files), generator=torch.Generator().manual_seed(SEED))",
        "torch.arange(len(files))",
        "tests/commands/test_measure.py::test_names_do_not_decide_the_figures",
    ),
    Bug(
        "Inception at the size of the course's readers",
        "commands/measure.py",
        "if files is None else files",
        "if files is None else load_pictures(files, resolution=OTHERWISE, if_small='{side}')",
        "tests/commands/test_measure.py::test_inception_is_given_pictures_of_many_sizes",
    ),
    Bug(
        "EXIF written anew",
        "data/pictures.py",
        "        return _to_rgb(image if transpose is None else image.transpose(transpose), path)",
        "        from PIL import ImageOps\n\n        return _to_rgb(ImageOps.exif_transpose(image),"
        " path)",
        "tests/data/test_pictures.py::test_an_odd_tag_does_not_spoil_a_turned_photograph[a width"
        " below 0-jpg]",
    ),
    Bug(
        "16-bit negatives",
        "data/pictures.py",
        "        values = white - values",
        "        pass",
        "tests/data/test_pictures.py::test_a_grey_tiff_means_what_its_tags_say[True-16-<]",
    ),
    Bug(
        "the grid among the samples",
        "commands/generate.py",
        'folder / SHEETS / "grid.png"',
        'folder / "grid.png"',
        "tests/commands/test_generate.py::test_nothing_but_samples_counts_as_a_picture_of_the_folder",
    ),
    Bug(
        "a lock that nobody takes",
        "locks.py",
        "        lock.acquire()\n",
        "        pass\n",
        "tests/test_locks.py::test_a_folder_that_another_process_holds",
    ),
    Bug(
        "a refused chmod is fatal",
        "files.py",
        "        with suppress(OSError):  # a file system without permissions",
        "        with suppress(ZeroDivisionError):  # a file system without permissions",
        "tests/test_files.py::test_a_file_system_without_permissions_is_written_all_the_same",
    ),
    Bug(
        "braces for papermill to fill",
        "lessons/runner.py",
        '.replace("{", "{{").replace("}", "}}")',
        "",
        "tests/lessons/test_runner.py::test_braces_in_the_names_of_folders_are_kept",
    ),
    Bug(
        "whatever kernel is called python3",
        "lessons/kernels.py",
        'first = [folder, os.environ.get("JUPYTER_PATH")]',
        'first = [os.environ.get("JUPYTER_PATH"), folder]',
        "tests/lessons/test_kernels.py::test_this_python_comes_before_what_was_there",
    ),
    Bug(
        "a signal that saves nothing",
        "training/run.py",
        "if is_time or stop:",
        "if is_time:",
        "tests/training/test_resume.py::test_a_stopped_run_is_saved_and_goes_on_bit_for_bit[dcgan-SIGTERM-143]",
    ),
    Bug(
        "weights that diverged are saved",
        "training/run.py",
        "            check_finite(training.step)\n",
        "",
        "tests/training/test_run.py::test_weights_that_are_not_finite_after_the_last_step_are_not_saved[1]",
    ),
    Bug(
        "half a download is used",
        "evaluation/inception.py",
        "not sha256(path).startswith(SHA256)",
        "False",
        "tests/evaluation/test_inception.py::test_weights_that_are_cut_off_while_they_are_fetched",
    ),
]


@pytest.fixture
def course(tmp_path):
    """A copy of the course that may be broken."""
    for folder in ("gan_course", "tests", "docs"):
        shutil.copytree(
            ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__")
        )
    shutil.copytree(
        ROOT / "notebooks", tmp_path / "notebooks", ignore=shutil.ignore_patterns("source", ".*")
    )
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def run(course, red):
    """The exit code of the named test or lesson, and the claims that did not hold."""
    python = [sys.executable, "-m"]
    environment = os.environ | {"GAN_COURSE_DATA": str(ROOT / "data"), "PYTHONPATH": str(course)}
    if red.startswith("tests/"):
        command = [*python, "pytest", "-q", "-p", "no:cacheprovider", red]
    else:
        # threads that wait for each other on a busy machine time out
        environment["GAN_COURSE_THREADS"] = "1"
        lesson = red.split(":")[0]
        command = [
            *python,
            "gan_course",
            "run",
            "--profile",
            "smoke",
            "--device",
            "cpu",
            "--only",
            lesson,
            "--out",
            "r",
        ]
    done = subprocess.run(command, cwd=course, env=environment, capture_output=True, text=True)
    summary = course / "r" / "summary.json"
    claims = (
        [c for lesson in json.loads(summary.read_text())["lessons"] for c in lesson["claims"]]
        if summary.exists()
        else []
    )
    return done, [claim["text"] for claim in claims if claim["held"] is False]


@pytest.mark.planted
@pytest.mark.slow
@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.name)
def test_a_planted_bug_is_noticed(course, bug):
    path = course / "gan_course" / bug.file
    text = path.read_text()
    assert text.count(bug.right) >= 1, (
        "the line to break has moved: plant the bug where it now belongs"
    )
    head, _, tail = text.rpartition(bug.right)
    path.write_text(head + bug.wrong + tail)
    done, failed_claims = run(course, bug.red)
    assert done.returncode == 1, done.stdout + done.stderr
    if bug.red.startswith("tests/"):
        assert "1 failed" in done.stdout, done.stdout
    else:
        # the first to fail; others may follow from it
        assert failed_claims[:1] == [bug.red.split(": ", 1)[1]]


@pytest.mark.planted
@pytest.mark.slow
def test_without_a_bug_the_named_tests_are_green(course):
    named = sorted({bug.red for bug in BUGS if bug.red.startswith("tests/")})
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *named]
    environment = os.environ | {"GAN_COURSE_DATA": str(ROOT / "data"), "PYTHONPATH": str(course)}
    done = subprocess.run(command, cwd=course, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
