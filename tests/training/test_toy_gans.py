import copy

import pytest
import torch

from gan_course.data.toy import sample_ring
from gan_course.models.mlp import MLPStack
from gan_course.training.penalties import gradient_penalty, interpolates, r1_penalty, r2_penalty
from gan_course.training.toy_gans import (
    RULES,
    RingGAN,
    RingsConfig,
    RingsStep,
    build_rings,
    ring_table,
)

CONFIG = RingsConfig(batch_size=8, hidden=6)
BY_NAME = {rule.name: rule for rule in RULES}
GANS = [
    RingGAN(rule, r1, r2, seed=seed)
    for rule in RULES
    for r1, r2 in ((0, 0), (0.5, 0), (0.5, 0.3))
    for seed in (4, 7)
]


def weights(stack):
    return [p.detach().clone() for p in stack.parameters()]


def changed(before, stack):
    return any(not torch.equal(a, b) for a, b in zip(before, stack.parameters(), strict=True))


def test_a_gan_of_the_stack_trains_as_if_alone():
    """Every rule and penalty: after ten steps the stack's weights are those of each GAN trained by
    itself.
    """
    together = build_rings(CONFIG, GANS)
    rows = [together() for _ in range(10)]
    for number, gan in enumerate(GANS):
        alone = build_rings(CONFIG, [gan])
        losses = [alone() for _ in range(10)]
        for stack, single in ((together.G, alone.G), (together.D, alone.D)):
            for many, one in zip(stack.parameters(), single.parameters(), strict=True):
                torch.testing.assert_close(many[number], one[0], rtol=1e-4, atol=1e-5)
        assert losses[-1]["loss_D"].item() == pytest.approx(
            rows[-1]["loss_D"][number].item(), abs=1e-4
        )
        assert losses[-1]["loss_G"].item() == pytest.approx(
            rows[-1]["loss_G"][number].item(), abs=1e-4
        )


def test_gans_of_one_seed_start_alike_and_see_the_same():
    step = build_rings(
        CONFIG, [RingGAN(RULES[0], seed=1), RingGAN(RULES[3], seed=1), RingGAN(RULES[0], seed=2)]
    )
    for p in (*step.G.parameters(), *step.D.parameters()):
        assert torch.equal(p[0], p[1]) and not torch.equal(p[0], p[2])
    seen = step.draw(lambda generator: torch.randn(3, generator=generator))
    assert torch.equal(seen[0], seen[1]) and not torch.equal(seen[0], seen[2])


@pytest.mark.parametrize(
    "gan", [*GANS[::2]], ids=lambda gan: f"{gan.rule.name} {gan.r1_gamma} {gan.r2_gamma}"
)
def test_the_penalties_are_those_of_the_formulas(gan):
    """All penalties of one GAN, against the pure functions on a plain network."""
    step = build_rings(CONFIG, [gan])
    real, fake = sample_ring(8), torch.randn(8, 2)
    share = torch.rand(8, generator=torch.Generator().set_state(step.generators[0].get_state()))
    found = step._penalties(real[None], fake[None])
    expected = torch.zeros(())
    for gamma, penalty, points in (
        (gan.r1_gamma, r1_penalty, real),
        (gan.r2_gamma, r2_penalty, fake),
    ):
        x = points.clone().requires_grad_()
        expected = expected + gamma / 2 * penalty(x, step.D(x[None])[0])
    mixed = interpolates(real, fake, share=share)
    expected = expected + gan.rule.gp_lambda * gradient_penalty(mixed, step.D(mixed[None])[0])
    torch.testing.assert_close(found, expected)
    if expected > 0:
        found.backward()
        assert step.D.weights[0].grad.abs().sum() > 0


def test_the_penalties_of_every_gan_add_up():
    """All GANs at once: the sum of what each pays alone, which the test above compares with the
    formulas.
    """
    step = build_rings(CONFIG, GANS)
    real, fake = torch.randn(len(GANS), 8, 2), torch.randn(len(GANS), 8, 2) + 1
    state = [generator.get_state() for generator in step.generators]
    found = step._penalties(real, fake)
    for generator, saved in zip(step.generators, state, strict=True):
        generator.set_state(saved)
    share = step.draw(lambda generator: torch.rand(8, generator=generator))
    expected = torch.zeros(())
    for number, gan in enumerate(GANS):
        which = torch.tensor([number])
        for gamma, penalty, points in (
            (gan.r1_gamma, r1_penalty, real),
            (gan.r2_gamma, r2_penalty, fake),
        ):
            x = points[number].clone().requires_grad_()
            expected = expected + gamma / 2 * penalty(x, step.D(x[None], which)[0])
        mixed = interpolates(real[number], fake[number], share=share[number])
        expected = expected + gan.rule.gp_lambda * gradient_penalty(
            mixed, step.D(mixed[None], which)[0]
        )
    torch.testing.assert_close(found, expected)


def test_only_the_clipped_are_clipped():
    step = build_rings(CONFIG, GANS)
    with torch.no_grad():
        for p in step.D.parameters():
            p.mul_(50)
    step.update_D()
    largest = torch.stack([p.detach().abs().flatten(1).amax(1) for p in step.D.parameters()]).amax(
        0
    )
    clip = torch.tensor([gan.rule.clip for gan in GANS])
    torch.testing.assert_close(largest[clip > 0], clip[clip > 0])
    assert (largest[clip == 0] > 1).all()


def test_each_update_moves_its_own_player():
    step = build_rings(CONFIG, GANS)
    G, D = weights(step.G), weights(step.D)
    step.update_D()
    assert not changed(G, step.G) and changed(D, step.D)
    assert all(p.grad is None for p in step.G.parameters())
    D = weights(step.D)
    step.update_G()
    assert changed(G, step.G) and not changed(D, step.D)
    assert all(p.requires_grad for p in step.D.parameters())


def test_an_update_of_D_separates_and_one_of_G_fools():
    step = build_rings(CONFIG, [RingGAN(rule) for rule in RULES])

    def gap():
        with torch.no_grad():
            real, fake = (
                step.D(points).mean((1, 2))
                for points in (sample_ring(512)[None].expand(7, -1, -1), fakes())
            )
        return real - fake

    def fakes():
        return step.G(torch.randn(7, 512, CONFIG.z_dim, generator=torch.Generator().manual_seed(0)))

    step.update_D()  # clips
    first = gap()
    for _ in range(40):
        step.update_D()
    second = gap()
    assert (second > first).all()
    for _ in range(40):
        step.update_G()
    assert (gap() < second).all()


def test_a_saved_step_goes_on_alike():
    step = build_rings(CONFIG, GANS[:6])
    for _ in range(3):
        step()
    saved = copy.deepcopy(step.state_dict())
    expected = [step() for _ in range(2)][-1]
    again = build_rings(CONFIG, GANS[:6])
    again.load_state_dict(saved)
    found = [again() for _ in range(2)][-1]
    assert again.n_done == 5
    assert all(torch.equal(found[name], expected[name]) for name in ("loss_D", "loss_G"))


def test_the_table_has_every_rule_in_every_column():
    table = ring_table(0.1, range(3))
    assert [len(rows) for rows in table.values()] == [7, 7, 7]
    assert {(g.r1_gamma, g.r2_gamma) for rows in table.values() for row in rows for g in row} == {
        (0, 0),
        (0.1, 0),
        (0.1, 0.1),
    }
    for rows in table.values():
        assert [row[0].rule.name for row in rows] == list(BY_NAME)
        assert all([gan.seed for gan in row] == [0, 1, 2] for row in rows)


def test_building_leaves_the_global_random_state():
    torch.manual_seed(5)
    expected = torch.randn(3)
    torch.manual_seed(5)
    build_rings(CONFIG, GANS[:2])()
    assert torch.equal(torch.randn(3), expected)


def test_as_many_networks_as_gans():
    step = build_rings(CONFIG, GANS[:2])
    with pytest.raises(ValueError, match="2 generators, 2 discriminators, 1 GANs"):
        RingsStep(step.G, step.D, GANS[:1], config=CONFIG)
    assert isinstance(step.G, MLPStack)
