"""StyleGAN and StyleGAN2: their configuration, their networks, their step, and growing."""

import math
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any, Literal, get_args

import torch
from torch import Tensor, nn

from gan_course.data.batches import Batches
from gan_course.data.cache import Pictures
from gan_course.models.conditional import ConditionalDiscriminator, FactorMapping
from gan_course.models.progressive import downsample_for_growth
from gan_course.models.stylegan import (
    MappingNetwork,
    StyleGANDiscriminator,
    StyleGANGenerator,
    SynthesisNetwork,
    mix_styles,
)
from gan_course.models.stylegan2 import (
    POSITION_RATE,
    ResidualDiscriminator,
    SynthesisNetwork2,
)
from gan_course.runtime import Runtime
from gan_course.training.augment import augment
from gan_course.training.bundle import SavedStep, Training, check_size, fingerprint
from gan_course.training.cuda_graphs import Recorder
from gan_course.training.ema import make_ema, update_ema
from gan_course.training.losses import d_logistic, d_relativistic, g_nonsaturating, g_relativistic
from gan_course.training.optim import descend, freeze, lr_at, set_lr, use_tensor_lr
from gan_course.training.penalties import path_lengths, r1_penalty, r2_penalty

Architecture = Literal["stylegan", "stylegan2"]
Loss = Literal["logistic", "relativistic"]


@dataclass(frozen=True)
class StyleGANConfig:
    """A StyleGAN or StyleGAN2 and its training; switches are the paper's configurations A to F."""

    n_steps: int  # steps in all
    architecture: Architecture = "stylegan"  # whose layers
    batch_size: int = 16  # pictures in a step
    img_resolution: int = 64  # side of the pictures in pixels
    z_dim: int = 128  # size of the latent vector
    w_dim: int = 128  # size of w
    n_mapping: int = 8  # layers of the mapping network
    mapping_lr: float = 0.01  # its learning rate, as a multiple of lr
    channel_base: int = 2_048  # features of G at resolution r: channel_base / r ...
    channel_max: int = 128  # ... but at most so many, in G and in D
    d_channel_base: int = 2_048  # as channel_base, for D
    smooth: bool = True  # low-pass filters (B)
    styles: bool = True  # AdaIN (C)
    constant: bool = True  # a learned start (D)
    noise: bool = True  # noise inputs (E)
    mixing: float = 0.9  # share of pictures with two styles in training (F)
    demodulate: bool = True  # StyleGAN2 alone
    positions: bool = False  # learned positions at every resolution, in G and in D; StyleGAN2
    position_rate: float = POSITION_RATE  # their learning rate, as a multiple of lr
    top_position: int = 0  # the highest resolution that has them; 0: all
    factors: tuple[int, ...] = ()  # values of each factor that G reads from z; StyleGAN2 alone
    d_first: int = 0  # steps in which D learns alone; where G and D are told the factors
    lr: float = 2e-3  # learning rate of Adam at the start
    lr_constant: float = 1.0  # share of the steps before lr begins to fall to 0; 1: it never does
    betas: tuple[float, float] = (0.0, 0.99)  # Adam's decay rates
    loss: Loss = "logistic"  # of D and of G
    r1_gamma: float = 1.0  # strength of R1; 0 leaves it out
    r2_gamma: float = 0.0  # strength of R2, the same penalty at the fakes
    r1_every: int = 16  # steps between two of both penalties
    pl_weight: float = 0.0  # of the path-length penalty; StyleGAN2 alone
    pl_every: int = 8  # steps between two of them
    pl_decay: float = 0.01  # share of the new lengths in their mean, each time
    ema_decay: float = 0.998  # of the average of G's weights, a step
    augment: bool = False  # D sees real and fake pictures augmented
    mirror: bool = False  # half of the real pictures, by chance, are mirrored
    start_resolution: int = 0  # where growing begins; 0 for no growing
    stable_steps: int = 0  # at each resolution but the last
    fade_steps: int = 0  # before that, for each but the first


Discriminator = StyleGANDiscriminator | ResidualDiscriminator


def make_stylegan(config: StyleGANConfig) -> tuple[StyleGANGenerator, Discriminator]:
    """The generator and the discriminator of a configuration, with new weights.

    Raises:
        ValueError: no such loss; no such architecture; StyleGAN2 with what only StyleGAN has:
            growing, or a switch of A to D off; StyleGAN with what only StyleGAN2 has; or growing
            from a size that a picture cannot have.
    """
    _check_switches(config)
    synthesis: SynthesisNetwork | SynthesisNetwork2
    D: Discriminator
    if config.architecture == "stylegan":
        synthesis = SynthesisNetwork(
            img_resolution=config.img_resolution,
            w_dim=config.w_dim,
            channel_base=config.channel_base,
            channel_max=config.channel_max,
            noise=config.noise,
            styles=config.styles,
            constant=config.constant,
            smooth=config.smooth,
        )
        D = StyleGANDiscriminator(
            img_resolution=config.img_resolution,
            channel_base=config.d_channel_base,
            channel_max=config.channel_max,
            smooth=config.smooth,
        )
    else:
        synthesis = SynthesisNetwork2(
            img_resolution=config.img_resolution,
            w_dim=config.w_dim,
            channel_base=config.channel_base,
            channel_max=config.channel_max,
            noise=config.noise,
            positions=config.positions,
            position_rate=config.position_rate,
            top_position=config.top_position,
            demodulate=config.demodulate,
        )
        kind_D = (
            partial(ConditionalDiscriminator, config.factors)
            if config.factors
            else ResidualDiscriminator
        )
        D = kind_D(
            img_resolution=config.img_resolution,
            channel_base=config.d_channel_base,
            channel_max=config.channel_max,
            positions=config.positions,
            position_rate=config.position_rate,
            top_position=config.top_position,
        )
    kind = partial(FactorMapping, config.factors) if config.factors else MappingNetwork
    mapping = kind(
        z_dim=config.z_dim,
        w_dim=config.w_dim,
        n_layers=config.n_mapping,
        lr_multiplier=config.mapping_lr,
    )
    return StyleGANGenerator(synthesis, z_dim=config.z_dim, mapping=mapping), D


def _check_switches(config: StyleGANConfig) -> None:
    """Refuse words that do not exist, and switches that the architecture does not have."""
    if config.loss not in get_args(Loss):
        raise ValueError(f"loss is {config.loss!r}: choose 'logistic' or 'relativistic'")
    start = config.start_resolution
    if start and (start < 4 or start & (start - 1)):
        raise ValueError(
            f"start_resolution is {start}: choose a power of two from 4, or 0 for no growing"
        )
    if config.architecture not in get_args(Architecture):
        raise ValueError(
            f"architecture is {config.architecture!r}: choose 'stylegan' or 'stylegan2'"
        )
    if config.architecture == "stylegan":
        if config.pl_weight or not config.demodulate or config.positions or config.factors:
            raise ValueError(
                "stylegan has no path-length penalty, no demodulation, no positions and no factors:"
                " those are of stylegan2"
            )
    elif config.pl_weight and not config.n_mapping:
        raise ValueError("path lengths need a mapping network: choose n_mapping from 1")
    elif start:
        raise ValueError(f"stylegan2 does not grow: choose start_resolution=0, not {start}")
    elif not (config.styles and config.constant and config.smooth):
        raise ValueError("stylegan2 always has styles, a constant start and filters (smooth)")


Size = tuple[int, float]  # the resolution of a step, and the share alpha of its newest block


class StyleGANStep(SavedStep):
    r"""D's update, then G's, then the average of G.

    D minimises the logistic loss, and every `r1_every` steps $\frac\gamma2 R_1$ as many times as
    strong. G minimises the non-saturating loss, and for StyleGAN2 every `pl_every` steps the
    path-length penalty
    $(\lVert J_w^T y \rVert - a)^2$, where a is the running mean of the lengths. With
    `loss="relativistic"` both compare fakes with real pictures in pairs, and with `r2_gamma` the
    lazy penalty holds at the fakes too.

    Args:
        G: a `StyleGANGenerator`, already placed on the runtime's device.
        D: its discriminator, already placed.
        config: rates and switches.
        seed: seeds this step's own generator of latent vectors.
        runtime: device and precision.

    Source: Karras et al. 2019, section 3.1 (mixing) and appendix C; Karras et al. 2020, section 3.1
        (lazy regularisation) and 3.2 (path lengths); Karras et al. 2018, figure 2 (growing). The
        relativistic loss with both penalties: Huang et al. 2025 (arXiv:2501.05441).
    Differs: the batch is as large at every resolution, Adam keeps its moments when a resolution is
        added, and with `lr_constant` below 1 the learning rate falls to 0 at the end.
    """

    PARTS = ("G", "D", "G_ema", "opt_G", "opt_D")

    def __init__(
        self,
        G: StyleGANGenerator,
        D: Discriminator,
        *,
        config: StyleGANConfig,
        seed: int,
        runtime: Runtime,
    ) -> None:
        self.G, self.D, self.G_ema = G, D, make_ema(G)
        self.config, self.runtime, self.generator = config, runtime, runtime.generator(seed)
        self.opt_G = lazy_adam(
            list(G.parameters()), config, every=config.pl_every if config.pl_weight else 1
        )
        is_penalised = config.r1_gamma > 0 or config.r2_gamma > 0
        self.opt_D = lazy_adam(
            list(D.parameters()), config, every=config.r1_every if is_penalised else 1
        )
        self.rates = [
            (optimizer, optimizer.param_groups[0]["lr"]) for optimizer in (self.opt_G, self.opt_D)
        ]
        self.recorder = Recorder(runtime, self.generator)
        self._begin()
        self.pl_mean = torch.zeros((), device=runtime.device)
        # the penalties that are not computed at every step, as last computed
        self.last = {"r1": torch.zeros((), device=runtime.device)}

    def __call__(self, real: Tensor) -> dict[str, Tensor]:
        """One step on real pictures (N, C, H, W) in [-1, 1]; returns its losses, detached."""
        for optimizer, lr in self.rates:
            set_lr(optimizer, lr_at(lr, self.n_done, self.config.n_steps, self.config.lr_constant))
        losses = self.recorder(self.kind(), self.update, real.to(self.runtime.device))
        self.n_done += 1
        return losses

    def update(self, real: Tensor) -> dict[str, Tensor]:
        """All that a step computes, on real pictures of full size on the device."""
        size = self.size()
        real = downsample_for_growth(real, *size)
        losses = self.update_D(real, size) | self.update_G(real, size)
        update_ema(self.G_ema, self.G, decay=self.config.ema_decay)
        return losses

    def kind(self) -> tuple:
        """The operations of this step depend on its size and on which penalties it has."""
        is_path = self.config.pl_weight > 0 and self.n_done % self.config.pl_every == 0
        return self.size(), self.n_done % self.config.r1_every == 0, is_path

    def size(self) -> Size:
        """The resolution of this step, and the share alpha of its newest block."""
        return growth(self.n_done, self.config)

    def update_D(self, real: Tensor, size: Size) -> dict[str, Tensor]:
        """Tell real from fake a little better; G stands still."""
        real, fake = self.to_be_told_apart(real, size)
        with self.runtime.autocast():
            logits_real, logits_fake = self.run_D(real, size), self.run_D(fake, size)

        # The logistic loss (Goodfellow et al. 2014, equation 1), or the relativistic one
        loss_D = self.d_loss(logits_real.float(), logits_fake.float())
        losses = {"loss_D": loss_D.detach()}

        loss_D = self.penalised(loss_D, real, logits_real, fake, logits_fake)
        descend(loss_D, self.opt_D)
        return losses | {"r1": self.last["r1"].clone()}

    def to_be_told_apart(self, real: Tensor, size: Size) -> tuple[Tensor, Tensor]:
        """Real pictures and as many new fakes, ready for the penalties of this step."""
        is_time = self.n_done % self.config.r1_every == 0
        with torch.no_grad():
            fake = self.sample(len(real), size)
        real = real.detach().requires_grad_(is_time and self.config.r1_gamma > 0)
        return real, fake.requires_grad_(is_time and self.config.r2_gamma > 0)

    def penalised(
        self, loss_D: Tensor, real: Tensor, logits_real: Tensor, fake: Tensor, logits_fake: Tensor
    ) -> Tensor:
        """D's loss with the penalties that this step has: at pictures that ask for a gradient."""
        # Lazy R1 (Mescheder et al. 2018, equation 9): every k-th step, k times as strong
        if real.requires_grad:
            r1 = r1_penalty(real, logits_real)
            loss_D = loss_D + self.config.r1_gamma / 2 * self.config.r1_every * r1
            self.last["r1"].copy_(r1.detach())

        # The same at the fakes: lazy R2 (Mescheder et al. 2018, equation 10)
        if fake.requires_grad:
            r2 = r2_penalty(fake, logits_fake)
            loss_D = loss_D + self.config.r2_gamma / 2 * self.config.r1_every * r2
        return loss_D

    def update_G(self, real: Tensor, size: Size) -> dict[str, Tensor]:
        """Make fakes that D takes for real a little more often; D stands still."""
        with freeze(self.D):
            fake = self.sample(len(real), size, track=True)
            with self.runtime.autocast():
                logits_fake = self.run_D(fake, size)

            # The non-saturating loss (Goodfellow et al. 2014, section 3), or the relativistic one
            loss_G = self.g_loss(real, logits_fake.float(), size)
            losses = {"loss_G": loss_G.detach()}

            # Lazy path lengths (Karras et al. 2020, equation 4): every k-th step, k times as strong
            if self.config.pl_weight and self.n_done % self.config.pl_every == 0:
                penalty = self.path_penalty(len(real))
                loss_G = loss_G + self.config.pl_weight * self.config.pl_every * penalty

            descend(loss_G, self.opt_G)
        return losses

    def d_loss(self, logits_real: Tensor, logits_fake: Tensor) -> Tensor:
        """The loss of D without its penalties."""
        if self.config.loss == "relativistic":
            return d_relativistic(logits_real, logits_fake)
        return d_logistic(logits_real, logits_fake)

    def g_loss(self, real: Tensor, logits_fake: Tensor, size: Size) -> Tensor:
        """The loss of G without its penalty; the relativistic one needs the real pictures."""
        if self.config.loss != "relativistic":
            return g_nonsaturating(logits_fake)
        with torch.no_grad(), self.runtime.autocast():
            logits_real = self.run_D(real, size)
        return g_relativistic(logits_real.float(), logits_fake)

    def path_penalty(self, n: int) -> Tensor:
        """Squared distance of path lengths from their running mean, on half a batch."""
        ws = self.styles(max(1, n // 2))
        images = self.G.synthesis(ws, noise=self.noise_maps(len(ws), self.config.img_resolution))
        noise = torch.randn(images.shape, device=images.device, generator=self.generator)
        lengths = path_lengths(images, ws, noise=noise)
        self.pl_mean.lerp_(lengths.mean().detach(), self.config.pl_decay)
        return (lengths - self.pl_mean).square().mean()

    def sample(self, n: int, size: Size, *, track: bool = False) -> Tensor:
        """n fakes from G in training: new latent vectors, mixed styles, new noise."""
        ws = self.styles(n, resolution=size[0], track=track)
        maps = self.noise_maps(n, size[0])
        with self.runtime.autocast():
            if self.config.architecture == "stylegan2":
                return self.G.synthesis(ws, noise=maps)
            return self.G.synthesis(ws, resolution=size[0], alpha=size[1], noise=maps)

    def styles(self, n: int, *, resolution: int | None = None, track: bool = False) -> Tensor:
        """(n, num_ws, w_dim), each row of one z or of two; the crossover is below `resolution`."""
        n_layers = 2 * int(math.log2(resolution or self.config.img_resolution)) - 2
        z = torch.randn(2, n, self.G.z_dim, device=self.runtime.device, generator=self.generator)
        w, w_other = self.G.mapping(z.flatten(0, 1)).unflatten(0, (2, n))
        if track:
            self.G.mapping.track(w.detach())
        chance = torch.rand(n, device=w.device, generator=self.generator)
        layer = torch.randint(1, n_layers, (n,), device=w.device, generator=self.generator)
        crossover = torch.where(chance < self.config.mixing, layer, self.G.num_ws)
        ws, ws_other = (styles[:, None].expand(-1, self.G.num_ws, -1) for styles in (w, w_other))
        return mix_styles(ws, ws_other, crossover)

    def noise_maps(self, n: int, resolution: int) -> list[Tensor]:
        """Noise for every layer up to a resolution, from this step's own generator."""
        return [
            torch.randn(n, 1, r, r, device=self.runtime.device, generator=self.generator)
            for r in self.G.synthesis.layer_resolutions
            if r <= resolution
        ]

    def run_D(self, images: Tensor, size: Size) -> Tensor:
        """D's raw scores (N,) at the size of this step, of augmented pictures if so configured."""
        if self.config.augment:
            images = augment(images, self.generator)
        if self.config.architecture == "stylegan2":
            return self.D(images)
        return self.D(images, alpha=size[1])

    @torch.no_grad()
    def preview(self, z: Tensor) -> Tensor:
        """Pictures of the averaged generator from z (N, z_dim), in [-1, 1], at full size."""
        resolution, alpha = self.size()
        with self.runtime.autocast():
            if self.config.architecture == "stylegan2":
                images = self.G_ema(z, noise="const")
            else:
                images = self.G_ema(z, noise="const", resolution=resolution, alpha=alpha)
        scale = self.config.img_resolution // images.shape[-1]
        return images.clamp(-1, 1).repeat_interleave(scale, 2).repeat_interleave(scale, 3)

    def state_dict(self) -> dict[str, Any]:
        """All that the next step depends on."""
        last = {name: value.clone() for name, value in self.last.items()}
        return super().state_dict() | {"pl_mean": self.pl_mean.clone(), "last": last}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from a saved state."""
        super().load_state_dict(state)
        device = self.runtime.device
        self.pl_mean = state["pl_mean"].to(device)
        self.last = {name: value.to(device) for name, value in state["last"].items()}
        self._begin()

    def _begin(self) -> None:
        """Prepare recording, after the optimisers were made or loaded."""
        self.recorder.forget()
        for optimizer, lr in self.rates:
            use_tensor_lr(optimizer, lr, self.runtime.device)


def growth(n_done: int, config: StyleGANConfig) -> Size:
    """The resolution at a step, and the share alpha of its newest block, which rises to 1.

    From `start_resolution`, each resolution is trained for `stable_steps`; each one after the first
    is faded in for `fade_steps` before that. The full resolution keeps what steps are left.

    Source: Karras et al. 2018, figure 2 and appendix A.
    """
    resolution = min(config.start_resolution or config.img_resolution, config.img_resolution)
    n_left = n_done
    while resolution < config.img_resolution and n_left >= config.stable_steps:
        n_left -= config.stable_steps
        resolution *= 2
        if n_left < config.fade_steps:
            return resolution, (n_left + 1) / (config.fade_steps + 1)
        n_left -= config.fade_steps
    return resolution, 1.0


def lazy_adam(
    parameters: list[nn.Parameter], config: StyleGANConfig, *, every: int
) -> torch.optim.Adam:
    """Adam, corrected for a penalty that comes every so many steps: 0 or 1 for no correction.

    Source: Karras et al. 2020, appendix B: with c = k / (k + 1), the rate becomes c times and each
        beta beta^c.
    Differs: there the penalty has an update of its own, which the correction makes up for; here it
        joins every k-th one, and the correction is kept as part of the recipe.
    """
    share = every / (every + 1) if every > 1 else 1.0
    betas = config.betas[0] ** share, config.betas[1] ** share
    return torch.optim.Adam(parameters, config.lr * share, betas, fused=True)


def build_stylegan(
    config: StyleGANConfig, images: Pictures, *, seed: int, runtime: Runtime, n_preview: int = 64
) -> Training:
    """A StyleGAN or StyleGAN2 on pictures, from one seed.

    Args:
        config: sizes, rates and switches.
        images: (N, 3, img_resolution, img_resolution) uint8.
        seed: decides the first weights, the order of pictures, the latent vectors, the mixing and
            the noise.
        runtime: device and precision.
        n_preview: pictures in a preview.

    Raises:
        ValueError: the pictures are not of the configuration's size; the batch makes no groups of
            4; or the configuration asks for what its architecture has not.
    """
    check_size(images, 3, config.img_resolution)
    if config.batch_size > 4 and config.batch_size % 4:
        raise ValueError(
            f"batch_size is {config.batch_size}: choose a multiple of 4, because D compares"
            " groups of 4"
        )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        G, D = make_stylegan(config)
        z = torch.randn(n_preview, config.z_dim)
    step = StyleGANStep(
        runtime.place(G), runtime.place(D), config=config, seed=seed + 1, runtime=runtime
    )
    batches = Batches(images.to(runtime.device), config.batch_size, seed=seed, mirror=config.mirror)
    same = asdict(config) | {
        "seed": seed,
        "precision": runtime.precision,
        "pictures": fingerprint(images),
    }
    if config.lr_constant == 1:
        # the length of a run decides nothing else than how the learning rate falls
        del same["n_steps"]
    return Training("stylegan", step, batches, same, z.to(runtime.device))
