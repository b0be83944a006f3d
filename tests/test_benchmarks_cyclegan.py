import copy
from dataclasses import replace

import pytest
import torch

from benchmarks.cyclegan import cyclegan_pair, plainly
from benchmarks.machine import count_flops
from benchmarks.rows import ROWS
from gan_course.models.cyclegan import ResnetGenerator
from gan_course.training.cyclegan import CycleGANConfig

SMALL = CycleGANConfig(
    n_steps=100,
    batch_size=2,
    img_resolution=32,
    base_channels=4,
    n_blocks=1,
    d_base_channels=4,
    n_layers=2,
)


@pytest.mark.parametrize(
    "changes", [{}, {"lambda_identity": 2.0}, {"norm": "none", "d_norm": "none", "residual": True}]
)
def test_the_plain_cyclegan_takes_the_course_s_steps(cpu, changes):
    course, plain, batch = cyclegan_pair(replace(SMALL, **changes), cpu)
    for name in ("G_AB", "G_BA", "D_A", "D_B"):
        for a, b in zip(
            getattr(course, name).parameters(), getattr(plain, name).parameters(), strict=True
        ):
            assert torch.equal(a, b)
    for _ in range(3):
        expected, found = course(batch), plain(*batch)
        assert {k: v.item() for k, v in found.items()} == pytest.approx(
            {k: v.item() for k, v in expected.items()}, rel=2e-2, abs=2e-3
        )


def test_both_cyclegan_steps_count_the_same_operations(cpu):
    course, plain, batch = cyclegan_pair(SMALL, cpu)
    assert count_flops(lambda: course(batch)) == count_flops(lambda: plain(*batch)) > 0


def test_the_course_convolves_coordinates_once_a_batch_and_the_plain_step_every_time(cpu):
    course, plain, batch = cyclegan_pair(replace(SMALL, coordinates=2), cpu)
    assert count_flops(lambda: course(batch)) < count_flops(lambda: plain(*batch))


@pytest.mark.parametrize("coordinates", [0, 2])
def test_plain_networks_are_torch_s_own_and_compute_the_same(coordinates):
    G = ResnetGenerator(base_channels=4, n_blocks=1, coordinates=coordinates)
    before = copy.deepcopy(G.state_dict())
    plain, x = plainly(G), torch.rand(2, 3, 16, 16) * 2 - 1
    assert not any(
        type(module).__module__.startswith("gan_course.models.layers") for module in plain.modules()
    )
    assert torch.allclose(plain(x), G(x), atol=1e-5)
    assert all(torch.equal(before[name], value) for name, value in G.state_dict().items())


def test_what_the_plain_step_lacks_is_refused(cpu):
    with pytest.raises(ValueError, match="no R1 and no average"):
        cyclegan_pair(replace(SMALL, r1_gamma=1.0), cpu)
    assert {"cyclegan", "cyclegan-lesson"} <= ROWS.keys()
