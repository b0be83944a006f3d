"""Pix2pix: its configuration, its networks, its step."""

from dataclasses import asdict, dataclass
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn.functional import l1_loss

from gan_course.data.batches import Paired, to_float
from gan_course.data.cache import Pictures
from gan_course.models.cyclegan import PatchDiscriminator
from gan_course.models.pix2pix import UnetGenerator
from gan_course.runtime import Runtime
from gan_course.training.bundle import SavedStep, Training, check_size, fingerprint
from gan_course.training.losses import d_logistic, g_nonsaturating
from gan_course.training.optim import descend, freeze, lr_at, set_lr


@dataclass(frozen=True)
class Pix2PixConfig:
    """A pix2pix and its training.

    The defaults are the paper's, for 256 px, but for D's norm and the falling rate: those are the
    official code's.
    """

    n_steps: int  # steps in all
    batch_size: int = 1  # pairs in a step
    img_resolution: int = 256  # side of the pictures in pixels
    base_channels: int = 64  # features after G's first halving
    n_halvings: int = 8  # of the picture in G
    norm: Literal["batch", "instance"] = "batch"  # of G
    dropout: float = 0.5  # share of features dropped in G
    d_base_channels: int = 64  # features of D's first layer
    n_layers: int = 3  # layers of stride 2 in D
    d_norm: Literal["instance", "none"] = "instance"  # of D
    conditional: bool = True  # D is shown the input too
    lr: float = 2e-4  # learning rate of Adam at the start
    betas: tuple[float, float] = (0.5, 0.999)  # Adam's decay rates
    lr_constant: float = 0.5  # share of the steps before the learning rate begins to fall
    lambda_gan: float = 1.0  # weight of the adversarial loss
    lambda_l1: float = 100.0  # weight of the L1 loss


def make_pix2pix(config: Pix2PixConfig) -> tuple[UnetGenerator, PatchDiscriminator]:
    """G and D of a configuration, with new weights."""
    G = UnetGenerator(
        base_channels=config.base_channels,
        n_halvings=config.n_halvings,
        norm=config.norm,
        dropout=config.dropout,
    )
    D = PatchDiscriminator(
        img_channels=6 if config.conditional else 3,
        base_channels=config.d_base_channels,
        n_layers=config.n_layers,
        norm=config.d_norm,
    )
    return G, D


Pair = tuple[Tensor, Tensor]


class Pix2PixStep(SavedStep):
    r"""G learns to turn pictures of A into pictures of B, from pairs that show the same thing.

    $\min_G \max_D\; \lambda_{gan}\,(\mathbb{E} \log D(a, b) + \mathbb{E} \log(1 - D(a, G(a))))
    + \lambda_{L1}\,\mathbb{E} \lVert b - G(a) \rVert_1$

    A *conditional* D is shown the input beside the output, real or generated, and judges whether
    they belong together.

    Args:
        G: generator, pictures and a source of noise to pictures in [-1, 1]; already placed on the
            runtime's device.
        D: discriminator, (N, 6, H, W) to raw scores; (N, 3, H, W) where it is not conditional.
            Already placed.
        config: rates, weights of the losses, which parts are on.
        seed: of dropout's chance.
        runtime: device and precision.

    Source: Isola et al. 2017, section 3.1 for the objective, section 3.3 for the rest: one step of
        D, then one of G; G minimises -log D(a, G(a)); the objective of D halved.
    Differs: the learning rate falls linearly to zero after a share of the steps, as in the official
        PyTorch code; `lr_constant=1` leaves it where it is. The paper has no factor before the
        GAN's part: lambda_gan = 1.
    """

    PARTS = ("G", "D", "opt_G", "opt_D")

    def __init__(
        self, G: nn.Module, D: nn.Module, *, config: Pix2PixConfig, seed: int, runtime: Runtime
    ) -> None:
        self.G, self.D, self.config, self.runtime = G, D, config, runtime
        self.opt_G = torch.optim.Adam(G.parameters(), config.lr, config.betas, fused=True)
        self.opt_D = torch.optim.Adam(D.parameters(), config.lr, config.betas, fused=True)
        self.generator = runtime.generator(seed)

    def __call__(self, batch: Pair) -> dict[str, Tensor]:
        """One step on pairs (A, B), (N, C, H, W) in [-1, 1]; returns its losses, detached."""
        real_A, real_B = (part.to(self.runtime.device) for part in batch)
        lr = lr_at(self.config.lr, self.n_done, self.config.n_steps, self.config.lr_constant)
        set_lr(self.opt_G, lr)
        set_lr(self.opt_D, lr)
        fake_B = self.translate(real_A)
        losses = self.update_D(real_A, real_B, fake_B.detach())
        losses |= self.update_G(real_A, real_B, fake_B)
        self.n_done += 1
        return losses

    def update_D(self, real_A: Tensor, real_B: Tensor, fake_B: Tensor) -> dict[str, Tensor]:
        """Tell the true partner of a picture from the generated one; G stands still."""
        if not self.config.lambda_gan:
            return {}
        with self.runtime.autocast():
            both = torch.cat([self.d_input(real_A, real_B), self.d_input(real_A, fake_B)])
            logits_real, logits_fake = self.D(both).float().chunk(2)

        # Conditional GAN (equation 1; without the input, 2), halved to slow D down (section 3.3)
        loss_D = d_logistic(logits_real, logits_fake) / 2
        descend(loss_D, self.opt_D)
        return {"loss_D": loss_D.detach()}

    def update_G(self, real_A: Tensor, real_B: Tensor, fake_B: Tensor) -> dict[str, Tensor]:
        """Fool D, and stay near the true partner; D stands still. `fake_B` carries G's graph."""
        losses = {}
        with freeze(self.D):
            # Conditional GAN (equation 1; without the input, 2), as maximising log D (section 3.3)
            if self.config.lambda_gan:
                with self.runtime.autocast():
                    logits_fake = self.D(self.d_input(real_A, fake_B)).float()
                losses["gan"] = self.config.lambda_gan * g_nonsaturating(logits_fake)

            # L1 to the true partner (equation 3)
            if self.config.lambda_l1:
                losses["l1"] = self.config.lambda_l1 * l1_loss(fake_B, real_B)

            # The full objective (equation 4)
            descend(torch.stack(list(losses.values())).sum(), self.opt_G)
        return {name: loss.detach() for name, loss in losses.items()}

    def d_input(self, A: Tensor, B: Tensor) -> Tensor:
        """The input of D: (N, 6, H, W) where it is conditional, else B alone."""
        return torch.cat([A, B], 1) if self.config.conditional else B

    def translate(self, A: Tensor) -> Tensor:
        """G's pictures of B, with noise from this step's own source."""
        with self.runtime.autocast():
            return self.G(A, generator=self.generator)

    @torch.no_grad()
    def preview(self, batch: Pair) -> Tensor:
        """Pictures of A, their translations, the truth: (3 N, C, H, W) in [-1, 1]."""
        real_A, real_B = batch
        with self.runtime.autocast():  # the same noise in every preview
            fake_B = self.G(real_A, generator=self.runtime.generator(0))
        return torch.cat([real_A, fake_B, real_B]).float()


def build_pix2pix(
    config: Pix2PixConfig,
    images_A: Pictures,
    images_B: Pictures,
    *,
    seed: int,
    runtime: Runtime,
    n_preview: int = 8,
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
        ValueError: the pictures are not of the configuration's size, or not as many of B as of A;
            or the configuration asks for nothing: neither a GAN nor L1.
    """
    if not (config.lambda_gan or config.lambda_l1):
        raise ValueError("lambda_gan and lambda_l1 are both 0: G would have nothing to learn")
    for images in (images_A, images_B):
        check_size(images, 3, config.img_resolution)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        G, D = make_pix2pix(config)
    step = Pix2PixStep(
        runtime.place(G), runtime.place(D), config=config, seed=seed + 1, runtime=runtime
    )
    batches = Paired(
        images_A.to(runtime.device), images_B.to(runtime.device), config.batch_size, seed=seed
    )
    # the length of a run counts too: it decides how the learning rate falls
    same = asdict(config) | {"seed": seed, "precision": runtime.precision}
    same |= {"pictures of A": fingerprint(images_A), "pictures of B": fingerprint(images_B)}
    preview = tuple(
        to_float(images[:n_preview]).to(runtime.device) for images in (images_A, images_B)
    )
    return Training("pix2pix", step, batches, same, preview)
