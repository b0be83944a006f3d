"""Disentanglement of a generator's codes: control, readability, path length, directions."""

from collections.abc import Callable, Mapping

import torch
from torch import Tensor

Answers = Mapping[str, Tensor]


def changed_shares(before: Answers, after: Answers) -> dict[str, float]:
    """The share of pictures for which the answer to each question changed.

    Args:
        before: question -> (N,) answers, N >= 1.
        after: the same questions about the changed pictures, in the same order.

    Returns:
        Question -> share in [0, 1].

    Raises:
        ValueError: other questions, or another number of pictures.
    """
    if before.keys() != after.keys() or any(
        len(before[name]) != len(after[name]) for name in before
    ):
        raise ValueError("before and after must answer the same questions about as many pictures")
    return {name: float((before[name] != after[name]).double().mean()) for name in before}


def interval(share: float, n: int, *, z: float = 1.96) -> tuple[float, float]:
    r"""Wilson's interval for a share that was counted over n pictures; 95 % for z = 1.96.

    Args:
        share: in [0, 1].
        n: pictures counted, at least 1.
        z: of the normal distribution.

    Returns:
        Lower and upper end.

    Source: Wilson 1927, as in any handbook of statistics.
    """
    centre = (share + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * (share * (1 - share) / n + z**2 / (4 * n**2)) ** 0.5
    return centre - half, centre + half


def linear_readability(codes: Tensor, answers: Tensor, *, ridge: float = 1e-2) -> float:
    """The share of an attribute's values that a linear reader tells rightly from codes.

    One half of the codes fits a ridge regression to one-hot answers; the other half is predicted,
    and right answers are counted.

    Args:
        codes: (N, d), such as z or w, N >= 4.
        answers: (N,) int64, what is in the pictures of these codes.
        ridge: strength of the penalty, in units of a mean squared code.

    Returns:
        Share of right answers on the second half, in [0, 1]. The commonest answer alone gives its
        own share.

    Raises:
        ValueError: sizes that do not match, or too few.

    Source: the idea of linear separability, Karras et al. 2019, section 4.2.
    Differs: a regression and its share of right answers in place of an SVM and a conditional
        entropy.
    """
    if len(codes) != len(answers) or len(codes) < 4:
        raise ValueError(f"{len(codes)} codes and {len(answers)} answers: give as many, at least 4")
    codes = codes.double()
    half = len(codes) // 2
    mean, std = codes[:half].mean(0), codes[:half].std(0).clamp_min(1e-9)
    codes = torch.cat([(codes - mean) / std, torch.ones(len(codes), 1, dtype=torch.double)], 1)
    one_hot = torch.nn.functional.one_hot(answers, int(answers.max()) + 1).double()
    X, Y = codes[:half], one_hot[:half]
    weights = torch.linalg.solve(
        X.T @ X + ridge * half * torch.eye(X.shape[1], dtype=torch.double), X.T @ Y
    )
    return float(((codes[half:] @ weights).argmax(1) == answers[half:]).double().mean())


def path_length(
    picture: Callable[[Tensor], Tensor],
    starts: Tensor,
    ends: Tensor,
    *,
    features: Callable[[Tensor], Tensor],
    spherical: bool,
    share: Tensor,
    epsilon: float = 1e-2,
) -> Tensor:
    r"""Perceptual path length: the change of a picture for a small step between two codes.

    $\frac{1}{\epsilon^2}\,\lVert \phi(G(\mathrm{lerp}(w_1, w_2; t))) - \phi(G(\mathrm{lerp}(w_1,
    w_2; t + \epsilon))) \rVert^2$

    Args:
        picture: codes (N, d) to pictures.
        starts: (N, d), $w_1$.
        ends: (N, d), $w_2$.
        features: pictures to vectors (N, F).
        spherical: slerp, for z, else lerp, for w.
        share: (N,) t, in [0, 1].
        epsilon: the step.

    Returns:
        (N,) squared changes over epsilon squared; compare means, over the same features only.

    Source: Karras et al. 2019, section 4.1, equations 2 and 3.
    Differs: the course's own features in place of VGG16's, so the figures compare with no paper's;
        a larger step, for half-precision weights and small networks.
    """
    between = slerp if spherical else lambda a, b, t: torch.lerp(a, b, t[:, None])
    with torch.no_grad():
        before, after = (
            features(picture(between(starts, ends, t))) for t in (share, share + epsilon)
        )
    return (before - after).square().sum(1) / epsilon**2


def slerp(a: Tensor, b: Tensor, t: Tensor) -> Tensor:
    """Spherical interpolation between the directions of a and b.

    (N, d), (N, d) and shares (N,) to unit vectors (N, d), along the great circle.

    Source: Shoemake 1985; Karras et al. 2019, section 4.1, for z.
    """
    a, b = (x / torch.linalg.vector_norm(x, dim=1, keepdim=True) for x in (a, b))
    angle = (a * b).sum(1, keepdim=True).clamp(-1, 1).acos()
    t = t[:, None]
    return (torch.sin((1 - t) * angle) * a + torch.sin(t * angle) * b) / torch.sin(angle).clamp_min(
        1e-9
    )


def labelled_direction(codes: Tensor, has_attribute: Tensor) -> Tensor:
    """The direction in which an attribute becomes likelier: a linear reader's normal, of length 1.

    Args:
        codes: (N, d).
        has_attribute: (N,) bool, both values present: whether the picture of each code has it.

    Returns:
        (d,) of length 1.

    Raises:
        ValueError: all codes have the attribute, or none.

    Source: Shen et al. 2020 (arXiv:1907.10786), there the normal of an SVM; here of a least-squares
        fit.
    """
    if has_attribute.all() or not has_attribute.any():
        raise ValueError("codes with and without the attribute are needed")
    codes, target = codes.double(), has_attribute.double()
    centred = codes - codes.mean(0)
    ridge = 1e-2 * centred.square().mean() * len(codes)
    normal = torch.linalg.solve(
        centred.T @ centred + ridge * torch.eye(codes.shape[1], dtype=torch.double),
        centred.T @ (target - target.mean()),
    )
    return (normal / torch.linalg.vector_norm(normal)).to(torch.float32)


def closed_form_directions(weights: Tensor, n: int) -> Tensor:
    """The directions in w that change a layer's styles most, found without labels or pictures.

    Args:
        weights: (styles, w_dim), the affine layers of the layers to edit, one below the other.
        n: how many.

    Returns:
        (n, w_dim), of length 1, the strongest first: eigenvectors of weights^T weights.

    Source: Shen and Zhou 2021 (arXiv:2007.06600), equation 5.
    """
    _, vectors = torch.linalg.eigh(weights.double().T @ weights.double())
    return vectors.flip(1)[:, :n].T.float().contiguous()
