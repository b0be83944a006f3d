"""StyleGAN's step with the relativistic loss and both penalties: what the shipped weights were
trained with.
"""

from dataclasses import replace

import pytest
import torch
from torch.nn.functional import softplus

from gan_course.data.batches import to_float
from gan_course.training import stylegan
from gan_course.training.stylegan import StyleGANConfig, build_stylegan

CONFIG = StyleGANConfig(
    n_steps=20,
    architecture="stylegan2",
    batch_size=4,
    img_resolution=8,
    z_dim=4,
    w_dim=4,
    n_mapping=2,
    channel_base=32,
    channel_max=4,
    d_channel_base=32,
    loss="relativistic",
    r1_gamma=3.0,
    r2_gamma=5.0,
    r1_every=4,
)
PICTURES = torch.randint(
    256, (4, 3, 8, 8), generator=torch.Generator().manual_seed(0), dtype=torch.uint8
)


@pytest.fixture
def step(cpu):
    return build_stylegan(CONFIG, PICTURES, seed=0, runtime=cpu, n_preview=2).step


@pytest.fixture
def caught(monkeypatch):
    """Losses that would have been descended, by a step that stands still."""
    losses = []
    monkeypatch.setattr(stylegan, "descend", lambda loss, optimizer: losses.append(loss))
    return losses


def fakes_to_come(step):
    state = step.generator.get_state()
    fake = step.sample(4, step.size()).detach()
    step.generator.set_state(state)
    return fake


def steepness(D, x):
    """Mean squared length of D's slope at pictures.

    D looks at groups of four, so it is that of the sum of scores.
    """
    x = x.clone().requires_grad_()
    (slopes,) = torch.autograd.grad(D(x).sum(), x)
    return slopes.square().sum() / 4


@pytest.mark.parametrize("n_done", [4, 5])
def test_d_compares_pairs_and_is_kept_flat_at_real_and_fake(step, caught, n_done):
    step.n_done = n_done
    real, fake = to_float(PICTURES), fakes_to_come(step)
    losses = step.update_D(real, step.size())
    game = softplus(step.D(fake) - step.D(real)).mean()
    lazy = (
        4 * (3 / 2 * steepness(step.D, real) + 5 / 2 * steepness(step.D, fake))
        if n_done == 4
        else 0
    )
    assert losses["loss_D"].item() == pytest.approx(game.item(), rel=1e-5)
    assert caught[0].item() == pytest.approx((game + lazy).item(), rel=1e-4)


def test_g_has_to_overtake_the_real_pictures(step, caught):
    real, fake = to_float(PICTURES), fakes_to_come(step)
    step.update_G(real, step.size())
    assert caught[0].item() == pytest.approx(
        softplus(step.D(real) - step.D(fake)).mean().item(), rel=1e-5
    )
    assert all(p.grad is None for p in step.D.parameters())


@pytest.mark.parametrize(
    "gammas", [{"r1_gamma": 0.0}, {"r2_gamma": 0.0}, {"r1_gamma": 0.0, "r2_gamma": 0.0}]
)
def test_each_penalty_alone_slows_adam_alike(cpu, gammas):
    step = build_stylegan(
        replace(CONFIG, **gammas), PICTURES, seed=0, runtime=cpu, n_preview=2
    ).step
    share = 1 if len(gammas) == 2 else 4 / 5
    assert step.opt_D.param_groups[0]["lr"] == pytest.approx(CONFIG.lr * share)


def test_the_rate_is_constant_then_falls_to_nothing(cpu):
    config = replace(CONFIG, lr_constant=0.5)
    training = build_stylegan(config, PICTURES, seed=0, runtime=cpu, n_preview=2)
    rates = []
    for n_done in (0, 10, 15, 19):
        training.step.n_done = n_done
        training.step(to_float(PICTURES))
        rates.append(
            [
                one.param_groups[0]["lr"] / CONFIG.lr
                for one in (training.step.opt_G, training.step.opt_D)
            ]
        )
    assert rates == [pytest.approx([share, share * 4 / 5]) for share in (1, 1, 0.5, 0.1)]
    assert training.config["n_steps"] == 20  # another length would be another training


def test_without_a_fall_a_longer_run_may_go_on(cpu):
    training = build_stylegan(CONFIG, PICTURES, seed=0, runtime=cpu, n_preview=2)
    assert "n_steps" not in training.config


def test_the_mapping_s_rate_is_the_configuration_s(cpu):
    slow, fast = (
        build_stylegan(
            replace(CONFIG, mapping_lr=rate), PICTURES, seed=0, runtime=cpu, n_preview=2
        ).step.G.mapping
        for rate in (0.01, 0.1)
    )
    z = torch.randn(3, 4, generator=torch.Generator().manual_seed(1))
    assert torch.allclose(slow(z), fast(z), atol=1e-5)  # the same at the start
    assert torch.allclose(slow.layers[0].weight / 10, fast.layers[0].weight)


def test_an_unknown_loss_is_named(cpu):
    with pytest.raises(ValueError, match="loss is 'hinge': choose 'logistic' or 'relativistic'"):
        build_stylegan(replace(CONFIG, loss="hinge"), PICTURES, seed=0, runtime=cpu)
