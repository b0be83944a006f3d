"""The official CycleGAN generator, with its layers and names, plainly in torch."""

from torch import nn


class OfficialBlock(nn.Module):
    """A residual block with the layers and names of the official repository, plainly in torch."""

    def __init__(self, channels, dropout, statistics):
        super().__init__()
        norm = nn.InstanceNorm2d(channels, track_running_stats=statistics)
        layers = [nn.ReflectionPad2d(1), nn.Conv2d(channels, channels, 3), norm, nn.ReLU(True)]
        layers += [nn.Dropout(0.5)] if dropout else []
        layers += [nn.ReflectionPad2d(1), nn.Conv2d(channels, channels, 3)]
        self.conv_block = nn.Sequential(
            *layers, nn.InstanceNorm2d(channels, track_running_stats=statistics)
        )

    def forward(self, x):
        return x + self.conv_block(x)


class Official(nn.Module):
    def __init__(self, ngf, blocks, *, dropout=False, statistics=False):
        super().__init__()

        def after(channels):
            return [nn.InstanceNorm2d(channels, track_running_stats=statistics), nn.ReLU(True)]

        self.model = nn.Sequential(
            nn.ReflectionPad2d(3),
            nn.Conv2d(3, ngf, 7),
            *after(ngf),
            nn.Conv2d(ngf, 2 * ngf, 3, 2, 1),
            *after(2 * ngf),
            nn.Conv2d(2 * ngf, 4 * ngf, 3, 2, 1),
            *after(4 * ngf),
            *(OfficialBlock(4 * ngf, dropout, statistics) for _ in range(blocks)),
            nn.ConvTranspose2d(4 * ngf, 2 * ngf, 3, 2, 1, 1),
            *after(2 * ngf),
            nn.ConvTranspose2d(2 * ngf, ngf, 3, 2, 1, 1),
            *after(ngf),
            nn.ReflectionPad2d(3),
            nn.Conv2d(ngf, 3, 7),
            nn.Tanh(),
        )

    def forward(self, x):
        return self.model(x)
