import pytest
import torch
from torch import nn

from gan_course.models.dcgan import DCGANDiscriminator, DCGANGenerator, split_resolution


@pytest.mark.parametrize("resolution", [28, 32, 40, 64])
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("upsampling", ["transposed", "resize"])
def test_sizes(resolution, channels, upsampling):
    picture = {"img_resolution": resolution, "img_channels": channels, "base_channels": 4}
    G = DCGANGenerator(**picture, z_dim=5, upsampling=upsampling)
    fake = G(torch.randn(2, 5))
    assert fake.shape == (2, channels, resolution, resolution)
    assert fake.abs().max() <= 1
    assert DCGANDiscriminator(**picture)(fake).shape == (2,)


@pytest.mark.parametrize("resolution", [4, 9, 17, 36, 0])
def test_a_resolution_that_cannot_be_doubled_to(resolution):
    with pytest.raises(ValueError, match=f"img_resolution is {resolution}: .* from 8, such as 28"):
        split_resolution(resolution)


def test_the_paper_s_widths_at_64_pixels():
    """Radford et al. 2016, figure 1: 1024, 512, 256, 128 features from 4 to 32 pixels."""
    G = DCGANGenerator(img_resolution=64, img_channels=3, z_dim=100, base_channels=128)
    widths = [layer.num_features for layer in G.layers if isinstance(layer, nn.BatchNorm2d)]
    assert widths == [1024, 512, 256, 128]


def test_every_batchnorm_keeps_the_usual_eps_and_momentum():
    for network in (DCGANGenerator(), DCGANDiscriminator()):
        norms = [module for module in network.modules() if isinstance(module, nn.BatchNorm2d)]
        assert norms
        assert all(norm.eps == 1e-5 and norm.momentum == 0.1 for norm in norms)


def test_first_weights():
    """Radford et al. 2016, section 4: a standard deviation of 0.02."""
    torch.manual_seed(0)
    for module in DCGANGenerator(base_channels=64).modules():
        if isinstance(module, nn.ConvTranspose2d):
            assert module.weight.std().item() == pytest.approx(0.02, rel=0.05)
        elif isinstance(module, nn.BatchNorm2d):
            assert module.weight.mean().item() == pytest.approx(1.0, abs=0.02)
            assert not module.bias.any()


def test_no_batchnorm_at_the_discriminator_s_first_layer():
    layers = list(DCGANDiscriminator().layers)
    assert isinstance(layers[0], nn.Conv2d) and not isinstance(layers[1], nn.BatchNorm2d)
