"""StyleGAN2 of a world whose factors are known: the step that tells them, and one size more."""

from dataclasses import asdict

import torch
from torch import Tensor, nn
from torch.nn.functional import softplus

from gan_course.data.batches import Labelled
from gan_course.models.conditional import UNTOLD, ConditionalDiscriminator
from gan_course.models.stylegan import mix_styles
from gan_course.runtime import Runtime
from gan_course.training.bundle import Training, check_size, fingerprint
from gan_course.training.ema import update_ema
from gan_course.training.optim import descend, lr_at, set_lr
from gan_course.training.stylegan import (
    Size,
    StyleGANConfig,
    StyleGANStep,
    make_stylegan,
)

Batch = tuple[Tensor, Tensor]


class ConditionalStyleGANStep(StyleGANStep):
    r"""As `StyleGANStep`, but G is asked for the values of the real pictures it is paired with.

    One half of a batch is told to D: its scores also say how well picture and values fit. The other
    half is not, and there G mixes styles of two choices, so that a style still belongs to a layer.

    D learns what a value looks like from real pictures as well: a picture with its own values
    should score higher than with one value changed,
    $-\mathbb{E} \log \sigma\big(D(x, c) - D(x, c')\big)$.

    Args:
        as `StyleGANStep`; `config` has `factors`, G a `FactorMapping`, and D is a
        `ConditionalDiscriminator`.

    Source: the projection discriminator of Miyato and Koyama 2018; the pair that does not fit is
        the third kind of pair of Reed et al. 2016 (arXiv:1605.05396), algorithm 1, here in the
        relativistic loss.
    """

    D: ConditionalDiscriminator
    values: Tensor
    told: Tensor

    def __call__(self, batch: Batch) -> dict[str, Tensor]:  # type: ignore[override]
        """One step on pictures (N, C, H, W) in [-1, 1] and their values (N, factors)."""
        for optimizer, lr in self.rates:
            set_lr(optimizer, lr_at(lr, self.n_done, self.config.n_steps, self.config.lr_constant))
        real, self.values = (part.to(self.runtime.device) for part in batch)
        self.told = self.values.clone()
        self.told[1::2] = UNTOLD
        size = self.size()
        losses = self.update_D(real, size)
        if self.n_done >= self.config.d_first:
            losses |= self.update_G(real, size)
            update_ema(self.G_ema, self.G, decay=self.config.ema_decay)
        self.n_done += 1
        return losses

    def update_D(self, real: Tensor, size: Size) -> dict[str, Tensor]:
        """Tell real from fake, and what fits from what does not, a little better."""
        real, fake = self.to_be_told_apart(real, size)
        with self.runtime.autocast():
            features = self.D.features(real)
            logits_real = self.D.judge(features, self.told)
            logits_fake = self.run_D(fake, size)
            right, wrong = (
                self.D.judge(features, values) for values in (self.values, self.one_wrong())
            )
        loss_D = self.d_loss(logits_real.float(), logits_fake.float())
        fit = softplus(wrong.float() - right.float()).mean()
        losses = {"loss_D": loss_D.detach(), "fit": fit.detach()}
        loss_D = self.penalised(loss_D + fit, real, logits_real, fake, logits_fake)
        descend(loss_D, self.opt_D)
        return losses | {"r1": self.last["r1"].clone()}

    def styles(self, n: int, *, resolution: int | None = None, track: bool = False) -> Tensor:
        """(n, num_ws, w_dim): of the batch's values where D is told, else of two rows' values."""
        device, generator = self.runtime.device, self.generator
        z = torch.randn(2, n, self.G.z_dim, device=device, generator=generator)
        others = self.values[torch.randperm(n, device=device, generator=generator)]
        values = torch.cat([self.values, others])
        w, w_other = self.G.mapping(z.flatten(0, 1), values).unflatten(0, (2, n))
        if track:
            self.G.mapping.track(w.detach())
        layer = torch.randint(1, self.G.num_ws - 1, (n,), device=device, generator=generator)
        crossover = torch.where(self.told[:, 0] == UNTOLD, layer, self.G.num_ws)
        ws, ws_other = (one[:, None].expand(-1, self.G.num_ws, -1) for one in (w, w_other))
        return mix_styles(ws, ws_other, crossover)

    def run_D(self, images: Tensor, size: Size) -> Tensor:
        """D's raw scores (N,), told the values of one half."""
        return self.D(images, self.told)

    def one_wrong(self) -> Tensor:
        """The batch's values, in each row one of them changed to another: (N, factors)."""
        n, sizes = len(self.values), torch.tensor(self.config.factors, device=self.values.device)
        column = torch.randint(len(sizes), (n, 1), device=sizes.device, generator=self.generator)
        size = sizes[column]
        step = torch.rand(n, 1, device=sizes.device, generator=self.generator)
        step = 1 + (step * (size - 1)).long()
        changed = (self.values.gather(1, column) + step) % size
        return self.values.scatter(1, column, changed)


def build_conditional_stylegan(
    config: StyleGANConfig,
    images: Tensor,
    values: Tensor,
    *,
    seed: int,
    runtime: Runtime,
    n_preview: int = 64,
) -> Training:
    """A StyleGAN2 on pictures whose factors are known, from one seed.

    Args:
        config: sizes, rates and switches; `factors` is not empty.
        images: (N, 3, img_resolution, img_resolution) uint8.
        values: (N, factors) int64, each from 0 to its size less one.
        seed: decides the first weights, the order of pictures and all that is drawn.
        runtime: device and precision.
        n_preview: pictures in a preview.

    Raises:
        ValueError: the pictures are not of the configuration's size, or the values do not fit it.
    """
    check_size(images, 3, config.img_resolution)
    sizes = torch.tensor(config.factors)
    if values.shape != (len(images), len(sizes)) or not ((values >= 0) & (values < sizes)).all():
        raise ValueError(
            f"values are {tuple(values.shape)}: give one from 0 for each of {len(images)} pictures"
            f" and each factor of {config.factors}, below its size"
        )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        G, D = make_stylegan(config)
        z = torch.randn(n_preview, config.z_dim)
    step = ConditionalStyleGANStep(
        runtime.place(G), runtime.place(D), config=config, seed=seed + 1, runtime=runtime
    )
    batches = Labelled(images.to(runtime.device), values, config.batch_size, seed=seed)
    same = asdict(config) | {
        "seed": seed,
        "precision": runtime.precision,
        "pictures": fingerprint(images),
    }
    return Training("stylegan", step, batches, same, z.to(runtime.device))


def enlarge(small: StyleGANStep, large: StyleGANStep) -> None:
    """Begin the training of one size with the networks of half that size.

    G's new ToRGB is 0, so that it begins with the small network's pictures, enlarged. D's first
    block and what reads the pixels are new: it needs some steps before G can learn from it
    (`d_first`).

    Args:
        small: a trained step.
        large: a new one, of twice the resolution and else the same configuration.

    Raises:
        ValueError: it is not.
    """
    if large.config.img_resolution != 2 * small.config.img_resolution:
        raise ValueError(
            f"from {small.config.img_resolution} to {large.config.img_resolution} px: each training"
            " has twice the size of the one before"
        )
    for name in ("G", "G_ema"):
        G = getattr(large, name)
        _fill(G, getattr(small, name).state_dict())
        nn.init.zeros_(G.synthesis.to_rgb[-1].weight)
    found = {}
    for key, value in small.D.state_dict().items():
        room, _, rest = key.partition(".")
        if room == "blocks":  # D's first block is the new one
            number, _, rest = rest.partition(".")
            key = f"blocks.{int(number) + 1}.{rest}"
        if room != "from_rgb":
            found[key] = value
    _fill(large.D, found)


def _fill(network: nn.Module, values: dict[str, Tensor]) -> None:
    """Load what there is; the rest stays new."""
    unknown = network.load_state_dict(values, strict=False).unexpected_keys
    if unknown:
        raise ValueError(f"the larger network has no {', '.join(unknown[:3])}")
