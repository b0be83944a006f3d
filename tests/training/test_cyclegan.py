import copy
from dataclasses import replace
from itertools import product

import pytest
import torch
from torch.nn.functional import l1_loss

from gan_course.data.batches import to_float
from gan_course.runtime import choose_runtime
from gan_course.training.cyclegan import CycleGANConfig, build_cyclegan, make_discriminator
from gan_course.training.loop import fit
from gan_course.weights.trunk import load_trunk

CONFIG = CycleGANConfig(
    n_steps=20,
    batch_size=2,
    img_resolution=32,
    base_channels=4,
    n_blocks=1,
    d_base_channels=4,
    n_layers=1,
    lr=1e-3,
)
GENERATORS, DISCRIMINATORS = ("G_AB", "G_BA"), ("D_A", "D_B")


def pictures(n=6, seed=0, side=32):
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(256, (n, 3, side, side), generator=generator, dtype=torch.uint8)


@pytest.fixture
def build(cpu):
    def make(seed=0, runtime=cpu, **changes):
        return build_cyclegan(
            replace(CONFIG, **changes), pictures(), pictures(seed=1), seed=seed, runtime=runtime
        )

    return make


def weights(step, names):
    return {name: [p.detach().clone() for p in getattr(step, name).parameters()] for name in names}


def moved(before, step):
    """The networks of which any weight has changed."""
    return {
        name
        for name, old in before.items()
        if any(
            not torch.equal(a, b)
            for a, b in zip(old, getattr(step, name).parameters(), strict=True)
        )
    }


def without_gradient(step, names):
    return all(p.grad is None for name in names for p in getattr(step, name).parameters())


def plain_losses(step, real_A, real_B, cycle=10.0, identity=0.0):
    """Zhu et al. 2017, equations 1 to 4 with squares for logs, term by term.

    The parts of G and of D by name.
    """
    fake_B, fake_A = step.G_AB(real_A), step.G_BA(real_B)
    of_G = {
        "gan_B": ((step.D_B(fake_B) - 1) ** 2).mean(),
        "gan_A": ((step.D_A(fake_A) - 1) ** 2).mean(),
        "cycle_A": cycle * (step.G_BA(fake_B) - real_A).abs().mean(),
        "cycle_B": cycle * (step.G_AB(fake_A) - real_B).abs().mean(),
        "idt_A": identity * (step.G_BA(real_A) - real_A).abs().mean(),
        "idt_B": identity * (step.G_AB(real_B) - real_B).abs().mean(),
    }
    of_D = {
        "D_A": 0.5 * (((step.D_A(real_A) - 1) ** 2).mean() + (step.D_A(fake_A) ** 2).mean()),
        "D_B": 0.5 * (((step.D_B(real_B) - 1) ** 2).mean() + (step.D_B(fake_B) ** 2).mean()),
    }
    return of_G, of_D


@pytest.mark.parametrize("identity", [0.0, 5.0])
def test_losses_are_those_of_the_paper(build, identity):
    training = build(lambda_identity=identity)
    step, (real_A, real_B) = training.step, next(training.batches)
    of_G, of_D = plain_losses(step, real_A, real_B, identity=identity)
    on_D, fakes = dict(of_D), (step.G_BA(real_B).detach(), step.G_AB(real_A).detach())
    losses = step.update_D(real_A, real_B, *fakes)
    assert {name: value.item() for name, value in losses.items()} == pytest.approx(
        {name: value.item() for name, value in on_D.items()}, rel=1e-4
    )
    of_G, _ = plain_losses(step, real_A, real_B, identity=identity)  # D has moved
    losses, fake_A, fake_B = step.update_G(real_A, real_B)
    expected = {name: value.item() for name, value in of_G.items() if identity or "idt" not in name}
    assert {name: value.item() for name, value in losses.items()} == pytest.approx(
        expected, rel=1e-4
    )
    assert torch.allclose(fake_A, fakes[0], atol=1e-5) and torch.allclose(
        fake_B, fakes[1], atol=1e-5
    )
    assert not fake_A.requires_grad and not fake_B.requires_grad


def test_a_step_is_the_plain_step(build):
    """Four steps of ours, and of a loop written without any of our parts: the same weights.

    By plain gradient descent, because Adam makes a whole step of the rounding noise that is the
    gradient of a bias before InstanceNorm.
    """
    training = build(pool_size=0, n_steps=4, lr=0.02)
    step, plain = training.step, copy.deepcopy(training.step)
    step.opt_G, step.opt_D, opt_G, opt_D = (
        torch.optim.SGD([p for name in names for p in getattr(whose, name).parameters()], 0.02)
        for whose, names in product((step, plain), (GENERATORS, DISCRIMINATORS))
    )
    before = weights(step, (*GENERATORS, *DISCRIMINATORS))
    for rate in (0.02, 0.02, 0.02, 0.01):
        batch = next(training.batches)
        for group in (*opt_G.param_groups, *opt_D.param_groups):
            group["lr"] = rate
        fakes = {"A": plain.G_BA(batch[1]).detach(), "B": plain.G_AB(batch[0]).detach()}
        opt_G.zero_grad()
        sum(plain_losses(plain, *batch)[0].values()).backward()
        opt_G.step()
        opt_D.zero_grad()
        loss = sum(
            0.5 * (((D(real) - 1) ** 2).mean() + (D(fake) ** 2).mean())
            for D, real, fake in (
                (plain.D_A, batch[0], fakes["A"]),
                (plain.D_B, batch[1], fakes["B"]),
            )
        )
        loss.backward()
        opt_D.step()
        step(batch)
    for name in (*GENERATORS, *DISCRIMINATORS):
        for ours, theirs in zip(
            getattr(step, name).parameters(), getattr(plain, name).parameters(), strict=True
        ):
            assert torch.allclose(ours, theirs, atol=1e-5)
    assert moved(before, step) == {*GENERATORS, *DISCRIMINATORS}


def test_the_optimisers_are_those_of_the_paper(build):
    for optimizer in (build().step.opt_G, build().step.opt_D):
        assert isinstance(optimizer, torch.optim.Adam)
        assert (
            optimizer.defaults["betas"] == (0.5, 0.999) and optimizer.defaults["weight_decay"] == 0
        )
    paper = CycleGANConfig(n_steps=1)
    assert (paper.lr, paper.batch_size, paper.pool_size, paper.lr_constant) == (2e-4, 1, 50, 0.5)
    assert (paper.lambda_cycle, paper.lambda_identity, paper.r1_gamma, paper.ema_decay) == (
        10,
        0,
        0,
        0,
    )


def test_the_update_of_G_moves_both_generators_and_nothing_else(build):
    step, before = (
        (training := build()).step,
        weights(training.step, (*GENERATORS, *DISCRIMINATORS)),
    )
    step.update_G(*next(training.batches))
    assert moved(before, step) == set(GENERATORS)
    assert without_gradient(step, DISCRIMINATORS)
    assert all(p.requires_grad for name in DISCRIMINATORS for p in getattr(step, name).parameters())


def test_the_update_of_D_moves_both_discriminators_and_nothing_else(build):
    training = build()
    step, (real_A, real_B) = training.step, next(training.batches)
    before = weights(step, (*GENERATORS, *DISCRIMINATORS))
    # not detached by the caller
    step.update_D(real_A, real_B, step.G_BA(real_B), step.G_AB(real_A))
    assert moved(before, step) == set(DISCRIMINATORS)
    assert without_gradient(step, GENERATORS)


def test_the_optimisers_share_no_weight(build):
    step = build().step
    held = [
        {id(p) for group in opt.param_groups for p in group["params"]}
        for opt in (step.opt_G, step.opt_D)
    ]
    of = [
        {id(p) for name in names for p in getattr(step, name).parameters()}
        for names in (GENERATORS, DISCRIMINATORS)
    ]
    assert held == of and not held[0] & held[1]


@pytest.mark.parametrize(
    ("changes", "names"),
    [
        ({}, "gan_A gan_B cycle_A cycle_B D_A D_B"),
        ({"lambda_identity": 5.0}, "gan_A gan_B cycle_A cycle_B idt_A idt_B D_A D_B"),
        ({"lambda_cycle": 0.0}, "gan_A gan_B D_A D_B"),
        ({"lambda_gan": 0.0}, "cycle_A cycle_B"),
        ({"backward": False}, "gan_A gan_B cycle_A D_A D_B"),
        ({"forward": False}, "gan_A gan_B cycle_B D_A D_B"),
    ],
)
def test_what_is_switched_off_is_not_computed(build, changes, names):
    training = build(**changes)
    assert list(training.step(next(training.batches))) == names.split()


def test_without_the_cycle_the_two_generators_do_not_know_of_each_other(build):
    """G_AB's gradient must be that of its own GAN term."""
    training = build(lambda_cycle=0.0)
    step, (real_A, real_B) = training.step, next(training.batches)
    loss = ((step.D_B(step.G_AB(real_A)) - 1) ** 2).mean()
    expected = torch.autograd.grad(loss, list(step.G_AB.parameters()))
    step.update_G(real_A, real_B)
    assert all(
        torch.allclose(a, p.grad, atol=1e-5)
        for a, p in zip(expected, step.G_AB.parameters(), strict=True)
    )


@pytest.mark.parametrize(
    ("changes", "first"), [({"backward": False}, "A"), ({"forward": False}, "B")]
)
def test_one_half_of_the_cycle_starts_in_one_domain(build, changes, first):
    training = build(lambda_gan=0.0, **changes)
    step, (real_A, real_B) = training.step, next(training.batches)
    rounds = {"A": (step.G_AB, step.G_BA, real_A), "B": (step.G_BA, step.G_AB, real_B)}
    there, back, real = rounds[first]
    expected = 10 * l1_loss(back(there(real)), real).item()
    losses, _, _ = step.update_G(real_A, real_B)
    assert {name: value.item() for name, value in losses.items()} == pytest.approx(
        {f"cycle_{first}": expected}
    )


def test_a_switched_off_GAN_leaves_the_discriminators_where_they_are(build):
    training = build(lambda_gan=0.0)
    before = weights(training.step, DISCRIMINATORS)
    training.step(next(training.batches))
    assert moved(before, training.step) == set()


def test_the_schedule_reaches_both_optimisers(build):
    training = build(n_steps=8, lr_ratio=2.0)
    rates = []
    for _ in range(8):
        training.step(next(training.batches))
        rates.append(
            [opt.param_groups[0]["lr"] for opt in (training.step.opt_G, training.step.opt_D)]
        )
    falling = [1, 1, 1, 1, 1, 0.75, 0.5, 0.25]
    assert [rate for rate, _ in rates] == pytest.approx([1e-3 * share for share in falling])
    assert [rate for _, rate in rates] == pytest.approx([2e-3 * share for share in falling])


def test_the_weights_feel_the_schedule(build):
    """A step in the middle of a run that is over moves no weight."""
    training = build(n_steps=8)
    training.step.n_done = 8
    before = weights(training.step, (*GENERATORS, *DISCRIMINATORS))
    training.step(next(training.batches))
    assert moved(before, training.step) == set()


def test_each_discriminator_is_shown_the_pool_of_its_own_domain(build):
    training = build(pool_size=4)
    fakes = {"pool_A": [], "pool_B": []}
    update_D = training.step.update_D

    def keep(real_A, real_B, fake_A, fake_B):
        fakes["pool_A"].append(fake_A)
        fakes["pool_B"].append(fake_B)
        return update_D(real_A, real_B, fake_A, fake_B)

    training.step.update_D = keep
    for _ in range(12):
        training.step(next(training.batches))
    for name, seen in fakes.items():
        kept = getattr(training.step, name).images
        assert len(kept) == 4
        assert all(any(torch.equal(image, one) for one in torch.cat(seen)) for image in kept)
        assert any(not any(torch.equal(image, one) for one in seen[-1]) for image in kept)


def test_D_is_trained_on_what_the_pool_hands_back(build):
    training = build()
    step, (real_A, real_B) = training.step, next(training.batches)
    old = torch.full_like(real_A, 0.3)
    step.pool_A.query = step.pool_B.query = lambda images: old
    with torch.no_grad():
        expected = 0.5 * (((step.D_A(real_A) - 1) ** 2).mean() + (step.D_A(old) ** 2).mean())
    losses = step.update_D(real_A, real_B, torch.zeros_like(old), torch.zeros_like(old))
    assert losses["D_A"].item() == pytest.approx(expected.item(), rel=1e-4)


def test_r1_is_added_to_the_objective_of_D(build):
    training = build(r1_gamma=4.0)
    step, (real_A, real_B) = training.step, next(training.batches)
    fake = torch.zeros_like(real_A)
    asked = real_A.clone().requires_grad_()
    slope = torch.autograd.grad(step.D_A(asked).mean((1, 2, 3)).sum(), asked)[0]
    with torch.no_grad():
        plain = 0.5 * (((step.D_A(real_A) - 1) ** 2).mean() + (step.D_A(fake) ** 2).mean())
    expected = plain + 4.0 / 2 * slope.square().sum((1, 2, 3)).mean()
    assert step.update_D(real_A, real_B, fake, fake)["D_A"].item() == pytest.approx(
        expected.item(), rel=1e-4
    )


def test_the_average_is_kept_where_it_is_asked_for_and_is_what_is_used(build):
    assert build().step.averages == {}
    training = build(ema_decay=0.5)
    step = training.step
    old = step.G_AB.model[1].weight.detach().clone()
    step(next(training.batches))
    expected = 0.5 * old + 0.5 * step.G_AB.model[1].weight
    assert torch.allclose(step.best("G_AB").model[1].weight, expected, atol=1e-6)
    assert build().step.best("G_BA") is not step.best("G_BA")


def test_a_preview_shows_both_directions(build):
    training = build()
    shown = training.preview()
    assert shown.shape == (24, 3, 32, 32) and shown.abs().max() <= 1
    real_A, real_B = training.preview_input
    assert torch.equal(shown[:6], to_float(pictures())) and torch.equal(shown[12:18], real_B)
    assert torch.allclose(shown[6:12], training.step.G_AB(real_A), atol=1e-5)


def test_runs_of_one_seed_are_one_run_and_survive_saving(build):
    straight, broken, other = build(pool_size=3), build(pool_size=3), build(pool_size=3)
    rows = fit(straight.step, straight.batches, n_steps=12)
    first = fit(broken.step, broken.batches, n_steps=5)
    other.load_state_dict(broken.state_dict())
    assert first + fit(other.step, other.batches, n_steps=12) == rows


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_each_player_lowers_its_own_loss(build, precision):
    training = build(n_steps=1_000, runtime=choose_runtime("cpu", precision))
    step, batch = training.step, next(training.batches)
    fakes = step.update_G(*batch)[1:]
    of_D = [sum(step.update_D(*batch, *fakes).values()).item() for _ in range(20)]
    assert of_D[-1] < of_D[0]
    of_G = [sum(step.update_G(*batch)[0].values()).item() for _ in range(20)]
    assert of_G[-1] < of_G[0]


def test_half_precision_gives_the_same_losses_within_its_digits(build):
    exact, rough = (
        build(runtime=choose_runtime("cpu", precision)) for precision in ("float32", "bfloat16")
    )
    batch = next(exact.batches)
    of_rough = rough.step(batch)
    for name, value in exact.step(batch).items():
        assert of_rough[name].item() == pytest.approx(value.item(), rel=0.03), name


@pytest.mark.parametrize("bad", [pictures(side=16), pictures()[:, :1]])
def test_pictures_of_another_size_are_named(cpu, bad):
    with pytest.raises(ValueError, match="the configuration says"):
        build_cyclegan(CONFIG, pictures(), bad, seed=0, runtime=cpu)


@pytest.fixture
def projected(cpu):
    trunk = load_trunk()

    def make(**changes):
        config = replace(CONFIG, discriminator="projected", d_norm="none", **changes)
        return build_cyclegan(
            config, pictures(), pictures(seed=1), seed=0, runtime=cpu, trunk=trunk
        )

    return make


def test_projected_discriminators_learn_and_their_trunk_does_not(projected):
    training = projected()
    step = training.step
    (trunk,) = step.D_A._trunk
    assert step.D_B._trunk == (trunk,)
    before, of_trunk = weights(step, (*GENERATORS, *DISCRIMINATORS)), copy.deepcopy(trunk)
    losses = step(next(training.batches))
    assert list(losses) == ["gan_A", "gan_B", "cycle_A", "cycle_B", "D_A", "D_B"]
    assert moved(before, step) == {*GENERATORS, *DISCRIMINATORS}
    for ours, old in zip(trunk.parameters(), of_trunk.parameters(), strict=True):
        assert torch.equal(ours, old) and not ours.requires_grad


def test_a_run_with_projected_discriminators_survives_saving(projected):
    straight, broken, other = (projected(pool_size=3, r1_gamma=0.1) for _ in range(3))
    rows = fit(straight.step, straight.batches, n_steps=6)
    first = fit(broken.step, broken.batches, n_steps=2)
    state = broken.state_dict()
    assert all(name.startswith("heads.") for name in state["step"]["D_A"])
    assert state["config"]["discriminator"] == "projected"
    other.load_state_dict(state)
    assert first + fit(other.step, other.batches, n_steps=6) == rows


def test_runs_on_pixels_say_nothing_of_a_choice_that_old_ones_did_not_have(build):
    assert "discriminator" not in build().config


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"discriminator": "features"}, "discriminator is 'features': choose 'pixels' or"),
        ({"discriminator": "projected"}, r"needs a trunk: give load_trunk\(\)"),
    ],
)
def test_a_discriminator_that_cannot_be_made_is_named(build, changes, reason):
    with pytest.raises(ValueError, match=reason):
        build(**changes)


def test_a_projected_discriminator_needs_sides_that_its_trunk_halves_three_times():
    config = replace(CONFIG, discriminator="projected", img_resolution=36)
    with pytest.raises(ValueError, match=r"img_resolution is 36: .* a multiple of 8"):
        make_discriminator(config, load_trunk())
