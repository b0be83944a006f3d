"""From a configuration and pictures to a training that can be run, saved and resumed: one builder a family."""

import hashlib
from dataclasses import asdict, dataclass
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from gan_course.config import CycleGANConfig, DCGANConfig, Pix2PixConfig, StyleGANConfig
from gan_course.data.batches import Batches, Paired, Unpaired, to_float
from gan_course.models.cyclegan import PatchDiscriminator, ResnetGenerator
from gan_course.models.dcgan import DCGANDiscriminator, DCGANGenerator
from gan_course.models.growing import StyleGANDiscriminator
from gan_course.models.layers import set_memory_format
from gan_course.models.pix2pix import UnetGenerator
from gan_course.models.stylegan import StyleGANGenerator, SynthesisNetwork
from gan_course.models.stylegan2 import ResidualDiscriminator, SynthesisNetwork2
from gan_course.runtime import Runtime, keep_threads
from gan_course.training.loop import Step
from gan_course.training.steps.cyclegan import CycleGANStep
from gan_course.training.steps.dcgan import DCGANStep
from gan_course.training.steps.pix2pix import Pix2PixStep
from gan_course.training.steps.stylegan import StyleGANStep


class TrainingStep(Step, Protocol):
    """What a training needs of its step beside the step itself."""

    def preview(self, preview_input: Any) -> Tensor:
        """Pictures (N, C, H, W) in [-1, 1] to look at."""
        ...

    def state_dict(self) -> dict[str, Any]:
        """All that the next step depends on."""
        ...

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from a saved state."""
        ...


@dataclass
class Training:
    """A step, its batches, and what the outside may ask of them."""

    family: str
    step: TrainingStep
    batches: Batches | Paired | Unpaired
    config: dict[str, Any]  # what must agree when the training is resumed
    preview_input: Any  # always the same latent vectors or pictures, for comparable previews

    def preview(self) -> Tensor:
        """What the generators make of `preview_input`: pictures (N, C, H, W) in [-1, 1]."""
        return self.step.preview(self.preview_input)

    def state_dict(self) -> dict[str, Any]:
        """All that the next step depends on, as plain values and tensors."""
        return {
            "family": self.family,
            "config": self.config,
            "step": self.step.state_dict(),
            "batches": self.batches.state_dict(),
            "threads": torch.get_num_threads(),
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from a saved state of the same family and configuration, on as many threads."""
        if "threads" in state:
            keep_threads(state["threads"])
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


def build_cyclegan(
    config: CycleGANConfig, images_A: Tensor, images_B: Tensor, *, seed: int, runtime: Runtime, n_preview: int = 8
) -> Training:
    """A CycleGAN between two sets of pictures, from one seed.

    Args:
        config: sizes, rates and switches.
        images_A: (N, 3, img_resolution, img_resolution) uint8, N >= 1.
        images_B: (M, 3, img_resolution, img_resolution) uint8, M >= 1; in no order that matches A.
        seed: decides the first weights, both orders of pictures and the pools.
        runtime: device and precision.
        n_preview: pictures of each domain in a preview.

    Raises:
        ValueError: the pictures are not of the configuration's size.
    """
    for images in (images_A, images_B):
        _check_size(images, 3, config.img_resolution)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        networks = [runtime.place(network) for network in make_cyclegan(config)]
    for network in networks:
        set_memory_format(network, runtime.memory_format_for(4 * config.base_channels))
    step = CycleGANStep(*networks, config=config, seed=seed + 1, runtime=runtime)
    batches = Unpaired(
        Batches(images_A.to(runtime.device), config.batch_size, seed=2 * seed),
        Batches(images_B.to(runtime.device), config.batch_size, seed=2 * seed + 1),
    )
    same = asdict(config) | {"seed": seed, "precision": runtime.precision}  # n_steps too: the learning rate's fall
    same |= {"pictures of A": _fingerprint(images_A), "pictures of B": _fingerprint(images_B)}
    preview = tuple(to_float(images[:n_preview]).to(runtime.device) for images in (images_A, images_B))
    return Training("cyclegan", step, batches, same, preview)


def make_cyclegan(config: CycleGANConfig) -> tuple[nn.Module, nn.Module, nn.Module, nn.Module]:
    """G_AB, G_BA, D_A and D_B of a configuration, with new weights."""
    size = {"base_channels": config.base_channels, "n_blocks": config.n_blocks, "upsampling": config.upsampling}
    bias = {
        "padding": config.padding,
        "residual": config.residual,
        "coordinates": config.coordinates,
        "norm": config.norm,
    }
    judge = {"base_channels": config.d_base_channels, "n_layers": config.n_layers, "norm": config.d_norm}
    generators = (ResnetGenerator(**size, **bias), ResnetGenerator(**size, **bias))
    return (*generators, PatchDiscriminator(**judge), PatchDiscriminator(**judge))


def build_pix2pix(
    config: Pix2PixConfig, images_A: Tensor, images_B: Tensor, *, seed: int, runtime: Runtime, n_preview: int = 8
) -> Training:
    """A pix2pix from pictures of A to pictures of B, from one seed.

    Args:
        config: sizes, rates and switches.
        images_A: (N, 3, img_resolution, img_resolution) uint8, N >= 1.
        images_B: the same shape; picture k is the true partner of picture k of A.
        seed: decides the first weights, the order of pairs and dropout.
        runtime: device and precision.
        n_preview: pairs in a preview.

    Raises:
        ValueError: the pictures are not of the configuration's size, or not as many of B as of A; or the
            configuration asks for nothing: neither a GAN nor L1.
    """
    if not (config.lambda_gan or config.lambda_l1):
        raise ValueError("lambda_gan and lambda_l1 are both 0: G would have nothing to learn")
    for images in (images_A, images_B):
        _check_size(images, 3, config.img_resolution)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        networks = [runtime.place(network) for network in make_pix2pix(config)]
    step = Pix2PixStep(*networks, config=config, seed=seed + 1, runtime=runtime)
    batches = Paired(images_A.to(runtime.device), images_B.to(runtime.device), config.batch_size, seed=seed)
    same = asdict(config) | {"seed": seed, "precision": runtime.precision}  # n_steps too: the learning rate's fall
    same |= {"pictures of A": _fingerprint(images_A), "pictures of B": _fingerprint(images_B)}
    preview = tuple(to_float(images[:n_preview]).to(runtime.device) for images in (images_A, images_B))
    return Training("pix2pix", step, batches, same, preview)


def make_pix2pix(config: Pix2PixConfig) -> tuple[nn.Module, nn.Module]:
    """G and D of a configuration, with new weights."""
    size = {"base_channels": config.base_channels, "n_halvings": config.n_halvings}
    G = UnetGenerator(**size, norm=config.norm, dropout=config.dropout)
    judge = {"base_channels": config.d_base_channels, "n_layers": config.n_layers, "norm": config.d_norm}
    return G, PatchDiscriminator(img_channels=6 if config.conditional else 3, **judge)


def build_stylegan(
    config: StyleGANConfig, images: Tensor, *, seed: int, runtime: Runtime, n_preview: int = 64
) -> Training:
    """A StyleGAN or StyleGAN2 on pictures, from one seed.

    Args:
        config: sizes, rates and switches.
        images: (N, 3, img_resolution, img_resolution) uint8.
        seed: decides the first weights, the order of pictures, the latent vectors, the mixing and the noise.
        runtime: device and precision.
        n_preview: pictures in a preview.

    Raises:
        ValueError: the pictures are not of the configuration's size; the batch makes no groups of 4; or the
            configuration asks for what its architecture has not.
    """
    _check_size(images, 3, config.img_resolution)
    if config.batch_size > 4 and config.batch_size % 4:
        raise ValueError(f"batch_size is {config.batch_size}: choose a multiple of 4, for D compares groups of 4")
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        G, D = make_stylegan(config)
        z = torch.randn(n_preview, config.z_dim)
    step = StyleGANStep(runtime.place(G), runtime.place(D), config=config, seed=seed + 1, runtime=runtime)
    batches = Batches(images.to(runtime.device), config.batch_size, seed=seed)
    same = asdict(config) | {"seed": seed, "precision": runtime.precision, "pictures": _fingerprint(images)}
    if config.lr_constant == 1:
        del same["n_steps"]  # the length of a run decides nothing else than how the learning rate falls
    return Training("stylegan", step, batches, same, z.to(runtime.device))


def make_stylegan(config: StyleGANConfig) -> tuple[nn.Module, nn.Module]:
    """The generator and the discriminator of a configuration, with new weights.

    Raises:
        ValueError: no such loss; no such architecture; StyleGAN2 with what only StyleGAN has: growing, or a switch of
            A to D off; StyleGAN with what only StyleGAN2 has; or growing from a size that a picture cannot have.
    """
    if config.loss not in ("logistic", "relativistic"):
        raise ValueError(f"loss is {config.loss!r}: choose 'logistic' or 'relativistic'")
    start = config.start_resolution
    if start and (start < 4 or start & (start - 1)):
        raise ValueError(f"start_resolution is {start}: choose a power of two from 4, or 0 for no growing")
    size = {"img_resolution": config.img_resolution, "channel_max": config.channel_max}
    synthesis = size | {"w_dim": config.w_dim, "channel_base": config.channel_base, "noise": config.noise}
    judge = size | {"channel_base": config.d_channel_base}
    match config.architecture:
        case "stylegan":
            if config.pl_weight or not config.demodulate or config.positions:
                raise ValueError(
                    "stylegan has no path-length penalty, no demodulation and no positions: those are of stylegan2"
                )
            switches = {"styles": config.styles, "constant": config.constant, "smooth": config.smooth}
            made, D = SynthesisNetwork(**synthesis, **switches), StyleGANDiscriminator(**judge, smooth=config.smooth)
        case "stylegan2":
            if config.start_resolution or not (config.styles and config.constant and config.smooth):
                raise ValueError("stylegan2 does not grow, and always has styles, a constant start and filters")
            own = {"positions": config.positions}
            made = SynthesisNetwork2(**synthesis, **own, demodulate=config.demodulate)
            D = ResidualDiscriminator(**judge, **own)
        case _:
            raise ValueError(f"architecture is {config.architecture!r}: choose 'stylegan' or 'stylegan2'")
    mapping = {"n_mapping": config.n_mapping, "mapping_lr": config.mapping_lr}
    return StyleGANGenerator(made, z_dim=config.z_dim, **mapping), D


def _check_size(images: Tensor, channels: int, resolution: int) -> None:
    expected = (channels, resolution, resolution)
    if tuple(images.shape[1:]) != expected:
        raise ValueError(f"pictures are {tuple(images.shape[1:])}, the configuration says {expected}")


def _fingerprint(images: Tensor) -> str:
    digest = hashlib.sha256(images.cpu().contiguous().numpy().tobytes()).hexdigest()
    return f"{len(images)} with sha256 {digest[:12]}"


def make_dcgan(config: DCGANConfig) -> tuple[nn.Module, nn.Module]:
    """The generator and the discriminator of a configuration, with new weights."""
    picture = {"img_resolution": config.img_resolution, "img_channels": config.img_channels}
    G = DCGANGenerator(**picture, z_dim=config.z_dim, base_channels=config.base_channels, upsampling=config.upsampling)
    return G, DCGANDiscriminator(**picture, base_channels=config.base_channels)
