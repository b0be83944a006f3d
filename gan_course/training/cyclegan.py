"""CycleGAN: its configuration, its networks, its step."""

from dataclasses import asdict, dataclass
from itertools import chain
from typing import Any, Literal

import torch
from torch import Tensor, nn
from torch.nn.functional import l1_loss

from gan_course.data.batches import Batches, Unpaired, to_float
from gan_course.data.cache import Pictures
from gan_course.models.cyclegan import (
    PatchDiscriminator,
    ProjectedDiscriminator,
    ResnetGenerator,
)
from gan_course.models.efficientnet import EfficientNetTrunk
from gan_course.models.layers import Norm, Padding, Upsampling, set_memory_format
from gan_course.runtime import Runtime
from gan_course.training.bundle import SavedStep, Training, check_size, fingerprint, reseed
from gan_course.training.ema import make_ema, update_ema
from gan_course.training.image_pool import ImagePool
from gan_course.training.losses import d_least_squares, g_least_squares
from gan_course.training.optim import descend, freeze, lr_at, set_lr
from gan_course.training.penalties import r1_penalty

Discriminators = Literal["pixels", "projected"]


@dataclass(frozen=True)
class CycleGANConfig:
    """A CycleGAN and its training. The defaults are the paper's; what the paper has not is off."""

    n_steps: int  # steps in all
    batch_size: int = 1  # pictures of each domain in a step
    img_resolution: int = 64  # side of the pictures in pixels
    base_channels: int = 64  # features of a G at full size
    n_blocks: int = 6  # residual blocks in a G
    norm: Norm = "instance"  # of the G's
    d_base_channels: int = 64  # features of a D's first layer
    n_layers: int = 3  # layers of stride 2 in a D
    d_norm: Norm = "instance"  # of the D's
    r1_gamma: float = 0.0  # strength of R1 in the D's; 0 leaves it out
    lr: float = 2e-4  # learning rate of Adam at the start
    betas: tuple[float, float] = (0.5, 0.999)  # Adam's decay rates
    lr_ratio: float = 1.0  # the rate of the D's, in rates of the G's
    lr_constant: float = 0.5  # share of the steps before the learning rate begins to fall
    pool_size: int = 50  # earlier fakes kept for each D
    lambda_gan: float = 1.0  # weight of the adversarial loss
    lambda_cycle: float = 10.0  # weight of the cycle loss
    forward: bool = True  # the half of the cycle loss that starts in A
    backward: bool = True  # the half that starts in B
    lambda_identity: float = 0.0  # weight of the identity loss
    padding: Padding = "reflect"  # of the G's
    residual: bool = False  # the G's predict a change of their input
    coordinates: int = 0  # octaves of coordinates for the G's, at most log2 of img_resolution
    upsampling: Upsampling = "transposed"  # "resize": bilinear, then a convolution
    ema_decay: float = 0.0  # of the average of the G's weights, a step; 0 keeps none
    discriminator: Discriminators = "pixels"  # "projected": on features of a trunk


def make_generator(config: CycleGANConfig) -> ResnetGenerator:
    """One generator of a configuration, with new weights."""
    return ResnetGenerator(
        base_channels=config.base_channels,
        n_blocks=config.n_blocks,
        upsampling=config.upsampling,
        padding=config.padding,
        residual=config.residual,
        coordinates=config.coordinates,
        norm=config.norm,
    )


def make_discriminator(
    config: CycleGANConfig, trunk: EfficientNetTrunk | None = None
) -> PatchDiscriminator | ProjectedDiscriminator:
    """One discriminator of a configuration, with new weights.

    Args:
        config: says which one.
        trunk: for "projected", frozen; ignored otherwise.

    Raises:
        ValueError: an unknown kind, "projected" without a trunk, or pictures that do not fit it.
    """
    match config.discriminator:
        case "pixels":
            return PatchDiscriminator(
                base_channels=config.d_base_channels, n_layers=config.n_layers, norm=config.d_norm
            )
        case "projected":
            if trunk is None:
                raise ValueError("a projected discriminator needs a trunk: give load_trunk()")
            if config.img_resolution % ProjectedDiscriminator.MULTIPLE:
                raise ValueError(
                    f"img_resolution is {config.img_resolution}: a projected discriminator needs a"
                    f" multiple of {ProjectedDiscriminator.MULTIPLE}"
                )
            return ProjectedDiscriminator(
                trunk, base_channels=config.d_base_channels, norm=config.d_norm
            )
    raise ValueError(f"discriminator is {config.discriminator!r}: choose 'pixels' or 'projected'")


def make_cyclegan(
    config: CycleGANConfig, trunk: EfficientNetTrunk | None = None
) -> tuple[ResnetGenerator, ResnetGenerator, nn.Module, nn.Module]:
    """G_AB, G_BA, D_A and D_B of a configuration, with new weights; the D's share the trunk."""
    G_AB, G_BA = make_generator(config), make_generator(config)
    return G_AB, G_BA, make_discriminator(config, trunk), make_discriminator(config, trunk)


Pair = tuple[Tensor, Tensor]


class CycleGANStep(SavedStep):
    r"""G_AB and G_BA learn to translate both ways, from two sets of pictures without pairs.

    $L = L_{GAN}(G_{AB}, D_B) + L_{GAN}(G_{BA}, D_A) + \lambda_{cycle}\,(\lVert G_{BA}(G_{AB}(a)) -
    a \rVert_1 + \lVert G_{AB}(G_{BA}(b)) - b \rVert_1)$, plus $\lambda_{identity}\,(\lVert
    G_{AB}(b) - b \rVert_1 + \lVert G_{BA}(a) - a \rVert_1)$

    A network's letters say its domains: G_AB goes from A to B, and D_A judges pictures of A. In the
    paper G is G_AB, F is G_BA, D_X is D_A, D_Y is D_B; in the official code netD_A judges pictures
    of *B*.

    Args:
        G_AB, G_BA: generators, pictures to pictures in [-1, 1]; already placed on the runtime's
            device.
        D_A, D_B: discriminators, pictures to raw scores; already placed.
        config: rates, weights of the losses, which parts are on. `lambda_identity` is the whole
            factor: the paper's "0.5 lambda" is 5 here.
        seed: of the pools' chance.
        runtime: device and precision.

    Source: Zhu et al. 2017, equations 1 to 4 with the least-squares loss of section 4; section 5.2
        for the identity loss; the objective of D halved (appendix 7.1).
    Differs: where asked for, an average of the generators' weights is kept (`ema_decay`), the D's
        have a learning rate of their own (`lr_ratio`), R1 on the mean score of a picture
        (`r1_gamma`), and see features in place of pixels (`discriminator`). The defaults are the
        paper's.
    """

    PARTS = ("G_AB", "G_BA", "D_A", "D_B", "opt_G", "opt_D", "pool_A", "pool_B")

    def __init__(
        self,
        G_AB: nn.Module,
        G_BA: nn.Module,
        D_A: nn.Module,
        D_B: nn.Module,
        *,
        config: CycleGANConfig,
        seed: int,
        runtime: Runtime,
    ) -> None:
        self.G_AB, self.G_BA, self.D_A, self.D_B = G_AB, G_BA, D_A, D_B
        self.config, self.runtime = config, runtime
        self.opt_G = torch.optim.Adam(
            chain(G_AB.parameters(), G_BA.parameters()), config.lr, config.betas, fused=True
        )
        self.opt_D = torch.optim.Adam(
            chain(D_A.parameters(), D_B.parameters()), config.lr, config.betas, fused=True
        )
        self.pool_A = ImagePool(config.pool_size, generator=torch.Generator().manual_seed(seed))
        self.pool_B = ImagePool(config.pool_size, generator=torch.Generator().manual_seed(seed + 1))
        self.averages = {"G_AB": make_ema(G_AB), "G_BA": make_ema(G_BA)} if config.ema_decay else {}

    def __call__(self, batch: Pair) -> dict[str, Tensor]:
        """One step on real A and B, (N, C, H, W) in [-1, 1]; returns its losses, detached."""
        real_A, real_B = (part.to(self.runtime.device) for part in batch)
        lr = lr_at(self.config.lr, self.n_done, self.config.n_steps, self.config.lr_constant)
        set_lr(self.opt_G, lr)
        set_lr(self.opt_D, lr * self.config.lr_ratio)
        losses, fake_A, fake_B = self.update_G(real_A, real_B)
        losses |= self.update_D(real_A, real_B, fake_A, fake_B)
        for name, average in self.averages.items():
            update_ema(average, getattr(self, name), decay=self.config.ema_decay)
        self.n_done += 1
        return losses

    def update_G(self, real_A: Tensor, real_B: Tensor) -> tuple[dict[str, Tensor], Tensor, Tensor]:
        """Both generators, from one objective; returns its terms and the fakes, detached."""
        config, losses = self.config, {}
        with freeze(self.D_A, self.D_B), self.runtime.autocast():
            fake_B, idt_B = self.translate(self.G_AB, real_A, real_B)
            fake_A, idt_A = self.translate(self.G_BA, real_B, real_A)

            # Adversarial loss (equation 1) as least squares (section 4), there without the 1/2
            if config.lambda_gan:
                logits_fake_A, logits_fake_B = self.D_A(fake_A).float(), self.D_B(fake_B).float()
                losses["gan_A"] = config.lambda_gan * 2 * g_least_squares(logits_fake_A)
                losses["gan_B"] = config.lambda_gan * 2 * g_least_squares(logits_fake_B)

            # Cycle consistency (equation 2), forward and backward
            if config.lambda_cycle and config.forward:
                losses["cycle_A"] = config.lambda_cycle * l1_loss(self.G_BA(fake_B), real_A)
            if config.lambda_cycle and config.backward:
                losses["cycle_B"] = config.lambda_cycle * l1_loss(self.G_AB(fake_A), real_B)

            # Identity loss (section 5.2): a picture of the target domain stays as it is
            if idt_A is not None and idt_B is not None:
                losses["idt_A"] = config.lambda_identity * l1_loss(idt_A, real_A)
                losses["idt_B"] = config.lambda_identity * l1_loss(idt_B, real_B)

        # The full objective (equation 3)
        descend(torch.stack(list(losses.values())).sum(), self.opt_G)
        losses = {name: loss.detach() for name, loss in losses.items()}
        return losses, fake_A.detach(), fake_B.detach()

    def update_D(
        self, real_A: Tensor, real_B: Tensor, fake_A: Tensor, fake_B: Tensor
    ) -> dict[str, Tensor]:
        """Both discriminators, on real pictures and a pool of old and new fakes."""
        if not self.config.lambda_gan:
            return {}
        losses = {
            "D_A": self.loss_D(self.D_A, real_A, self.pool_A.query(fake_A)),
            "D_B": self.loss_D(self.D_B, real_B, self.pool_B.query(fake_B)),
        }
        descend(losses["D_A"] + losses["D_B"], self.opt_D)
        return {name: loss.detach() for name, loss in losses.items()}

    def loss_D(self, D: nn.Module, real: Tensor, fake: Tensor) -> Tensor:
        """The objective of one discriminator, a scalar; one pass for real and fake."""
        real = real.detach().requires_grad_(self.config.r1_gamma > 0)
        with self.runtime.autocast():
            logits_real, logits_fake = D(torch.cat([real, fake])).float().chunk(2)

        # Least squares (section 4), halved to slow D down (appendix 7.1)
        loss = d_least_squares(logits_real, logits_fake)

        # R1 on the mean score of a picture; not in the paper
        if self.config.r1_gamma > 0:
            loss = loss + self.config.r1_gamma / 2 * r1_penalty(real, logits_real.mean((1, 2, 3)))
        return loss

    def translate(
        self, G: nn.Module, source: Tensor, target: Tensor
    ) -> tuple[Tensor, Tensor | None]:
        """G(source), and G(target) where the identity loss needs it: one pass for both."""
        if not self.config.lambda_identity:
            return G(source), None
        return G(torch.cat([source, target])).split([len(source), len(target)])

    @torch.no_grad()
    def preview(self, batch: Pair) -> Tensor:
        """Pictures of A, their translations, pictures of B, theirs: (N, C, H, W) in [-1, 1]."""
        real_A, real_B = batch
        with self.runtime.autocast():
            fake_B, fake_A = self.best("G_AB")(real_A), self.best("G_BA")(real_B)
        return torch.cat([real_A, fake_B, real_B, fake_A]).float()

    def best(self, name: str) -> nn.Module:
        """The generator to use, "G_AB" or "G_BA": the average of its weights where one is kept."""
        return self.averages.get(name, getattr(self, name))

    def state_dict(self) -> dict[str, Any]:
        """All that the next step depends on."""
        averages = {name: average.state_dict() for name, average in self.averages.items()}
        return super().state_dict() | {"averages": averages}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from a saved state."""
        super().load_state_dict(state)
        for name, average in self.averages.items():
            average.load_state_dict(state["averages"][name])

    def change_chance(self, number: int) -> None:
        """Draw other random numbers from now on: the pools'."""
        for pool in (self.pool_A, self.pool_B):
            reseed(pool.generator, number)


def build_cyclegan(
    config: CycleGANConfig,
    images_A: Pictures,
    images_B: Pictures,
    *,
    seed: int,
    runtime: Runtime,
    n_preview: int = 8,
    trunk: EfficientNetTrunk | None = None,
) -> Training:
    """A CycleGAN between two sets of pictures, from one seed.

    Args:
        config: sizes, rates and switches.
        images_A: (N, 3, img_resolution, img_resolution) uint8, N >= 1.
        images_B: (M, 3, img_resolution, img_resolution) uint8, M >= 1; in no order that matches A.
        seed: decides the first weights, both orders of pictures and the pools.
        runtime: device and precision.
        n_preview: pictures of each domain in a preview.
        trunk: of the projected discriminators, frozen (`load_trunk`); ignored by the others.

    Raises:
        ValueError: the pictures are not of the configuration's size, every loss is off, the finest
            octave of coordinates does not fit on the pixels, or the discriminators cannot be made.
    """
    has_cycle = config.lambda_cycle and (config.forward or config.backward)
    if not (config.lambda_gan or has_cycle or config.lambda_identity):
        raise ValueError("all losses are off: the G's would have nothing to learn")
    # the finest turns 2^(octaves - 1) times over the picture; a turn of less than 2 px would alias
    if 2**config.coordinates > config.img_resolution:
        raise ValueError(
            f"coordinates is {config.coordinates}: at {config.img_resolution} px choose at most"
            f" {config.img_resolution.bit_length() - 1}"
        )
    for images in (images_A, images_B):
        check_size(images, 3, config.img_resolution)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        G_AB, G_BA, D_A, D_B = (
            runtime.place(network)
            for network in make_cyclegan(config, runtime.place(trunk) if trunk else None)
        )
    for network in (G_AB, G_BA, D_A, D_B):
        set_memory_format(network, runtime.memory_format_for(4 * config.base_channels))
    step = CycleGANStep(G_AB, G_BA, D_A, D_B, config=config, seed=seed + 1, runtime=runtime)
    batches = Unpaired(
        Batches(images_A.to(runtime.device), config.batch_size, seed=2 * seed),
        Batches(images_B.to(runtime.device), config.batch_size, seed=2 * seed + 1),
    )
    # the length of a run counts too: it decides how the learning rate falls
    same = asdict(config) | {"seed": seed, "precision": runtime.precision}
    if config.discriminator == "pixels":
        del same["discriminator"]  # runs from before there was a choice have no such field
    same |= {"pictures of A": fingerprint(images_A), "pictures of B": fingerprint(images_B)}
    preview = tuple(
        to_float(images[:n_preview]).to(runtime.device) for images in (images_A, images_B)
    )
    return Training("cyclegan", step, batches, same, preview)
