"""Pictures by seed, mixing and walks; the styles of a picture."""

import pytest
import torch

from gan_course.inference.generate import (
    generate,
    latents,
    mixing_grid,
    style_resolutions,
    styles,
    walk,
)
from gan_course.inference.project import project
from gan_course.training.stylegan import StyleGANConfig, make_stylegan

TINY = StyleGANConfig(
    n_steps=1,
    img_resolution=16,
    channel_base=128,
    channel_max=8,
    d_channel_base=128,
    z_dim=8,
    w_dim=8,
    n_mapping=2,
)


@pytest.fixture
def G():
    torch.manual_seed(0)
    made = make_stylegan(TINY)[0].eval().requires_grad_(False)
    # a start of ones has no spread, and AdaIN would blow up its rounding errors
    made.synthesis.const.normal_()
    return made


def test_a_seed_means_the_same_picture_whatever_stands_beside_it(G):
    alone, together = (
        generate(G, styles(G, latents(seeds, G.z_dim))) for seeds in ([7], [3, 7, 9])
    )
    torch.testing.assert_close(alone[0], together[1], rtol=0, atol=1e-4)
    assert alone.shape == (1, 3, 16, 16) and alone.abs().max() <= 1


def test_no_truncation_is_the_plain_w_and_full_truncation_the_mean(G):
    z = latents(range(4), G.z_dim)
    G.mapping.w_avg.normal_()
    whole, none = styles(G, z), styles(G, z, truncation_psi=0.0)
    torch.testing.assert_close(whole[:, 0], G.mapping(z))
    torch.testing.assert_close(none[:, 3], G.mapping.w_avg.expand(4, -1))


def test_the_grid_takes_the_named_layers_from_the_columns_and_the_rest_from_the_rows():
    rows, columns = torch.randn(2, 6, 4), torch.randn(3, 6, 4)
    grid = mixing_grid(rows, columns, slice(0, 2)).view(2, 3, 6, 4)
    for i in range(2):
        for j in range(3):
            assert torch.equal(grid[i, j, :2], columns[j, :2]) and torch.equal(
                grid[i, j, 2:], rows[i, 2:]
            )
    assert torch.equal(rows[0, :2], rows[0, :2].clone())


@pytest.mark.parametrize(
    ("architecture", "expected"),
    [("stylegan", [4, 4, 8, 8, 16, 16, 32, 32]), ("stylegan2", [4, 8, 8, 16, 16, 32, 32, 32])],
)
def test_each_row_of_styles_has_the_resolution_of_its_layer(architecture, expected):
    small = {
        "img_resolution": 32,
        "z_dim": 8,
        "w_dim": 8,
        "n_mapping": 2,
        "channel_base": 128,
        "channel_max": 8,
    }
    G, _ = make_stylegan(
        StyleGANConfig(n_steps=0, architecture=architecture, d_channel_base=128, **small)
    )
    assert style_resolutions(G) == expected and G.num_ws == len(expected)


def test_a_walk_is_closed_and_straight():
    ws = torch.randn(3, 6, 4)
    path = walk(ws, 4)
    assert path.shape == (12, 6, 4)
    torch.testing.assert_close(path[::4], ws)
    torch.testing.assert_close(path[2], (ws[0] + ws[1]) / 2)
    torch.testing.assert_close(path[11], ws[2] / 4 + ws[0] * 3 / 4)


@pytest.mark.parametrize("per_layer", [True, False])
def test_a_picture_of_the_network_s_own_is_found_again(G, per_layer):
    for layer in G.synthesis.layers:  # a new network's styles are weak: make it listen
        layer.affine.weight.data.mul_(3)
    target = generate(G, styles(G, latents([5], G.z_dim)))
    start = (generate(G, styles(G, latents([6], G.z_dim))) - target).abs().mean() / 2
    ws, made = project(G, target, n_steps=150, per_layer=per_layer)
    error = (made - target).abs().mean() / 2
    assert error < 0.4 * start
    torch.testing.assert_close(generate(G, ws), made, rtol=0, atol=1e-4)
    if not per_layer:
        assert torch.equal(ws[0, 0], ws[0, -1])


def test_side_by_side_each_picture_is_searched_for_as_if_alone(G):
    targets = generate(G, styles(G, latents([5, 7], G.z_dim)))
    how = {"n_steps": 5, "features": lambda x: x.mean(3).flatten(1)}
    ws, made = project(G, targets, **how)
    for k in range(2):
        alone_ws, alone = project(G, targets[k : k + 1], **how)
        torch.testing.assert_close(ws[k : k + 1], alone_ws, rtol=0, atol=1e-3)
        torch.testing.assert_close(made[k : k + 1], alone, rtol=0, atol=1e-3)


def test_a_picture_of_another_size_is_refused(G):
    with pytest.raises(ValueError, match="32 x 32, G makes 16 x 16: resize"):
        project(G, torch.zeros(1, 3, 32, 32))
