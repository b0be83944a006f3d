"""The plain StyleGAN step of the benchmark computes what the course's step computes."""

from dataclasses import replace

import pytest
import torch

from benchmarks.rows import stylegan_row
from benchmarks.stylegan import stylegan_pair
from gan_course.runtime import choose_runtime
from gan_course.training.stylegan import StyleGANConfig

TINY = StyleGANConfig(
    n_steps=6,
    img_resolution=16,
    channel_base=256,
    channel_max=16,
    d_channel_base=256,
    z_dim=16,
    w_dim=16,
    batch_size=8,
    r1_every=2,
    mixing=0.0,
)


def test_both_draw_and_judge_alike(monkeypatch):
    step, plain, real = stylegan_pair(TINY, choose_runtime("cpu", "float32"))
    torch.nn.init.normal_(step.G.synthesis.const)
    plain.G.load_state_dict(step.G.state_dict())
    z = torch.randn(8, 16)
    zeros = lambda *shape, **_: z if shape == (8, 16) else torch.zeros(*shape)  # noqa: E731
    with torch.no_grad():
        ws = step.G.mapping(z)[:, None].expand(-1, step.G.num_ws, -1)
        ours = step.G.synthesis(ws, noise="none")
        monkeypatch.setattr("benchmarks.stylegan.torch.randn", zeros)
        torch.testing.assert_close(plain.sample(8), ours, rtol=1e-3, atol=1e-3)
        torch.testing.assert_close(
            plain.judge(real), step.run_D(real, (16, 1.0)), rtol=1e-4, atol=1e-4
        )


def test_both_learn():
    step, plain, real = stylegan_pair(TINY, choose_runtime("cpu", "float32"))
    for one in (step, plain):
        before = [p.clone() for p in one.G.parameters()]
        losses = one(real)
        assert all(torch.isfinite(value) for value in losses.values())
        assert any(not torch.equal(a, b) for a, b in zip(before, one.G.parameters(), strict=True))


@pytest.mark.parametrize("change", [{"loss": "relativistic"}, {"r2_gamma": 1.0}])
def test_what_the_plain_step_has_not_is_refused(change):
    with pytest.raises(ValueError, match="logistic loss and R1 alone"):
        stylegan_pair(replace(TINY, **change), choose_runtime("cpu", "float32"))


def test_the_row_can_be_measured_with_the_shipped_sizes():
    assert "64 pixels" in stylegan_row(choose_runtime("cpu", "float32")).sizes
