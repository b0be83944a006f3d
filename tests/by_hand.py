"""The operations of StyleGAN from the papers' formulas: plain loops in float64, for small tensors
in tests.
"""

import math

import torch


def convolved(x, weight, bias=None):
    """Sum of products around each pixel, with zeros beyond the border; the kernel's side is odd."""
    n_pictures, n_in, height, width = x.shape
    n_out, _, side, _ = weight.shape
    x, weight, reach = x.tolist(), weight.tolist(), side // 2
    bias = [0.0] * n_out if bias is None else bias.tolist()
    y = torch.zeros(n_pictures, n_out, height, width, dtype=torch.float64)
    for n in range(n_pictures):
        for out in range(n_out):
            for row in range(height):
                for column in range(width):
                    total = bias[out]
                    for i in range(n_in):
                        for a in range(side):
                            for b in range(side):
                                r, c = row + a - reach, column + b - reach
                                if 0 <= r < height and 0 <= c < width:
                                    total += weight[out][i][a][b] * x[n][i][r][c]
                    y[n, out, row, column] = total
    return y


def dense(x, weight, bias):
    """Each output is the sum of weight times input, and its bias."""
    rows = [
        [
            sum(w * v for w, v in zip(row, vector, strict=True)) + b
            for row, b in zip(weight, bias, strict=True)
        ]
        for vector, weight, bias in (
            (vector, weight.tolist(), bias.tolist()) for vector in x.tolist()
        )
    ]
    return torch.tensor(rows, dtype=torch.float64)


def leaky(x):
    """x where it is positive, a fifth of it elsewhere."""
    return torch.where(x > 0, x, x / 5)


def halved(x):
    """The mean of each 2 x 2 pixels."""
    y = torch.zeros(*x.shape[:2], x.shape[2] // 2, x.shape[3] // 2, dtype=torch.float64)
    for row in range(y.shape[2]):
        for column in range(y.shape[3]):
            y[:, :, row, column] = (
                x[:, :, 2 * row : 2 * row + 2, 2 * column : 2 * column + 2].double().mean((2, 3))
            )
    return y


def blurred(x, *, border="zero"):
    """1, 2, 1 over 4 along rows and along columns.

    Beyond the border there is zero, or the border again.
    """
    y = torch.zeros(x.shape, dtype=torch.float64)
    height, width = x.shape[2:]
    for row in range(height):
        for column in range(width):
            for a, up in zip((-1, 0, 1), (1, 2, 1), strict=True):
                for b, left in zip((-1, 0, 1), (1, 2, 1), strict=True):
                    r, c = row + a, column + b
                    inside = 0 <= r < height and 0 <= c < width
                    if inside or border == "repeated":
                        r, c = min(max(r, 0), height - 1), min(max(c, 0), width - 1)
                        y[:, :, row, column] += up * left / 16 * x[:, :, r, c]
    return y


def doubled(x, *, smooth):
    """Each pixel four times; smooth: then a blur, with the border repeated."""
    y = torch.zeros(*x.shape[:2], 2 * x.shape[2], 2 * x.shape[3], dtype=torch.float64)
    for row in range(y.shape[2]):
        for column in range(y.shape[3]):
            y[:, :, row, column] = x[:, :, row // 2, column // 2]
    return blurred(y, border="repeated") if smooth else y


def pixel_normed(x):
    """Karras et al. 2018, section 4.2: each pixel over the root of its mean square."""
    flat = x.flatten(2) if x.ndim > 2 else x[:, :, None]
    y = flat.detach().double().clone()
    for n in range(y.shape[0]):
        for place in range(y.shape[2]):
            values = flat[n, :, place].tolist()
            y[n, :, place] /= math.sqrt(sum(v * v for v in values) / len(values) + 1e-8)
    return y.reshape(x.shape)


def with_deviation(x, group):
    """Karras et al.

    2018, section 3: the mean over features and places of the deviation over a group, as a channel.

    Pictures k, k + N / group, k + 2 N / group ... make a group.
    """
    n, channels, height, width = x.shape
    more = torch.zeros(n, 1, height, width, dtype=torch.float64)
    apart = n // group
    for first in range(apart):
        members, deviations = list(range(first, n, apart)), []
        for c in range(channels):
            for row in range(height):
                for column in range(width):
                    values = x[members, c, row, column].tolist()
                    mean = sum(values) / group
                    deviations.append(
                        math.sqrt(sum((v - mean) ** 2 for v in values) / group + 1e-8)
                    )
        more[members] = sum(deviations) / len(deviations)
    return torch.cat([x.double(), more], 1)


def adain(x, scale, shift):
    """Karras et al. 2019, equation 1, one channel of one picture at a time."""
    y, scale, shift = torch.zeros(x.shape, dtype=torch.float64), scale.tolist(), shift.tolist()
    for n in range(x.shape[0]):
        for c in range(x.shape[1]):
            values = x[n, c].flatten().tolist()
            mean = sum(values) / len(values)
            variance = sum((v - mean) ** 2 for v in values) / len(values)
            y[n, c] = (
                scale[n][c] * (x[n, c].detach() - mean) / math.sqrt(variance + 1e-8) + shift[n][c]
            )
    return y


def modulated(x, weight, style, *, demodulate):
    """Karras et al. 2020, equations 1 and 3: for each picture, weights of its own."""
    pictures, style = [], style.tolist()
    for n in range(len(x)):
        own = weight.detach().double().clone()
        for i in range(weight.shape[1]):
            own[:, i] *= style[n][i]
        if demodulate:
            for j in range(len(own)):
                own[j] /= math.sqrt(sum(v * v for v in own[j].flatten().tolist()) + 1e-8)
        pictures.append(convolved(x[n : n + 1], own))
    return torch.cat(pictures)


def shaken(module, *, seed=0, size=0.5):
    """The module in float64, with noise on every parameter: what begins at zero shows."""
    generator = torch.Generator().manual_seed(seed)
    module = module.double()
    for parameter in module.parameters():
        parameter.data += size * torch.randn(
            parameter.shape, generator=generator, dtype=torch.float64
        )
    return module


def drawn(*shape, seed=0):
    """Numbers from N(0, 1) in float64."""
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
