import copy
import io
import math
from dataclasses import replace

import pytest
import torch
from torch import nn

from gan_course.data.batches import to_float
from gan_course.models.progressive import downsample_for_growth
from gan_course.runtime import choose_runtime
from gan_course.training import stylegan
from gan_course.training.loop import fit
from gan_course.training.stylegan import (
    StyleGANConfig,
    StyleGANStep,
    build_stylegan,
    growth,
    lazy_adam,
    make_stylegan,
)

CONFIG = StyleGANConfig(
    n_steps=20,
    batch_size=4,
    img_resolution=16,
    z_dim=4,
    w_dim=4,
    n_mapping=2,
    channel_base=64,
    channel_max=6,
    d_channel_base=64,
    r1_every=4,
    pl_every=3,
    ema_decay=0.9,
)
# 4 px to step 3, fades at 3-6 and 10-13
GROWING = {"start_resolution": 4, "stable_steps": 3, "fade_steps": 4}
SECOND = {"architecture": "stylegan2", "pl_weight": 2.0}
FALLING = SECOND | {"lr_constant": 0.5}
BOTH = pytest.mark.parametrize(
    "changes", [{}, GROWING, SECOND], ids=["stylegan", "growing", "stylegan2"]
)


def pictures(n=8, side=16):
    return torch.randint(
        256, (n, 3, side, side), generator=torch.Generator().manual_seed(0), dtype=torch.uint8
    )


@pytest.fixture
def build(cpu):
    def make(seed=0, runtime=cpu, **changes):
        return build_stylegan(
            replace(CONFIG, **changes), pictures(), seed=seed, runtime=runtime, n_preview=2
        )

    return make


@pytest.fixture
def caught(monkeypatch):
    """Losses that would have been descended, by a step that stands still."""
    losses = []
    monkeypatch.setattr(
        stylegan, "descend", lambda loss, optimizer: losses.append((loss, optimizer))
    )
    return losses


def weights(network):
    return [p.detach().clone() for p in network.parameters()]


def changed(before, network):
    return any(not torch.equal(a, b) for a, b in zip(before, network.parameters(), strict=True))


def softplus(x):
    return torch.log1p(torch.exp(-x.abs())) + x.clamp_min(0)


def replayed(step, *, n=4):
    """The latents, styles, maps and fakes that the step would draw next.

    Its generator stays as it was.
    """
    state = step.generator.get_state()
    fake = step.sample(n, step.size()).detach()
    step.generator.set_state(state)
    return fake


# --- Growing and Adam


def test_growth_by_hand():
    config = replace(CONFIG, **GROWING)
    fade = [(k + 1) / 5 for k in range(4)]
    expected = (
        [(4, 1)] * 3
        + [(8, a) for a in fade]
        + [(8, 1)] * 3
        + [(16, a) for a in fade]
        + [(16, 1)] * 20
    )
    assert [growth(n, config) for n in range(34)] == expected


def test_growth_at_its_ends():
    assert growth(0, CONFIG) == (16, 1.0) and growth(10**6, CONFIG) == (16, 1.0)  # 0: no growing
    assert growth(0, replace(CONFIG, start_resolution=64)) == (16, 1.0)
    at_once = replace(CONFIG, start_resolution=4, stable_steps=2)  # no fades
    assert [growth(n, at_once) for n in range(6)] == [
        (4, 1),
        (4, 1),
        (8, 1),
        (8, 1),
        (16, 1),
        (16, 1),
    ]
    # no step for any size below the last
    assert growth(0, replace(CONFIG, start_resolution=4)) == (16, 1.0)


@pytest.mark.parametrize(("every", "share"), [(0, 1), (1, 1), (4, 4 / 5), (16, 16 / 17)])
def test_lazy_adam_by_hand(every, share):
    parameter = nn.Parameter(torch.tensor([2.0]))
    config = replace(CONFIG, lr=0.1, betas=(0.5, 0.9))
    optimizer = lazy_adam([parameter], config, every=every)
    rate, b1, b2 = 0.1 * share, 0.5**share, 0.9**share
    x, m, v = 2.0, 0.0, 0.0
    for t in range(1, 6):  # of the loss x^2
        m, v = b1 * m + (1 - b1) * 2 * x, b2 * v + (1 - b2) * 4 * x * x
        x -= rate * (m / (1 - b1**t)) / (math.sqrt(v / (1 - b2**t)) + 1e-8)
        optimizer.zero_grad()
        parameter.square().sum().backward()
        optimizer.step()
    assert parameter.item() == pytest.approx(x, rel=1e-5)


def test_each_optimiser_is_corrected_for_its_own_penalty(build):
    def rates(**changes):
        step = build(**changes).step
        return [one.param_groups[0]["lr"] / CONFIG.lr for one in (step.opt_G, step.opt_D)]

    assert rates() == pytest.approx([1, 4 / 5])
    assert rates(**SECOND) == pytest.approx([3 / 4, 4 / 5])
    assert rates(r1_gamma=0.0) == pytest.approx([1, 1])


# --- The losses of both updates


@BOTH
@pytest.mark.parametrize("n_done", [0, 1, 4, 5, 12])
def test_d_s_loss_is_the_paper_s_with_r1_every_so_many_steps(build, caught, changes, n_done):
    """The logistic loss.

    At step 0, 4, 8 ... gamma / 2 R1 in addition, four times as strong, and nothing in between.
    """
    step = build(**changes, r1_gamma=3.0).step
    step.n_done = n_done
    size = step.size()
    real, fake = downsample_for_growth(to_float(pictures(4)), *size), replayed(step)
    losses = step.update_D(real, size)
    ((loss, optimizer),) = caught
    assert optimizer is step.opt_D

    D = step.D if "architecture" in changes else lambda x: step.D(x, alpha=size[1])
    x = real.clone().requires_grad_()
    expected = softplus(-D(x)).mean() + softplus(D(fake)).mean()
    assert losses["loss_D"].item() == pytest.approx(expected.item(), rel=1e-5)
    if n_done % 4 == 0:
        # D looks at groups
        slopes = torch.stack([torch.autograd.grad(D(x)[n], x)[0] for n in range(4)]).sum(0)
        r1 = sum(one.square().sum() for one in slopes) / 4
        assert losses["r1"].item() == pytest.approx(r1.item(), rel=1e-4) and r1 > 0
        assert loss.item() == pytest.approx((expected + 3.0 / 2 * 4 * r1).item(), rel=1e-4)
    else:
        assert loss.item() == pytest.approx(expected.item(), rel=1e-5) and losses["r1"] == 0


@pytest.mark.parametrize("n_done", [4, 5])
def test_r1_reaches_the_weights_of_d_with_its_sign(build, caught, n_done):
    """The gradient of what is descended, less that of the logistic loss, points up R1's own."""
    step = build(r1_gamma=3.0).step
    step.n_done = n_done
    real, fake = to_float(pictures(4)), replayed(step)
    step.update_D(real, step.size())
    weight, x = step.D.conv.weight, real.clone().requires_grad_()
    game = softplus(-step.D(x)).mean() + softplus(step.D(fake)).mean()
    (slopes,) = torch.autograd.grad(step.D(x).sum(), x, create_graph=True)
    rest = torch.autograd.grad(caught[0][0], weight)[0] - torch.autograd.grad(game, weight)[0]
    of_r1 = torch.autograd.grad(slopes.square().sum() / 4, weight)[0]
    expected = 6 * of_r1 if n_done == 4 else torch.zeros_like(rest)
    assert torch.allclose(rest, expected, atol=1e-4 * of_r1.abs().max())


def test_without_gamma_there_is_no_r1(build, monkeypatch):
    monkeypatch.setattr(stylegan, "r1_penalty", None)
    training = build(r1_gamma=0.0)
    assert [row["r1"] for row in fit(training.step, training.batches, n_steps=5)] == [0] * 5


def test_r1_is_computed_every_so_many_steps_and_its_last_value_shown_in_between(build, monkeypatch):
    seen, whole = [], stylegan.r1_penalty

    def spied(real, logits):
        seen.append((training.step.n_done, whole(real, logits)))
        return seen[-1][1]

    monkeypatch.setattr(stylegan, "r1_penalty", spied)
    training = build()
    rows = fit(training.step, training.batches, n_steps=10)
    assert [n for n, _ in seen] == [0, 4, 8]
    values = [value.item() for _, value in seen]
    assert [row["r1"] for row in rows] == [values[k // 4] for k in range(10)]


@BOTH
@pytest.mark.parametrize("n_done", [0, 1, 3, 4])
def test_g_s_loss_is_the_paper_s_with_path_lengths_every_so_many_steps(
    build, caught, changes, n_done
):
    step = build(**changes).step
    step.n_done, step.pl_mean = n_done, torch.tensor(0.3)
    size = step.size()
    fake = replayed(step)
    losses = step.update_G(to_float(pictures(4)), size)
    ((loss, optimizer),) = caught
    assert optimizer is step.opt_G
    scores = step.D(fake) if "architecture" in changes else step.D(fake, alpha=size[1])
    expected = softplus(-scores).mean()
    assert losses["loss_G"].item() == pytest.approx(expected.item(), rel=1e-5)
    if changes is SECOND and n_done % 3 == 0:
        assert loss.item() > expected.item() and step.pl_mean != 0.3
    else:
        assert loss.item() == pytest.approx(expected.item(), rel=1e-5) and step.pl_mean == 0.3


def test_the_path_length_penalty_by_hand(build, caught):
    """pl_weight times (length - a)^2, threefold as it comes every third step.

    On half a batch; a moves first.
    """
    step = build(**SECOND, pl_decay=0.1).step
    step.pl_mean = torch.tensor(0.3)
    twin = copy.deepcopy(step.G)
    state = step.generator.get_state()
    step.sample(4, step.size())
    ws = step.styles(2)
    maps = step.noise_maps(2, 16)
    y = torch.randn(2, 3, 16, 16, generator=step.generator)
    step.generator.set_state(state)
    game = step.update_G(to_float(pictures(4)), step.size())["loss_G"].item()

    ws = ws.detach().requires_grad_()
    lengths = []
    for n in range(2):
        image = twin.synthesis(ws[n : n + 1], noise=[one[n : n + 1] for one in maps])
        (slopes,) = torch.autograd.grad((image * y[n : n + 1]).sum() / 16, ws)
        lengths.append(sum(slopes[n, layer].square().sum().item() for layer in range(6)) / 6)
    lengths = [math.sqrt(one) for one in lengths]
    a = 0.9 * 0.3 + 0.1 * sum(lengths) / 2
    assert step.pl_mean.item() == pytest.approx(a, rel=1e-4) and not step.pl_mean.requires_grad
    penalty = sum((one - a) ** 2 for one in lengths) / 2
    assert caught[0][0].item() == pytest.approx(game + 2.0 * 3 * penalty, rel=1e-4)


def test_the_path_length_penalty_changes_what_g_learns(build, caught):
    """With a weight that drowns the game, the gradient is the penalty's: zero if its graph were
    missing.
    """
    gradients = {}
    for pl_weight in (1e-9, 10.0):
        caught.clear()
        step = build(**SECOND | {"pl_weight": pl_weight}).step
        step.update_G(to_float(pictures(4)), step.size())
        weight = step.G.synthesis.layers[1].conv.weight
        (gradients[pl_weight],) = torch.autograd.grad(caught[0][0], weight)
    assert not torch.allclose(gradients[10.0], gradients[1e-9], rtol=0.1, atol=1e-6)


# --- Who learns, and who stands still


@BOTH
def test_the_update_of_d_leaves_g_alone(build, changes):
    training = build(**changes)
    step, before, own = training.step, weights(training.step.G), weights(training.step.D)
    step.update_D(downsample_for_growth(next(training.batches), *step.size()), step.size())
    assert not changed(before, step.G) and changed(own, step.D)
    # no gradient flowed back through the fakes
    assert all(p.grad is None for p in step.G.parameters())
    assert not step.G.mapping.w_avg.any()


@BOTH
def test_the_update_of_g_leaves_d_alone(build, changes):
    training = build(**changes)
    step = training.step
    step.update_D(downsample_for_growth(next(training.batches), *step.size()), step.size())
    before, own = weights(step.D), weights(step.G)
    gradients = [None if p.grad is None else p.grad.clone() for p in step.D.parameters()]
    step.update_G(to_float(pictures(4)), step.size())
    assert not changed(before, step.D) and changed(own, step.G)
    for old, p in zip(gradients, step.D.parameters(), strict=True):
        assert p.requires_grad and (old is None) == (p.grad is None)
        assert old is None or torch.equal(old, p.grad)


def test_each_update_lowers_its_own_loss(build):
    training = build()
    step, real = training.step, next(training.batches)
    losses = [step.update_D(real, step.size())["loss_D"].item() for _ in range(30)]
    assert sum(losses[-5:]) < sum(losses[:5])
    losses = [step.update_G(to_float(pictures(4)), step.size())["loss_G"].item() for _ in range(30)]
    assert sum(losses[-5:]) < sum(losses[:5])


def test_d_is_shown_real_pictures_of_the_size_of_the_fakes_and_as_soft(build, monkeypatch):
    training, seen, whole = build(**GROWING), [], StyleGANStep.run_D
    monkeypatch.setattr(
        StyleGANStep, "run_D", lambda *given: (seen.append(given[1:]), whole(*given))[1]
    )
    for n_done in range(15):
        seen.clear()
        real, size = next(training.batches), growth(n_done, training.step.config)
        training.step(real)
        assert len(seen) == 3  # real, fake, and the fake of G's update
        assert all(images.shape == (4, 3, size[0], size[0]) and at == size for images, at in seen)
        assert torch.equal(seen[0][0], downsample_for_growth(real, *size))


# --- Averages


def test_the_average_of_g_follows_by_hand(build):
    training = build()
    step, slow = training.step, weights(training.step.G)
    for _ in range(3):
        step(next(training.batches))
        slow = [0.9 * old + 0.1 * new for old, new in zip(slow, weights(step.G), strict=True)]
    assert changed(weights(step.G), step.G_ema)
    assert all(
        torch.allclose(a, b, atol=1e-6) for a, b in zip(slow, step.G_ema.parameters(), strict=True)
    )
    assert not any(p.requires_grad for p in step.G_ema.parameters())
    assert torch.equal(step.G_ema.mapping.w_avg, step.G.mapping.w_avg)


def test_the_mean_of_w_moves_once_a_step_towards_what_g_was_asked_for(build, monkeypatch):
    """Towards the first of the two w of each picture, before mixing: a random w like any other."""
    training, tracked, mapped = build(), [], []
    mapping = training.step.G.mapping
    whole = type(mapping).track
    monkeypatch.setattr(
        type(mapping), "track", lambda self, w: (tracked.append(w.clone()), whole(self, w))
    )
    mapping.register_forward_hook(lambda _, inputs, w: mapped.append(w.detach().clone()))
    expected = torch.zeros(4)
    for n in range(3):
        training.step(next(training.batches))
        assert len(tracked) == n + 1 and torch.equal(tracked[-1], mapped[-1][:4])
        expected = 0.995 * expected + 0.005 * tracked[-1].mean(0)
    assert torch.allclose(mapping.w_avg, expected, atol=1e-7) and expected.any()


def test_previews_are_the_average_s_at_full_size_whatever_has_grown(build):
    training = build(**GROWING)
    for n_done, block in ((0, 4), (4, 2), (12, 1)):
        training.step.n_done = n_done
        preview = training.preview()
        assert preview.shape == (2, 3, 16, 16) and preview.abs().max() <= 1
        assert torch.equal(preview, training.preview())
        small = preview[..., ::block, ::block]
        assert torch.equal(small.repeat_interleave(block, 2).repeat_interleave(block, 3), preview)
    before = training.preview()
    training.step.G.synthesis.const.data.normal_()
    assert torch.equal(training.preview(), before)  # G's weights do not enter


# --- Mixing and noise


def crossovers(ws):
    """For each picture, the first layer with another style than layer 0.

    The number of layers where none has.
    """
    is_other = (ws != ws[:, :1]).any(2)
    assert (is_other.diff(dim=1).sum(1) <= 1).all()  # one crossover, and no way back
    return torch.where(is_other.any(1), is_other.int().argmax(1), ws.shape[1])


def test_nine_of_ten_pictures_mix_two_styles_at_a_layer_of_their_own(build):
    """4,000 draws: 0.9 within 0.02 is 4 sigma."""
    crossover = crossovers(build(mixing=0.9).step.styles(4_000))
    mixed = crossover[crossover < 6]
    assert len(mixed) / 4_000 == pytest.approx(0.9, abs=0.02)
    shares = mixed.bincount(minlength=6) / len(mixed)
    assert shares[0] == 0 and (shares[1:] - 0.2).abs().max() < 0.03  # layers 1 to 5, each as often


@pytest.mark.parametrize(("n_done", "n_layers"), [(0, 2), (4, 4), (12, 6)])
def test_while_g_is_small_the_crossover_lies_within_it(build, n_done, n_layers):
    """Else most mixing would happen in layers that are not there yet.

    The official code draws below `cur_layers`.
    """
    step, seen, whole = build(mixing=1.0, **GROWING).step, [], stylegan.mix_styles
    step.n_done = n_done
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            stylegan,
            "mix_styles",
            lambda ws, others, at: (seen.append(at), whole(ws, others, at))[1],
        )
        for _ in range(20):
            step.sample(20, step.size())
    assert torch.cat(seen).unique().tolist() == list(range(1, n_layers))


def test_a_share_of_0_mixes_none_and_1_mixes_all(build):
    assert (crossovers(build(mixing=0.0).step.styles(2_000)) == 6).all()
    assert (crossovers(build(mixing=1.0).step.styles(2_000)) < 6).all()


def test_mixed_styles_are_those_of_two_latent_vectors(build):
    step, mapped = build(mixing=1.0).step, []
    step.G.mapping.register_forward_hook(lambda _, inputs, w: mapped.append((inputs[0], w)))
    ws = step.styles(5)
    ((z, w),) = mapped
    assert z.shape == (10, 4) and z.unique().numel() == 40
    for n in range(5):
        assert torch.equal(ws[n, 0], w[n]) and torch.equal(ws[n, -1], w[5 + n])


@BOTH
def test_each_layer_is_given_new_noise_of_its_own(build, changes):
    step, seen = build(**changes).step, []
    step.n_done = 40
    layers = step.G.synthesis.layers
    for layer in layers:
        layer.register_forward_pre_hook(lambda layer, given: seen.append((layer, given[2])))
    for _ in range(2):
        step.sample(4, step.size())
    assert len(seen) == 2 * len(layers)
    for layer, maps in seen:
        assert maps.shape == (4, 1, layer.resolution, layer.resolution)
    by_side = {}
    for _, maps in seen:
        by_side.setdefault(maps.shape[-1], []).append(maps)
    for same_size in by_side.values():
        for k, maps in enumerate(same_size):
            assert all(not torch.equal(maps, other) for other in same_size[:k])


def test_nothing_is_drawn_from_the_global_generator(build):
    rows = []
    for seed in (1, 2):
        training = build(**SECOND)
        torch.manual_seed(seed)
        before = torch.get_rng_state()
        rows.append(fit(training.step, training.batches, n_steps=4))
        assert torch.equal(torch.get_rng_state(), before)
    assert rows[0] == rows[1]


# --- Going on


def flat(value, prefix=""):
    if isinstance(value, dict):
        for key, item in value.items():
            yield from flat(item, f"{prefix}/{key}")
    elif isinstance(value, list | tuple):
        for number, item in enumerate(value):
            yield from flat(item, f"{prefix}/{number}")
    else:
        yield prefix, value


@pytest.mark.parametrize(
    "changes",
    [
        GROWING,
        {"n_mapping": 0, "styles": False, "constant": False, "noise": False, "smooth": False},
        {**SECOND, "lr_constant": 0.5},
    ],
    ids=["growing", "A", "stylegan2, falling rate"],
)
def test_twenty_steps_are_eleven_and_nine_bit_for_bit(build, changes):
    """11 lies in a fade, between two R1s and between two path lengths.

    The fresh build has another past.
    """
    straight, broken, again = build(**changes), build(**changes), build(**changes)
    expected = fit(straight.step, straight.batches, n_steps=20)
    rows = fit(broken.step, broken.batches, n_steps=11)
    file = io.BytesIO()
    torch.save(broken.state_dict(), file)
    file.seek(0)
    for _ in range(2):  # what these leave must be gone after loading
        again.step(next(again.batches))
    torch.manual_seed(99)
    again.load_state_dict(torch.load(file, weights_only=True))
    rows += fit(again.step, again.batches, n_steps=20)
    assert rows == expected
    if changes is GROWING:
        assert growth(11, straight.step.config) == (16, 0.4)
    if changes is FALLING:
        assert again.step.pl_mean > 0
    end, found = dict(flat(straight.state_dict())), dict(flat(again.state_dict()))
    assert end.keys() == found.keys()
    for name, value in end.items():
        assert (
            torch.equal(value, found[name])
            if isinstance(value, torch.Tensor)
            else value == found[name]
        ), name
    assert torch.equal(straight.preview(), again.preview())


def test_one_seed_one_training_and_another_another(build):
    rows = [
        fit(run.step, run.batches, n_steps=3)
        for run in (build(seed=3), build(seed=3), build(seed=4))
    ]
    assert rows[0] == rows[1] and rows[0] != rows[2]
    latents = [build(seed=seed).step.generator.get_state() for seed in (3, 4)]
    assert not torch.equal(*latents)


def test_building_leaves_the_global_random_state(build):
    torch.manual_seed(5)
    expected = torch.randn(3)
    torch.manual_seed(5)
    build()
    assert torch.equal(torch.randn(3), expected)


@BOTH
def test_fast_paths_agree_with_plain_float32(build, changes):
    """bfloat16 rounds each product to 8 bits: the losses of a first step, near log 2, agree to some
    hundredths.
    """
    rows = {}
    for precision in ("float32", "bfloat16"):
        training = build(runtime=choose_runtime("cpu", precision), **changes)
        rows[precision] = fit(training.step, training.batches, n_steps=1)[0]
    for name, value in rows["float32"].items():
        assert rows["bfloat16"][name] == pytest.approx(value, abs=0.05, rel=0.05), name


# --- Bad input


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"img_resolution": 24}, "img_resolution is 24: choose a power of two"),
        (
            {"architecture": "stylegan2", "img_resolution": 4},
            "img_resolution is 4: choose a power of two",
        ),
        (
            {"architecture": "stylegan3"},
            "architecture is 'stylegan3': choose 'stylegan' or 'stylegan2'",
        ),
        (SECOND | {"start_resolution": 4}, "stylegan2 does not grow"),
        (SECOND | {"styles": False}, "always has styles"),
        (SECOND | {"constant": False}, "a constant start"),
        (SECOND | {"smooth": False}, "and filters"),
        ({"styles": False}, "a constant start needs styles"),
        ({"n_mapping": 0, "w_dim": 5}, "w_dim must be 4, not 5"),
        ({"pl_weight": 2.0}, "stylegan has no path-length penalty"),
        ({"demodulate": False}, "no demodulation"),
        ({"positions": True}, "no positions"),
    ],
    ids=str,
)
def test_configurations_that_cannot_be_are_refused(changes, words):
    with pytest.raises(ValueError, match=words):
        make_stylegan(replace(CONFIG, **changes))


def test_batches_that_make_no_groups_and_pictures_of_another_size_are_refused(build, cpu):
    for batch_size in (5, 6, 10):
        with pytest.raises(ValueError, match=f"batch_size is {batch_size}: choose a multiple of 4"):
            build(batch_size=batch_size)
    for batch_size in (2, 3, 8):
        build(batch_size=batch_size).step(torch.zeros(batch_size, 3, 16, 16))
    with pytest.raises(ValueError, match=r"pictures are \(3, 32, 32\)"):
        build_stylegan(CONFIG, pictures(side=32), seed=0, runtime=cpu)


def test_growing_from_a_size_that_is_not_there_is_refused():
    for start in (-8, 2, 12):
        with pytest.raises(
            ValueError, match=f"start_resolution is {start}: choose a power of two from 4"
        ):
            make_stylegan(replace(CONFIG, start_resolution=start))
