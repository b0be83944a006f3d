import numpy as np
import torch
from torch.nn.functional import avg_pool2d, interpolate, pad

from gan_course.evaluation.frechet import frechet_distance
from gan_course.lessons.l04_measuring import exercises as measuring


def parts(real, fake):
    return real.mean(0), torch.cov(real.T), fake.mean(0), torch.cov(fake.T)


def root(matrix):
    values, vectors = torch.linalg.eigh(matrix)
    return vectors * values.clamp_min(0).sqrt() @ vectors.T


def frechet_right(real, fake):
    m, a, n, b = parts(real.double(), fake.double())
    middle = torch.linalg.eigvalsh(root(a) @ b @ root(a)).clamp_min(0).sqrt().sum()
    return ((m - n).square().sum() + a.trace() + b.trace() - 2 * middle).item()


def frechet_commuting(real, fake):
    m, a, n, b = parts(real, fake)
    return ((m - n).square().sum() + (a + b - 2 * root(a) @ root(b)).trace()).item()


def frechet_elementwise(real, fake):
    m, a, n, b = parts(real, fake)
    return ((m - n).square().sum() + (a + b - 2 * (a @ b).abs().sqrt()).trace()).item()


def frechet_unsquared(real, fake):
    m, _, n, _ = parts(real, fake)
    return frechet_right(real, fake) - (m - n).square().sum().item() + (m - n).norm().item()


def frechet_without_means(real, fake):
    return frechet_right(real - real.mean(0), fake - fake.mean(0))


def frechet_half(real, fake):
    m, a, n, b = parts(real, fake)
    middle = torch.linalg.eigvalsh(root(a) @ b @ root(a)).clamp_min(0).sqrt().sum()
    return ((m - n).square().sum() + a.trace() + b.trace() - middle).item()


def frechet_unclamped(real, fake):
    """A feature that never changes has the eigenvalue 0, which comes out as about -1e-17 as often
    as not.
    """
    m, a, n, b = parts(real, fake)
    values, vectors = torch.linalg.eigh(a)
    half = vectors * (values - 1e-12).sqrt() @ vectors.T
    if not torch.isfinite(half).all():
        return float("nan")
    return (
        (m - n).square().sum()
        + a.trace()
        + b.trace()
        - 2 * torch.linalg.eigvalsh(half @ b @ half).sqrt().sum()
    ).item()


def frechet_careless(real, fake):
    m, a, n, b = parts(real, fake)
    values, vectors = torch.linalg.eigh(a)
    half = vectors * values.sqrt() @ vectors.T
    middle = torch.linalg.eigvalsh(half @ b @ half).sqrt().sum()
    return ((m - n).square().sum() + a.trace() + b.trace() - 2 * middle).item()


def frechet_unsymmetric(real, fake):
    m, a, n, b = parts(real, fake)
    middle = torch.linalg.eigvalsh(a @ b).clamp_min(0).sqrt().sum()
    return ((m - n).square().sum() + a.trace() + b.trace() - 2 * middle).item()


def fit(x, y):
    x, y = torch.tensor(x).double(), torch.tensor(y).double()
    slope = ((x - x.mean()) * (y - y.mean())).sum() / (x - x.mean()).square().sum()
    return slope.item(), (y.mean() - slope * x.mean()).item()


def radii(samples, k):
    return torch.cdist(samples, samples).kthvalue(k + 1).values


def recall_right(real, fake, k=3):
    return (torch.cdist(real, fake) <= radii(fake, k)).any(1).double().mean().item()


def sigma_points(real):
    d = real.shape[1]
    steps = (d**0.5 * root(torch.cov(real.T))).T
    return real.mean(0) + torch.cat([steps, -steps])


def nearest(train, samples):
    return torch.cdist(samples, train).min(1).values


def copied_right(train, held_out, fake):
    return (nearest(train, fake) < nearest(train, held_out).quantile(0.01)).double().mean().item()


def frechet_in_its_precision(real, fake, correction=1):
    a, b = (torch.cov(part.T, correction=correction) for part in (real, fake))
    shift = (real.mean(0) - fake.mean(0)).square().sum()
    middle = torch.linalg.eigvalsh(root(a) @ b @ root(a)).clamp_min(0).sqrt().sum()
    return (shift + a.trace() + b.trace() - 2 * middle).item()


def frechet_biased(real, fake):
    return frechet_in_its_precision(real.double(), fake.double(), correction=0)


def frechet_in_place(real, fake):
    shift = (real.mean(0) - fake.mean(0)).square().sum()
    real -= real.mean(0)
    fake -= fake.mean(0)
    return float(shift) + frechet_right(real, fake)


def impostor_of_six(real):
    """Right in six dimensions, whatever the data's."""
    steps = (6**0.5 * root(torch.cov(real.T))).T
    return (real.mean(0) + torch.cat([steps, -steps])).repeat(20, 1)


def numpy_shrink(x, k):
    n, c, h, w = x.shape
    return x.numpy().reshape(n, c, h // k, k, w // k, k).mean((3, 5))


def among(samples):
    return (torch.cdist(samples, samples) + 1e9 * torch.eye(len(samples))).min(1).values


def share(train, fake, distances):
    return (nearest(train, fake) < distances.quantile(0.01)).double().mean()


AS_JPEG = {
    "prediction": "higher",
    "figures": {"as they are": [4.1, 3.4, 3.7], "JPEG": (5.0, 4.5, 4.3)},
    "conclusion": "higher",
}

RIGHT = [
    (measuring.check_as_jpeg, AS_JPEG),
    (measuring.check_distance_by_hand, 10),
    (measuring.check_distance_by_hand, 10.0),
    (measuring.check_distance_by_hand, torch.tensor(10.0)),
    (measuring.check_distance_by_hand, np.float32(10)),
    (measuring.check_distance_by_hand, np.array(10)),
    (measuring.check_frechet, frechet_right),
    (measuring.check_frechet, frechet_distance),
    (measuring.check_limit, lambda ns, values: fit([1 / n for n in ns], values)[1]),
    (measuring.check_recall, recall_right),
    (measuring.check_impostor, lambda real: sigma_points(real).repeat(20, 1)),
    (measuring.check_shrink, lambda x, k: avg_pool2d(x, k)),
    (
        measuring.check_shrink,
        lambda x, k: interpolate(x, scale_factor=1 / k, mode="bilinear", antialias=True),
    ),
    (measuring.check_shrink, lambda x, k: interpolate(x, scale_factor=1 / k, mode="area")),
    (measuring.check_copied_share, copied_right),
    (measuring.check_copied_share, lambda *sets: np.float64(copied_right(*sets))),
    (measuring.check_impostor, lambda real: sigma_points(real).repeat(20, 1).numpy()),
    (measuring.check_shrink, numpy_shrink),
    (measuring.check_shrink, lambda x, k: avg_pool2d(x.double(), k)),
    (measuring.check_frechet, lambda real, fake: torch.tensor([frechet_right(real, fake)])),
]

WRONG = [
    (
        measuring.check_as_jpeg,
        AS_JPEG | {"conclusion": "lower"},
        "does not follow",
    ),
    (measuring.check_as_jpeg, AS_JPEG | {"figures": ...}, "Now run"),
    (
        measuring.check_as_jpeg,
        AS_JPEG | {"figures": {"as they are": [4.1, 3.4, 3.7], "JPEG": 5.0}},
        "runs at least",
    ),
    (measuring.check_distance_by_hand, np.float32(9), "the means alone"),
    (measuring.check_distance_by_hand, True, "one number"),
    (measuring.check_distance_by_hand, torch.tensor([10.0, 10.0]), "one number"),
    (measuring.check_distance_by_hand, 9, "the means alone"),
    (measuring.check_distance_by_hand, 18, "the variances 4 and 1 subtracted and squared"),
    (measuring.check_distance_by_hand, 12, "the variances subtracted"),
    (measuring.check_distance_by_hand, 3.162, "that is the distance"),
    (measuring.check_distance_by_hand, 7, "of what?"),
    (measuring.check_distance_by_hand, "10", "one number"),
    (measuring.check_frechet, frechet_commuting, "only where the two covariances commute"),
    (measuring.check_frechet, frechet_elementwise, "not the root of each entry"),
    (measuring.check_frechet, frechet_unsquared, "enters squared"),
    (measuring.check_frechet, frechet_without_means, "the means do not enter"),
    (measuring.check_frechet, frechet_half, "counts twice"),
    (
        measuring.check_frechet,
        lambda real, fake: frechet_right(real, fake) ** 0.5,
        "that is the root",
    ),
    (measuring.check_frechet, frechet_unclamped, "not finite"),
    (
        measuring.check_frechet,
        frechet_careless,
        "eigenvalues of 0 may come out just below, your code raised",
    ),
    (measuring.check_frechet, frechet_unsymmetric, "takes its matrix for symmetric"),
    (measuring.check_frechet, lambda real, fake: float("nan"), "not finite"),
    (measuring.check_frechet, lambda real, fake: real @ fake, "your code raised RuntimeError"),
    (
        measuring.check_limit,
        lambda ns, values: fit([1 / n for n in ns], values)[0],
        "that is the slope",
    ),
    (
        measuring.check_limit,
        lambda ns, values: fit([float(n) for n in ns], values)[1],
        "over which axis",
    ),
    (
        measuring.check_limit,
        lambda ns, values: fit([1 / n for n in ns], values)[1] + 1e-4,
        "your answer is 2.0001: too large",
    ),
    (measuring.check_limit, lambda ns, values: sum(values) / len(values), "still has the bias"),
    (measuring.check_limit, lambda ns, values: values[-1], "follow the line on"),
    (
        measuring.check_limit,
        lambda ns, values: (values[-1] * ns[-1] - values[0] * ns[0]) / (ns[-1] - ns[0]),
        "least squares over all",
    ),
    (
        measuring.check_recall,
        lambda real, fake, k=3: recall_right(fake, real, k),
        "that is precision",
    ),
    (measuring.check_recall, lambda real, fake, k=3: recall_right(real, fake, k - 1), "is itself"),
    (
        measuring.check_recall,
        lambda real, fake, k=3: recall_right(real, fake),
        "use the k that is passed",
    ),
    (
        measuring.check_recall,
        lambda real, fake, k=3: (
            (torch.cdist(real, fake) <= radii(real, k)[:, None]).any(1).double().mean()
        ),
        "whose radii",
    ),
    (
        measuring.check_recall,
        lambda real, fake, k=3: (torch.cdist(real, fake) <= radii(fake, k)).double().mean(),
        "each real sample counts once",
    ),
    (measuring.check_impostor, sigma_points, "recall is 0.99"),
    (measuring.check_impostor, lambda real: real, "recall is 1.00"),
    (measuring.check_impostor, lambda real: real[:20].repeat(50, 1), "the distance is"),
    (measuring.check_impostor, lambda real: real.mean(0).repeat(100, 1), "the distance is"),
    (measuring.check_impostor, lambda real: sigma_points(real) * 2, "the distance is"),
    (measuring.check_impostor, lambda real: real[:, :3], "here of width 6"),
    (measuring.check_impostor, lambda real: real[:4], "not enough for a covariance"),
    (
        measuring.check_shrink,
        lambda x, k: interpolate(x, scale_factor=1 / k, mode="bilinear"),
        "became a pattern",
    ),
    (measuring.check_shrink, lambda x, k: interpolate(x, scale_factor=1 / k), "became a pattern"),
    (measuring.check_shrink, lambda x, k: x[..., ::k, ::k], "became a pattern"),
    (measuring.check_shrink, lambda x, k: avg_pool2d(x, k) * 0, "lost its strength"),
    (measuring.check_shrink, lambda x, k: avg_pool2d(x, 2 * k), "are (1, 3, 6, 8); yours are"),
    (
        measuring.check_shrink,
        lambda x, k: interpolate(avg_pool2d(x, 8), size=[side // k for side in x.shape[-2:]]),
        "lost its strength",
    ),
    (
        measuring.check_copied_share,
        lambda train, held, fake: (nearest(train, fake) == 0).double().mean(),
        "only exact copies",
    ),
    (
        measuring.check_copied_share,
        lambda train, held, fake: (
            (nearest(held, fake) < nearest(held, train).quantile(0.01)).double().mean()
        ),
        "two sets are exchanged",
    ),
    (
        measuring.check_copied_share,
        lambda train, held, fake: (nearest(train, fake) < 0.1).double().mean(),
        "for fakes at many distances",
    ),
    (
        measuring.check_copied_share,
        lambda train, held, fake: (
            (nearest(train, fake) < nearest(train, held).median()).double().mean()
        ),
        "that limit is not the one",
    ),
    (
        measuring.check_copied_share,
        lambda train, held, fake: (
            (nearest(train, fake) < nearest(train, held).quantile(0.99)).double().mean()
        ),
        "that limit is not the one",
    ),
    (
        measuring.check_copied_share,
        lambda train, held, fake: (
            (nearest(train, fake) < nearest(train, held).min()).double().mean()
        ),
        "that limit is not the one",
    ),
    (measuring.check_frechet, frechet_biased, "divided by N"),
    (measuring.check_frechet, frechet_in_its_precision, "digits are lost"),
    (
        measuring.check_frechet,
        lambda real, fake: frechet_in_its_precision(real.float(), fake.float()),
        "digits are lost",
    ),
    (measuring.check_frechet, frechet_in_place, "you changed `real` itself"),
    (
        measuring.check_impostor,
        lambda real: sigma_points(real).repeat(20, 1) - real.mean(0),
        "the distance is",
    ),
    (measuring.check_impostor, impostor_of_six, "in 3 dimensions the distance is"),
    (measuring.check_shrink, lambda x, k: avg_pool2d(x, (1, k))[:, :, ::k], "fine rows 1 wide"),
    (measuring.check_shrink, lambda x, k: avg_pool2d(x, 4), "shrunk 2 times are"),
    (
        measuring.check_shrink,
        lambda x, k: avg_pool2d(x, 2 * k, stride=k, padding=k // 2, count_include_pad=False),
        "became a pattern",
    ),
    (
        measuring.check_shrink,
        lambda x, k: avg_pool2d(pad(x, [k // 2] * 4, "reflect"), 2 * k, stride=k),
        "a bright dot spreads",
    ),
    (
        measuring.check_shrink,
        lambda x, k: avg_pool2d(x[:, :1], k).expand(-1, 3, -1, -1),
        "each channel for itself",
    ),
    (
        measuring.check_copied_share,
        lambda train, held, fake: share(train, fake, among(train)),
        "training samples among themselves",
    ),
    (
        measuring.check_copied_share,
        lambda train, held, fake: share(train, fake, among(held)),
        "held-out samples among themselves",
    ),
]
