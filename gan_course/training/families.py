"""From a configuration and pictures to a training that can be run, saved and resumed: one builder a family."""

import hashlib
from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import Tensor, nn

from gan_course.config import DCGANConfig
from gan_course.data.batches import Batches
from gan_course.models.dcgan import DCGANDiscriminator, DCGANGenerator
from gan_course.runtime import Runtime
from gan_course.training.steps.dcgan import DCGANStep


@dataclass
class Training:
    """A step, its batches, and what the outside may ask of them."""

    family: str
    step: DCGANStep
    batches: Batches
    config: dict[str, Any]  # what must agree when the training is resumed
    preview_z: Tensor  # one fixed set of latent vectors, for comparable pictures

    @torch.no_grad()
    def preview(self) -> Tensor:
        """Samples (N, C, H, W) in [-1, 1] of the averaged generator, always from the same latent vectors."""
        with self.step.runtime.autocast():
            return self.step.G_ema(self.preview_z).float()

    def state_dict(self) -> dict[str, Any]:
        """All that the next step depends on, as plain values and tensors."""
        return {
            "family": self.family,
            "config": self.config,
            "step": self.step.state_dict(),
            "batches": self.batches.state_dict(),
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from a saved state of the same family and configuration."""
        self.step.load_state_dict(state["step"])
        self.batches.load_state_dict(state["batches"])


def build_dcgan(config: DCGANConfig, images: Tensor, *, seed: int, runtime: Runtime, n_preview: int = 64) -> Training:
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
    expected = (config.img_channels, config.img_resolution, config.img_resolution)
    if tuple(images.shape[1:]) != expected:
        raise ValueError(f"pictures are {tuple(images.shape[1:])}, the configuration says {expected}")
    with torch.random.fork_rng(devices=[]):  # the caller's random state stays as it was
        torch.manual_seed(seed)
        G, D = make_dcgan(config)
        preview_z = torch.randn(n_preview, config.z_dim)
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
    return Training("dcgan", step, batches, same, preview_z.to(runtime.device))


def _fingerprint(images: Tensor) -> str:
    digest = hashlib.sha256(images.cpu().contiguous().numpy().tobytes()).hexdigest()
    return f"{len(images)} with sha256 {digest[:12]}"


def make_dcgan(config: DCGANConfig) -> tuple[nn.Module, nn.Module]:
    """The generator and the discriminator of a configuration, with new weights."""
    picture = {"img_resolution": config.img_resolution, "img_channels": config.img_channels}
    G = DCGANGenerator(**picture, z_dim=config.z_dim, base_channels=config.base_channels, upsampling=config.upsampling)
    return G, DCGANDiscriminator(**picture, base_channels=config.base_channels)
