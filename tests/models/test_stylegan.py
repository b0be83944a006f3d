import copy
import math

import by_hand
import pytest
import torch
from by_hand import drawn, shaken
from torch.autograd import gradcheck, gradgradcheck
from torch.nn.functional import avg_pool2d

from gan_course.models.progressive import EqualConv2d, downsample_for_growth, upsample
from gan_course.models.stylegan import (
    MappingNetwork,
    StyleGANDiscriminator,
    StyleGANGenerator,
    SynthesisLayer,
    SynthesisNetwork,
    adain,
    mix_styles,
    noise_maps,
)

SMALL = {"img_resolution": 8, "channel_base": 16, "channel_max": 3}  # 3 features at 4 px, 2 at 8 px
MEDIUM = {"img_resolution": 32, "channel_base": 512, "channel_max": 32}
LEAKY = math.sqrt(2)  # He's gain
ORDERS = [torch.contiguous_format, torch.channels_last]


@pytest.fixture
def in_float64(monkeypatch):
    """`.float()` lifts bfloat16; here it must keep float64, or rounding would hide the formula."""
    monkeypatch.setattr(torch.Tensor, "float", lambda x: x)


def same(found, expected, tolerance=1e-9):
    assert found.shape == expected.shape
    assert torch.allclose(found, expected, rtol=tolerance, atol=tolerance), (
        (found - expected).abs().max()
    )


def generator(seed=0, z_dim=8, n_mapping=2, **changes):
    torch.manual_seed(seed)
    return StyleGANGenerator(
        SynthesisNetwork(**MEDIUM | {"w_dim": z_dim} | changes), z_dim=z_dim, n_mapping=n_mapping
    )


def noise_for(synthesis, n=2, seed=5):
    return [
        drawn(n, 1, r, r, seed=seed + j)
        for j, r in enumerate(layer.resolution for layer in synthesis.layers)
    ]


# --- AdaIN


@pytest.mark.parametrize("order", ORDERS)
def test_adain_by_hand(in_float64, order):
    x, scale, shift = 3 * drawn(2, 3, 4, 5) + 2, drawn(2, 3, seed=1), drawn(2, 3, seed=2)
    y = adain(x.contiguous(memory_format=order), scale, shift)
    same(y, by_hand.adain(x, scale, shift))
    assert y.is_contiguous(memory_format=order)
    same(y.mean((2, 3)), shift)
    same(y.std((2, 3), correction=0), scale.abs(), 1e-6)  # eps


@pytest.mark.parametrize("order", ORDERS)
def test_adain_forgets_scale_and_shift_of_its_input(order):
    x, one = torch.randn(2, 3, 6, 6).contiguous(memory_format=order), torch.ones(2, 3)
    assert torch.allclose(adain(5 * x - 7, one, 0 * one), adain(x, one, 0 * one), atol=1e-5)
    # a sign it does not forget
    assert torch.allclose(adain(-x, one, 0 * one), -adain(x, one, 0 * one), atol=1e-5)
    assert (adain(1e-6 * x, one, 0 * one).std((2, 3)) < 0.1).all()  # nor a variance below eps


@pytest.mark.parametrize("order", ORDERS)
def test_adain_of_an_even_channel_is_its_shift(order):
    x, scale, shift = (
        torch.full((2, 3, 4, 4), 0.3).contiguous(memory_format=order),
        torch.ones(2, 3),
        torch.randn(2, 3),
    )
    assert torch.allclose(adain(x, scale, shift), shift[:, :, None, None].expand_as(x), atol=1e-2)


@pytest.mark.parametrize("order", ORDERS)
def test_first_and_second_derivatives_of_adain(in_float64, order):
    x = drawn(2, 2, 2, 3).contiguous(memory_format=order)
    inputs = [one.requires_grad_() for one in (x, drawn(2, 2, seed=1), drawn(2, 2, seed=2))]
    assert gradcheck(adain, inputs) and gradgradcheck(adain, inputs)


# --- One layer


def by_hand_layer(layer, x, w, noise):
    """Figure 1b of the paper: enlarge, convolve, add noise, bias, leaky units, style."""
    if layer.up:
        x = by_hand.doubled(x, smooth=layer.smooth)
    if layer.conv is not None:
        x = by_hand.convolved(x, layer.conv.weight * math.sqrt(2 / (9 * x.shape[1])))
    if layer.noise_strength is not None and noise is not None:
        x = x + layer.noise_strength[None, :, None, None] * noise
    x = by_hand.leaky(x + layer.bias[None, :, None, None])
    if layer.affine is None:
        return by_hand.pixel_normed(x)
    y = by_hand.dense(w, layer.affine.weight / math.sqrt(w.shape[1]), layer.affine.bias)
    return by_hand.adain(x, 1 + y[:, : x.shape[1]], y[:, x.shape[1] :])


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"up": True},
        {"up": True, "smooth": False},
        {"n_in": None},
        {"styles": False},
        {"noise": False},
    ],
    ids=str,
)
def test_a_layer_by_hand(in_float64, changes, order):
    side = 8 if changes.get("up") else 4
    layer = shaken(
        SynthesisLayer(**{"n_in": 3, "n_out": 2, "w_dim": 5, "resolution": side} | changes)
    )
    x, w = (
        drawn(2, 2 if "n_in" in changes else 3, 4, 4).contiguous(memory_format=order),
        drawn(2, 5, seed=1),
    )
    maps = drawn(2, 1, side, side, seed=2)
    same(layer(x, w, maps), by_hand_layer(layer, x, w, maps))
    same(layer(x, w, "none"), by_hand_layer(layer, x, w, None))
    layer.double()
    same(layer(x, w, "const"), by_hand_layer(layer, x, w, layer.noise_const[None, None]))


def test_noise_is_one_new_map_a_picture_at_every_call():
    layer = SynthesisLayer(3, 4, w_dim=2, resolution=64)
    x = torch.zeros(6, 4, 64, 64)
    torch.manual_seed(0)
    maps, again = (noise_maps(layer.noise_const, x, "random") for _ in range(2))
    assert maps.shape == (6, 1, 64, 64)
    # 5 sigma
    assert (
        torch.corrcoef(torch.cat([maps, again]).flatten(1)).fill_diagonal_(0).abs().max() < 5 / 64
    )
    assert maps.mean().abs() < 0.03 and maps.std().item() == pytest.approx(1, abs=0.03)
    assert torch.equal(noise_maps(layer.noise_const, x, "const")[0, 0], layer.noise_const)
    with pytest.raises(ValueError, match="noise is 'fixed': choose 'random', 'const' or 'none'"):
        layer(torch.zeros(1, 3, 64, 64), torch.zeros(1, 2), "fixed")


def test_noise_begins_without_strength_and_a_strength_drawn_from_n_0_1_would_not():
    """The deeplearning.ai GANs Specialization draws the strengths from N(0, 1).

    The official code begins at 0.
    """
    G, z = generator(), torch.randn(4, 8, generator=torch.Generator().manual_seed(0))
    strengths = [p for name, p in G.named_parameters() if name.endswith("noise_strength")]
    assert len(strengths) == 8 and all(not p.any() for p in strengths)
    quiet = G(z, noise="none")
    assert torch.equal(G(z), quiet) and torch.equal(G(z, noise="const"), quiet)
    for p in strengths:
        p.data.normal_()
    assert (G(z) - quiet).square().mean() > 0.2 * quiet.var()


# --- Noise and styles reach the layers that they are for


def test_each_layer_gets_its_own_style_and_its_own_noise():
    """A published StyleGAN shares one noise map between both layers of a block.

    The official code has one a layer.
    """
    synthesis, seen = generator().synthesis, []
    for layer in synthesis.layers:
        layer.register_forward_pre_hook(lambda _, given: seen.append(given[1:]))
    ws, maps = torch.randn(2, 8, 8), [one.float() for one in noise_for(synthesis)]
    synthesis(ws, noise=maps)
    assert len(seen) == 8
    for j, (w, noise) in enumerate(seen):
        assert torch.equal(w, ws[:, j]) and noise is maps[j]


def test_random_and_constant_noise_differ_between_the_layers_of_a_block(monkeypatch):
    synthesis, seen = generator().synthesis, []

    def spied(kept, x, noise):
        seen.append(noise_maps(kept, x, noise))
        return seen[-1]

    monkeypatch.setattr("gan_course.models.stylegan.noise_maps", spied)
    for noise in ("random", "const"):
        seen.clear()
        synthesis(torch.randn(2, 8, 8), noise=noise)
        assert all(
            a.shape == b.shape and (a - b).std() > 1
            for a, b in zip(seen[::2], seen[1::2], strict=True)
        )


def test_one_map_for_both_layers_of_a_block_is_another_picture(in_float64):
    synthesis = shaken(generator().synthesis)
    ws, maps = drawn(2, 8, 8), noise_for(synthesis)
    shared = [maps[j - j % 2] for j in range(8)]
    ours, published = synthesis(ws, noise=maps), synthesis(ws, noise=shared)
    assert (ours - published).abs().mean() > 0.1 * ours.std()


# --- The synthesis network, and how it grows


def by_hand_picture(synthesis, ws, maps, *, resolution, alpha):
    """Karras et al.

    2018, figure 2, with the layers of 2019: the old picture enlarged, the new one, alpha between.
    """
    if synthesis.const is not None:
        x = synthesis.const.detach().expand(len(ws), -1, -1, -1)
    else:
        gain = math.sqrt(2) / 4 / math.sqrt(ws.shape[2])
        x = by_hand.dense(ws[:, 0], synthesis.dense.weight * gain, synthesis.dense.bias).view(
            len(ws), -1, 4, 4
        )
    pictures = []
    for k in range(int(math.log2(resolution)) - 1):
        for j in (2 * k, 2 * k + 1):
            x = by_hand_layer(synthesis.layers[j], x, ws[:, j], maps[j])
        rgb = synthesis.to_rgb[k]
        pictures.append(by_hand.convolved(x, rgb.weight / math.sqrt(x.shape[1]), rgb.bias))
    if len(pictures) == 1 or alpha == 1:
        return pictures[-1]
    return (1 - alpha) * by_hand.doubled(pictures[-2], smooth=False) + alpha * pictures[-1]


@pytest.mark.parametrize(("resolution", "alpha"), [(4, 1.0), (4, 0.3), (8, 1.0), (8, 0.3)])
@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"constant": False},
        {"styles": False, "constant": False, "noise": False, "smooth": False},
    ],
    ids=["E", "no constant", "A"],
)
def test_a_picture_by_hand(in_float64, changes, resolution, alpha):
    synthesis = shaken(SynthesisNetwork(**SMALL, w_dim=3, **changes))
    ws, maps = drawn(2, synthesis.num_ws, 3), noise_for(synthesis)
    expected = by_hand_picture(synthesis, ws, maps, resolution=resolution, alpha=alpha)
    same(synthesis(ws, resolution=resolution, alpha=alpha, noise=maps), expected)


def test_a_new_resolution_begins_as_the_old_picture_enlarged_and_ends_as_itself():
    """So nothing jumps when G grows, and nothing of the new block is lost."""
    synthesis = generator().synthesis
    ws = torch.randn(2, 8, 8)
    old, new = (synthesis(ws, resolution=r, noise="none") for r in (8, 16))
    larger = upsample(old, smooth=False)
    assert torch.allclose(synthesis(ws, resolution=16, alpha=0.0, noise="none"), larger, atol=1e-5)
    half = synthesis(ws, resolution=16, alpha=0.5, noise="none")
    assert torch.allclose(half, (larger + new) / 2, atol=1e-5)


def test_at_the_start_of_a_fade_d_cannot_tell_that_anything_has_grown():
    """Neither by a fake nor by a real picture.

    If G enlarged smoothly, D would see fakes alone become blurred.
    """
    synthesis = generator().synthesis
    D, ws, real = StyleGANDiscriminator(**MEDIUM), torch.randn(4, 8, 8), torch.randn(4, 3, 32, 32)
    old, new = (
        synthesis(ws, resolution=8, noise="none"),
        synthesis(ws, resolution=16, alpha=0.0, noise="none"),
    )
    assert torch.allclose(D(new, alpha=0.0), D(old), atol=1e-5)
    assert torch.allclose(
        D(downsample_for_growth(real, 16, 0.0), alpha=0.0),
        D(downsample_for_growth(real, 8, 1.0)),
        atol=1e-5,
    )


def test_blocks_that_are_not_there_yet_learn_nothing():
    G = generator()
    G(torch.randn(2, 8), resolution=8, alpha=0.5).sum().backward()
    learned = {name for name, p in G.synthesis.named_parameters() if p.grad is not None}
    young = {f"layers.{j}." for j in (0, 1, 2, 3)} | {"to_rgb.0.", "to_rgb.1.", "const"}
    assert all(any(name.startswith(one) for one in young) for name in learned)
    assert {"layers.3.conv.weight", "to_rgb.0.weight", "to_rgb.1.weight", "const"} <= learned


def test_what_becomes_rgb_is_linear_in_the_features():
    """The annotated papers of labml put a LeakyReLU on it: then no colour could go below a fifth of
    the highest.
    """
    G, given = generator(), {}
    to_rgb = G.synthesis.to_rgb[-1]
    to_rgb.register_forward_hook(lambda _, inputs, output: given.update(x=inputs[0], y=output))
    image = G(torch.randn(2, 8, generator=torch.Generator().manual_seed(0)))
    linear = torch.einsum(
        "oi,nihw->nohw", to_rgb.weight[..., 0, 0] / math.sqrt(given["x"].shape[1]), given["x"]
    )
    assert torch.allclose(image, linear + to_rgb.bias[:, None, None], atol=1e-5)
    assert torch.equal(image, given["y"]) and image.min() < -0.5 * image.max()
    assert not torch.allclose(image, by_hand.leaky(image), atol=0.1)
    assert isinstance(to_rgb, EqualConv2d) and to_rgb.scale == pytest.approx(
        1 / math.sqrt(given["x"].shape[1])
    )


def test_as_many_parameters_as_in_the_paper():
    """Figure 1: 26.2 million, and 23.1 million in the traditional generator."""
    size = {"img_resolution": 1024, "channel_base": 16_384, "channel_max": 512, "w_dim": 512}
    with torch.device("meta"):
        style = StyleGANGenerator(SynthesisNetwork(**size), z_dim=512)
        plain = SynthesisNetwork(**size, styles=False, constant=False, noise=False)
        traditional = StyleGANGenerator(plain, z_dim=512, n_mapping=0)
    assert style.num_ws == 18
    assert sum(p.numel() for p in style.parameters()) / 1e6 == pytest.approx(26.2, abs=0.05)
    assert sum(p.numel() for p in traditional.parameters()) / 1e6 == pytest.approx(23.1, abs=0.05)


# --- The mapping network and truncation


@pytest.mark.parametrize("n_layers", [0, 1, 3])
def test_the_mapping_by_hand(in_float64, n_layers):
    mapping = shaken(
        MappingNetwork(z_dim=4, w_dim=4 if n_layers == 0 else 3, n_layers=n_layers), size=20
    )
    z = drawn(5, 4)
    expected = by_hand.pixel_normed(z)
    for layer in mapping.layers:
        # He's constant, and the learning rate's
        weight = layer.weight * math.sqrt(2 / expected.shape[1]) * 0.01
        expected = by_hand.leaky(by_hand.dense(expected, weight, layer.bias * 0.01))
    same(mapping(z), expected)


def test_without_layers_z_and_w_have_one_size():
    with pytest.raises(ValueError, match="w_dim must be 4, not 5"):
        MappingNetwork(z_dim=4, w_dim=5, n_layers=0)


def test_the_mapping_stays_in_float32_under_autocast():
    mapping = MappingNetwork(z_dim=8, w_dim=8, n_layers=2)
    z = torch.randn(4, 8)
    with torch.autocast("cpu", torch.bfloat16):
        w = mapping(z)
    assert w.dtype == torch.float32 and torch.equal(w, mapping(z))


def test_the_mean_of_w_by_hand():
    mapping = MappingNetwork(z_dim=2, w_dim=2, n_layers=1, w_avg_decay=0.9)
    batches, mean = drawn(3, 4, 2).float(), [0.0, 0.0]
    for batch in batches:
        mapping.track(batch)
        mean = [0.9 * old + 0.1 * sum(batch[:, k].tolist()) / 4 for k, old in enumerate(mean)]
    assert mapping.w_avg.tolist() == pytest.approx(mean, abs=1e-6)
    assert not mapping.w_avg.requires_grad and "w_avg" in mapping.state_dict()
    as_published = MappingNetwork(z_dim=2, w_dim=2)
    assert as_published.w_avg_decay == 0.995 and len(as_published.layers) == 8


@pytest.mark.parametrize("cutoff", [None, 0, 3, 8])
@pytest.mark.parametrize("psi", [1.0, 0.7, 0.0, -1.0])
def test_truncation_by_hand(psi, cutoff):
    G, z = generator(), torch.randn(4, 8, generator=torch.Generator().manual_seed(0))
    G.mapping.w_avg.normal_()
    ws, w, mean = (
        G.ws(z, truncation_psi=psi, truncation_cutoff=cutoff),
        G.mapping(z),
        G.mapping.w_avg,
    )
    assert ws.shape == (4, 8, 8)
    for layer in range(8):
        is_truncated = cutoff is None or layer < cutoff
        assert torch.allclose(
            ws[:, layer], mean + psi * (w - mean) if is_truncated else w, atol=1e-6
        )
    how = {"truncation_psi": psi, "truncation_cutoff": cutoff, "noise": "none"}
    assert torch.equal(G(z, **how), G.synthesis(ws, noise="none"))


def test_psi_of_zero_makes_one_picture_of_all():
    G = generator()
    G.mapping.w_avg.normal_()
    pictures = G(torch.randn(3, 8), truncation_psi=0.0, noise="none")
    assert torch.allclose(pictures[0], pictures[1], atol=1e-5) and torch.allclose(
        pictures[0], pictures[2], atol=1e-5
    )


def test_scaling_z_truncates_nothing_and_scaling_w_does():
    """The deeplearning.ai GANs Specialization truncates z.

    StyleGAN normalises z, and truncates w around its mean.
    """
    G, z = generator(), torch.randn(64, 8, generator=torch.Generator().manual_seed(0))
    for _ in range(200):
        G.mapping.track(G.mapping(torch.randn(64, 8)).detach())
    full = G(z, noise="none")
    assert (G(0.5 * z, noise="none") - full).abs().max() < 1e-3 * full.std()
    truncated = G(z, noise="none", truncation_psi=0.5)
    assert (truncated - full).abs().mean() > 0.1 * full.std()
    assert truncated.std(0).mean() < 0.8 * full.std(0).mean()  # less variety, which is the price


# --- Mixing


def test_mixing_by_hand():
    ws, others, crossover = drawn(4, 5, 3), drawn(4, 5, 3, seed=1), torch.tensor([1, 5, 3, 0])
    mixed = mix_styles(ws, others, crossover)
    for n in range(4):
        for layer in range(5):
            assert torch.equal(
                mixed[n, layer], ws[n, layer] if layer < crossover[n] else others[n, layer]
            )


# --- The discriminator


def by_hand_score(D, x, alpha, smooth=True):
    """From RGB, blocks that halve, the deviation of the batch, a convolution, two dense layers."""

    def convolved(layer, x, gain=LEAKY):
        weight = layer.weight * gain / math.sqrt(layer.weight[0].numel())
        return by_hand.convolved(x, weight, layer.bias)

    top = int(math.log2(x.shape[-1])) - 2
    y = by_hand.leaky(convolved(D.from_rgb[top], x))
    for k in range(top, 0, -1):
        y = by_hand.leaky(convolved(D.blocks[k - 1].keep, y))
        y = by_hand.blurred(y) if smooth else y
        y = by_hand.leaky(by_hand.halved(convolved(D.blocks[k - 1].halve, y)))
        if k == top:
            y = (1 - alpha) * by_hand.leaky(
                convolved(D.from_rgb[k - 1], by_hand.halved(x))
            ) + alpha * y
    y = by_hand.leaky(convolved(D.conv, by_hand.with_deviation(y, 2))).flatten(1)
    y = by_hand.leaky(by_hand.dense(y, D.dense.weight * math.sqrt(2 / y.shape[1]), D.dense.bias))
    return by_hand.dense(y, D.score.weight / math.sqrt(y.shape[1]), D.score.bias).flatten()


@pytest.mark.parametrize("smooth", [True, False])
@pytest.mark.parametrize(("resolution", "alpha"), [(4, 1.0), (4, 0.3), (8, 1.0), (8, 0.3)])
def test_a_score_by_hand(in_float64, resolution, alpha, smooth):
    D = shaken(StyleGANDiscriminator(**SMALL, group=2, smooth=smooth))
    x = drawn(2, 3, resolution, resolution)
    same(D(x, alpha=alpha), by_hand_score(D, x, alpha if resolution > 4 else 1.0, smooth))


def test_a_new_block_of_d_begins_as_if_it_were_not_there():
    torch.manual_seed(0)
    D, x = StyleGANDiscriminator(**MEDIUM), torch.randn(4, 3, 16, 16)
    assert torch.allclose(D(x, alpha=0.0), D(avg_pool2d(x, 2)), atol=1e-5)
    assert not torch.allclose(D(x, alpha=1.0), D(avg_pool2d(x, 2)), atol=1e-2)


def test_scores_are_one_number_a_picture_at_every_size_and_of_any_sign():
    torch.manual_seed(0)
    D = StyleGANDiscriminator(**MEDIUM)
    scores = [D(torch.randn(8, 3, r, r)) for r in (4, 8, 16, 32)]
    assert all(one.shape == (8,) and one.dtype == torch.float32 for one in scores)
    assert torch.cat(scores).min() < 0 < torch.cat(scores).max()
    with pytest.raises(ValueError):
        D(torch.randn(4, 3, 12, 12))


# --- What D is shown of real pictures


@pytest.mark.parametrize(
    ("resolution", "alpha"), [(4, 1.0), (4, 0.4), (8, 1.0), (8, 0.4), (16, 1.0), (16, 0.4)]
)
def test_grown_by_hand(resolution, alpha):
    x = drawn(2, 3, 16, 16)
    expected = x
    while expected.shape[-1] > resolution:
        expected = by_hand.halved(expected)
    if resolution > 4:  # at 4 px nothing fades in
        softer = by_hand.doubled(by_hand.halved(expected), smooth=False)
        expected = (1 - alpha) * softer + alpha * expected
    same(downsample_for_growth(x, resolution, alpha), expected)


# --- Fast paths, and bad input


def test_bfloat16_in_channels_last_order_is_near():
    """8 layers round to one part in 256, three times each.

    Such errors add like a walk, to sqrt(24), here doubled.
    """
    G = generator(noise=False)
    D = StyleGANDiscriminator(**MEDIUM)
    z, real = torch.randn(8, 8), torch.randn(8, 3, 32, 32)
    plain, scores = G(z), D(real)
    fast_G, fast_D = (copy.deepcopy(one).to(memory_format=torch.channels_last) for one in (G, D))
    with torch.autocast("cpu", torch.bfloat16):
        fast, fast_scores = fast_G(z), fast_D(real)
    assert fast.dtype == torch.float32
    assert (fast - plain).square().mean().sqrt() < 10 / 256 * plain.std()
    assert (fast_scores.float() - scores).abs().max() < 10 / 256 * max(1, scores.abs().max())


@pytest.mark.parametrize("network", [SynthesisNetwork, StyleGANDiscriminator])
@pytest.mark.parametrize("resolution", [0, 4, 24, 100])
def test_sizes_that_are_no_powers_of_two_are_refused(network, resolution):
    extra = {"w_dim": 4} if network is SynthesisNetwork else {}
    with pytest.raises(
        ValueError, match=f"img_resolution is {resolution}: choose a power of two from 8"
    ):
        network(img_resolution=resolution, channel_base=16, channel_max=2, **extra)


def test_what_nothing_would_listen_to_is_refused():
    with pytest.raises(ValueError, match="a constant start needs styles"):
        SynthesisNetwork(**SMALL, w_dim=4, styles=False)
    for resolution in (2, 12, 64):
        with pytest.raises(ValueError, match=f"resolution is {resolution}: choose one of"):
            generator()(torch.randn(1, 8), resolution=resolution)
