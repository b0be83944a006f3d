# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 09 · Growing
#
# Train a GAN at 4 pixels, then at 8, 16 and 32, and say what each part of the recipe does: these parts are what
# StyleGAN was built on.
#
# ![Eight rows of ten pictures, each row a later moment of one training, each column one latent vector: blocks of 4 by 4 colours, pale patches at 8 pixels, blobs at 16, and at 32 painted cats with ears and tail, in several colours.](images/09_growing.jpg)
#
# | you will be able to | |
# | --- | --- |
# | explain | why one would begin with 4 x 4 pictures, and what they still show |
# | write | equal learning rates, pixel norm, minibatch standard deviation, a fade-in and its schedule |
# | derive | what a scale in front of the weights does to Adam's step, and to plain gradient descent's |
# | show | aliasing, and what a filter before halving keeps out |
# | judge | growing against training at full size from the start, at equal computing time |
# | needs | lessons 02 (DCGAN), 03 (R1), 04 (the reader and its distance) |
# | time | study 90 min; computing: 88 s on a newer processor, 118 s on an older one |
# | papers | Karras et al. 2018 (the progressive GAN); Karras et al. 2019 (StyleGAN, its configurations A and B) |

# %% tags=["parameters"]
PROFILE = ""  # "" takes GAN_COURSE_PROFILE, else fast
SEED = 0

# %% tags=["imports"]
import matplotlib.pyplot as plt
import torch

from gan_course import viz
from gan_course.lessons import claim, config_for
from gan_course.lessons.l09_growing import exercises
from gan_course.lessons.l09_growing.config import PROFILES
from gan_course.runtime import choose_runtime, seed_everything

hint = exercises.hint
cfg, runtime = config_for(PROFILES, PROFILE), choose_runtime()
seed_everything(SEED)

# %% [markdown]
# ## Before you start
#
# 1. A layer adds up 100 independent inputs of variance 1, each times a weight of variance 1. What is the variance of the
#    sum, and which factor brings it back to 1?
# 2. G draws the same fine picture for every z. D sees one picture at a time. Can it tell?
# 3. How many pixels has a 32 x 32 picture for each pixel of a 4 x 4 one?
#
# <details><summary>Answers</summary>
#
# 1. 100; the factor is $1/\sqrt{100}$. Exercise 3 turns that into a layer.
# 2. Not from the picture: it may be a perfect one. Exercise 4 shows D several at once.
# 3. 64. A convolution with the same features is as many times the work.
#
# </details>

# %% [markdown]
# ## Where StyleGAN comes from
#
# StyleGAN takes the generator of the **progressive GAN** apart (Karras et al. 2018; it *is* StyleGAN's configuration A)
# and borrows from style transfer. This lesson is about the first parent, the next about the second.
#
# In 2017 a GAN at 1024 pixels was out of reach. The way there: begin with pictures of 4 x 4, and add layers for the next
# size to both players. The bet: small pictures are soon learnt, at little cost, and each size has only details to add.
# The paper gives each size 800,000 pictures to come in and as many to settle. Ours get one or two thousand, and 32 pixels
# some six thousand to settle: we move on long before a size is learnt.

# %%
from gan_course.data.batches import to_float
from gan_course.data.critters import FACTORS, SPACE, load_critters

images, factors = load_critters(n=cfg.n_pictures, resolution=32, seed=SEED)
test, test_factors = load_critters("test", n=cfg.n_samples, resolution=32, seed=SEED)
real = to_float(test)
print("to train on:", tuple(images.shape[1:]), "· to measure on:", tuple(real.shape[1:]))

# %% mystnb={"image": {"alt": "The same creatures four times: as 4 by 4 blocks of colour, at 8 pixels where a body stands before a ground, at 16 pixels with stripes and a hint of a face, and at 32 pixels with eyes, mouth and texture."}}
from torch import nn
from torch.nn.functional import avg_pool2d, cross_entropy, interpolate

from gan_course.models.progressive import downsample_for_growth


def enlarged(x):
    return interpolate(x, size=32)  # nearest neighbour: every pixel a block


viz.show_grids(
    {f"{size} px": enlarged(downsample_for_growth(real[:6], size, 1.0)) for size in (4, 8, 16, 32)},
    n_columns=2,
    zoom=3,
)

# %% [markdown]
# ## What a 4 x 4 picture still knows
#
# Each creature has seven attributes. Which of them are still in a picture of 4 x 4? Don't trust your eyes: train a
# small network at each size to read them.

# %% [markdown]
# **Exercise 1. From which size on?** (easy, 5 minutes: a prediction, to be written down before the cell below runs)
#
# Nine pictures in ten must be read right, by a small network that was trained at that size. From which size on (4, 8,
# 16 or 32) is that so for each of these?

# %% tags=["exercise"]
settled = {"body_colour": ..., "background": ..., "eyes": ..., "mouth": ...}
# hint("settled", 1)
exercises.check_settled(settled)

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# settled = {"body_colour": 4, "background": 4, "eyes": 16, "mouth": 32}
# ```
#
# </details>


# %%
def read_at(size, n_steps=cfg.n_steps_reader):
    """Share of right answers on test pictures, by attribute, of a net with one hidden layer."""
    x, y = (downsample_for_growth(part, size, 1.0).flatten(1) for part in (to_float(images), real))
    net = nn.Sequential(nn.Linear(x.shape[1], 256), nn.ReLU(), nn.Linear(256, sum(SPACE.sizes)))
    optimizer = torch.optim.Adam(net.parameters(), 3e-3)
    generator = torch.Generator().manual_seed(SEED)
    mean, std = x.mean(0), x.std()
    for _ in range(n_steps):
        pick = torch.randint(len(x), (256,), generator=generator)
        answers = net((x[pick] - mean) / std).split(SPACE.sizes, 1)
        optimizer.zero_grad()
        sum(cross_entropy(answer, factors[pick, k]) for k, answer in enumerate(answers)).backward()
        optimizer.step()
    with torch.no_grad():
        answers = net((y - mean) / std).split(SPACE.sizes, 1)
    right = [answer.argmax(1) == test_factors[:, k] for k, answer in enumerate(answers)]
    return {name: right[k].double().mean().item() for k, name in enumerate(FACTORS)}


readable = {size: read_at(size) for size in (4, 8, 16, 32)}
colours, eyes = min(readable[4]["body_colour"], readable[4]["background"]), readable[4]["eyes"]
claim("at 4 px both colours are read right in nine of ten", colours, above=0.9, needs_training=True)
claim("at 4 px the eyes are not: less than half", eyes, below=0.5, needs_training=True)
claim("at 16 px they are, nine of ten", readable[16]["eyes"], above=0.9, needs_training=True)

# %% tags=["nbval-ignore-output"] mystnb={"image": {"alt": "A table of seven attributes by four sizes. Body colour and background are read right nearly always at 4 px; shape and texture in about four of five; eyes from 16 px on; the mouth at 32 px, the top nearly."}}
table = torch.tensor([[readable[size][name] for size in readable] for name in FACTORS])
viz.show_heat_map(
    table,
    [name.replace("_", " ") for name in FACTORS],
    [f"{size} px" for size in readable],
    title="share read right",
)

# %% [markdown]
# Colours are settled at 4 px, shapes mostly and at 8 px for good, faces and tops last: a generator that has learnt 4 px
# *could* pass on what everything after builds on. And a surprise: the texture is read in more than three of four cases at
# a size at which no stripe can be seen: marks darken a body by the share that they cover.

# %% [markdown]
# ## Halving without lies
#
# D halves the picture again and again, and so did we to show it small pictures. There are a bad way, a fair one (ours,
# above) and a good one. A wave needs two pixels for each cycle, so a grid of half as many pixels holds waves up to 1/4 of
# a cycle for each old pixel. What is finer has to go *before* pixels are dropped, or it comes back as a wave that was
# never there: **aliasing**.
#
# Take waves of every frequency, halve them in three ways, and see how strong they come out. **Predict** for "every second
# pixel" and a wave of 3/8, which the new grid can't hold: how strong is what comes back, and what is its frequency?

# %%
from gan_course.models.progressive import Blur

ways = {
    "every second pixel": lambda x: x[..., ::2, ::2],
    "mean of 2 x 2": lambda x: avg_pool2d(x, 2),
    "filter, then mean": lambda x: avg_pool2d(Blur()(x), 2),
}
frequency, place = torch.linspace(0, 0.5, 65), torch.arange(128.0)


def strength(way):
    """What is left of waves along the rows, far from the border: (frequencies,)."""
    left = []
    for phase in torch.arange(8) * torch.pi / 4:
        waves = torch.cos(2 * torch.pi * frequency[:, None] * place + phase)
        pictures = waves[:, None, None, :].expand(-1, 1, 16, -1)
        left.append(way(pictures)[:, 0, 4, 4:-4])
    return torch.stack(left).square().mean((0, 2)).mul(2).sqrt()


gain = {name: strength(way) for name, way in ways.items()}
at = int(3 / 8 / 0.5 * 64)
print({name: round(curve[at].item(), 2) for name, curve in gain.items()})
claim("filter and mean leave less than a twelfth of a wave of 3/8, which every second pixel keeps",
      gain["filter, then mean"][at] / gain["every second pixel"][at], below=1 / 12)  # fmt: skip

# %% mystnb={"image": {"alt": "Left: three curves of strength against frequency. Every second pixel stays at one throughout; the mean of 2 by 2 falls as a cosine; filter and mean fall faster, to a third at the limit of one quarter, which is marked, and close to zero from three eighths on. Right: a wave of frequency three eighths, and the slow wave that every second pixel makes of it."}}
_, (left, right) = viz.figure(8.6, 2.6, n_axes=2)
for (name, curve), colour in zip(gain.items(), (viz.FAKE, viz.SCORE, viz.REAL), strict=True):
    left.plot(frequency, curve, color=colour, label=name)
left.axvspan(0.25, 0.5, color="0.92")
left.set(
    xlabel="cycles for each old pixel (grey: beyond the new grid)",
    ylabel="strength after halving",
    ylim=(0, 1.1),
)
left.legend(frameon=False, fontsize=8)
fine, dense = torch.cos(2 * torch.pi * 3 / 8 * place[:33]), torch.linspace(0, 32, 400)
right.plot(dense, torch.cos(2 * torch.pi * 3 / 8 * dense), color="0.8", label="the wave")
right.plot(place[:33:2], fine[::2], "o-", color=viz.FAKE, ms=4, label="every second pixel")
right.set(xlabel="pixel", ylim=(-1.2, 1.7))
right.legend(frameon=False, fontsize=8, ncols=2, loc="upper right")
viz.show_jpeg(quality=75)

# %% [markdown]
# The 3/8 wave returns at 1/8, at full strength: a slow wave that nobody drew. (From one kept pixel to the next it goes on by
# 3/4 of a cycle, which looks like 1/4 back: 1/8 for each old pixel.) The filter keeps it out, at a price: at 1/4
# of a cycle about 0.35 is left, so it softens what could have stayed. Strided layers that don't filter first can tell
# such lies, and they change when the picture moves by one pixel. See it on a striped creature, moved down by one pixel,
# at 8 px: its stripes are 4 pixels apart at 32, so at 8 they must be gone. **Predict** what every fourth pixel makes of
# them.

# %%
striped = to_float(load_critters("test", n=64, resolution=32, seed=SEED, texture="stripes")[0])
moved = torch.cat([striped[:, :, :1], striped[:, :, :-1]], 2)  # the first row twice
made = {
    "every fourth pixel": (striped[..., ::4, ::4], moved[..., ::4, ::4]),
    "mean of 4 x 4": (avg_pool2d(striped, 4), avg_pool2d(moved, 4)),
}
change = {name: (a - b).abs().mean().item() / 2 for name, (a, b) in made.items()}
print({name: round(value, 3) for name, value in change.items()})
claim("moved by one pixel, every fourth pixel changes over four times as much as the mean",
      change["every fourth pixel"] / change["mean of 4 x 4"], above=4)  # fmt: skip

# %% mystnb={"image": {"alt": "Striped creatures at 32 pixels; then at 8 pixels by every fourth pixel, as they are and moved down by one pixel, where the bodies change from light to dark; and by the mean of 4 by 4, where both look alike."}}
names = ["every 4th", "moved: every 4th", "mean", "moved: mean"]
small = [part[:4] for pair in made.values() for part in pair]
viz.show_grids(
    {"32 px": striped[:4]} | dict(zip(names, map(enlarged, small), strict=True)),
    n_columns=2,
    zoom=3,
)

# %% [markdown]
# Every fourth pixel meets either only stripes or only gaps: a whole creature turns dark when it moves by a pixel.
#
# The progressive GAN took means of 2 x 2; StyleGAN's configuration B put the filter $[1, 2, 1]/4$ before them, and after
# each doubling. Our D has both, and folds the mean into the convolution: a 3 x 3 convolution and a mean of 2 x 2 are one
# convolution with a 4 x 4 kernel and stride 2. By hand, against the package:

# %%
from torch.nn.functional import conv2d

from gan_course.models.progressive import EqualConv2d, upsample

x, layer = torch.randn(2, 8, 16, 16), EqualConv2d(8, 12, 3, down=True)
with torch.no_grad():
    by_hand = avg_pool2d(conv2d(x, layer.weight * layer.scale, layer.bias, padding=1), 2)
    same = torch.allclose(layer(x), by_hand, atol=1e-4)
    print("the folded convolution is convolution, then mean:", same)
    doubled = Blur()(interpolate(x, scale_factor=2))
    inside = (..., slice(1, -1), slice(1, -1))
    same = torch.allclose(upsample(x)[inside], doubled[inside], atol=1e-5)
    print("doubling with the filter is bilinear, but for the border:", same)

# %% [markdown]
# ## Equal learning rates
#
# He's rule draws the weights of a layer from $N(0, c^2)$ with $c = \sqrt{2 / \text{fan in}}$, so that a signal keeps its
# strength. The **fan in** is the number of inputs that one output adds up, $n_{in} k^2$ for a convolution with k x k
# kernels. A layer that adds up many inputs has small weights. Now Adam comes along, and moves *every* weight by about the
# learning rate. So a layer of small weights is turned over while one of large weights has hardly begun.
#
# The remedy: store $v \sim N(0, 1)$ and use $w = c\,v$, with $c$ a constant. The network begins as before. What has
# changed?

# %% [markdown]
# **Exercise 2. What a scale does to a step** (medium, 10 minutes: the whole trick is in these two words)
#
# $w = c\,v$, and the optimiser moves $v$. How far does $w$ move, compared with an optimiser that moves $w$ itself at
# the same rate? Answer "1", "c" or "c squared", for plain gradient descent and for Adam.

# %% tags=["exercise"]
rates = {"SGD": ..., "Adam": ...}
# hint("rates", 1)
exercises.check_rates(rates)

# %% [markdown]
# <details><summary>Solution</summary>
#
# $\partial L/\partial v = c\, \partial L/\partial w$. Gradient descent moves $v$ by the rate times that, and $w$ by $c$
# times as much again: $c^2$. Adam divides the size of the gradient out, so $v$ moves by about the rate, and $w$ by $c$
# times that.
#
# ```python
# rates = {"SGD": "c squared", "Adam": "c"}
# ```
#
# </details>
#
# Test it: three layers of D with a fan in of 3, 144 and 288, and one of 1,200 in the place of D's dense layer, which has
# 768. The same first weights, stored plain or as $c\,v$, and one step of Adam at a rate of 0.002. **Predict:** by how
# many per cent of itself does each layer move?

# %%
from torch.nn.functional import softplus

from gan_course.models.progressive import lrelu

shapes = [(16, 3, 1), (32, 16, 3), (48, 32, 3), (48, 48, 5)]  # out, in, kernel
scales = [(2 / (n_in * k * k)) ** 0.5 for _, n_in, k in shapes]
drawn = [torch.randn(n_out, n_in, k, k, dtype=torch.float64) for n_out, n_in, k in shapes]
few, lr = downsample_for_growth(real[:4], 16, 1.0).double(), 2e-3


def after(how, n_steps=1):
    """Weights in use after steps of Adam: stored "plain", "scaled", or plain with "own rates"."""
    start = zip(drawn, scales, strict=True)
    stored = [nn.Parameter(v.clone() if how == "scaled" else c * v) for v, c in start]
    pairs = list(zip(stored, scales, strict=True))
    own = [{"params": [p], "lr": lr * c, "eps": 1e-8 / c} for p, c in pairs]
    optimizer = torch.optim.Adam(own if how == "own rates" else stored, lr, (0.0, 0.99))
    for _ in range(n_steps):
        y = few
        for p, c in pairs:
            y = lrelu(conv2d(y, c * p if how == "scaled" else p, padding=p.shape[-1] // 2))
        optimizer.zero_grad()
        softplus(y.mean((1, 2, 3))).mean().backward()
        optimizer.step()
    return [(c * p if how == "scaled" else p).detach() for p, c in pairs]


# %%
first = [c * v for v, c in zip(drawn, scales, strict=True)]
share = {
    how: [((w - w0).norm() / w0.norm()).item() for w, w0 in zip(after(how), first, strict=True)]
    for how in ("plain", "scaled")
}
print(f"{'fan in':7}" + "".join(f"{n_in * k * k:8,}" for _, n_in, k in shapes))
for how, moves in share.items():
    print(f"{how:7}" + "".join(f"{move:8.2%}" for move in moves))
spread = {how: max(moves) / min(moves) for how, moves in share.items()}
claim("stored plain, one layer moves over ten times as far as another", spread["plain"], above=10)
claim("scaled, no layer moves twice as far as another", spread["scaled"], below=2)

# %% [markdown]
# Plain, a layer moves by about $lr / c$: 0.27 % with a fan in of 3, 4.90 % with 1,200. Scaled, each moves by about 0.2 %
# of itself: the rate *is* the relative speed. Is that magic of the stored weights? No: by exercise 2 it is Adam with a
# rate of $c \cdot lr$ for each layer (and its epsilon over $c$). Twenty steps of both:

# %%
apart = max(
    (a - b).abs().max().item()
    for a, b in zip(after("scaled", 20), after("own rates", 20), strict=True)
)
print("twenty steps scaled are twenty with each layer's own rate, to a billionth:", apart < 1e-9)

# %% [markdown]
# So what matters is not how big weights are drawn, but how fast each layer is allowed to move.

# %% [markdown]
# **Exercise 3. The layer** (medium, 10 minutes: a published version says "He's constant" and leaves out the root of 2)
#
# `weight` is (n_out, n_in, k, k), drawn from N(0, 1), k odd. Convolve with the scaled weight, pad so that the size
# stays, and add the bias. The scale is `gain` over the root of the fan in; `gain` is $\sqrt 2$ before a ReLU.


# %% tags=["exercise"]
def equal_conv(x, weight, bias, gain):
    # your code
    ...


# hint("equal_conv", 1)
exercises.check_equal_conv(equal_conv)

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# def equal_conv(x, weight, bias, gain):
#     _, n_in, k, _ = weight.shape
#     return conv2d(x, weight * (gain / (n_in * k * k) ** 0.5), bias, padding=k // 2)
# ```
#
# </details>
#
# Without the root of 2 a ReLU network loses half of its signal's power at each layer. **Predict:** how much is left
# after eight?


# %%
def power(gain, depth=8, width=512):
    """Mean square of the features after some dense layers with ReLU; the input has 1."""
    generator = torch.Generator().manual_seed(SEED)
    y = torch.randn(64, width, generator=generator)
    for _ in range(depth):
        y = torch.relu(y @ torch.randn(width, width, generator=generator) * gain / width**0.5)
    return y.square().mean().item()


kept = {"with the root of 2": power(2**0.5), "without": power(1.0)}
print({name: f"{value:.2g}" for name, value in kept.items()})
conv = EqualConv2d(8, 12, 3)
with torch.no_grad():
    by_hand = conv2d(x, conv.weight * (2 / (8 * 9)) ** 0.5, conv.bias, padding=1)
    same = torch.allclose(conv(x), by_hand, atol=1e-5)
    print("the package's layer is the one of the exercise:", same)

# %% [markdown]
# Expected: 1 and 1/256. One draw of the weights strays (0.72 here), but the ratio, 0.0028 / 0.72 = 0.0039, is 1/256.

# %% [markdown]
# ## Pixel norm
#
# Equal rates make the layers of a network even; nothing yet keeps them from an arms race, in which both answer each other
# with ever stronger signals. The progressive GAN puts a norm behind every convolution **of G**: each pixel's vector of
# features is brought to a mean square of 1, $b = a / \sqrt{\mathrm{mean}(a^2) + \epsilon}$, the mean over the C features
# of one pixel. Nothing is learnt, and unlike BatchNorm and InstanceNorm no pixel hears of another. Let the weights of
# seven layers become half as strong again: without the norm the last features grow $1.5^7 = 17$ times, with it not at
# all. (D has no such norm; a gradient penalty holds its slope.)
#
# The same norm stands at the very entrance, on $z$: G only ever sees the *direction* of a latent vector. A widely taken
# course teaches "truncation" by drawing shorter z for tamer pictures. Try it here, with vectors of half the length:

# %%
from gan_course.training.stylegan import make_stylegan

G = make_stylegan(cfg.stylegan)[0]
z = torch.randn(8, cfg.stylegan.z_dim)
with torch.no_grad():
    differ = (G(z) - G(0.5 * z)).abs().max().item() * 127.5  # in steps of the 255 that a file holds
claim("half of z gives the same pictures: nowhere a tenth of a grey step apart", differ, below=0.1)

# %% [markdown]
# Nothing happens. Lesson 11 truncates where it works.

# %% [markdown]
# ## A look at the whole batch
#
# Let G collapse: every z gives the same picture, and that picture is a perfect one. D judges pictures one at a time,
# and each of them is fine. So give D one more number: **how much do the pictures of this batch differ?** The paper
# takes the standard deviation of each feature at each place over the minibatch, averages it to one number, and appends
# it as one more channel near the end of D.
#
# Two forms of it are published. The paper's *text* compares the whole minibatch, `MinibatchStd(None)`; its *code*, and
# StyleGAN's, groups of 4, as ours does: `MinibatchStd(4)`.

# %% [markdown]
# **Exercise 4. Minibatch standard deviation** (hard, 20 minutes: averages and roots don't commute, and one root has no
# slope)
#
# `x` is (N, C, H, W), and `group` divides N. Picture k is in the group of k modulo N / group, so a view as (group, N /
# group, C, H, W) does it. For each group: the standard deviation (divide by `group`, not by one less) of each feature
# at each place, the mean over features and places, as one more channel. G must get a finite gradient when all are
# alike.


# %% tags=["exercise"]
def minibatch_std(x, group):
    # your code
    ...


# hint("minibatch_std", 1)
exercises.check_minibatch_std(minibatch_std)

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# def minibatch_std(x, group):
#     n, _, h, w = x.shape
#     parts = x.view(group, n // group, *x.shape[1:])
#     std = (parts.var(0, unbiased=False) + 1e-8).sqrt().mean((1, 2, 3))
#     return torch.cat([x, std.repeat(group)[:, None, None, None].expand(n, 1, h, w)], 1)
# ```
#
# </details>
#
# What does it say? Batches of 16 real creatures at 8 px, of which ever fewer are different. **Predict** the order.

# %%
from gan_course.models.progressive import MinibatchStd
from gan_course.models.stylegan import StyleGANDiscriminator

small = downsample_for_growth(real, 8, 1.0)


def batch_of(kinds, start=0):
    """16 pictures of `kinds` creatures, alike within a group of 4 where it is 4 or less."""
    return small[start : start + kinds].repeat(16 // kinds, 1, 1, 1)


told = {
    kinds: [MinibatchStd(group)(batch_of(kinds))[:, -1].mean().item() for group in (None, 4)]
    for kinds in (16, 8, 4, 1)
}
for kinds, (text, code) in told.items():
    print(f"{kinds:2} different pictures: whole batch {text:.2f}, groups of 4 {code:.2f}")

# %% [markdown]
# One picture sixteen times: both forms say 0.00. Four pictures, each four times: groups of 4 say 0.00, and the whole
# batch does not. (That is of our making: each group holds one picture only.) Does D use it? Let one D with the channel
# and one without look for collapsed groups: "real" are sixteen different creatures, "fake" are four creatures, each four
# times. Every single picture is real.


# %%
def finds_collapse(sees, n_steps=cfg.n_steps_judge):
    """How often D scores a varied batch's picture above a collapsed one's, on test pictures."""
    torch.manual_seed(SEED)
    D = StyleGANDiscriminator(img_resolution=8, channel_base=256, channel_max=32)
    if not sees:
        D.group = nn.ZeroPad3d((0, 0, 0, 0, 0, 1))  # a channel of zeros in its place
    optimizer = torch.optim.Adam(D.parameters(), 2e-3, (0.0, 0.99))
    train = downsample_for_growth(to_float(images[: 16 * 200]), 8, 1.0)
    for _ in range(n_steps):
        varied = train[torch.randint(len(train), (16,))]
        other = train[torch.randint(len(train), (4,))]
        loss = softplus(-D(varied)).mean() + softplus(D(other.repeat(4, 1, 1, 1))).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        right = [D(small[k - 16 : k]) > D(batch_of(4, k)) for k in range(16, len(small) - 16, 16)]
    return torch.stack(right).double().mean().item()


found = {sees: finds_collapse(sees) for sees in (True, False)}
claim("with the channel D finds the collapsed one in nine of ten",
      found[True], above=0.9, needs_training=True)  # fmt: skip
claim("without it D tosses a coin: within a tenth of one half",
      abs(found[False] - 0.5), below=0.1, needs_training=True)  # fmt: skip

# %% [markdown]
# Without it no amount of training helps: picture by picture, the two batches have the same distribution. With it D sees a
# collapse, which should then no longer pay for G (we trained none here).

# %% [markdown]
# ## Fading in
#
# Suppose that G makes good pictures of 8 x 8. Now it gets two new layers and should make 16 x 16. Those layers are noise.
# Put at the end of G at once, they ruin the pictures; D, with new layers of its own, sees noise on both sides.
#
# So the new size is **faded in**: G shows a mixture of the old picture, doubled, and the new one, and D reads it
# through a mixture of its old entrance and its new one. The share $\alpha$ of the new rises from 0 to 1:

# %% mystnb={"image": {"alt": "Three diagrams. G while 16 px is faded in: z, 4 px, 8 px, then two ways, through new 16 px layers and a new ToRGB times alpha, and through the old ToRGB and a doubling times 1 - alpha; their sum is the picture. D, its mirror image, down to a logit. Below, alpha over a training: it rises from 0 to 1 whenever a new size is faded in."}}
viz.show_growing()

# %% [markdown]
# Dashed boxes are new. At $\alpha = 0$ only the lower ways are open, and both networks are those of before; at 1 only the
# upper ones are. In numbers, G and then D:

# %%
config = cfg.stylegan
G, D = make_stylegan(config)
z, alpha = torch.randn(4, config.z_dim), 0.3
with torch.no_grad():
    old, new, mixed = (
        G(z, resolution=size, alpha=share) for size, share in ((8, 1.0), (16, 1.0), (16, alpha))
    )
    by_hand = (1 - alpha) * interpolate(old, scale_factor=2) + alpha * new
    same = torch.allclose(mixed, by_hand, atol=1e-5)
    print("G's fade is the doubled old picture and the new one, mixed:", same)
    same = torch.allclose(D(new, alpha=0.0), D(avg_pool2d(new, 2)), atol=1e-4)
    print("at alpha 0, D at 16 px is D at 8 px on means of 2 x 2:", same)
    same = torch.allclose(D(G(z, resolution=16, alpha=0.0), alpha=0.0), D(old), atol=1e-4)
    print("so at alpha 0 the whole game is the one before:", same)

# %% [markdown]
# So at its beginning a fade has changed *nothing*. But the fakes are now soft, doubled from 8 px, and D must not know
# them by that. So the real ones are mixed in the same way: $\alpha$ of the picture, $1 - \alpha$ of the picture halved
# and doubled again. (Leave it out and D trains on sharpness: "Further" has that bug to mend, and the schedule of $\alpha$
# to write.)

# %% [markdown]
# ## Live: from 4 to 32 pixels
#
# A narrow progressive GAN: no mapping network, no styles, no noise inputs (the next lessons'), but StyleGAN's low-pass
# filters. The loss is lesson 03's relativistic one with R1 and R2, where the paper had WGAN-GP. The penalties are
# computed at every 16th step only, and made 16 times as strong to make up for it; that is StyleGAN2's trick (lesson 11).
# The batch has 16 pictures at every size, where the paper takes smaller ones as it grows.
#
# The timetable of `fast` has 1,000 steps, about a minute: 120 at 4 px; then, for each next size, 80 to fade it in and 120
# more; 32 px keeps all that are left. So the world is easy: cats, painted by David Revoy (CC BY 4.0) in layers, of which
# we take few: six colours, four kinds of fur, four pairs of eyes, three mouths, and one pose for all.
#
# **Predict:** of all steps, which share is spent at 32 px? And of all *time*?

# %% mystnb={"image": {"alt": "Ten painted cats of 32 pixels, enlarged, all in one pose: of five colours, with stripes, spots or patches or plain, before light grounds."}}
import copy
import time

from gan_course.data.cats import load_cats
from gan_course.lessons.resumable import fit_resumable, lesson_folder
from gan_course.training.stylegan import build_stylegan, growth

cat_images, _ = load_cats(n=cfg.n_pictures, resolution=32, seed=SEED, small=True)
viz.show_grid(to_float(cat_images[:10]), n_columns=10, zoom=3)

# %% tags=["nbval-ignore-output"]
training = build_stylegan(config, cat_images, seed=SEED, runtime=runtime, n_preview=12)
plan = [growth(n, config) for n in range(config.n_steps)]  # of sizes and alphas, by step
film, sizes, clock, before = {}, {}, {0: time.perf_counter()}, {}


@torch.no_grad()
def watch(n_done, rows):
    clock[n_done], sizes[n_done] = time.perf_counter(), training.step.size()
    size, alpha = sizes[n_done]
    with runtime.autocast():
        made = enlarged(training.step.G(training.preview_input, resolution=size, alpha=alpha))
        film[n_done] = made.clamp(-1, 1).float().cpu()
    if size <= 8:
        before["state"] = copy.deepcopy(training.step.state_dict())  # for an experiment below
    if len(film) % 4 == 1:
        print(f"{n_done} of {config.n_steps} steps: {size} px, alpha {alpha:.2f}")


n_steps, folder = config.n_steps, lesson_folder("09_growing/grown", PROFILE)
every = max(1, n_steps // 32)
rows = fit_resumable(training, n_steps=n_steps, folder=folder, hook=watch, hook_every=every)

# %% tags=["nbval-ignore-output", "best-picture"] mystnb={"image": {"alt": "Eight rows of ten pictures, each row a later moment of one training, each column one latent vector: blocks of 4 by 4 colours, pale patches at 8 pixels, blobs at 16, and at 32 painted cats with ears and tail, in several colours."}}
moments, strips = [list(film)[k] for k in sorted({(len(film) - 1) * j // 7 for j in range(8)})], {}
for n_done in moments:
    size, alpha = sizes[n_done]
    name = f"step {n_done}\n{size} px" + ("" if alpha == 1 else f", α {alpha:.2f}")
    strips[name] = film[n_done][:10]
viz.show_rows(strips, zoom=3)

# %%
from gan_course.viz import explorers

explorers.explore_growing(training.step.G_ema)  # in JupyterLab: its average, at every size

# %% [markdown]
# One column is one z, from its first blocks to its last picture. (This is G itself: while alpha moves, its average
# belongs to no alpha, and its colours are off.)
# At 4 and 8 px there is little but noise; at 16 blobs; at 32 they get an outline, ears, a tail and an eye. At steps 713
# and 868 several columns are nearly one red cat: the channel lets D see sameness, it does not forbid it. Does a column stay
# what it was?

# %% tags=["nbval-ignore-output"]
seconds = {}
for a, b in zip(clock, list(clock)[1:], strict=False):
    steps = {growth(n, config) for n in range(a, b)}
    if len(steps) == 1 and steps <= {(size, 1.0) for size in (4, 8, 16, 32)}:
        seconds.setdefault(next(iter(steps))[0], []).append((clock[b] - clock[a]) / (b - a))
for size, found_seconds in seconds.items():
    print(f"{size:2} px: {config.batch_size / min(found_seconds):6.0f} pictures a second")
spent = {size: sum(one[0] == size for one in plan) / len(plan) for size in (4, 8, 16, 32)}
print("share of the steps:", {size: f"{value:.0%}" for size, value in spent.items()})
grow_seconds = list(clock.values())[-1] - clock[0]
took = {
    size: sum(
        clock[b] - clock[a] for a, b in zip(clock, sizes, strict=False) if sizes[b][0] == size
    )
    for size in spent
}
print("share of the time: ", {size: f"{value / grow_seconds:.0%}" for size, value in took.items()})
print(f"growing: {config.n_steps} steps in {grow_seconds:.0f} s")

# %% [markdown]
# 32 px has 48 % of the steps and, in the stored run, 71 % of the time. A second at 4 px shows several times as many pictures, but
# not 64 times, as the count of pixels says: small pictures have more features for each pixel, and a step has fixed costs.
#
# And the columns? Take the mean colour of each column's picture at every moment, less the mean over all columns, and
# correlate with the last. **Predict:** from which size on do colours stay?

# %% tags=["nbval-ignore-output"]
colour = {n_done: (part - part.mean(0)).mean((2, 3)).flatten() for n_done, part in film.items()}
last = list(film)[-1]
kept = {
    n_done: torch.corrcoef(torch.stack([colour[n_done], colour[last]]))[0, 1].item()
    for n_done in film
}
settled = [kept[n_done] for n_done in film if sizes[n_done] == (32, 1.0)][:-1] or [kept[last]]
foretold = sum(settled) / len(settled)
print(f"correlation with the last colours, on average over our looks at full size: {foretold:.2f}")

# %% tags=["nbval-ignore-output"] mystnb={"image": {"alt": "A curve of the correlation of each moment's mean colours with the last ones, over the steps, with the steps at which 8, 16 and 32 px begin marked by lines."}}
_, (ax,) = viz.figure(8, 2.6)
ax.plot(list(kept), list(kept.values()), "o-", ms=3, color=viz.FAKE)
for size in (8, 16, 32):
    begins = next((n for n, one in enumerate(plan) if one[0] == size), None)
    if begins is not None:
        ax.axvline(begins, color="0.8", lw=1)
        ax.text(begins, 1.03, f" {size} px", fontsize=8, color=viz.SCORE)
ax.set(xlabel="step", ylabel="colours as at the end", ylim=(-0.3, 1.1))
plt.show()

# %% [markdown]
# Until 16 px is nearly faded in, columns of this run keep next to no colour, and even at 32 px the correlation averages 0.67 and once falls
# below 0.1. (The last point is 1 by construction, and twelve columns are few.) So "coarse settles first" is not what we
# see here: our early sizes were too short to settle anything.

# %% [markdown]
# ## What the fade buys
#
# We kept the state of our last look at 8 px (step 310; 16 px begins at 320). From there, go on to 16 twice: with a fade,
# and at once (alpha 1 from the first step). Measure the colours: the Fréchet distance between real and generated
# pictures, both averaged down to 4 x 4. At 8 px our G has learnt only a little: its distance is about 5, and real cats,
# each of one flat colour, have 2.1. Does the jump destroy even that? **Predict** the distance at once: at the first step;
# after twenty; after a hundred.

# %%
from gan_course.evaluation import frechet

real_cats = to_float(load_cats("test", n=cfg.n_samples, resolution=32, seed=SEED, small=True)[0])
real_colours = downsample_for_growth(real_cats, 4, 1.0).flatten(1)
many = torch.randn(len(real_cats), config.z_dim, generator=torch.Generator().manual_seed(SEED)).to(
    runtime.device
)


@torch.no_grad()
def now(step):
    """What G draws at this step, and its distance from the data in the colours of 4 x 4."""
    size, alpha = step.size()
    with runtime.autocast():
        made = torch.cat(
            [step.G(part, resolution=size, alpha=alpha).float().cpu() for part in many.split(250)]
        )
    return made[:12], frechet.frechet_distance(
        real_colours, downsample_for_growth(made, 4, 1.0).flatten(1)
    )


# %%
from dataclasses import replace


def go_on(how):
    part = build_stylegan(replace(config, **how), cat_images, seed=SEED + 1, runtime=runtime)
    part.step.load_state_dict(copy.deepcopy(before["state"]))
    part.step.n_done, seen = 16_000, {}  # a multiple of 16, so that R1 keeps its beat
    for k in range(cfg.n_steps_joint + 1):
        if k in (0, 1, 2, 4, 7) or k % 10 == 0 or k == cfg.n_steps_joint:
            seen[k] = now(part.step)
        part.step(next(part.batches))
    return seen


fading = {"start_resolution": 8, "stable_steps": 16_000, "fade_steps": cfg.n_steps_joint}
joints = {
    "faded in": go_on(fading),
    "at once": go_on({"start_resolution": 16, "stable_steps": 32_000}),
}
at_first = {name: seen[0][1] for name, seen in joints.items()}
claim("at the first step the distance is smaller with the fade: their ratio",
      at_first["faded in"] / at_first["at once"], below=1, needs_training=True)  # fmt: skip
early = {name: sum(seen[k][1] for k in seen if k <= 20) for name, seen in joints.items()}
claim("and it is smaller with the fade on average over our looks at the first twenty",
      early["faded in"] / early["at once"], below=1, needs_training=True)  # fmt: skip

# %% tags=["nbval-ignore-output"] mystnb={"image": {"alt": "Two curves of the distance from the data's colours over the steps after 16 px begins: at once, it starts several times higher and comes down within some twenty steps; faded in, it starts low. From there both go up and down in the same range."}}
_, (ax,) = viz.figure(8, 2.8)
for (name, seen), line in zip(joints.items(), (viz.REAL, viz.FAKE), strict=True):
    ax.plot(
        list(seen), [distance for _, distance in seen.values()], "o-", ms=3, color=line, label=name
    )
ax.set(xlabel="steps since 16 px began", ylabel="distance of the colours", yscale="log")
ax.minorticks_off()
ax.set_yticks([3, 5, 10, 20, 30], ["3", "5", "10", "20", "30"])
ax.legend(frameon=False)
plt.show()

# %% tags=["nbval-ignore-output"] mystnb={"image": {"alt": "Three rows of eight pictures. Faded in, at the first step: dull blocks of 8 by 8, each picture a little different. At once, at the first step: one garish colour, the same in every picture. Real: cats of 16 pixels with body, ears and tail."}}
strips = {f"{name}:\nstep 0": enlarged(seen[0][0][:8]) for name, seen in joints.items()}
strips["real,\n16 px"] = enlarged(downsample_for_growth(real_cats[:8], 16, 1.0))
viz.show_rows(strips, zoom=3)

# %% [markdown]
# At once, G's last layers are a mixture drawn at random, and paint nearly one colour for every z. The little that 8 px
# had learnt is still inside, behind a wall. But see how fast the wall comes down: within twenty steps the curves meet.
# From there both go up and down, as a young GAN does (the fade here takes 120 steps), and neither gets down to 2.1. The fade saves a shock of a few
# steps; that it saves training, this does not show.

# %% [markdown]
# ## What growing buys
#
# The fair question is not "does it work?" but "does it beat the same computing time at full size?" Train the same two
# networks at 32 px from the first step, with as many steps as take about the same time. They see fewer pictures, each in
# full. **Predict:** which is nearer to the data?

# %% tags=["nbval-ignore-output"]
flat = build_stylegan(
    replace(config, start_resolution=0), cat_images, seed=SEED, runtime=runtime, n_preview=12
)
begun = time.perf_counter()
folder = lesson_folder("09_growing/flat", PROFILE)
fit_resumable(
    flat, n_steps=cfg.n_steps_flat, folder=folder, hook_every=max(1, cfg.n_steps_flat // 32)
)
flat_seconds = time.perf_counter() - begun
print(
    f"from the start at 32 px: {cfg.n_steps_flat} steps in {flat_seconds:.0f} s; "
    f"growing took {grow_seconds:.0f} s"
)
shown_growing, shown_flat = (n * config.batch_size for n in (config.n_steps, cfg.n_steps_flat))
print(f"pictures shown: growing {shown_growing:,}, from the start {shown_flat:,}")

# %%
from gan_course.data import cats
from gan_course.evaluation import features, readers

reader = readers.load_reader("cats")


def doubled(x):
    """The feature network of cats was trained at 64 px."""
    return interpolate(x, scale_factor=2)


real_features = features.features_of(reader, doubled(real_cats))


def measure(made):
    shares, kinds = features.answer_shares(reader, doubled(made)), {}
    for name in ("colour", "fur", "eyes"):
        share = dict(zip(cats.FACTORS[name], shares[name].tolist(), strict=True))
        wanted = cats.SMALL[name]
        kinds[f"kinds of {name}"] = sum(share[value] >= 0.25 / len(wanted) for value in wanted)
    distance = frechet.frechet_distance(real_features, features.features_of(reader, doubled(made)))
    colours = downsample_for_growth(made, 4, 1.0).flatten(1)
    colour_distance = frechet.frechet_distance(real_colours, colours)
    return {"distance": distance, "distance of colours": colour_distance} | kinds


# %%
def samples(part):
    return torch.cat([part.step.preview(z).cpu() for z in many.split(250)])


made = {"growing": samples(training), "from the start": samples(flat)}
for size in (8, 4, 1):
    made[f"real, softened to {size} px"] = enlarged(downsample_for_growth(real_cats, size, 1.0))
made["other real ones"] = to_float(
    load_cats("test", n=cfg.n_samples, resolution=32, seed=SEED + 1, small=True)[0]
)
results = {name: measure(part) for name, part in made.items()}

# %% tags=["nbval-ignore-output"]
head = list(results["growing"])


def print_row(name, values):
    words = [f"{value:.1f}" if isinstance(value, float) else str(value) for value in values]
    print(f"{name:23}" + "".join(f"{w:>{len(h) + 2}}" for w, h in zip(words, head, strict=True)))


print_row("", head)
for name, row in results.items():
    print_row(name, row.values())
print_row("there are", ["", "", *(len(cats.SMALL[name]) for name in ("colour", "fur", "eyes"))])

# %% tags=["nbval-ignore-output"] mystnb={"image": {"alt": "Three grids: cats of the growing training, of the one at 32 px from the start, and real ones. In both generated grids the outline is soft and of the face there is an eye at best."}}
viz.show_grids(
    {
        "growing": made["growing"][:9],
        "32 px from the start": made["from the start"][:9],
        "real": real_cats[:9],
    },
    n_columns=3,
    zoom=3,
)

# %%
grew, flat_colour = results["growing"], results["real, softened to 1 px"]
claim("growing is nearer to the data than real pictures of which only the mean colour is left",
      grew["distance"] / flat_colour["distance"], below=1, needs_training=True)  # fmt: skip

# %%
from gan_course.lessons.results import recorded

records = [row for row in recorded("minutes")["rows"] if row["lesson"] == "09"]
print(f"{'recorded distances':23}" + "".join(f"  seed {seed}" for seed in (0, 1, 2)))
for name, recipe in (("growing", "the lesson's"), ("from the start", "32 px from the start")):
    found = {row["seed"]: row["frechet"] for row in records if row["recipe"] == recipe}
    print(f"{name:23}" + "".join(f"{found[seed]:8.1f}" for seed in (0, 1, 2)))

# %% [markdown]
# (A kind counts if it comes up at least a quarter as often as it should.) Both have learnt the outline and most body
# colours: in the reader's features they are nearer to the data than real cats of 8 px, in colours farther. Both are far
# from real ones: an eye at best. Two kinds of fur are what the reader says
# to flat patches: no evidence of fur. Even real cats give it only 3 of 4, in fur and in eyes: at 32 px it misses a kind.
#
# In this run full size is ahead; over the three recorded seeds (docs/results/minutes.md; fewer pictures, so its
# seed 0 is not the run above) the lead changes hands. We have
# no evidence that growing helps at this size.
#
# Two years after the progressive GAN, StyleGAN2 dropped the growing: with skip connections and residual blocks the
# networks learn from coarse to fine by themselves, at full size, and a defect goes with it: details such as teeth that
# stay at one place of the picture while the head turns. Lesson 12 takes its repairs apart. What StyleGAN2 kept of this
# lesson are the quiet parts: equal learning rates, the filters, minibatch standard deviation, and pixel norm on $z$. (You
# have seen what each does; whether it makes a GAN better would take trainings without it.)

# %% [markdown]
# ## What you built
#
# - A reader's table of what a picture of 4, 8, 16 and 32 px shows.
# - Halving without aliasing, and a folded convolution that does it in one pass.
# - Equal learning rates, shown to be rates of their own for each layer; pixel norm; minibatch standard deviation.
# - A fade-in on both sides of the game, checked in numbers; in "Further" its schedule, and a GAN that grew under your eyes.
# - Two comparisons that could go against the method; in this run the second did.
#
# **Three questions**
#
# 1. You train with plain gradient descent and equalised weights. Which layers stand almost still?
# 2. A batch of 8 at 32 px collapses though D has minibatch standard deviation with groups of 4. In which batch would the
#    channel say nothing?
# 3. Your reimplementation's D loss drops to zero each time a resolution begins, and recovers when alpha reaches 1. Where
#    do you look first?
#
# <details><summary>Answers</summary>
#
# 1. Those with a large fan in: the step is $c^2$ times the plain one, and $c^2 = 2/\text{fan in}$.
# 2. Four different pictures, each twice, one in each group: both groups look fully varied.
# 3. At what D is shown: real pictures that are not faded, as in exercise 7.
#
# </details>
#
# ## What can go wrong
#
# | you see | look at |
# | --- | --- |
# | a signal that fades or grows with depth | the gain: root of 2 before a ReLU, 1 before a linear output |
# | every z gives one picture | minibatch standard deviation missing, or after the last convolution's flattening |
# | NaN in G when pictures are alike | the root without its epsilon |
# | D wins at once when a size begins | real pictures not faded; alpha of G and D not the same |
# | textures that flicker as the picture moves | strides without a filter |
# | "truncated" z that changes nothing | pixel norm on z |
#
# ## References
#
# - Karras, Aila, Laine, Lehtinen (2018). Progressive Growing of GANs for Improved Quality, Stability, and Variation.
#   ICLR 2018, arXiv:1710.10196
# - Karras, Laine, Aila (2019). A Style-Based Generator Architecture for Generative Adversarial Networks. CVPR 2019,
#   arXiv:1812.04948
# - Karras, Laine, Aittala, Hellsten, Lehtinen, Aila (2020). Analyzing and Improving the Image Quality of StyleGAN. CVPR
#   2020, arXiv:1912.04958

# %% [markdown]
# ## Further
#
# What follows is needed by no later lesson: pixel norm by hand, the size of the groups, and two exercises on the
# fade.

# %% [markdown]
# ### Four letters, one axis
#
# **Exercise 5. Pixel norm** (easy, 10 minutes: four letters, N, C, H and W, and one of them is right)
#
# $b = a \,/ \sqrt{\frac1C \sum_c a_c^2 + 10^{-8}}$ at each pixel. Latent vectors (N, C) too.


# %% tags=["exercise"]
def pixel_norm(x):
    # your code
    ...


# hint("pixel_norm", 1)
exercises.check_pixel_norm(pixel_norm)

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# def pixel_norm(x):
#     return x / (x.square().mean(1, keepdim=True) + 1e-8).sqrt()
# ```
#
# </details>

# %%
from gan_course.models.progressive import PixelNorm

by_hand = x / (x.square().mean(1, keepdim=True) + 1e-8).sqrt()
same = torch.allclose(PixelNorm()(x), by_hand, atol=1e-5)
print("the package's norm is the one of the exercise:", same)

# %% [markdown]
# ### Groups of two, of four, of sixteen
#
# **Exercise 6. Experiment: the size of the group** (easy, 15 minutes: a D that was trained with groups of 4 is shown
# groups of 2, on a smaller GPU)
#
# Nothing about the pictures has changed. Does the new channel say the same? Plan: at least three batches of 16
# "pictures" that are as varied as can be, `torch.randn(16, 8, 4, 4)`, and for each the number that `MinibatchStd(n)`
# appends with groups of 2, 4, 8 and 16, as its mean over the batch. That is the figure of a run.
#
# First your prediction: as the group grows, the number "rises", "falls", or there is "no clear difference". Then the
# figures, and what follows from them.

# %% tags=["exercise"]
group = {
    "prediction": ...,
    "figures": ...,  # {2: [...], 4: [...], 8: [...], 16: [...]}
    "conclusion": ...,
}
# hint("group", 1)
exercises.check_group(group)

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# figures = {2: [], 4: [], 8: [], 16: []}
# for seed in range(4):
#     batch = torch.randn(16, 8, 4, 4, generator=torch.Generator().manual_seed(seed))
#     for n, row in figures.items():
#         row.append(MinibatchStd(n)(batch)[:, -1].mean().item())
#
# group = {"prediction": "rises", "figures": figures, "conclusion": "rises"}
# ```
#
# Ours: 0.58, 0.81, 0.92 and 0.97, for one and the same spread of 1. The mean of two numbers lies between them, so
# around it they look alike; that of sixteen is nearer to where it should be. Dividing by $n - 1$ mends the variance, not
# its root. So the channel speaks of the pictures *and* of the group: show D fakes in smaller groups than it was trained
# with, and it sees a collapse that is not there.
#
# </details>

# %% [markdown]
# ### What D is shown during a fade
#
# **Exercise 7. Debug: sharp among the soft** (medium, 15 minutes: D trains, nothing crashes, and sharpness gives every
# fake away)
#
# A tempting version shows D real pictures shrunk to the present size, whatever alpha:
#
# ```python
# def shown(images, resolution, alpha):
#     return avg_pool2d(images, images.shape[-1] // resolution)
# ```
#
# Mend it: `images` is (N, C, H, H); shrink by means, and below alpha 1 mix in the share 1 - alpha of the same picture
# halved by means and doubled again (nearest neighbour, as G's old path). At 4 px, the first size, nothing fades.


# %% tags=["exercise"]
def shown(images, resolution, alpha):
    # your code
    ...


# hint("shown", 1)
exercises.check_shown(shown)

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# def shown(images, resolution, alpha):
#     sharp = avg_pool2d(images, images.shape[-1] // resolution)
#     if alpha == 1 or resolution == 4:
#         return sharp
#     soft = interpolate(avg_pool2d(sharp, 2), scale_factor=2)
#     return (1 - alpha) * soft + alpha * sharp
# ```
#
# </details>
#
# How easy would it be for D? One number tells a soft picture from a sharp one: how much neighbours within a block of
# 2 x 2 differ. **Predict** at alpha 0.05: how often is the real picture the sharper one, with the bug and without?


# %%
def inner(x):
    """Mean difference of a pixel from the mean of its block of 2 x 2: (N,)."""
    return (x - interpolate(avg_pool2d(x, 2), scale_factor=2)).abs().mean((1, 2, 3))


half = len(real) // 2
fakes = downsample_for_growth(
    real[:half], 16, 0.05
)  # as soft as G's at this alpha, and perfect otherwise
other = real[half : 2 * half]
reals = {
    "not faded": downsample_for_growth(other, 16, 1.0),
    "faded": downsample_for_growth(other, 16, 0.05),
}
sharper = {name: (inner(x) > inner(fakes)).double().mean().item() for name, x in reals.items()}
unfaded = sharper["not faded"]
claim("not faded: the real picture is the sharper one in 19 of 20", unfaded, above=0.95)

# %% tags=["nbval-ignore-output"]
shares = {name: f"{value:.0%}" for name, value in sharper.items()}
print("the real picture is the sharper one in", shares)

# %% [markdown]
# Faded, it is a toss of a coin, as it should be. These fakes were *perfect*, and without the fade of the real pictures D
# could have rejected nearly all of them by one number. The official code fades real pictures too; so does the package's
# `downsample_for_growth`. Now the timetable.

# %% [markdown]
# ### When is which size faded in?
#
# **Exercise 8. The schedule** (medium, 15 minutes: one step late here, and two networks disagree on their size)
#
# After `n_done` steps, which resolution is trained, and with which alpha? `start` is trained for `stable` steps. Each
# next one is faded in within `fade` steps, then trained for `stable` more; `full` keeps all steps that are left. alpha
# rises in a line, and is 1 outside of fades. The first of the `fade` steps has alpha 1 / (fade + 1), the last fade /
# (fade + 1); 0 never occurs.


# %% tags=["exercise"]
def schedule(n_done, start, full, stable, fade):
    # your code
    ...


# hint("schedule", 1)
exercises.check_schedule(schedule)

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# def schedule(n_done, start, full, stable, fade):
#     if n_done < stable:
#         return start, 1.0
#     sizes_done, within = divmod(n_done - stable, fade + stable)
#     size = start * 2 ** (sizes_done + 1)
#     if size > full:
#         return full, 1.0
#     return size, min(1.0, (within + 1) / (fade + 1))
# ```
#
# </details>
