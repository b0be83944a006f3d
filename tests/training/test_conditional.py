from dataclasses import replace

import pytest
import torch

from gan_course.data.cats import SPACE
from gan_course.models.conditional import UNTOLD
from gan_course.models.progressive import upsample
from gan_course.training.conditional import (
    build_conditional_stylegan,
    enlarge,
)
from gan_course.training.loop import fit
from gan_course.training.stylegan import StyleGANConfig, build_stylegan, make_stylegan

CONFIG = StyleGANConfig(
    n_steps=4,
    architecture="stylegan2",
    batch_size=4,
    img_resolution=16,
    z_dim=4,
    w_dim=6,
    n_mapping=2,
    channel_base=64,
    channel_max=6,
    d_channel_base=64,
    positions=True,
    factors=(3, 2),
    loss="relativistic",
    r1_every=2,
    r2_gamma=1.0,
)
VALUES = torch.tensor([[0, 1], [2, 0], [1, 1], [0, 0], [2, 1], [1, 0], [0, 1], [2, 0]])


@pytest.fixture
def build(cpu):
    def make(values=VALUES, **changes):
        config = replace(CONFIG, **changes)
        side = config.img_resolution
        generator = torch.Generator().manual_seed(0)
        images = torch.randint(256, (8, 3, side, side), generator=generator, dtype=torch.uint8)
        return build_conditional_stylegan(config, images, values, seed=0, runtime=cpu, n_preview=2)

    return make


def weights(network):
    return torch.cat([weight.detach().flatten() for weight in network.parameters()])


def test_a_step_moves_both_networks_and_what_they_are_told_matters(build):
    training = build()
    G, D = training.step.G, training.step.D
    before = {name: weights(network) for name, network in (("G", G), ("D", D))}
    told = [D.embed.weight.detach().clone(), G.mapping.embed.weight.detach().clone()]
    losses = training.step(next(training.batches))
    assert set(losses) == {"loss_D", "loss_G", "fit", "r1"}
    assert all(value.isfinite() for value in losses.values())
    assert (weights(G) != before["G"]).any() and (weights(D) != before["D"]).any()
    assert (D.embed.weight != told[0]).any() and (G.mapping.embed.weight != told[1]).any()


def test_batches_bring_each_picture_with_its_own_values(build):
    training = build()
    images = training.batches.batches.images
    for _ in range(3):  # over the end of an epoch
        pictures, values = next(training.batches)
        for picture, row in zip(pictures, values, strict=True):
            which = [k for k in range(8) if torch.equal(picture, images[k] / 127.5 - 1)]
            assert len(which) == 1 and torch.equal(VALUES[which[0]], row)


def test_one_half_is_told_and_the_other_mixes_styles(build):
    step = build().step
    step.values = VALUES[:4]
    step.told = step.values.clone()
    step.told[1::2] = UNTOLD
    ws = step.styles(4)
    one_style = (ws == ws[:, :1]).all(2).all(1)
    assert one_style.tolist() == [True, False, True, False]


def test_one_wrong_changes_one_value_of_each_row_to_another_that_exists(build):
    step = build(values=VALUES).step
    step.values = VALUES.repeat(50, 1)
    wrong = step.one_wrong()
    assert ((wrong != step.values).sum(1) == 1).all()
    assert ((wrong >= 0) & (wrong < torch.tensor(CONFIG.factors))).all()
    changed = (wrong != step.values).double().mean(0)
    assert changed.tolist() == pytest.approx([0.5, 0.5], abs=0.1)


def test_d_learns_alone_at_first(build):
    training = build(d_first=2)
    before = weights(training.step.G)
    fit(training.step, training.batches, n_steps=2)
    assert torch.equal(weights(training.step.G), before)
    fit(training.step, training.batches, n_steps=3)
    assert not torch.equal(weights(training.step.G), before)


def test_a_training_that_was_cut_off_goes_on_bit_for_bit(build):
    whole, first, rest = build(), build(), build()
    fit(whole.step, whole.batches, n_steps=4)
    fit(first.step, first.batches, n_steps=2)
    rest.load_state_dict(first.state_dict())
    fit(rest.step, rest.batches, n_steps=4)
    assert torch.equal(weights(whole.step.G_ema), weights(rest.step.G_ema))


@pytest.mark.parametrize("values", [VALUES[:7], VALUES[:, :1], VALUES + 1, VALUES - 1])
def test_values_that_do_not_fit_are_refused(build, values):
    with pytest.raises(ValueError, match="give one from 0 for each of 8 pictures"):
        build(values=values)


def test_the_enlarged_network_begins_with_the_small_ones_pictures(build):
    small, large = build(), build(img_resolution=32, top_position=16)
    fit(small.step, small.batches, n_steps=2)
    enlarge(small.step, large.step)
    z = torch.randn(3, 4, generator=torch.Generator().manual_seed(0))
    for name in ("G", "G_ema"):
        with torch.no_grad():
            little, big = (getattr(one.step, name)(z, noise="const") for one in (small, large))
        torch.testing.assert_close(big, upsample(little))
    for kept in ("conv.weight", "dense.weight", "embed.weight"):
        assert torch.equal(*(dict(one.step.D.named_parameters())[kept] for one in (small, large)))
    assert torch.equal(small.step.D.blocks[0].keep.weight, large.step.D.blocks[1].keep.weight)
    fit(large.step, large.batches, n_steps=1)


def test_only_twice_the_size_can_follow(build):
    with pytest.raises(ValueError, match="from 16 to 16 px"):
        enlarge(build().step, build().step)


def test_g_that_reads_factors_from_z_is_trained_without_telling_d_too(cpu):
    """So `train --init` can start from such weights, on pictures of which nothing is known."""
    images = torch.randint(256, (8, 3, 16, 16), dtype=torch.uint8)
    training = build_stylegan(CONFIG, images, seed=0, runtime=cpu, n_preview=2)
    before = weights(training.step.G)
    fit(training.step, training.batches, n_steps=2)
    assert not torch.equal(weights(training.step.G), before)


def test_stylegan_1_has_no_factors():
    with pytest.raises(ValueError, match="no factors"):
        make_stylegan(StyleGANConfig(n_steps=1, factors=(2, 2)))


def test_positions_end_at_the_top_one():
    G, D = make_stylegan(replace(CONFIG, img_resolution=32, top_position=16))
    assert set(G.synthesis.positions) == set(D.positions) == {"8", "16"}
    G, D = make_stylegan(replace(CONFIG, img_resolution=32))
    assert set(G.synthesis.positions) == set(D.positions) == {"8", "16", "32"}


def test_the_cats_have_the_sizes_that_their_recipe_says():
    from maintain.weights.stylegans import BEFORE, STYLEGANS

    assert STYLEGANS["cats"].factors == BEFORE["cats"].factors == SPACE.sizes
    assert STYLEGANS["cats"].img_resolution == 2 * BEFORE["cats"].img_resolution
