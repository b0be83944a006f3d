import pytest
import torch

from gan_course.models.mlp import MLPStack, mlp
from gan_course.training.toy_cyclegans import (
    PlaneConfig,
    PlaneGAN,
    PlaneStep,
    build_plane,
    plane_centres,
    plane_table,
)

CONFIG = PlaneConfig(batch_size=16, hidden=8)


def weights(step, number):
    return [
        p[number]
        for name in ("G_AB", "G_BA", "D_A", "D_B")
        for p in getattr(step, name).parameters()
    ]


def same(these, those, **tolerance):
    return all(torch.allclose(p, q, **tolerance) for p, q in zip(these, those, strict=True))


def test_a_gan_in_company_is_trained_as_if_it_were_alone():
    gans = [PlaneGAN(0.0, False, seed=1), PlaneGAN(1.0, True, seed=2), PlaneGAN(2.0, False, seed=1)]
    together = build_plane(CONFIG, gans)
    for _ in range(3):
        together()
    for number, gan in enumerate(gans):
        alone = build_plane(CONFIG, [gan])
        for _ in range(3):
            alone()
        assert same(weights(together, number), weights(alone, 0), rtol=1e-4, atol=1e-6)


def test_gans_of_one_seed_differ_in_what_they_are_given_alone():
    gans = [gan for row in plane_table(1.0, [0, 1]).values() for gan in row]
    step = build_plane(CONFIG, gans)
    assert [(gan.lambda_cycle, gan.residual) for gan in gans[::2]] == [
        (0, False),
        (1, False),
        (0, True),
        (1, True),
    ]
    assert same(weights(step, 0), weights(step, 2)) and not same(weights(step, 0), weights(step, 1))
    points = step.draw(step.centres_A)
    assert torch.equal(points[0], points[2]) and not torch.equal(points[0], points[1])


def test_the_cycle_weight_reaches_the_generators():
    step = build_plane(CONFIG, [PlaneGAN(0.0, False), PlaneGAN(5.0, False)])
    step()
    G = [p for name in ("G_AB", "G_BA") for p in getattr(step, name).parameters()]
    assert any(not torch.equal(p[0], p[1]) for p in G)


def test_each_half_moves_its_own_networks():
    step = build_plane(CONFIG, [PlaneGAN(1.0, True)])
    real = step.draw(step.centres_A), step.draw(step.centres_B)

    def state():
        return {
            name: [p.clone() for p in getattr(step, name).parameters()]
            for name in ("G_AB", "G_BA", "D_A", "D_B")
        }

    start = state()
    _, fake_A, fake_B = step.update_G(*real)
    after_G = state()
    step.update_D(*real, fake_A, fake_B)
    after_D = state()
    assert [not same(start[name], after_G[name]) for name in start] == [True, True, False, False]
    assert [not same(after_G[name], after_D[name]) for name in start] == [False, False, True, True]


def test_a_residual_is_added_where_it_is_given():
    step = build_plane(CONFIG, [PlaneGAN(1.0, False), PlaneGAN(1.0, True)])
    points = torch.randn(2, 5, 2)
    change = step.to_B(points) - step.G_AB(points)
    assert change[0].abs().max() < 1e-6 and torch.allclose(change[1], points[1], atol=1e-6)


def test_the_rings():
    A, B = plane_centres(90.0, n_modes=4)
    assert torch.allclose(B, A.roll(-1, 0), atol=1e-6)


def test_it_goes_on_from_a_saved_state():
    gans = [PlaneGAN(1.0, True), PlaneGAN(0.0, False, seed=3)]
    straight, first, second = (build_plane(CONFIG, gans) for _ in range(3))
    for _ in range(4):
        straight()
    for _ in range(2):
        first()
    second.load_state_dict(first.state_dict())
    for _ in range(2):
        second()
    assert second.n_done == 4 and all(
        torch.equal(*pair) for pair in zip(weights(straight, 1), weights(second, 1), strict=True)
    )


def test_the_numbers_of_networks_must_agree():
    stacks = [MLPStack([mlp(2, n, hidden=4)] * 2) for n in (2, 2, 1, 1)]
    with pytest.raises(ValueError, match="2] networks for 1"):
        PlaneStep(*stacks, gans=[PlaneGAN(1.0, False)], config=CONFIG)
