"""Differentiable augmentation, beside the published code's way of writing it."""

import pytest
import torch
from torch.nn.functional import pad

from gan_course.training import dcgan, stylegan
from gan_course.training.augment import augment, change_colours, cutout, translate

N, SIDE = 400, 16


@pytest.fixture
def generator():
    return torch.Generator().manual_seed(3)


@pytest.fixture
def images():
    return torch.rand(N, 3, SIDE, SIDE, generator=torch.Generator().manual_seed(0)) * 2 - 1


def same_draws(n):
    return torch.rand(n, N, 1, 1, 1, generator=torch.Generator().manual_seed(3))


def test_colours_are_those_of_the_published_code(images, generator):
    """DiffAugment_pytorch.py: rand_brightness, rand_saturation, rand_contrast, in this order."""
    brightness, saturation, contrast = same_draws(3)
    x = images + (brightness - 0.5)
    mean = x.mean(dim=1, keepdim=True)
    x = (x - mean) * (saturation * 2) + mean
    mean = x.mean(dim=[1, 2, 3], keepdim=True)
    x = (x - mean) * (contrast + 0.5) + mean
    torch.testing.assert_close(change_colours(images, generator), x)


def test_pictures_are_shifted_by_whole_pixels_and_grey_comes_in(images, generator):
    moved = translate(images, generator)
    farthest, seen = SIDE // 8, set()
    padded = pad(images, [farthest] * 4)
    for k in range(N):
        fits = [
            (dx, dy)
            for dx in range(2 * farthest + 1)
            for dy in range(2 * farthest + 1)
            if torch.equal(moved[k], padded[k, :, dy : dy + SIDE, dx : dx + SIDE])
        ]
        assert len(fits) == 1
        seen.add(fits[0])
    assert len(seen) == (2 * farthest + 1) ** 2, "every shift occurs"


def test_a_square_of_half_the_side_is_cut_out(generator):
    holes = cutout(torch.ones(N, 3, SIDE, SIDE), generator) == 0
    assert (holes[:, 0] == holes[:, 1]).all() and (holes[:, 0] == holes[:, 2]).all()
    rows, columns = holes[:, 0].any(2).sum(1), holes[:, 0].any(1).sum(1)
    assert (holes[:, 0].flatten(1).sum(1) == rows * columns).all(), "rectangles"
    assert rows.max() == columns.max() == SIDE // 2
    # published: its middle is any pixel, so part of it may lie outside
    assert rows.min() == columns.min() == SIDE // 4
    assert 0.9 < holes.float().mean((0, 1)).max() / 0.25 < 1.4


def test_each_picture_is_changed_on_its_own_and_the_input_stays(images, generator):
    before = images.clone()
    made = augment(images[:1].expand(8, -1, -1, -1), generator)
    assert made.shape == (8, 3, SIDE, SIDE) and torch.equal(images, before)
    assert all(not torch.equal(made[0], other) for other in made[1:])


def test_the_gradient_reaches_every_picture_and_has_one_of_its_own(images, generator):
    x = images[:6].double().requires_grad_()
    scores = augment(x, generator).pow(3).sum((1, 2, 3))
    (slope,) = torch.autograd.grad(scores.sum(), x, create_graph=True)
    assert (slope.flatten(1).abs().sum(1) > 0).all()
    slope.square().sum().backward()  # as R1 needs it
    assert x.grad is not None and x.grad.isfinite().all() and x.grad.abs().sum() > 0


@pytest.mark.parametrize("part", [change_colours, translate, cutout, augment])
def test_the_same_generator_gives_the_same_changes(part, images):
    twice = [part(images, torch.Generator().manual_seed(5)) for _ in range(2)]
    assert torch.equal(*twice)
    assert not torch.equal(twice[0], part(images, torch.Generator().manual_seed(6)))


@pytest.mark.parametrize("family", ["stylegan", "dcgan"])
def test_d_sees_nothing_that_was_not_augmented(family, cpu, monkeypatch):
    """Real and fake in D's turn, fake in G's, each through an augmentation of its own."""
    module = {"stylegan": stylegan, "dcgan": dcgan}[family]
    seen = []

    def white(images, generator):
        seen.append(images)
        return 0 * images + 1  # D sees white, whatever it is handed

    monkeypatch.setattr(module, "augment", white)
    pictures = torch.randint(256, (8, 3, 16, 16), dtype=torch.uint8)
    if family == "stylegan":
        config = stylegan.StyleGANConfig(
            n_steps=1, batch_size=4, img_resolution=16, channel_base=64, channel_max=6, augment=True
        )
        training = stylegan.build_stylegan(config, pictures, seed=0, runtime=cpu)
    else:
        config = dcgan.DCGANConfig(
            n_steps=1,
            batch_size=4,
            img_resolution=16,
            img_channels=3,
            base_channels=4,
            augment=True,
        )
        training = dcgan.build_dcgan(config, pictures, seed=0, runtime=cpu)
    handed = []
    training.step.D.register_forward_pre_hook(lambda _, arguments: handed.append(arguments[0]))
    training.step(next(training.batches))
    assert len(handed) == len(seen) == 3
    assert all((images == 1).all() for images in handed)
    assert not seen[0].requires_grad or family == "stylegan"  # R1 derives in the real pictures
    assert seen[2].grad_fn is not None, "G's gradient comes back through it"
