"""One step of a DCGAN, or of any GAN that maps a latent vector to a sample."""

from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import Tensor, nn

from gan_course.data.batches import Batches
from gan_course.models.dcgan import DCGANDiscriminator, DCGANGenerator
from gan_course.runtime import Runtime
from gan_course.training.bundle import Training, _check_size, _fingerprint
from gan_course.training.ema import make_ema, update_ema
from gan_course.training.losses import d_logistic, g_nonsaturating
from gan_course.training.optim import descend, frozen
from gan_course.training.penalties import r1_penalty


@dataclass(frozen=True)
class DCGANConfig:
    """A DCGAN and its training."""

    n_steps: int
    batch_size: int = 64
    img_resolution: int = 28
    img_channels: int = 1
    z_dim: int = 64
    base_channels: int = 64
    upsampling: str = "transposed"  # or "resize": nearest neighbour, then a convolution
    lr: float = 2e-4
    betas: tuple[float, float] = (0.5, 0.999)
    r1_gamma: float = 0.0
    ema_decay: float = 0.999


def make_dcgan(config: DCGANConfig) -> tuple[nn.Module, nn.Module]:
    """The generator and the discriminator of a configuration, with new weights."""
    picture = {"img_resolution": config.img_resolution, "img_channels": config.img_channels}
    G = DCGANGenerator(
        **picture,
        z_dim=config.z_dim,
        base_channels=config.base_channels,
        upsampling=config.upsampling,
    )
    return G, DCGANDiscriminator(**picture, base_channels=config.base_channels)


class DCGANStep:
    """D's update, then G's, then the average of G.

    Args:
        G: generator, (N, z_dim) to samples in [-1, 1]; already placed on the runtime's device.
        D: discriminator, samples to raw scores (N,); already placed.
        lr: Adam's learning rate, for both.
        betas: Adam's two decay rates.
        r1_gamma: strength of R1; 0 leaves it out.
        ema_decay: decay of the average of G's weights per step.
        seed: seeds this step's own generator of latent vectors.
        runtime: device and precision.

    Source: Goodfellow et al. 2014, algorithm 1 with k = 1 and the non-saturating loss; Radford et
        al. 2016 for Adam.
    Differs: R1 and the weight average are later ideas, and optional.
    """

    def __init__(
        self,
        G: nn.Module,
        D: nn.Module,
        *,
        lr: float,
        betas: tuple[float, float],
        r1_gamma: float = 0.0,
        ema_decay: float = 0.999,
        seed: int,
        runtime: Runtime,
    ) -> None:
        self.G, self.D, self.G_ema = G, D, make_ema(G)
        self.r1_gamma, self.ema_decay = r1_gamma, ema_decay
        self.opt_G = torch.optim.Adam(G.parameters(), lr, betas, fused=True)
        self.opt_D = torch.optim.Adam(D.parameters(), lr, betas, fused=True)
        self.runtime, self.generator = runtime, runtime.generator(seed)
        self.n_done = 0

    def __call__(self, real: Tensor) -> dict[str, Tensor]:
        """One step on a batch of real samples (N, ...) in [-1, 1]; returns its losses, detached."""
        real = real.to(self.runtime.device)
        losses = self.update_D(real) | self.update_G(len(real))
        update_ema(self.G_ema, self.G, decay=self.ema_decay)
        self.n_done += 1
        return losses

    def update_D(self, real: Tensor) -> dict[str, Tensor]:
        """Tell real from fake a little better; G stands still."""
        with torch.no_grad():
            fake = self.sample(len(real))
        real.requires_grad_(self.r1_gamma > 0)
        with self.runtime.autocast():
            logits_real, logits_fake = self.D(real), self.D(fake)
        loss_D = d_logistic(logits_real.float(), logits_fake.float())
        losses = {"loss_D": loss_D.detach()}
        if self.r1_gamma > 0:
            losses["r1"] = r1_penalty(real, logits_real)
            loss_D = loss_D + self.r1_gamma / 2 * losses["r1"]
            losses["r1"] = losses["r1"].detach()
        descend(loss_D, self.opt_D)
        return losses

    def update_G(self, n: int) -> dict[str, Tensor]:
        """Make fakes that D takes for real a little more often; D stands still."""
        with frozen(self.D):
            fake = self.sample(n)
            with self.runtime.autocast():
                logits_fake = self.D(fake)
            loss_G = g_nonsaturating(logits_fake.float())
            descend(loss_G, self.opt_G)
        return {"loss_G": loss_G.detach()}

    @torch.no_grad()
    def preview(self, z: Tensor) -> Tensor:
        """What the averaged generator makes of latent vectors (N, z_dim): pictures in [-1, 1]."""
        with self.runtime.autocast():
            return self.G_ema(z).float()

    def sample(self, n: int) -> Tensor:
        """n fakes from G in training, from new latent vectors."""
        z = torch.randn(n, self.G.z_dim, device=self.runtime.device, generator=self.generator)
        with self.runtime.autocast():
            return self.G(z)

    def state_dict(self) -> dict[str, Any]:
        """All that the next step depends on."""
        parts = {
            name: getattr(self, name).state_dict() for name in ("G", "D", "G_ema", "opt_G", "opt_D")
        }
        return parts | {"generator": self.generator.get_state(), "n_done": self.n_done}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from a saved state."""
        for name in ("G", "D", "G_ema", "opt_G", "opt_D"):
            getattr(self, name).load_state_dict(state[name])
        self.generator.set_state(state["generator"])
        self.n_done = state["n_done"]


def build_dcgan(
    config: DCGANConfig, images: Tensor, *, seed: int, runtime: Runtime, n_preview: int = 64
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
    _check_size(images, config.img_channels, config.img_resolution)
    with torch.random.fork_rng(devices=[]):  # the caller's random state stays as it was
        torch.manual_seed(seed)
        G, D = make_dcgan(config)
        z = torch.randn(n_preview, config.z_dim)
    step = DCGANStep(
        runtime.place(G),
        runtime.place(D),
        lr=config.lr,
        betas=config.betas,
        r1_gamma=config.r1_gamma,
        ema_decay=config.ema_decay,
        seed=seed + 1,
        runtime=runtime,
    )
    batches = Batches(images.to(runtime.device), config.batch_size, seed=seed)
    # The length of a run may change on resuming; what a step computes may not.
    same = {name: value for name, value in asdict(config).items() if name != "n_steps"}
    same |= {"seed": seed, "precision": runtime.precision, "pictures": _fingerprint(images)}
    return Training("dcgan", step, batches, same, z.to(runtime.device))
