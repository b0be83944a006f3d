r"""GAN losses: pure functions of raw scores.

A discriminator returns a raw score (a logit) $s$, and $D(x) = \sigma(s)$ is its probability that
$x$ is real. Written with softplus, $-\log\sigma(s) = \mathrm{softplus}(-s)$ and $-\log(1 -
\sigma(s)) = \mathrm{softplus}(s)$, neither overflows nor loses digits.

In the logistic losses' formulas D(x) is that probability. In all others, and in the penalties, D(x)
stands for the raw score, as in their papers.

Every loss takes `logits_real` and `logits_fake`, the raw scores of real and of generated samples,
of any shape, or the second alone; the relativistic losses pair them entry by entry. Every loss
returns a scalar () to be minimised: `d_*` by the discriminator, `g_*` by the generator.
"""

from torch import Tensor
from torch.nn.functional import relu, softplus


def d_logistic(logits_real: Tensor, logits_fake: Tensor) -> Tensor:
    r"""The discriminator's half of the original game.

    $-\mathbb{E}_{x \sim p_{data}} \log D(x) - \mathbb{E}_{z} \log(1 - D(G(z)))$

    Returns:
        A scalar, >= 0. It is $2 \log 2$ where D always says one half.

    Source: Goodfellow et al. 2014 (arXiv:1406.2661), equation 1, with the sign turned for a
        minimiser.
    """
    return softplus(-logits_real).mean() + softplus(logits_fake).mean()


def g_minimax(logits_fake: Tensor) -> Tensor:
    r"""The generator's half of the original game: it saturates where D rejects the fakes.

    $\mathbb{E}_{z} \log(1 - D(G(z)))$

    Returns:
        A scalar, <= 0.

    Source: Goodfellow et al. 2014, equation 1.
    """
    return -softplus(logits_fake).mean()


def g_nonsaturating(logits_fake: Tensor) -> Tensor:
    r"""The non-saturating loss: its gradient is largest where D rejects the fakes.

    $-\mathbb{E}_{z} \log D(G(z))$

    Returns:
        A scalar, >= 0.

    Source: Goodfellow et al. 2014, section 3, last paragraph before the figure of the toy game.
    """
    return softplus(-logits_fake).mean()


def d_least_squares(
    logits_real: Tensor, logits_fake: Tensor, *, a: float = 0.0, b: float = 1.0
) -> Tensor:
    r"""Push the scores of real samples to b and those of generated ones to a.

    $\frac12 \mathbb{E}_{x \sim p_{data}} (D(x) - b)^2 + \frac12 \mathbb{E}_{z} (D(G(z)) - a)^2$

    D(x) is the raw score here; no sigmoid anywhere.

    Args:
        a: the label of generated samples.
        b: the label of real samples.

    Returns:
        A scalar, >= 0. It is (b - a)^2 / 4 where D always says (a + b) / 2.

    Source: Mao et al. 2017 (arXiv:1611.04076), the objective of D; a = 0 and b = c = 1 is the
        paper's 0-1 coding.
    """
    return (logits_real - b).square().mean() / 2 + (logits_fake - a).square().mean() / 2


def g_least_squares(logits_fake: Tensor, *, c: float = 1.0) -> Tensor:
    r"""Pull the scores of generated samples to c; a score above c is pulled down again.

    $\frac12 \mathbb{E}_{z} (D(G(z)) - c)^2$

    Args:
        c: what G wants D to say.

    Returns:
        A scalar, >= 0.

    Source: Mao et al. 2017, the objective of G.
    """
    return (logits_fake - c).square().mean() / 2


def d_hinge(logits_real: Tensor, logits_fake: Tensor) -> Tensor:
    r"""Hinge: samples beyond a margin of 1 on their own side get no gradient.

    $\mathbb{E}_{x \sim p_{data}} \max(0, 1 - D(x)) + \mathbb{E}_{z} \max(0, 1 + D(G(z)))$

    Returns:
        A scalar, >= 0. It is 2 where D always says 0.

    Source: Lim & Ye 2017 (arXiv:1705.02894); Miyato et al. 2018 (arXiv:1802.05957).
    """
    return relu(1 - logits_real).mean() + relu(1 + logits_fake).mean()


def g_hinge(logits_fake: Tensor) -> Tensor:
    r"""Raise the scores of generated samples, without end: the very same as `g_wasserstein`.

    $-\mathbb{E}_{z} D(G(z))$

    Returns:
        A scalar, of any sign.

    Source: Lim & Ye 2017; Miyato et al. 2018. The margin is D's alone.
    """
    return -logits_fake.mean()


def d_wasserstein(logits_real: Tensor, logits_fake: Tensor) -> Tensor:
    r"""The gap between both mean scores, as wide as D can make it.

    $\mathbb{E}_{z} D(G(z)) - \mathbb{E}_{x \sim p_{data}} D(x)$

    It has no lower bound: scaling D scales it. Something else must keep D's slope bounded, such as
    clipped weights or `gradient_penalty`; then its negative estimates a multiple of the
    Wasserstein-1 distance.

    Returns:
        A scalar, of any sign. It is 0 where D says the same everywhere.

    Source: Arjovsky et al. 2017 (arXiv:1701.07875), algorithm 1, with the sign turned for a
        minimiser.
    """
    return logits_fake.mean() - logits_real.mean()


def g_wasserstein(logits_fake: Tensor) -> Tensor:
    r"""Raise the mean score of generated samples: the very same as `g_hinge`.

    $-\mathbb{E}_{z} D(G(z))$

    Returns:
        A scalar, of any sign.

    Source: Arjovsky et al. 2017, algorithm 1.
    """
    return -logits_fake.mean()


def d_relativistic(logits_real: Tensor, logits_fake: Tensor) -> Tensor:
    r"""In pairs of one real and one generated sample, the real one should score higher.

    $-\mathbb{E}_{x \sim p_{data},\, z} \log \sigma(D(x) - D(G(z)))$

    Only differences count: adding a constant to every score changes nothing.

    Returns:
        A scalar, >= 0. It is log 2 where D says the same everywhere.

    Raises:
        ValueError: the shapes differ (broadcasting would pair other samples).

    Source: Jolicoeur-Martineau 2018 (arXiv:1807.00734), RSGAN, there with sigmoid and logarithm;
        called RpGAN in Huang et al. 2025 (arXiv:2501.05441).
    """
    return softplus(-_paired(logits_real, logits_fake)).mean()


def g_relativistic(logits_real: Tensor, logits_fake: Tensor) -> Tensor:
    r"""In pairs of one real and one generated sample, the generated one should score higher.

    $-\mathbb{E}_{x \sim p_{data},\, z} \log \sigma(D(G(z)) - D(x))$

    G can only raise the fakes; the real scores say how far each has to go.

    Returns:
        A scalar, >= 0. It is log 2 where D says the same everywhere.

    Raises:
        ValueError: the shapes differ (broadcasting would pair other samples).

    Source: Jolicoeur-Martineau 2018, RSGAN; RpGAN in Huang et al. 2025.
    """
    return softplus(_paired(logits_real, logits_fake)).mean()


def _paired(logits_real: Tensor, logits_fake: Tensor) -> Tensor:
    if logits_real.shape != logits_fake.shape:
        raise ValueError(
            f"logits_real is {tuple(logits_real.shape)}, logits_fake {tuple(logits_fake.shape)}:"
            " pairs need one shape"
        )
    return logits_real - logits_fake
