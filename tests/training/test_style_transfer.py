from dataclasses import replace

import pytest
import torch

from gan_course.data.batches import to_float
from gan_course.training.loop import fit
from gan_course.training.style_transfer import (
    StyleTransferConfig,
    build_style_transfer,
    gram_matrix,
    total_variation,
)
from gan_course.weights.trunk import load_trunk

CONFIG = StyleTransferConfig(
    n_steps=20, batch_size=2, img_resolution=32, base_channels=4, n_blocks=1
)


def pictures(n=6, seed=0, side=32):
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(256, (n, 3, side, side), generator=generator, dtype=torch.uint8)


@pytest.fixture
def build(cpu):
    trunk = load_trunk()

    def make(images=None, **changes):
        return build_style_transfer(
            replace(CONFIG, **changes),
            pictures() if images is None else images,
            pictures(seed=1),
            trunk=trunk,
            seed=0,
            runtime=cpu,
        )

    return make


def test_a_gram_matrix_by_hand():
    features = torch.tensor([[[[1.0, 2.0]], [[3.0, 0.0]]]])  # two channels, two places
    assert torch.equal(gram_matrix(features), torch.tensor([[[2.5, 1.5], [1.5, 4.5]]]))


def test_a_gram_matrix_does_not_know_the_place():
    features = torch.rand(2, 5, 4, 6, generator=torch.Generator().manual_seed(0))
    shuffled = features.flatten(2)[..., torch.randperm(24)].view_as(features)
    assert torch.allclose(gram_matrix(features), gram_matrix(shuffled), atol=1e-6)


def test_total_variation_by_hand():
    images = torch.tensor([[[[0.0, 1.0], [0.0, 3.0]]]])
    assert total_variation(images) == pytest.approx((0 + 2) / 2 + (1 + 3) / 2)
    assert total_variation(torch.ones(1, 3, 4, 4)) == 0


def test_the_losses_are_those_of_the_formula(build):
    training = build()
    step, real = training.step, next(training.batches)
    (trunk,) = step._trunk
    painted = step.G(real)
    seen, wanted = trunk(painted), trunk(real)[2]
    content = (seen[2] - wanted).square().mean() / wanted.square().mean()
    grams = [part.flatten(2) @ part.flatten(2).mT / part[0, 0].numel() for part in seen]
    of_set = [
        (part.flatten(2) @ part.flatten(2).mT / part[0, 0].numel()).mean(0)
        for part in trunk(to_float(pictures(seed=1)))
    ]
    style = sum(
        (gram - wish).square().mean() / wish.square().mean()
        for gram, wish in zip(grams, of_set, strict=True)
    )
    losses = step.losses(real)
    assert losses["content"].item() == pytest.approx(
        CONFIG.lambda_content * content.item(), rel=1e-3
    )
    assert losses["style"].item() == pytest.approx(CONFIG.lambda_style * style.item() / 4, rel=1e-3)


def test_training_lowers_the_losses_and_moves_G_alone(build):
    training = build(n_steps=1_000, lr=1e-3)
    step, batch = training.step, next(training.batches)
    (trunk,) = step._trunk
    old = [weight.clone() for weight in trunk.parameters()]
    values = [sum(step(batch).values()).item() for _ in range(15)]
    assert values[-1] < 0.9 * values[0]
    assert all(torch.equal(a, b) for a, b in zip(old, trunk.parameters(), strict=True))


def test_runs_of_one_seed_are_one_run_and_survive_saving(build):
    straight, broken, other = build(), build(), build()
    rows = fit(straight.step, straight.batches, n_steps=6)
    first = fit(broken.step, broken.batches, n_steps=2)
    other.load_state_dict(broken.state_dict())
    assert first + fit(other.step, other.batches, n_steps=6) == rows


def test_there_is_one_direction(build):
    step = build().step
    assert step.best("G_AB") is step.G_ema
    with pytest.raises(ValueError, match="no G_BA: it goes one way"):
        step.best("G_BA")


def test_a_preview_shows_what_is_painted(build):
    training = build()
    shown = training.preview()
    assert shown.shape == (12, 3, 32, 32) and torch.equal(shown[:6], to_float(pictures()))


def test_pictures_of_another_size_are_named(build):
    with pytest.raises(ValueError, match="the configuration says"):
        build(images=pictures(side=16))
