r"""GAN losses: pure functions of raw scores.

A discriminator returns a raw score (a logit) $s$, and $D(x) = \sigma(s)$ is its probability that $x$ is real.
Written with softplus, $-\log\sigma(s) = \mathrm{softplus}(-s)$ and $-\log(1 - \sigma(s)) = \mathrm{softplus}(s)$,
neither overflows nor loses digits.
"""

from torch import Tensor
from torch.nn.functional import softplus


def d_logistic(logits_real: Tensor, logits_fake: Tensor) -> Tensor:
    r"""The discriminator's half of the original game.

    $-\mathbb{E}_{x \sim p_{data}} \log D(x) - \mathbb{E}_{z} \log(1 - D(G(z)))$

    Args:
        logits_real: raw scores of real samples, any shape.
        logits_fake: raw scores of generated samples, any shape.

    Returns:
        Scalar (), >= 0; minimised by D. It is $2 \log 2$ where D always says one half.

    Source: Goodfellow et al. 2014 (arXiv:1406.2661), equation 1, with the sign turned for a minimiser.
    """
    return softplus(-logits_real).mean() + softplus(logits_fake).mean()


def g_minimax(logits_fake: Tensor) -> Tensor:
    r"""The generator's half of the original game: it saturates where D rejects the fakes.

    $\mathbb{E}_{z} \log(1 - D(G(z)))$

    Args:
        logits_fake: raw scores of generated samples, any shape.

    Returns:
        Scalar (), <= 0; minimised by G.

    Source: Goodfellow et al. 2014, equation 1.
    """
    return -softplus(logits_fake).mean()


def g_nonsaturating(logits_fake: Tensor) -> Tensor:
    r"""What a generator minimises in practice: its gradient is largest where D rejects the fakes.

    $-\mathbb{E}_{z} \log D(G(z))$

    Args:
        logits_fake: raw scores of generated samples, any shape.

    Returns:
        Scalar (), >= 0; minimised by G.

    Source: Goodfellow et al. 2014, section 3, last paragraph before the figure of the toy game.
    """
    return softplus(-logits_fake).mean()
