"""Style transfer by a feed-forward network: configuration, losses, step. It is no GAN."""

from dataclasses import asdict, dataclass

import torch
from torch import Tensor, nn
from torch.nn.functional import mse_loss

from gan_course.data.batches import Batches, to_float
from gan_course.data.cache import Pictures
from gan_course.models.cyclegan import ResnetGenerator
from gan_course.models.efficientnet import EfficientNetTrunk
from gan_course.models.layers import Norm, Padding, Upsampling
from gan_course.runtime import Runtime
from gan_course.training.bundle import SavedStep, Training, check_size, fingerprint
from gan_course.training.ema import make_ema, update_ema
from gan_course.training.optim import descend, lr_at, set_lr

CONTENT_DEPTH = 2  # of the trunk's features, at a quarter of the picture's size
AT_ONCE = 100  # pictures of which the style is read at once


@dataclass(frozen=True)
class StyleTransferConfig:
    """A network that repaints pictures in the style of a set, and its training."""

    n_steps: int  # steps in all
    batch_size: int = 4  # pictures in a step
    img_resolution: int = 96  # side of the pictures in pixels, a multiple of 8
    base_channels: int = 16  # features of G at full size
    n_blocks: int = 3  # residual blocks in G
    norm: Norm = "instance"  # of G
    padding: Padding = "reflect"  # of G
    residual: bool = False  # G predicts a change of its input
    upsampling: Upsampling = "resize"  # "transposed": the strided transposed convolution
    lr: float = 1e-3  # learning rate of Adam at the start
    betas: tuple[float, float] = (0.9, 0.999)  # Adam's decay rates
    lr_constant: float = 0.5  # share of the steps before the learning rate begins to fall
    lambda_content: float = 1.5  # weight of the content loss
    lambda_style: float = 10.0  # weight of the style loss
    lambda_smooth: float = 0.05  # weight of the total variation
    ema_decay: float = 0.99  # of the average of G's weights, a step


def make_generator(config: StyleTransferConfig) -> ResnetGenerator:
    """The generator of a configuration, with new weights: CycleGAN's."""
    return ResnetGenerator(
        base_channels=config.base_channels,
        n_blocks=config.n_blocks,
        upsampling=config.upsampling,
        padding=config.padding,
        residual=config.residual,
        norm=config.norm,
    )


def gram_matrix(features: Tensor) -> Tensor:
    r"""How strongly each two channels occur together, wherever that is.

    $G_{ij} = \frac{1}{H W} \sum_p F_{ip} F_{jp}$

    Args:
        features: (N, C, H, W).

    Returns:
        (N, C, C), symmetric, in float32.

    Source: Gatys et al. 2016 (CVPR), equation 3; over the number of places as in Johnson et al.
        2016 (arXiv:1603.08155), section 3.2.
    Differs: Johnson et al. divide by the number of channels, too.
    """
    places = features.float().flatten(2)
    return places @ places.transpose(1, 2) / places.shape[2]


def total_variation(images: Tensor) -> Tensor:
    """Mean absolute difference of neighbours, down and across: a scalar, 0 for one colour.

    Args:
        images: (N, C, H, W).

    Source: Johnson et al. 2016, section 3.2, where it keeps the output smooth.
    """
    down, across = images.diff(dim=2).abs().mean(), images.diff(dim=3).abs().mean()
    return down + across


class StyleTransferStep(SavedStep):
    r"""G learns to paint any picture in the style of a set, by fixed losses and without a D.

    $L = \lambda_{content} \lVert \phi_c(G(x)) - \phi_c(x) \rVert^2 + \lambda_{style} \sum_k \lVert
    Gram(\phi_k(G(x))) - S_k \rVert^2 + \lambda_{smooth} TV(G(x))$

    with $\phi$ the features of a frozen trunk and $S_k$ the mean Gram matrix of the set. Each
    squared distance is divided by the mean square of its target, the sum over depths by their
    number.

    Args:
        G: the generator, already placed on the runtime's device.
        trunk: placed, frozen.
        styles: a Gram matrix (1, C, C) for each depth of the trunk.
        config: rates and weights.
        runtime: device and precision.

    Source: Gatys et al. 2016 for the losses; Johnson et al. 2016 for a network that learns them
        once and then paints at one pass.
    Differs: the style is that of many paintings, not of one; a mobile network's features in place
        of VGG's; an average of G's weights is kept.
    """

    PARTS = ("G", "G_ema", "opt_G")

    def __init__(
        self,
        G: ResnetGenerator,
        trunk: EfficientNetTrunk,
        styles: list[Tensor],
        *,
        config: StyleTransferConfig,
        runtime: Runtime,
    ) -> None:
        self.G, self.G_ema, self.styles = G, make_ema(G), styles
        self.config, self.runtime = config, runtime
        self._trunk = (trunk,)  # in a tuple: no weight of it is trained
        self.opt_G = torch.optim.Adam(G.parameters(), config.lr, config.betas, fused=True)

    def __call__(self, real: Tensor) -> dict[str, Tensor]:
        """One step on pictures (N, 3, H, W) in [-1, 1]; returns its losses, detached."""
        config, real = self.config, real.to(self.runtime.device)
        set_lr(self.opt_G, lr_at(config.lr, self.n_done, config.n_steps, config.lr_constant))
        losses = self.losses(real)
        descend(torch.stack(list(losses.values())).sum(), self.opt_G)
        update_ema(self.G_ema, self.G, decay=config.ema_decay)
        self.n_done += 1
        return {name: loss.detach() for name, loss in losses.items()}

    def losses(self, real: Tensor) -> dict[str, Tensor]:
        """The three terms of the objective, each with its weight, for G on real pictures."""
        (trunk,), config = self._trunk, self.config
        with self.runtime.autocast():
            painted = self.G(real)
            seen = trunk(painted)
            with torch.no_grad():
                wanted = trunk(real)[CONTENT_DEPTH]

        # Content (Johnson et al. 2016, equation 2)
        content = _relative_distance(seen[CONTENT_DEPTH], wanted)

        # Style (Johnson et al. 2016, equation 4)
        distances = [
            _relative_distance(gram_matrix(part), style)
            for part, style in zip(seen, self.styles, strict=True)
        ]
        style = torch.stack(distances).mean()

        return {
            "content": config.lambda_content * content,
            "style": config.lambda_style * style,
            "smooth": config.lambda_smooth * total_variation(painted),
        }

    def best(self, name: str = "G_AB") -> nn.Module:
        """The generator to use: the average of its weights; there is one direction alone.

        Raises:
            ValueError: another direction than "G_AB".
        """
        if name != "G_AB":
            raise ValueError(f"style transfer has no {name}: it goes one way")
        return self.G_ema

    @torch.no_grad()
    def preview(self, batch: Tensor) -> Tensor:
        """Pictures, and what G paints of them: (2 N, 3, H, W) in [-1, 1]."""
        with self.runtime.autocast():
            return torch.cat([batch, self.G_ema(batch)]).float()


def build_style_transfer(
    config: StyleTransferConfig,
    images: Pictures,
    styled: Tensor,
    *,
    trunk: EfficientNetTrunk,
    seed: int,
    runtime: Runtime,
    n_preview: int = 8,
) -> Training:
    """Style transfer from a set of pictures to the style of another, from one seed.

    Args:
        config: sizes, rates and weights.
        images: (N, 3, img_resolution, img_resolution) uint8, N >= 1: what is repainted.
        styled: (M, 3, img_resolution, img_resolution) uint8, M >= 1: whose style it gets.
        trunk: frozen (`load_trunk`).
        seed: decides the first weights and the order of pictures.
        runtime: device and precision.
        n_preview: pictures in a preview.

    Raises:
        ValueError: pictures of another size than the configuration's.
    """
    for pictures in (images, styled):
        check_size(pictures, 3, config.img_resolution)
    trunk = runtime.place(trunk)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        G = runtime.place(make_generator(config))
    styles = style_of(styled, trunk, runtime)
    step = StyleTransferStep(G, trunk, styles, config=config, runtime=runtime)
    batches = Batches(images.to(runtime.device), config.batch_size, seed=2 * seed)
    same = asdict(config) | {"seed": seed, "precision": runtime.precision}
    same |= {"pictures": fingerprint(images), "pictures of the style": fingerprint(styled)}
    preview = to_float(images[:n_preview]).to(runtime.device)
    return Training("style-transfer", step, batches, same, preview)


@torch.no_grad()
def style_of(images: Tensor, trunk: EfficientNetTrunk, runtime: Runtime) -> list[Tensor]:
    """The mean Gram matrix (1, C, C) of pictures (N, 3, H, W) uint8, for each depth of a trunk."""
    sums = [torch.zeros(())] * len(trunk.CHANNELS)
    for part in images.split(AT_ONCE):
        features = trunk(to_float(part.to(runtime.device)))
        sums = [
            total + gram_matrix(one).sum(0, keepdim=True)
            for total, one in zip(sums, features, strict=True)
        ]
    return [total / len(images) for total in sums]


def _relative_distance(found: Tensor, wanted: Tensor) -> Tensor:
    """Mean squared difference, over the mean square of what is wanted."""
    found, wanted = found.float(), wanted.float()
    return mse_loss(found, wanted.expand_as(found)) / wanted.square().mean()
