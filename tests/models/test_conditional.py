import math

import pytest
import torch

from gan_course.models.conditional import (
    UNTOLD,
    ConditionalDiscriminator,
    FactorMapping,
    many_hot,
)

SIZES = (3, 2)
NETWORK = {"img_resolution": 8, "channel_base": 32, "channel_max": 4}


@pytest.fixture
def mapping():
    torch.manual_seed(0)
    return FactorMapping(SIZES, z_dim=4, w_dim=6, n_layers=2, lr_multiplier=0.1)


def test_every_value_is_read_from_an_equal_share_of_latent_vectors(mapping):
    values = mapping.values(torch.randn(30_000, 4))
    for column, size in zip(values.unbind(1), SIZES, strict=True):
        shares = column.bincount(minlength=size) / len(column)
        assert shares == pytest.approx([1 / size] * size, abs=0.02)


def test_a_value_is_read_from_its_own_number_of_z_alone(mapping):
    z = torch.tensor([[-1.0, 1.0, 0.0, 0.0], [0.0, -1.0, 9.0, 9.0], [1.0, 0.1, -9.0, 9.0]])
    assert mapping.values(z).tolist() == [[0, 1], [1, 0], [2, 1]]


def test_without_values_w_is_that_of_the_values_in_z(mapping):
    z = torch.randn(8, 4)
    torch.testing.assert_close(mapping(z), mapping(z, mapping.values(z)))
    assert mapping(z).shape == (8, 6)


def test_another_value_gives_another_w(mapping):
    z, values = torch.randn(1, 4), torch.tensor([[0, 0], [1, 0], [0, 1]])
    w = mapping(z.expand(3, -1), values)
    assert min((w[0] - w[k]).abs().max() for k in (1, 2)) > 0.01


def test_the_edges_between_values_are_not_among_the_weights(mapping):
    assert not any("edges" in name for name in mapping.state_dict())


@pytest.mark.parametrize(
    "changes", [{"sizes": (2,) * 5}, {"sizes": (3, 1)}, {"sizes": ()}, {"n_layers": 0}]
)
def test_factors_that_z_cannot_hold_are_refused(changes):
    how = {"sizes": SIZES, "n_layers": 2} | changes
    with pytest.raises(ValueError, match="of two values at least, and n_mapping from 1"):
        FactorMapping(how.pop("sizes"), z_dim=4, w_dim=8, **how)


def test_many_hot_has_a_one_at_each_value_and_none_where_nothing_is_told():
    hot = many_hot(torch.tensor([[2, 0], [UNTOLD, 1]]), SIZES)
    assert hot.tolist() == [[0, 0, 1, 1, 0], [0, 0, 0, 0, 1]]


def test_the_score_is_the_plain_one_plus_the_projection_of_what_is_told():
    torch.manual_seed(0)
    D = ConditionalDiscriminator(SIZES, **NETWORK)
    x, values = torch.randn(4, 3, 8, 8), torch.tensor([[0, 1], [2, 0], [1, 1], [0, 0]])
    plain = D(x)
    assert torch.equal(D(x, torch.full_like(values, UNTOLD)), plain)
    features = D.features(x)
    vectors = D.embed(many_hot(values, SIZES))
    expected = plain + (features * vectors).sum(1) / math.sqrt(features.shape[1])
    torch.testing.assert_close(D(x, values), expected)
    assert (D(x, values) - plain).abs().min() > 1e-4
