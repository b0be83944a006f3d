"""The course guards the package: each planted bug turns a named test or a named claim red."""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass

import pytest

from gan_course.course.lessons import ROOT


@dataclass(frozen=True)
class Bug:
    name: str
    file: str
    right: str
    wrong: str
    red: str  # a test, or a lesson's claim as "02_images: words of the claim"


BUGS = [
    Bug(
        "flipped loss sign",
        "training/losses.py",
        "    return softplus(-logits_fake).mean()",
        "    return softplus(logits_fake).mean()",
        "tests/training/test_losses.py::test_directions",
    ),
    Bug(
        "missing detach",
        "training/steps/dcgan.py",
        "        with torch.no_grad():\n            fake = self.sample(len(real))",
        "        fake = self.sample(len(real))",
        "tests/training/test_dcgan_step.py::test_the_discriminator_s_update_leaves_the_generator_alone",
    ),
    Bug(
        "D learns from G's loss",
        "training/steps/dcgan.py",
        "with frozen(self.D):",
        "with torch.enable_grad():",
        "tests/training/test_dcgan_step.py::test_the_generator_s_update_leaves_the_discriminator_alone",
    ),
    Bug(
        "EMA without buffers",
        "training/ema.py",
        "        slow.copy_(fast)",
        "        pass",
        "02_images: its BatchNorm statistics are G's own",
    ),
    Bug(
        "EMA never updated",
        "training/steps/dcgan.py",
        "        update_ema(self.G_ema, self.G, decay=self.ema_decay)\n",
        "",
        "tests/training/test_dcgan_step.py::test_the_average_follows",
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
        "create_graph=True",
        "retain_graph=True",
        "tests/training/test_penalties.py::test_r1_reaches_the_discriminator",
    ),
    Bug(
        "R1 rewards slope",
        "training/steps/rings.py",
        "total + gamma / 2 * self._penalty(r1_penalty",
        "total - gamma / 2 * self._penalty(r1_penalty",
        "tests/training/test_rings_step.py::test_the_penalties_of_every_gan_add_up",
    ),
    Bug(
        "R2 at the real points",
        "training/steps/rings.py",
        "self._penalty(r2_penalty, fake[which], which)",
        "self._penalty(r2_penalty, real[which], which)",
        "tests/training/test_rings_step.py::test_the_penalties_of_every_gan_add_up",
    ),
    Bug(
        "clipping spares nobody",
        "training/steps/rings.py",
        "weights.clamp_(-self.bounds, self.bounds)",
        "weights.clamp_(-self.bounds.min(), self.bounds.min())",
        "tests/training/test_rings_step.py::test_only_the_clipped_are_clipped",
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
        "distance <= _radii(real, k)[:, None]",
        "distance <= _radii(fake, k)[None]",
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
        "04_measuring: copier: precision and recall of 1, and every picture is found to be a copy",
    ),
    Bug(
        "swapped domains",
        "training/steps/cyclegan.py",
        "g_least_squares(self.D_A(fake_A).float())",
        "g_least_squares(self.D_A(fake_B).float())",
        "tests/training/test_cyclegan_step.py::test_losses_are_those_of_the_paper[0.0]",
    ),
    Bug(
        "lambda_cycle zero",
        "training/steps/cyclegan.py",
        "on.lambda_cycle * l1_loss(self.G_AB(fake_A), real_B)",
        "0 * l1_loss(self.G_AB(fake_A), real_B)",
        "tests/training/test_cyclegan_step.py::test_losses_are_those_of_the_paper[0.0]",
    ),
    Bug(
        "fakes that are not detached",
        "training/pool.py",
        "images = images.detach()",
        "images = images.clone()",
        "tests/training/test_cyclegan_step.py::test_the_update_of_D_moves_both_discriminators_and_nothing_else",
    ),
    Bug(
        "the D's learn from the G's loss",
        "training/steps/cyclegan.py",
        "with frozen(self.D_A, self.D_B), self.runtime.autocast():",
        "with self.runtime.autocast():",
        "tests/training/test_cyclegan_step.py::test_the_update_of_G_moves_both_generators_and_nothing_else",
    ),
    Bug(
        "a pool that never returns old pictures",
        "training/pool.py",
        "        return old",
        "        return image",
        "tests/training/test_pool.py::test_half_of_what_it_hands_back_are_pictures_of_earlier_calls",
    ),
    Bug(
        "a schedule that never decays",
        "training/updates.py",
        "    return lr * min(1.0, max(0.0, left))",
        "    return lr",
        "tests/training/test_cyclegan_step.py::test_the_schedule_reaches_both_optimisers",
    ),
    Bug(
        "a D that is not told the condition",
        "training/steps/pix2pix.py",
        "torch.cat([A, B], 1) if self.config.conditional else B",
        "torch.cat([B, B], 1) if self.config.conditional else B",
        "tests/training/test_pix2pix_step.py::test_losses_are_those_of_the_paper",
    ),
    Bug(
        "each band normalised alone",
        "inference/streaming.py",
        "        band.copy_((band.float() - mean) * scale)",
        "        band.copy_(torch.nn.functional.instance_norm(band.float(), eps=eps))",
        "tests/inference/test_translating.py::test_streamed_pictures_are_equal_to_two_grey_steps[size0]",
    ),
]


@pytest.fixture
def course(tmp_path):
    """A copy of the course that may be broken."""
    for folder in ("gan_course", "tests"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(ROOT / "notebooks", tmp_path / "notebooks", ignore=shutil.ignore_patterns("source", ".*"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def run(course, red):
    """The exit code of the named test or lesson, and the claims that did not hold."""
    python = [sys.executable, "-m"]
    environment = os.environ | {"GAN_COURSE_DATA": str(ROOT / "data"), "PYTHONPATH": str(course)}
    if red.startswith("tests/"):
        command = [*python, "pytest", "-q", "-p", "no:cacheprovider", red]
    else:
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


@pytest.mark.slow
@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.name)
def test_a_planted_bug_is_noticed(course, bug):
    path = course / "gan_course" / bug.file
    text = path.read_text()
    assert text.count(bug.right) >= 1, "the line to break has moved: plant the bug where it now belongs"
    head, _, tail = text.rpartition(bug.right)
    path.write_text(head + bug.wrong + tail)
    done, failed_claims = run(course, bug.red)
    assert done.returncode == 1, done.stdout + done.stderr
    if bug.red.startswith("tests/"):
        assert "1 failed" in done.stdout, done.stdout
    else:
        assert failed_claims == [bug.red.split(": ", 1)[1]]


@pytest.mark.slow
def test_without_a_bug_the_named_tests_are_green(course):
    named = sorted({bug.red for bug in BUGS if bug.red.startswith("tests/")})
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *named]
    environment = os.environ | {"GAN_COURSE_DATA": str(ROOT / "data"), "PYTHONPATH": str(course)}
    done = subprocess.run(command, cwd=course, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
