from dataclasses import replace

import pytest
import torch

from gan_course.commands.train import DCGAN
from gan_course.training.dcgan import build_dcgan
from gan_course.training.loop import fit


@pytest.fixture
def training(fashion, cpu):
    return build_dcgan(DCGAN["smoke"], fashion, seed=0, runtime=cpu)


def weights(network):
    return [p.detach().clone() for p in network.parameters()]


def changed(before, network):
    return any(not torch.equal(a, b) for a, b in zip(before, network.parameters(), strict=True))


def test_the_discriminator_s_update_leaves_the_generator_alone(training):
    step, before = training.step, weights(training.step.G)
    step.update_D(next(training.batches))
    assert not changed(before, step.G)
    # no gradient flowed back through the fakes
    assert all(p.grad is None for p in step.G.parameters())


def test_the_generator_s_update_leaves_the_discriminator_alone(training):
    step = training.step
    step.update_D(next(training.batches))
    before, gradients = weights(step.D), [p.grad.clone() for p in step.D.parameters()]
    step.update_G(8)
    assert not changed(before, step.D)
    assert all(torch.equal(a, p.grad) for a, p in zip(gradients, step.D.parameters(), strict=True))
    assert all(p.requires_grad for p in step.D.parameters())


def test_each_update_lowers_its_own_loss(training):
    """Twenty updates of one player against the other standing still."""
    step, real = training.step, next(training.batches)
    first = step.update_D(real.clone())["loss_D"]
    for _ in range(20):
        last = step.update_D(real.clone())["loss_D"]
    assert last < first
    first = step.update_G(8)["loss_G"]
    for _ in range(20):
        last = step.update_G(8)["loss_G"]
    assert last < first


def test_the_average_follows(training):
    before = weights(training.step.G_ema)
    training.step(next(training.batches))
    assert changed(before, training.step.G_ema)


def test_r1_is_logged_without_its_factor_and_changes_the_discriminator(fashion, cpu):
    results = []
    for gamma in (0.0, 10.0):
        training = build_dcgan(
            replace(DCGAN["smoke"], r1_gamma=gamma), fashion, seed=0, runtime=cpu
        )
        losses = training.step.update_D(next(training.batches))
        assert ("r1" in losses) == (gamma > 0)
        results.append(weights(training.step.D))
    assert any(not torch.equal(a, b) for a, b in zip(*results, strict=True))


def test_one_seed_one_training(fashion, cpu):
    runs = [build_dcgan(DCGAN["smoke"], fashion, seed=3, runtime=cpu) for _ in range(2)]
    rows = [fit(run.step, run.batches, n_steps=3) for run in runs]
    assert rows[0] == rows[1]
    assert torch.equal(runs[0].preview(), runs[1].preview())


def test_building_leaves_the_global_random_state(fashion, cpu):
    torch.manual_seed(5)
    expected = torch.randn(3)
    torch.manual_seed(5)
    build_dcgan(DCGAN["smoke"], fashion, seed=0, runtime=cpu)
    assert torch.equal(torch.randn(3), expected)


def test_pictures_of_another_size_are_refused(cpu):
    with pytest.raises(ValueError, match="configuration says"):
        build_dcgan(
            DCGAN["smoke"], torch.zeros(4, 1, 32, 32, dtype=torch.uint8), seed=0, runtime=cpu
        )


def test_fast_paths_agree_with_plain_float32(fashion):
    """bfloat16 rounds each product to 8 bits: losses agree to about a hundredth."""
    from gan_course.runtime import choose_runtime

    rows = {}
    for precision in ("float32", "bfloat16"):
        training = build_dcgan(
            DCGAN["smoke"], fashion, seed=0, runtime=choose_runtime("cpu", precision)
        )
        rows[precision] = fit(training.step, training.batches, n_steps=1)[0]
    for name, value in rows["float32"].items():
        assert rows["bfloat16"][name] == pytest.approx(value, abs=0.05)
