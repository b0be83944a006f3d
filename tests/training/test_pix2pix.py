from dataclasses import replace

import pytest
import torch
from torch.nn.functional import l1_loss, softplus

from gan_course.commands.train import PIX2PIX
from gan_course.data.batches import Paired, to_float
from gan_course.runtime import choose_runtime
from gan_course.training.loop import fit
from gan_course.training.pix2pix import Pix2PixConfig, build_pix2pix, make_pix2pix

CONFIG = Pix2PixConfig(
    n_steps=20,
    batch_size=2,
    img_resolution=32,
    base_channels=4,
    n_halvings=3,
    d_base_channels=4,
    n_layers=1,
)


def pictures(n=6, seed=0, side=32):
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(256, (n, 3, side, side), generator=generator, dtype=torch.uint8)


@pytest.fixture
def build(cpu):
    def make(seed=0, runtime=cpu, **changes):
        return build_pix2pix(
            replace(CONFIG, **changes), pictures(), pictures(seed=1), seed=seed, runtime=runtime
        )

    return make


def weights(network):
    return [p.detach().clone() for p in network.parameters()]


def changed(before, network):
    return any(not torch.equal(a, b) for a, b in zip(before, network.parameters(), strict=True))


def test_the_discriminator_s_update_leaves_the_generator_alone(build):
    training = build()
    step, (real_A, real_B) = training.step, next(training.batches)
    before_G, before_D = weights(step.G), weights(step.D)
    step.update_D(real_A, real_B, step.translate(real_A).detach())
    assert not changed(before_G, step.G) and changed(before_D, step.D)
    assert all(p.grad is None for p in step.G.parameters())


def test_a_whole_step_lets_no_gradient_of_the_discriminator_s_loss_into_the_generator(build):
    """With G's own objective silenced, a step must leave G where it is."""
    training = build(lambda_gan=1e-30, lambda_l1=0.0)
    before = weights(training.step.G)
    training.step.opt_G = torch.optim.SGD(training.step.G.parameters(), 1.0)
    training.step(next(training.batches))
    assert all(
        torch.allclose(a, b, atol=1e-12)
        for a, b in zip(before, training.step.G.parameters(), strict=True)
    )


def test_the_generator_s_update_leaves_the_discriminator_alone(build):
    training = build()
    step, (real_A, real_B) = training.step, next(training.batches)
    before_G, before_D = weights(step.G), weights(step.D)
    step.update_G(real_A, real_B, step.translate(real_A))
    assert changed(before_G, step.G) and not changed(before_D, step.D)
    assert all(p.grad is None and p.requires_grad for p in step.D.parameters())


def test_losses_are_those_of_the_paper(build):
    """Isola et al. 2017, equations 1 and 4; G's non-saturating half; D's objective halved."""
    training = build(lambda_gan=2.0, lambda_l1=30.0)
    step, (real_A, real_B) = training.step, next(training.batches)
    fake_B = step.translate(real_A)
    with torch.no_grad():
        real, fake = step.D(torch.cat([real_A, real_B], 1)), step.D(torch.cat([real_A, fake_B], 1))
    loss_D = (
        -torch.log(torch.sigmoid(real)).mean() - torch.log(1 - torch.sigmoid(fake)).mean()
    ) / 2
    assert step.update_D(real_A, real_B, fake_B.detach())["loss_D"] == pytest.approx(
        loss_D.item(), rel=1e-4
    )
    with torch.no_grad():
        moved = step.D(torch.cat([real_A, fake_B], 1))
    losses = step.update_G(real_A, real_B, fake_B)
    assert losses["gan"] == pytest.approx(2 * softplus(-moved).mean().item(), rel=1e-4)
    assert losses["l1"] == pytest.approx(30 * l1_loss(fake_B, real_B).item(), rel=1e-4)


def test_each_update_lowers_its_own_loss(build):
    training = build(dropout=0.0)
    step, (real_A, real_B) = training.step, next(training.batches)
    fake_B = step.translate(real_A).detach()
    judged = [step.update_D(real_A, real_B, fake_B)["loss_D"] for _ in range(20)]
    assert judged[-1] < judged[0]
    made = [step.update_G(real_A, real_B, step.translate(real_A)) for _ in range(20)]
    assert made[-1]["gan"] < made[0]["gan"] and made[-1]["l1"] < made[0]["l1"]


@pytest.mark.parametrize(
    ("off", "left"),
    [
        ({"lambda_gan": 0.0}, {"l1"}),
        ({"lambda_l1": 0.0}, {"gan", "loss_D"}),
        ({}, {"gan", "l1", "loss_D"}),
    ],
)
def test_parts_are_switchable(build, off, left):
    training = build(**off)
    before = weights(training.step.D)
    assert set(training.step(next(training.batches))) == left
    assert changed(before, training.step.D) == ("loss_D" in left)


def test_nothing_to_learn_is_refused(build):
    with pytest.raises(ValueError, match="both 0"):
        build(lambda_gan=0.0, lambda_l1=0.0)


def test_an_unconditional_discriminator_never_sees_the_input(build):
    training = build(conditional=False)
    step, (real_A, real_B) = training.step, next(training.batches)
    assert step.D.model[0].in_channels == 3
    assert torch.equal(step.d_input(real_A, real_B), step.d_input(-real_A, real_B))
    conditional = build().step
    assert torch.equal(conditional.d_input(real_A, real_B), torch.cat([real_A, real_B], 1))


def test_the_rate_is_constant_then_falls_to_zero(build):
    training = build(n_steps=8)
    rates = []

    def remember(n_done, rows):
        rates.append(
            (training.step.opt_G.param_groups[0]["lr"], training.step.opt_D.param_groups[0]["lr"])
        )

    fit(training.step, training.batches, n_steps=8, hook=remember, hook_every=1)
    assert all(on_G == on_D for on_G, on_D in rates)
    shares = [on_G / 2e-4 for on_G, _ in rates]
    assert shares == pytest.approx([1, 1, 1, 1, 1, 0.75, 0.5, 0.25])


def test_both_optimisers_are_the_paper_s(build):
    for optimizer in (build().step.opt_G, build().step.opt_D):
        assert type(optimizer) is torch.optim.Adam
        assert optimizer.defaults["lr"] == 2e-4 and tuple(optimizer.defaults["betas"]) == (
            0.5,
            0.999,
        )


def test_one_seed_one_training_and_another_seed_another(build):
    rows = [
        fit(run.step, run.batches, n_steps=3)
        for run in (build(seed=3), build(seed=3), build(seed=4))
    ]
    assert rows[0] == rows[1] != rows[2]


def test_a_saved_state_goes_on_as_if_nothing_had_happened(build, tmp_path):
    straight, first = build(), build()
    expected = fit(straight.step, straight.batches, n_steps=6)
    fit(first.step, first.batches, n_steps=4)
    torch.save(first.state_dict(), tmp_path / "state.pt")
    second = build(seed=9)  # other weights, another order, other noise: all must come from the file
    second.load_state_dict(torch.load(tmp_path / "state.pt", weights_only=True))
    assert fit(second.step, second.batches, n_steps=6) == expected[4:]
    assert all(
        torch.equal(a, b)
        for a, b in zip(straight.step.G.parameters(), second.step.G.parameters(), strict=True)
    )


def test_a_preview_is_repeatable_and_changes_nothing(build):
    training = build()
    before = training.step.generator.get_state()
    one = training.preview()
    assert one.shape == (18, 3, 32, 32) and torch.equal(one, training.preview())
    assert torch.equal(one[:6], to_float(pictures())) and torch.equal(
        one[12:], to_float(pictures(seed=1))
    )
    assert torch.equal(training.step.generator.get_state(), before)


def test_building_leaves_the_global_random_state(build):
    torch.manual_seed(5)
    expected = torch.randn(3)
    torch.manual_seed(5)
    build().step.translate(torch.zeros(1, 3, 32, 32))
    assert torch.equal(torch.randn(3), expected)


def test_pairs_stay_together():
    A = torch.arange(10, dtype=torch.uint8)[:, None, None, None].expand(10, 3, 2, 2)
    batches = Paired(A, 255 - A[:, :1], 4, seed=0)
    for _ in range(6):
        real_A, real_B = next(batches)
        assert real_A.shape == (4, 3, 2, 2) and real_B.shape == (4, 1, 2, 2)
        assert torch.allclose(real_A[:, :1], -real_B, atol=1e-6)


@pytest.mark.parametrize(
    ("B", "reason"), [(pictures(5), "as many pictures"), (pictures(side=16), "as many pictures")]
)
def test_what_is_no_set_of_pairs_is_refused(B, reason):
    with pytest.raises(ValueError, match=reason):
        Paired(pictures(), B, 2, seed=0)


def test_pictures_of_another_size_are_refused(cpu):
    with pytest.raises(ValueError, match="configuration says"):
        build_pix2pix(CONFIG, pictures(side=16), pictures(side=16), seed=0, runtime=cpu)


def test_fast_paths_agree_with_plain_float32(build):
    rows = {}
    for precision in ("float32", "bfloat16"):
        training = build(runtime=choose_runtime("cpu", precision), dropout=0.0)
        rows[precision] = fit(training.step, training.batches, n_steps=1)[0]
    for name, value in rows["float32"].items():
        assert rows["bfloat16"][name] == pytest.approx(value, rel=0.02, abs=0.02), name


@pytest.mark.parametrize("profile", ["smoke", "fast"])
def test_networks_of_a_profile_fit_their_pictures(profile):
    config = PIX2PIX[profile]
    G, D = make_pix2pix(config)
    real_A = torch.zeros(1, 3, config.img_resolution, config.img_resolution)
    fake_B = G(real_A)
    assert fake_B.shape == real_A.shape
    assert D(torch.cat([real_A, fake_B], 1)).shape[:2] == (1, 1)
    unconditional = make_pix2pix(replace(config, conditional=False))[1]
    assert unconditional(fake_B).shape[:2] == (1, 1)
