"""DCGAN: its configuration, its networks, its step."""

from dataclasses import asdict, dataclass
from typing import Literal

import torch
from torch import Tensor, nn

from gan_course.data.batches import Batches
from gan_course.data.cache import Pictures
from gan_course.models.dcgan import DCGANDiscriminator, DCGANGenerator
from gan_course.runtime import Runtime
from gan_course.training.augment import augment
from gan_course.training.bundle import SavedStep, Training, check_size, fingerprint
from gan_course.training.ema import make_ema, update_ema
from gan_course.training.losses import d_logistic, g_nonsaturating
from gan_course.training.optim import descend, freeze
from gan_course.training.penalties import r1_penalty


@dataclass(frozen=True)
class DCGANConfig:
    """A DCGAN and its training."""

    n_steps: int  # steps in all
    batch_size: int = 64  # pictures in a step
    img_resolution: int = 28  # side of the pictures in pixels
    img_channels: int = 1  # 1 for grey, 3 for colour
    z_dim: int = 64  # size of the latent vector
    base_channels: int = 64  # features before G's last layer and after D's first
    # "resize": nearest neighbour, then a convolution
    upsampling: Literal["transposed", "resize"] = "transposed"
    lr: float = 2e-4  # learning rate of Adam, of G and of D
    betas: tuple[float, float] = (0.5, 0.999)  # Adam's decay rates
    r1_gamma: float = 0.0  # strength of R1; 0 leaves it out
    ema_decay: float = 0.999  # of the average of G's weights, a step
    augment: bool = False  # D sees real and fake pictures augmented
    mirror: bool = False  # half of the real pictures, by chance, are mirrored


def make_dcgan(config: DCGANConfig) -> tuple[DCGANGenerator, DCGANDiscriminator]:
    """The generator and the discriminator of a configuration, with new weights."""
    G = DCGANGenerator(
        img_resolution=config.img_resolution,
        img_channels=config.img_channels,
        z_dim=config.z_dim,
        base_channels=config.base_channels,
        upsampling=config.upsampling,
    )
    D = DCGANDiscriminator(
        img_resolution=config.img_resolution,
        img_channels=config.img_channels,
        base_channels=config.base_channels,
    )
    return G, D


class DCGANStep(SavedStep):
    """D's update, then G's, then the average of G.

    Args:
        G: generator, (N, z_dim) to samples in [-1, 1]; already placed on the runtime's device.
        D: discriminator, samples to raw scores (N,); already placed.
        config: rates, the strength of R1 (0 leaves it out), the decay of the average.
        seed: seeds this step's own generator of latent vectors.
        runtime: device and precision.

    Source: Goodfellow et al. 2014, algorithm 1 with k = 1 and the non-saturating loss; Radford et
        al. 2016 for Adam.
    Differs: R1 and the weight average are later ideas, and optional.
    """

    PARTS = ("G", "D", "G_ema", "opt_G", "opt_D")

    def __init__(
        self, G: nn.Module, D: nn.Module, *, config: DCGANConfig, seed: int, runtime: Runtime
    ) -> None:
        self.G, self.D, self.G_ema = G, D, make_ema(G)
        self.config, self.runtime, self.generator = config, runtime, runtime.generator(seed)
        self.opt_G = torch.optim.Adam(G.parameters(), config.lr, config.betas, fused=True)
        self.opt_D = torch.optim.Adam(D.parameters(), config.lr, config.betas, fused=True)

    def __call__(self, real: Tensor) -> dict[str, Tensor]:
        """One step on a batch of real samples (N, ...) in [-1, 1]; returns its losses, detached."""
        real = real.to(self.runtime.device)
        losses = self.update_D(real) | self.update_G(len(real))
        update_ema(self.G_ema, self.G, decay=self.config.ema_decay)
        self.n_done += 1
        return losses

    def update_D(self, real: Tensor) -> dict[str, Tensor]:
        """Tell real from fake a little better; G stands still."""
        with torch.no_grad():
            fake = self.sample(len(real))
        real = real.detach().requires_grad_(self.config.r1_gamma > 0)
        with self.runtime.autocast():
            logits_real, logits_fake = self.run_D(real), self.run_D(fake)

        # Goodfellow et al. 2014, equation 1: D ascends it, so the optimiser descends its negative
        loss_D = d_logistic(logits_real.float(), logits_fake.float())
        losses = {"loss_D": loss_D.detach()}

        # R1 (Mescheder et al. 2018, equation 9): gamma / 2 times D's squared slope at real samples
        if self.config.r1_gamma > 0:
            r1 = r1_penalty(real, logits_real)
            loss_D = loss_D + self.config.r1_gamma / 2 * r1
            losses["r1"] = r1.detach()

        descend(loss_D, self.opt_D)
        return losses

    def update_G(self, n: int) -> dict[str, Tensor]:
        """Make fakes that D takes for real a little more often; D stands still."""
        with freeze(self.D):
            fake = self.sample(n)
            with self.runtime.autocast():
                logits_fake = self.run_D(fake)

            # Goodfellow et al. 2014, section 3: maximise log D(G(z)), which does not saturate
            loss_G = g_nonsaturating(logits_fake.float())
            descend(loss_G, self.opt_G)
        return {"loss_G": loss_G.detach()}

    def run_D(self, images: Tensor) -> Tensor:
        """D's raw scores (N,), of augmented pictures if so configured."""
        if self.config.augment:
            images = augment(images, self.generator)
        return self.D(images)

    @torch.no_grad()
    def preview(self, z: Tensor) -> Tensor:
        """What the averaged generator makes of latent vectors (N, z_dim): pictures in [-1, 1]."""
        with self.runtime.autocast():
            return self.G_ema(z).float()

    def sample(self, n: int) -> Tensor:
        """n fakes from G in training, from new latent vectors."""
        z = torch.randn(n, self.config.z_dim, device=self.runtime.device, generator=self.generator)
        with self.runtime.autocast():
            return self.G(z)


def build_dcgan(
    config: DCGANConfig, images: Pictures, *, seed: int, runtime: Runtime, n_preview: int = 64
) -> Training:
    """A DCGAN on pictures, from one seed.

    Args:
        config: sizes and rates.
        images: (N, img_channels, img_resolution, img_resolution) uint8.
        seed: decides the first weights, the order of pictures and the latent vectors.
        runtime: device and precision.
        n_preview: pictures in a preview.

    Raises:
        ValueError: the pictures are not of the configuration's size.
    """
    check_size(images, config.img_channels, config.img_resolution)
    with torch.random.fork_rng(devices=[]):  # the caller's random state stays as it was
        torch.manual_seed(seed)
        G, D = make_dcgan(config)
        z = torch.randn(n_preview, config.z_dim)
    step = DCGANStep(
        runtime.place(G),
        runtime.place(D),
        config=config,
        seed=seed + 1,
        runtime=runtime,
    )
    batches = Batches(images.to(runtime.device), config.batch_size, seed=seed, mirror=config.mirror)
    # The length of a run may change on resuming; what a step computes may not.
    same = {name: value for name, value in asdict(config).items() if name != "n_steps"}
    same |= {"seed": seed, "precision": runtime.precision, "pictures": fingerprint(images)}
    return Training("dcgan", step, batches, same, z.to(runtime.device))
