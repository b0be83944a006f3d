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
# # 05 · Pairs
#
# Teach a network to draw the map of what a satellite sees, find out why asking for the truth alone makes it blur, and
# let a discriminator that knows the question ask for the rest.
#
# ![From the Mediterranean to Indochina in four slanted strips: as a satellite sees it, as a relief map, and both once more. Coasts run on unbroken from strip to strip.](images/05_banner.jpg)
#
# | you will be able to | |
# | --- | --- |
# | derive | what L1 and L2 answer when several answers are right |
# | write | the objective of a conditional discriminator |
# | compute | what a score of a PatchGAN sees |
# | compare | L1, a GAN that knows the input, one that does not, and the sum, against hidden truth |
# | weigh | what the L1 term buys and what it costs |
# | decide | whether a task has pairs |
# | needs | lessons 01 to 03; convolutions; medians |
# | time | study 90 min; computing: 77 s on a newer processor, 109 s on an older one |
# | papers | Isola et al. 2017 (pix2pix); Mirza & Osindero 2014 (conditional GANs); Ronneberger et al. 2015 (U-Net) |

# %% tags=["parameters"]
PROFILE = ""  # "" takes GAN_COURSE_PROFILE, else fast
SEED = 0

# %% tags=["imports"]
import matplotlib.pyplot as plt
import torch

from gan_course import viz
from gan_course.lessons import claim, config_for
from gan_course.lessons.l05_paired import exercises
from gan_course.lessons.l05_paired.config import PROFILES
from gan_course.runtime import choose_runtime, seed_everything

hint = exercises.hint
cfg, runtime = config_for(PROFILES, PROFILE), choose_runtime()
seed_everything(SEED)

# %% [markdown]
# ## Before you start
#
# 1. What are the median, the mean and the middle of the range of 0, 0, 1, 4, 5?
# 2. Two 3 x 3 convolutions follow one another, stride 1. How wide is the patch that one output sees?
# 3. What does G minimise in a non-saturating GAN?
#
# <details><summary>Answers</summary>
#
# 1. 1, 2 and 2.5. Each is the best guess by some measure (2.5 by the largest error); Exercise 1 asks for two of them.
# 2. 5 pixels. Exercise 3 takes it from there.
# 3. The mean of $-\log D(G(z))$, D being the probability: lesson 01.
#
# </details>

# %% [markdown]
# ## Two pictures of one place
#
# The earth lies here in two views aligned pixel by pixel: A as a satellite sees it, B as a relief map. A window at the
# same position in both is a **pair**. Three slices of longitude are kept hidden from training; all errors of maps are
# measured on those.

# %%
from gan_course.data.batches import to_float
from gan_course.data.domains import load_domain

size = cfg.pix2pix.img_resolution


def load_pairs(split, n):
    return [
        load_domain(name, split, n=n, resolution=size, seed=SEED)
        for name in ("earth-satellite", "earth-map")
    ]


train_A, train_B = load_pairs("train", cfg.n_pairs)  # one seed for both: the same places
hidden_A, hidden_B = (to_float(view) for view in load_pairs("test", cfg.n_hidden))
print(f"{len(train_A):,} pairs to train on, {len(hidden_A)} hidden; each view {size} x {size}")

# %% mystnb={"image": {"alt": "Six satellite tiles, and below each the relief map of the same place: pale blue sea, green lowland, brown and white mountains with shaded slopes. In the two at the right the map shades ridges where the satellite shows only green and sand."}}
shown = [0, 1, 2, 3, 10, 15]
pairs = torch.cat([hidden_A[shown], hidden_B[shown]])
viz.show_grid(pairs, n_columns=6, zoom=2, title="hidden pairs: satellite above, map below")

# %% [markdown]
# Look for what the upper picture does not tell. The coast is plain to see. But the map shades each ridge, of which the
# satellite often shows nothing, as in the last two tiles. And the map takes its colours from height and climate, the
# satellite sees what grows: one green may stand for several colours of the map. Given a satellite tile, many maps are
# possible, and one of them is true.
#
# Before any network, two anchors. *One colour*: the mean colour of all maps, everywhere. *A table*: for each satellite
# colour the mean map colour it had in training, one pixel at a time. `l1_error` is the mean absolute difference, with
# black to white as 1. **Predict:** what share of the one colour's error does the table leave?

# %%
from gan_course.evaluation.paired import l1_error


def colour_key(images):
    levels = images.div(16, rounding_mode="floor").long()  # 16 levels a channel
    return (levels[:, 0] * 16 + levels[:, 1]) * 16 + levels[:, 2]


key, colours = colour_key(train_A).flatten(), to_float(train_B).movedim(1, -1).reshape(-1, 3)
one_colour = colours.mean(0)
# the sum of all map colours beside each satellite colour, and how many there are
sums = torch.zeros(4096, 3).index_add_(0, key, colours)
counts = torch.bincount(key, minlength=4096)[:, None]
table = torch.where(counts > 0, sums / counts.clamp_min(1), one_colour)
hidden_key = colour_key(hidden_A.add(1).mul(127.5).round())
anchors = {
    "one colour": one_colour[:, None, None].expand_as(hidden_B),
    "colour table": table[hidden_key].movedim(-1, 1),
}
error = {name: l1_error(made, hidden_B).mean().item() for name, made in anchors.items()}

# %% tags=["nbval-ignore-output"]
for name, value in error.items():
    print(f"{name:13} L1 error {value:.3f}")

# %%
share = error["colour table"] / error["one colour"]
text = "the table leaves under two thirds of the one colour's error"
claim(text, share, below=2 / 3, needs_training=True)

# %% [markdown]
# A pixel's own colour tells sea from land, green from sand and shallow sea from deep, and that leaves 55% of the error.
# Can a network that sees shapes go below .049? Keep the number in mind. Whatever the tile does not determine remains as
# error for every network.

# %% [markdown]
# ## Why the obvious loss blurs
#
# With pairs there is an obvious loss: the distance from $G(a)$ to the true $b$. The pix2pix paper takes L1, because it
# blurs less than L2. Why should either blur at all?

# %% [markdown]
# **Exercise 1. One answer for many truths** (easy, 10 minutes: it says how a loss answers doubt)
#
# An input came up several times in training, each time with another true value $x_k$ of one pixel. `answers` holds
# them, an odd number of values in one dimension. Return the answer $m$ that costs least under L1, $\sum_k |m - x_k|$,
# and the one under L2, $\sum_k (m - x_k)^2$.


# %% tags=["exercise"]
def best_guess(answers):
    # your code
    ...


# hint("best_guess", 1)
exercises.check_best_guess(best_guess)

# %% [markdown]
# <details><summary>Solution</summary>
#
# The slope of $\sum |m - x_k|$ is the number of answers below $m$ less the number above: 0 at the **median**. The slope
# of $\sum (m - x_k)^2$ is $2 \sum (m - x_k)$: 0 at the **mean**. The mean may be a value that never occurs. The median of
# an odd number of values does occur. But each pixel takes its own median, so the row that they form need not be any of
# the true rows.
#
# ```python
# def best_guess(answers):
#     return answers.median(), answers.mean()
# ```
#
# </details>
#
# Two cases of doubt, in one dimension. *A coast* whose place is uncertain: a step at one of seventeen positions. *A
# ridge* whose place is uncertain: stripes, shifted by one of seventeen phases. **Predict** the pixel-by-pixel median
# and the mean of each.

# %%
x, n = torch.arange(68), 17
coasts = torch.stack([torch.where(x < 26 + k, -1.0, 1.0) for k in range(n)])
ridges = torch.stack([torch.sin(2 * torch.pi * (x + k) / n) for k in range(n)])


def steepness(row):
    return row.diff(dim=-1).abs().amax(-1)


sharpness = {}
for name, truths in (("coast", coasts), ("ridge", ridges)):
    for rule, best in (("mean", truths.mean(0)), ("median", truths.median(0).values)):
        sharpness[name, rule] = share = steepness(best) / steepness(truths[0])
        print(f"{name}: {rule:6} has {share:.2f} of the truth's steepest slope")

# %% mystnb={"image": {"alt": "Left: seventeen pale step functions at different positions; one is drawn in blue; their mean is a grey ramp, their median a sharp red step in the middle. Right: seventeen pale sine waves of all phases, one in blue; mean and median lie flat on zero, one over the other."}}
_, axes = viz.figure(10, 2.8, n_axes=2)
for ax, name, truths in (
    (axes[0], "a coast, somewhere", coasts),
    (axes[1], "ridges, somewhere", ridges),
):
    ax.plot(x, truths.T, color="0.88", lw=0.8)
    ax.plot(x, truths[3], color=viz.REAL, lw=1.2, label="one of the possible truths")
    ax.plot(x, truths.mean(0), color=viz.SCORE, label="mean: best for L2")
    ax.plot(x, truths.median(0).values, color=viz.FAKE, ls="--", label="median: best for L1")
    ax.set(title=name, xlabel="pixel", ylim=(-1.2, 1.5))
axes[0].legend(frameon=False, fontsize=8, loc="upper left")
axes[1].text(34, 1.2, "mean and median, one over the other: 0 everywhere", ha="center", fontsize=8)
plt.show()
claim("on the coast the median is as sharp as the truth", sharpness["coast", "median"], above=0.99)
claim("on the ridges it is flat, as the mean is", sharpness["ridge", "median"], below=0.02)

# %% [markdown]
# So L1 blurs less than L2: one edge in doubt stays an edge. But texture in doubt vanishes under both. That is not a
# weakness of training: flat is cheaper. Bet on one of the ridges, sharp as the truth, and compare the price with that
# of grey. (Black to white is 2 here; `l1_error` would give half of each price.)

# %%
grey_price = ridges.abs().mean()  # L1 of the flat answer
sharp_price = (ridges[:, None] - ridges[None]).abs().mean()  # of any ridge, against all of them
print(f"L1 of grey {grey_price:.2f}, of a sharp guess {sharp_price:.2f}")
claim("a sharp guess costs over a fifth more than grey", sharp_price / grey_price, above=1.2)

# %% [markdown]
# If the input does not say where the ridge lies, grey has the lowest L1, whatever the network, data or training. A
# better network can only read more from the input, and so leave less open. Yet you tell the two apart at once: there
# are no grey ridges. What is missing is a loss that says "no such picture exists". Lesson 01 had one: D.

# %% [markdown]
# ## A discriminator that knows the question
#
# A GAN as you know it asks whether $G(a)$ looks like *a* map. It would be content with the same fine map for every
# tile. So show D the question too: it judges **pairs**, $(a, b)$ against $(a, G(a))$. That is a conditional GAN. The
# paper's whole objective (its equations 1, 3 and 4), with our letters:
#
# $$\min_G \max_D \; \mathbb{E} \log D(a, b) + \mathbb{E} \log (1 - D(a, G(a))) + \lambda\, \mathbb{E} \lVert b - G(a) \rVert_1,
# \qquad \lambda = 100$$
#
# Here $\lVert\cdot\rVert_1$ is the mean over pixels and channels, not the sum, on values from -1 to 1. In practice G
# minimises $-\log D(a, G(a))$ instead of $\log(1 - D)$ (lesson 01), and D's part is halved, to slow D down, says the
# paper. (Lesson 07 asks whether it does. The paper's G is also given noise: see below.)

# %% [markdown]
# **Exercise 2. Judge pairs** (medium, 15 minutes: what D is shown decides what G learns)
#
# Write the loss that D minimises, halved. `D` takes (N, 6, H, W), the input's channels first, and returns raw scores.


# %% tags=["exercise"]
from torch import nn


def d_loss(D, real_A, real_B, fake_B):
    # your code
    ...


# hint("d_loss", 1)
exercises.check_d_loss(d_loss)

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# def d_loss(D, real_A, real_B, fake_B):
#     real = D(torch.cat([real_A, real_B], 1))
#     fake = D(torch.cat([real_A, fake_B.detach()], 1))
#     return (nn.functional.softplus(-real).mean() + nn.functional.softplus(fake).mean()) / 2
# ```
#
# Three mistakes to know. Without `real_A`, a D of six channels complains; a D built for three trains, and the GAN is
# unconditional. Without `detach`, D's loss runs back through G as well. In the step below, where both turns use the
# same fakes, PyTorch would then stop at G's turn, because the way back through G is gone already. Where the fakes are
# made anew for G, it is only slow, if the gradients are cleared before G's turn; otherwise they push G to lower D's
# loss. With `cat([fake_B, real_B])` no error is raised, and D learns to tell maps from satellite pictures.
#
# </details>
#
# Here is the whole step; `model` holds G, D and their optimisers. D goes first and G answers; the fakes are made once
# for both. Find the place that keeps D's update from reaching G.

# %%
from gan_course.training.losses import d_logistic, g_nonsaturating
from gan_course.training.optim import freeze


def update_D(model, real_A, real_B, fake_B):
    """Tell the true partner of a picture from the one that G made."""
    logits_real = model.D(torch.cat([real_A, real_B], 1))
    logits_fake = model.D(torch.cat([real_A, fake_B], 1))

    # Conditional GAN (equation 1), halved (section 3.3)
    loss_D = d_logistic(logits_real, logits_fake) / 2
    model.opt_D.zero_grad()
    loss_D.backward()
    model.opt_D.step()


# %%
def update_G(model, real_A, real_B, fake_B):
    """Fool D, and stay near the true partner."""
    with freeze(model.D):
        logits_fake = model.D(torch.cat([real_A, fake_B], 1))

        # The full objective (equation 4): conditional GAN, and L1 (equation 3)
        l1 = (fake_B - real_B).abs().mean()
        loss_G = g_nonsaturating(logits_fake) + cfg.pix2pix.lambda_l1 * l1
        model.opt_G.zero_grad()
        loss_G.backward()
        model.opt_G.step()


def one_step(model, real_A, real_B):
    fake_B = model.G(real_A, generator=model.generator)  # random numbers for dropout, G's noise
    update_D(model, real_A, real_B, fake_B.detach())
    update_G(model, real_A, real_B, fake_B)


# %% [markdown]
# It is `fake_B.detach()` in `one_step`; `freeze` spares D the gradients of G's turn. The trainings below take the
# package's step, which does the same ("Further" compares the two).

# %% [markdown]
# ## A generator with shortcuts
#
# Input and output show the same coast at the same pixel. A network that squeezes a tile to a few numbers has to carry
# that coast through the bottleneck. A **U-Net** carries it past: on the way up, each layer but the first is also given
# the features that the way down had at that size.

# %% mystnb={"image": {"alt": "A diagram in the form of a V. Bars of features go down from 3 channels of 64 by 64 to 128 of 2 by 2, each half as large as the one before, and up again to 3 of 64 by 64. Between the input and the lowest bar, a blue arrow leads straight across from each bar on the way down to the one of its size on the way up, which has twice the channels."}}
viz.show_unet()

# %% [markdown]
# Read it from the left: five halvings and five doublings. (The paper's go on to a single pixel, eight halvings for its
# 256 pixels. Ours stop at 2 x 2, so that the same network also takes the 96 x 128 pixels of Italy, under "Further".)
# The blue arrows are the skips. What they bring stands beside what comes from below: twice the channels. Here are the
# numbers of the diagram, from the network that is trained below.

# %%
from gan_course.models.pix2pix import UnetGenerator

G = UnetGenerator(base_channels=16, n_halvings=5, norm="instance")
sizes = []
for layer in (*G.down, *G.up):
    layer.register_forward_hook(
        lambda layer, given, out: sizes.append((tuple(given[0].shape[1:]), tuple(out.shape[1:])))
    )
with torch.no_grad():
    G(torch.zeros(1, 3, 64, 64))
for way, (given, out) in zip(["down"] * 5 + ["up"] * 5, sizes, strict=True):
    print(f"{way:5} {given!s:14} to {out}")
paper = UnetGenerator()  # 64 channels, eight halvings, for 256 px
print(f"the paper's size: {sum(p.numel() for p in paper.parameters()):,} parameters")

# %% [markdown]
# The norm here is InstanceNorm, where the paper has BatchNorm: it takes mean and spread from one picture alone (lesson
# 10 is about it).

# %% [markdown]
# ## A discriminator that looks through a keyhole
#
# L1 settles what goes where: it should get the sea right, and large areas of one colour. What it cannot ask for is
# texture, and texture is local. So D need not see the whole picture. A **PatchGAN** is a stack of convolutions that
# ends in a map of scores, each of which judges one patch, its **receptive field**; the losses take the mean over all.

# %% [markdown]
# **Exercise 3. How far does a score see?** (medium, 10 minutes: each discriminator that you will meet has its own)
#
# Each layer is (kernel, stride), in order from the picture to the scores. How many pixels in a row does one score
# depend on?


# %% tags=["exercise"]
def field(layers):
    # your code
    ...


# hint("field", 1)
exercises.check_field(field)

# %% [markdown]
# <details><summary>Solution</summary>
#
# Walk from the picture, and note how far apart two neighbours are, in pixels of the picture: a kernel adds its width
# less one, in these steps, and a stride makes the next steps longer.
#
# ```python
# def field(layers):
#     seen, step = 1, 1
#     for kernel, stride in layers:
#         seen += (kernel - 1) * step
#         step *= stride
#     return seen
# ```
#
# </details>

# %% [markdown]
# The D that you train below has two layers of stride 2, then two of stride 1, all 4 x 4. By your formula: how wide are
# its patches, and how far on does the next one begin?

# %% mystnb={"image": {"alt": "A satellite tile of 64 by 64 pixels with a red square of 34 by 34 on it, and beside it a grid of 14 by 14 scores. Dashed lines lead from the square to one score, which is red."}}
viz.show_patch_field(hidden_A[12])

# %%
from gan_course.viz import explorers

explorers.explore_field(hidden_A[12])  # in JupyterLab: move the square, add layers

# %% [markdown]
# 34 pixels wide (layer by layer 4, 10, 22, 34), and the next patch begins 4 pixels on. Two halvings leave 16 places in
# a row, and each of the last two layers (4 x 4, padding 1) one less: 14 x 14 scores. Through the convolutions, only
# what lies in the red square, of tile and map alike, reaches the red score. (A norm between them also sees means of the
# whole picture: lesson 07 looks at that.) The paper's D sees 70 pixels; "Further" measures others.

# %% [markdown]
# ## Four trainings
#
# One generator, one set of pairs, one seed; only the objective differs, and with it what D is shown. A minute is too
# little for a good map: none of the four will be one. Watch *how differently they fail*; "Ten times as long", below,
# has the same four after ten times as many steps, on ten times as many pairs.
#
# | | L1 | GAN, D sees the input | GAN, D sees the output alone |
# | --- | --- | --- | --- |
# | L1 | x | | |
# | conditional GAN | | x | |
# | unconditional GAN | | | x |
# | L1 + GAN (pix2pix) | x | x | |
#
# Besides the error, measure **detail**: the mean difference between neighbouring pixels, as a share of what the true
# maps have. A blurred map has less than 1; noise has more.
#
# Detail may be in the wrong place. So take at each pixel how strong the edge is, in G's map and in the truth, and
# correlate the two: `edge_correlation`. 1: edges in the same places. 0: unrelated. Being a correlation, it ignores how
# strong the edges are overall: a faint map can reach 1.


# %%
def detail(images, truth):
    def roughness(x):
        grey = x.float().mean(1)
        return grey.diff(dim=1).abs().mean() + grey.diff(dim=2).abs().mean()

    return (roughness(images) / roughness(truth)).item()


# %% tags=["nbval-ignore-output"]
half = nn.functional.interpolate(nn.functional.avg_pool2d(hidden_B, 2), scale_factor=2)
anchors["half size"] = half  # the true maps, at half size
for name in ("one colour", "half size"):
    print(f"{name:10} keeps {detail(anchors[name], hidden_B):.2f} of the truth's detail")

# %% [markdown]
# **Exercise 4. Three guesses** (easy, 5 minutes: write them down before the cell below runs)
#
# Which of the four ends with the lowest L1 error on hidden tiles, which with the highest, and which with the least
# detail? And does the lowest stay below the colour table's .049?

# %% tags=["exercise"]
ranking = {"lowest error": ..., "highest error": ..., "least detail": ...}
# hint("ranking", 1)
exercises.check_ranking(ranking)

# %% [markdown]
# <details><summary>Solution</summary>
#
# Of four that train equally long, the one that is trained by the measure should win by it, and the same loss flattens
# whatever is in doubt. Only the unconditional GAN is never told to which input its output belongs.
#
# ```python
# ranking = {"lowest error": "L1", "highest error": "unconditional GAN", "least detail": "L1"}
# ```
#
# </details>


# %%
@torch.no_grad()
def translate(step, images, seed=1):
    parts, generator = [], runtime.generator(seed)
    with runtime.autocast():
        for part in images.to(runtime.device).split(64):
            parts.append(step.G(part, generator=generator).cpu())
    return torch.cat(parts)


def hidden_error(step):
    return l1_error(translate(step, hidden_A), hidden_B).mean().item()


# %% tags=["nbval-ignore-output"]
from dataclasses import replace

from gan_course.lessons.resumable import fit_resumable, lesson_folder
from gan_course.training.pix2pix import build_pix2pix

arms = {
    "L1": replace(cfg.pix2pix, lambda_gan=0.0),
    "conditional GAN": replace(cfg.pix2pix, lambda_l1=0.0),
    "unconditional GAN": replace(cfg.pix2pix, lambda_l1=0.0, conditional=False),
    "L1 + GAN": cfg.pix2pix,
}
trained, curves = {}, {name: [] for name in arms}
for name, config in arms.items():
    training = build_pix2pix(config, train_A, train_B, seed=SEED, runtime=runtime)
    folder = lesson_folder(f"05_paired/{name}", PROFILE)  # full only: to go on if interrupted

    def look(n_done, _, step=training.step, curve=curves[name]):
        curve.append((n_done, hidden_error(step)))

    fit_resumable(training, n_steps=config.n_steps, folder=folder, hook=look, hook_every=100)
    trained[name] = training.step
    print(f"{name}: {config.n_steps} steps")

# %% tags=["nbval-ignore-output"]
from gan_course.evaluation.paired import edge_correlation

made = {name: translate(step, hidden_A) for name, step in trained.items()}
measured = {"colour table": anchors["colour table"]} | made
maps = anchors | made
error = {name: l1_error(images, hidden_B).mean().item() for name, images in maps.items()}
detailed = {name: detail(images, hidden_B) for name, images in maps.items()}
in_place = {
    name: edge_correlation(images, hidden_B).mean().item() for name, images in measured.items()
}
print(f"{'':18}L1 error  detail  edge correlation")
for name in measured:
    print(f"{name:18}{error[name]:8.3f}{detailed[name]:8.2f}{in_place[name]:18.2f}")

# %% tags=["nbval-ignore-output"] mystnb={"image": {"alt": "Seven rows of six tiles: satellite; the colour table, with sharp coasts and flat, finely speckled land; L1, right in colour and place but smooth as cotton wool; the conditional GAN, land and sea in place under regular dots; the unconditional GAN, sand and speckled mountains where the sea should be, the coasts faint or lost; L1 and GAN together, right in place with some relief; the true maps."}}
rows = {"satellite": hidden_A} | measured | {"truth": hidden_B}
viz.show_rows({name: images[shown] for name, images in rows.items()}, zoom=2, quality=80)

# %% tags=["nbval-ignore-output"] mystnb={"image": {"alt": "The third tile, enlarged, four times. L1: a soft coast, a smooth brown band for the mountains, smooth green land. The conditional GAN: all under a lattice of coloured dots. L1 and GAN together: the same colours with a fine lattice of dots, and with relief in the mountains and on the green land. The truth: a broad range of white and brown ridges, nearly flat green land beside it."}}
enlarged = ("L1", "conditional GAN", "L1 + GAN", "truth")
third = {name: rows[name][shown[2:3]] for name in enlarged}
viz.show_grids(third, n_columns=1, zoom=4, quality=80)

# %% tags=["nbval-ignore-output"] mystnb={"image": {"alt": "Left: a plane with L1 error to the right and detail upwards. The truth stands at error 0, detail 1. Grey: the true maps at half size, near the truth in error and at less than half its detail; the colour table; the single colour, at no detail. Red: L1, beside the colour table, is lowest in detail and leftmost of the trained ones; L1 + GAN is a little to its right and much higher; the conditional GAN is further right, at least as high as the truth; the unconditional GAN is furthest right, beyond the single colour. Right: hidden L1 error over 600 steps, on an axis that does not begin at 0. L1, dashed, falls, fastest at first, to just above the dotted line of the colour table; L1 + GAN falls less and ends above both."}}
_, (ax, over_time) = viz.figure(10.5, 3.4, n_axes=2)
for name in detailed:
    place = error[name], detailed[name]
    ax.plot(*place, "o", color=viz.FAKE if name in made else viz.SCORE)
    ax.annotate(name, place, xytext=(6, 4), textcoords="offset points", fontsize=8)
ax.plot(0, 1, "*", color=viz.REAL, ms=12)
ax.annotate("truth", (0, 1), xytext=(8, -3), textcoords="offset points", fontsize=8)
right = 1.4 * max(error.values())  # room for the names
ax.set(xlabel="L1 error", ylabel="detail", xlim=(-0.005, right), ylim=(-0.1, None))
for name, line in (("L1", "o--"), ("L1 + GAN", "o-")):
    over_time.plot(*zip(*curves[name], strict=True), line, ms=3, color=viz.FAKE, label=name)
over_time.axhline(error["colour table"], color=viz.SCORE, ls=":", label="colour table")
over_time.set(xlabel="step", ylabel="L1 error, hidden (not from 0)")
over_time.legend(frameon=False)
plt.show()


# %%
def judged(text, value, **bound):
    claim(text, value, **bound, needs_training=True)


knowing, blind = error["conditional GAN"], error["unconditional GAN"]
off = {name: torch.tensor(value).log().abs().item() for name, value in detailed.items()}  # from 1
judged("L1 alone errs less than the conditional GAN alone", error["L1"] / knowing, below=1)
judged("the GAN that sees the input errs less than the one that does not", knowing / blind, below=1)
share = blind / error["one colour"]
judged("the GAN that does not see the input errs more than one colour", share, above=1)
judged("L1 alone keeps less than 0.6 of the truth's detail", detailed["L1"], below=0.6)
share = off["L1 + GAN"] / off["L1"]
judged("with L1 + GAN the detail is nearer to the truth's than with L1", share, below=1)
cost = error["L1 + GAN"] / error["L1"]
judged("L1 + GAN errs by less than a quarter more than L1 alone", cost, below=1.25)

# %% [markdown]
# **What this minute shows:** L1 is smooth and lowest in error; the sum has more detail, for a little error. And the
# colour table, which knows nothing of shapes, has less error (.049) and truer edges (.44) than any of the four. One by
# one:
#
# **L1, error .050, detail .31.** Less detail than a true map at half size (.43). Two things are blurred. The *coasts* are
# not in doubt, the table draws them sharply from single pixels: there the likelier reason is too little training, and
# the error still falls at the last step. Many *ridges* cannot be known from the tile, and L1 paints flat land there.
#
# **L1 + GAN, error .055, detail .77.** Over twice the detail, for a tenth more error, and edges that agree with the
# truth's no better (.41 against .42). Enlarged, part of the new detail is relief, also on land that is nearly flat in
# the truth; and part is a **lattice** of dots. A transposed convolution of stride 2 makes neighbouring pixels with
# different weights: a pattern that repeats every two pixels, or every four from the layer before, until training evens
# it out.
#
# **Conditional GAN, error .072, detail .99.** As much detail as the truth, by number; but much of it is that lattice,
# plain in the second panel. Its edges agree less: .24.
#
# **Unconditional GAN, error .131.** Above one colour's (.089), and the edges that agree least (.15). Nobody told it
# which map belongs to which tile. Its generator begins with the tile, so some outlines show through; but coasts are all
# but lost, and it paints land where the sea should be. (Another seed may choose another mistake.) So of the two GANs
# without L1 the one whose D sees the tile has about half of the error.

# %% [markdown]
# ### Ten times as long
#
# The same four were trained for ten times as many steps, and on ten times as many pairs. **Predict:** which of the four
# beats the colour table's .049? And does L1's detail reach that of the half-size map (.43), or the sum's .77?

# %%
from gan_course.lessons.results import recorded, recorded_strips

longer = recorded("pix2pix-longer")
print(f"{longer['n_steps']:,} steps, {longer['pairs']:,} pairs")
print(f"{'':18}L1 error  detail  edge correlation")
long_rows = {row["arm"]: row for row in longer["rows"]}
table_row = [values["colour table"] for values in (error, detailed, in_place)]
print("{:18}{:8.3f}{:8.2f}{:18.2f}   (2,000 pairs)".format("colour table", *table_row))
for arm in arms:
    row = long_rows[arm]
    figures = f"{row['L1 error']:8.3f}{row['detail']:8.2f}{row['edge correlation']:18.2f}"
    print(f"{arm:18}{figures}")

# %% mystnb={"image": {"alt": "Six rows of six hidden tiles: satellite views; maps by L1, smooth, with coasts clearer than before; by the conditional GAN, with relief under a lattice of dots; by the unconditional GAN, fine relief maps of other places; by L1 + GAN, with relief over most of the land; and the true maps, whose mountains lie in chains."}}
strips = recorded_strips("pix2pix-longer", side=64)
drawn = dict(zip(long_rows, strips, strict=True))
sheet = {"satellite": hidden_A[shown]} | {arm: drawn[arm] for arm in arms}
viz.show_rows(sheet | {"truth": hidden_B[shown]}, zoom=2, quality=80)

# %% [markdown]
# **L1 alone** is ahead of the table now, by a little in error (.047, one seed; the table has seen a tenth of these
# pairs) and clearly in edges (.51): shapes help. Its coasts are sharper than after the minute. And yet its detail has
# not grown: .29. No ridges came, as one expects of L1 where the tile does not tell where they lie.
#
# **L1 + GAN** has nearly all of the detail (.91), edges almost as good as L1's (.49), and the lattice is gone but for
# traces; it pays .054. Look where its ridges are: relief is spread over land that is flat in the truth, and the Andes,
# in the third tile, have hardly more of it than the plain. It is the right *kind* of map. **The conditional GAN** still
# has its lattice, which lifts its detail above 1, and more error (.068). **The unconditional one** has too much detail
# as well, and fine relief: of other places (.130). Edges that agree at .08 are hardly related.
#
# Is the sum *better* than L1? Whoever counts pixels says no, whoever looks at the map may say yes. To see what is at
# stake, take a world in which every answer is known.

# %% [markdown]
# ### The weight of doubt
#
# Pictures of one row, 32 pixels: sea at the left, land at the right. The input says at which of three places the coast
# lies, and leaves it open by up to four pixels to either side: nine coasts are equally likely. G gets the input and a
# little noise. Train it three times, with the weight $\lambda$ of L1 at 0, at 10, and at 100, which is the paper's.
#
# **Predict:** whose coasts scatter about their place as the true ones do, and who has the lowest error?


# %%
def sample_coasts(n, generator):
    """Inputs (n, 3), true rows (n, 32) and the pixel before which the coast may lie."""
    place = torch.randint(3, (n,), generator=generator)
    edge = 10 + 6 * place + torch.randint(-4, 5, (n,), generator=generator)
    rows = torch.tanh(torch.arange(32.0) - edge[:, None])
    return nn.functional.one_hot(place, 3).float(), rows, 10 + 6 * place


# %%
from gan_course.models.mlp import mlp


def coast_step(G, D, opt_G, opt_D, a, b, z, lambda_l1):
    fake = G(torch.cat([a, z], 1)).tanh()

    # D: pairs, and R1 at the true ones (lesson 03)
    b = b.requires_grad_()
    logits_real = D(torch.cat([a, b], 1))
    (slope,) = torch.autograd.grad(logits_real.sum(), b, create_graph=True)
    loss_D = d_logistic(logits_real, D(torch.cat([a, fake.detach()], 1)))
    loss_D = loss_D + 0.05 * slope.square().sum(1).mean()
    opt_D.zero_grad()
    loss_D.backward()
    opt_D.step()

    # G: fool D, and stay near the true row
    loss_G = g_nonsaturating(D(torch.cat([a, fake], 1)))
    loss_G = loss_G + lambda_l1 * (fake - b.detach()).abs().mean()
    opt_G.zero_grad()
    loss_G.backward()
    opt_G.step()


# %% tags=["nbval-ignore-output"]
coasts_G = {}
for weight in (0, 10, 100):
    torch.manual_seed(SEED)
    rng = torch.Generator().manual_seed(SEED)
    G, D = mlp(3 + 4, 32, hidden=128), mlp(3 + 32, 1, hidden=128)
    opt_G, opt_D = (torch.optim.Adam(net.parameters(), 1e-3, betas=(0.0, 0.9)) for net in (G, D))
    for _ in range(cfg.n_steps_coast):
        a, b, _ = sample_coasts(64, rng)
        coast_step(G, D, opt_G, opt_D, a, b, torch.randn(64, 4, generator=rng), weight)
    coasts_G[weight] = G

# %% tags=["nbval-ignore-output"] mystnb={"image": {"alt": "Six framed blocks of thirty rows of 32 pixels, dark sea at the left and light land at the right. In the blocks of the truth, of the GAN without L1 and of another truth the coasts scatter over nine pixels; with a weight of 10 over fewer; with 100 they form an almost straight line; in the last, the median, the line is straight."}}
rng = torch.Generator().manual_seed(SEED + 1)
a, b, place = sample_coasts(3_000, rng)
z, offset = torch.randn(3_000, 4, generator=rng), torch.randint(-4, 5, (3_000, 1), generator=rng)
with torch.no_grad():
    answers = {f"λ = {w}": G(torch.cat([a, z], 1)).tanh() for w, G in coasts_G.items()}
answers["another truth"] = torch.tanh(torch.arange(32.0) - place[:, None] - offset)
answers["best for L1"] = torch.tanh(torch.arange(32.0) - place[:, None])

print(f"{'':15}L1 error   scatter of the coast, in pixels")
for name, rows in answers.items():
    scatter = ((rows < 0).sum(1) - place).float().std()
    print(f"{name:15}{(rows - b).abs().mean() / 2:8.3f}{scatter:9.2f}")
_, axes = viz.figure(10.5, 2.8, n_axes=6, share=True)
for ax, (name, rows) in zip(axes, ({"the truth": b} | answers).items(), strict=True):
    ax.imshow(rows[a[:, 1] == 1][:30], cmap="gray", vmin=-1, vmax=1, aspect="auto")
    ax.set(title=name, xlabel="32 pixels", xticks=[], yticks=[])
    ax.spines[:].set(visible=True, color="0.6")
axes[0].set_ylabel("30 drawings")
viz.show_jpeg()

# %% [markdown]
# Each row of a block is one drawing, all for the middle place. Without L1 the coasts scatter somewhat more than the
# true ones do: 2.74 pixels against 2.57. At its equilibrium a conditional GAN draws, for each input, from all that may
# be true (lesson 01). The price is the error, .098: a true row drawn at random for the same input would itself have
# .092. With a weight of 100 G listens little to its noise (.68), and its error, .071, is near the lowest that there is
# (.069). With 10 both lie between. ("Best for L1" is the middle coast of the nine, each time: the median.)
#
# That is not a weakness of these trainings: the least error has one answer where the truth has nine. Blau and Michaeli
# 2018 prove such a trade-off for any method. (For the squared error, one draw from all likely truths costs exactly
# twice the least.) So $\lambda$ is not a number to be tuned until both are good. It says what you want.

# %% [markdown]
# ## Noise that nobody asks for
#
# Many maps are possible, so G should be able to give several. A DCGAN has $z$; pix2pix has dropout, in the first layers
# on the way up. It keeps dropout switched on when it is used, not only in training, and its BatchNorm uses the
# statistics of the current pictures, never running averages. "We run the generator net in exactly the same manner as
# during the training phase", says section 3.3. That is the opposite of what you learnt in lesson 02.

# %% [markdown]
# **Exercise 5. Debug: a prediction without noise** (medium, 10 minutes: every draw came out the same)
#
# A pix2pix has dropout for its randomness. This function was to draw with it, and every draw of a tile came out the
# same:
#
# ```python
# def draw(G, A):
#     G.eval()
#     with torch.no_grad():
#         return G(A)
# ```
#
# Why? Write one that draws as in training, keeps no graph, and gives G back in the mode it came in. (G has
# `nn.Dropout` and `nn.BatchNorm2d`.)


# %% tags=["exercise"]
def draw(G, A):
    # your code
    ...


# hint("draw", 1)
exercises.check_draw(draw)

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# def draw(G, A):
#     was_training = G.training
#     G.train()
#     with torch.no_grad():
#         fake = G(A)
#     G.train(was_training)
#     return fake
# ```
#
# It still moves BatchNorm's running averages, which only a G in evaluation mode reads. (The bug was `G.eval()`: it
# switches dropout off. Some frameworks' `predict` does the same.) The package's `UnetGenerator` keeps no averages, and
# its dropout draws from a `torch.Generator` of its own.
#
# </details>
#
# How much does that noise bring? Draw the same tiles twice, and divide the distance between the drawings by that from
# one to the truth. If G drew from all true maps of a tile, a second drawing would be as far off as the truth: ratio 1.
# If it ignored its noise: 0. (A G that errs for want of training lowers the ratio, too.) **Predict** the ratio of L1 +
# GAN, and the order of the three that have L1, a GAN, or both.

# %%
two = [translate(trained["L1 + GAN"], hidden_A, seed=seed) for seed in (1, 2)]
apart = l1_error(*two).mean().item()
share = apart / error["L1 + GAN"]
judged("two drawings of a tile are nearer to each other than to the truth", share, below=1)

# %% tags=["nbval-ignore-output"]
ratios, drawings = {}, {"truth": hidden_B[shown[:3]]}
for name in ("L1", "L1 + GAN", "conditional GAN"):
    again = translate(trained[name], hidden_A, seed=2)
    ratios[name] = l1_error(made[name], again).mean().item() / error[name]
    if name != "L1":
        gap = (4 * (made[name] - again).abs()).clamp(max=2) - 1  # no difference is black
        for what, images in (("once", made[name]), ("again", again), ("4 |difference|", gap)):
            drawings[f"{name}, {what}"] = images[shown[:3]]
print("distance between two drawings, over that from a drawing to the truth:")
for name, ratio in ratios.items():
    print(f"{name:17}{ratio:6.2f}   ten times as long: {long_rows[name]['apart / error']:.2f}")

# %% mystnb={"image": {"alt": "Three true map tiles; below, two drawings of each by L1 + GAN and two by the conditional GAN, each time with their difference on black: they differ mostly in grain and relief, in patches of the land."}}
viz.show_rows(drawings, zoom=2, quality=80)

# %% [markdown]
# Of their networks the authors say: "we observe only minor stochasticity". Ours, after a minute, has a ratio of .44
# with L1 + GAN. L1 alone has .18, and the GAN without L1 .42, no more than with it. The two drawings of a tile have
# their grain and their relief in other places, and the same coasts. L1 alone is not at 0, because its dropout, too,
# moves each drawing a little.
#
# The conditional loss does ask for variety where there is doubt. But L1, weighted 100, punishes every drawing that
# differs from the one map in the data. So one expects the ratio to fall as L1's share of the loss grows, as in *The
# weight of doubt*. In this minute it does not yet; in the longer runs, with more pairs too, it does: .58 for the GAN
# alone, .49 with L1, .20 for L1 alone. So pix2pix shows fewer answers than there are, and each looks as certain as the
# others: a ridge in its map may be a ridge, or a guess.

# %% [markdown]
# ## Where pairs come from
#
# Everything above hangs on aligned pairs. Sometimes they are free: whoever can make the *input from the output* has
# as many as they like. Sometimes they are dear: someone draws a street map, or labels every pixel. And sometimes nobody
# will ever have them.

# %% [markdown]
# **Exercise 6. Pairs or none?** (easy, 5 minutes: it decides which method you need)
#
# Say for each task whether true pairs are to be had: "paired" or "unpaired".

# %% tags=["exercise"]
tasks = {
    "grey photo -> colour": ...,
    "edges of a photo -> the photo": ...,
    "horse -> zebra": ...,
    "photo -> Van Gogh": ...,
    "satellite tile -> map tile": ...,
}
# hint("tasks", 1)
exercises.check_tasks(tasks)

# %% [markdown]
# <details><summary>Solution</summary>
#
# Every colour photo has its grey partner: take the colours away. Edges are made the same way. No horse ever stood in
# the same pose as a zebra, and Van Gogh did not paint your photo.
#
# ```python
# tasks = {
#     "grey photo -> colour": "paired",
#     "edges of a photo -> the photo": "paired",
#     "horse -> zebra": "unpaired",
#     "photo -> Van Gogh": "unpaired",
#     "satellite tile -> map tile": "paired",
# }
# ```
#
# </details>

# %% [markdown]
# ## What you built
#
# - An anchor to beat: one colour, and a table of colours.
# - The reason why L1 blurs what is in doubt, with a picture of two doubts: an edge and a texture.
# - The losses of a conditional GAN, a U-Net with shortcuts, a PatchGAN whose field you computed.
# - Four trainings that differ in the objective alone, measured by their error, their detail and their edges.
# - A small world with nine true answers, in which the weight of L1 trades scatter for error.
#
# **Three questions**
#
# 1. Your L1-trained network makes smooth skies and smooth faces. Which of the two should worry you?
# 2. Why is a 70-pixel D enough, when it can't see whether the left half of a face matches the right one?
# 3. You have ten thousand summer photos and ten thousand winter photos. What keeps you from using this lesson?
#
# <details><summary>Answers</summary>
#
# 1. The face: skies are smooth. The input did not settle its texture, and L1 answers doubt with a blur; or the training
#    is not finished.
# 2. Because L1, or another loss that compares with the truth, settles what goes where. Without pairs that help is gone.
# 3. No photo has a partner. G could be rewarded for looking like winter, as the unconditional GAN was for looking like a
#    map, and you saw what became of the input. Lesson 06 ties it down without pairs.
#
# </details>
#
# ## What can go wrong
#
# | you see | look at |
# | --- | --- |
# | smooth, pale outputs | a large lambda_l1 asks for them; D off, or far behind |
# | fine outputs that ignore the input | D is not shown the input, or the fake stands in its place |
# | a regular grid of dots | transposed convolutions; more steps, or enlarge and then convolve |
# | every output the same for different noise | dropout off; and see "minor stochasticity", above |
# | good in training, poor when used | running statistics in the norms: run G as in training |
# | a shift between input and output | whether the pairs are all shifted alike |
#
# ## References
#
# - Isola, Zhu, Zhou, Efros (2017). Image-to-Image Translation with Conditional Adversarial Networks. arXiv:1611.07004
# - Blau, Michaeli (2018). The Perception-Distortion Tradeoff. arXiv:1711.06077
# - Mirza, Osindero (2014). Conditional Generative Adversarial Nets. arXiv:1411.1784
# - Ronneberger, Fischer, Brox (2015). U-Net: Convolutional Networks for Biomedical Image Segmentation. arXiv:1505.04597
# - Zhu, Park, Isola, Efros (2017). Unpaired Image-to-Image Translation using Cycle-Consistent Adversarial Networks.
#   arXiv:1703.10593

# %% [markdown]
# ## Further
#
# What follows is needed by no later lesson: a test of the skips; a hidden country; what the discriminators know of the
# tile; pairs that are not quite aligned; a published mistake in a PatchGAN; and our step beside the package's.

# %% [markdown]
# ### Past a dead bottleneck
#
# Do the skips carry the tile past the bottleneck? Silence the bottleneck of an untrained network, and give it two
# different tiles.


# %%
@torch.no_grad()
def tells_apart(skips):
    G = UnetGenerator(base_channels=16, n_halvings=6, norm="instance", skips=skips)
    G.down[-1].register_forward_hook(lambda layer, given, out: torch.zeros_like(out))
    one, other = G(hidden_A[:2])
    return bool((one - other).abs().max() > 1e-3)


print("two tiles give different outputs, with skips:", tells_apart(True))
print("and without:", tells_apart(False))

# %% [markdown]
# With skips the tiles reach the output past a dead bottleneck. Without them, nothing does.

# %% [markdown]
# ### A hidden country
#
# A U-Net is a stack of convolutions and takes other sizes too: here all multiples of 32. One of the hidden slices holds
# Italy. It goes through each generator of the minute in one pass, 96 by 128 pixels, at the scale of the tiles; none of
# it was trained on. **Predict:** in which of the four maps could you best trace the line of the Alps?

# %% tags=["nbval-ignore-output", "best-picture"] mystnb={"image": {"alt": "Six narrow pictures of Italy and its seas side by side: the satellite view; the map by L1, smooth, with land and sea in place; by the conditional GAN, land and sea in place under regular dots; by the unconditional GAN, sand and speckles over land and sea; by L1 and GAN together, with some relief; and the true relief map."}}
from gan_course.data import earth

box = earth.hidden_regions(2)[1]
top, left = 162, box.left + 4
views = [
    to_float(earth.load_view(name, 2)[None, :, top : top + 128, left : left + 96])
    for name in ("satellite", "relief")
]
country = (
    {"satellite": views[0]}
    | {name: translate(step, views[0]) for name, step in trained.items()}
    | {"truth": views[1]}
)
viz.show_grids(country, n_columns=1, zoom=2)

# %% tags=["nbval-ignore-output"] mystnb={"image": {"alt": "The Alps and the plain of the Po, enlarged, in three pairs. Left: the satellite view, with snow along the range, and below it L1, smooth, with a faint arc. Middle: the truth, a broad bow of brown ridges, and below it L1 and GAN together, with faint relief on both sides of the range. Right: the GAN whose D does not see the tile, with a dark ridge along the range, and below it the one whose D does, a lattice with a faint arc."}}
alps = {name: image[..., 36:72, :68] for name, image in country.items()}
pairs = {
    "satellite above, L1 below": torch.cat([alps["satellite"], alps["L1"]]),
    "truth above, L1 + GAN below": torch.cat([alps["truth"], alps["L1 + GAN"]]),
    "GAN alone: D without tile above, with tile below": torch.cat(
        [alps["unconditional GAN"], alps["conditional GAN"]]
    ),
}
viz.show_grids(pairs, n_columns=1, zoom=6, quality=80)

# %% [markdown]
# Only the truth has ridges along the whole range. In the stored pictures the line of the Alps shows best in the map of
# the GAN whose D does not see the tile: a dark ridge along the snow, where its generator let the tile show through, on
# a map that is wrong nearly everywhere else. Of the others L1's shows it best, as a faint pink arc. L1 + GAN has more
# relief, but it spreads to both sides of the range. A loss that asks for ridges gets some, and not yet in their place.

# %% [markdown]
# ### What the discriminators know
#
# D was trained to score a true map above its own G's. Does it, on hidden tiles? And, what no training asked for: does
# it score the true map above the true map *of another place*? **Predict** this second share for each of the three.


# %% tags=["nbval-ignore-output"]
@torch.no_grad()
def prefers_truth(step, others):
    A, B, C = (part.to(runtime.device) for part in (hidden_A, hidden_B, others))
    with runtime.autocast():  # d_input: cat(A, b), or b alone for the unconditional D
        true, other = (step.D(step.d_input(A, b)).float().mean((1, 2, 3)) for b in (B, C))
    return (true > other).double().mean().item()


print(f"{'scores the true map':22}above its G's   above another place's")
for name in ("L1 + GAN", "conditional GAN", "unconditional GAN"):
    to_fake, to_swapped = (
        prefers_truth(trained[name], others) for others in (made[name], hidden_B.roll(1, 0))
    )
    print(f"D of {name:17}{to_fake:13.0%}{to_swapped:22.0%}")

# %% [markdown]
# **88, 91 and 99%:** what they were trained for, all three do well.
#
# **50%:** this D never sees the tile. The swapped maps are the same 256 maps in another order, so it can only be right
# about half the time, however well trained.
#
# **48%:** the conditional GAN's D, though shown the tile, does no better than a coin.
#
# **12%:** the D of L1 + GAN takes the *wrong* map for the truer one. It looks at the tile, or the share would be a
# half; but not to ask whether the map is true. (Perhaps, under L1, following the tile closely is the mark of a fake,
# and a map of elsewhere follows it least.)
#
# So what does a D that knows the question know? To tell true pairs from pairs with a *fake*, and no more: it was never
# shown a real map beside a tile of elsewhere, and what it says of one need not be sound. That the tile helped all the
# same is seen in G: an error of .072 with a D that sees the tile, .131 with one that does not. (One seed each.)

# %% [markdown]
# ### Pairs that are not quite aligned
#
# **Exercise 7. Experiment: sharp and aside, or blurred and in place?** (medium, 15 minutes: pairs are never quite exact)
#
# Two drawings of a hidden map tile. One is the true map, one pixel aside. The other is the true map, each pixel the mean
# of the 5 x 5 around it. Which of the two has the lower L1 error?
#
# 1. **Predict** first: is the error of the blurred one, compared with the shifted one, "lower", "higher", or is there
#    "no clear difference"?
# 2. **Plan:** what do you do at the border, so that it does not decide? Over how many tiles is
#    one error averaged, and how many such errors are compared?
# 3. **Run** it on `hidden_B`: four errors (`l1_error`) each, from the same four parts of the tiles. A second.
# 4. **Read:** which conclusion follows? Compare each part with itself.


# %% tags=["exercise"]
def run(tiles):
    # your code: the error of the shifted map, and of the blurred one
    ...


one_pixel = {
    "prediction": ...,  # "lower", "no clear difference" or "higher"
    "figures": {"shifted": ..., "blurred": ...},  # four errors each
    "conclusion": ...,  # one of the same words
}
# hint("one_pixel", 1)
exercises.check_one_pixel(one_pixel)

# %% [markdown]
# <details><summary>Solution</summary>
#
# What we found; with another border or other parts your figures will be a little different.
#
# ```python
# one_pixel = {
#     "prediction": "lower",
#     "figures": {
#         "shifted": [0.030, 0.030, 0.033, 0.029],
#         "blurred": [0.026, 0.026, 0.028, 0.025],
#     },
#     "conclusion": "lower",
# }
# ```
#
# The run behind it:
#
# ```python
# def run(tiles):
#     inside = tiles[..., 2:-2, 2:-2]
#     aside = tiles[..., 2:-2, 1:-3]
#     blurred = nn.functional.avg_pool2d(tiles, 5, stride=1)
#     return [l1_error(drawing, inside).mean().item() for drawing in (aside, blurred)]
#
#
# print([[round(error, 3) for error in run(tiles)] for tiles in hidden_B.chunk(4)])
# ```
#
# A perfect map that lies one pixel aside costs more than a smear in the right place. So a low L1 error is not a sign of
# a sharp picture: *Four trainings* needed a second measure. And pairs that are not aligned? If the shift differs from
# pair to pair, the place is in doubt, and *Why the obvious loss blurs* lets one expect that texture goes. Nothing here
# tests it.
#
# </details>

# %% [markdown]
# ### One line of an appendix
#
# **Exercise 8. Debug: a published PatchGAN** (medium, 10 minutes: one line of a paper, taken at its word)
#
# The paper's appendix gives the 70 x 70 discriminator as C64-C128-C256-C512, then a convolution to one score; all with
# 4 x 4 kernels. (C64 is a convolution to 64 channels.) It says of all its convolutions that they have stride 2, and
# CycleGAN's appendix repeats the wording. With 2, 2, 2, 2 and, for the last, 1, D would see 94 pixels. The authors' own
# code sees 70, and gives 30 x 30 scores for 256 pixels (padding 1). Which strides does it have?

# %% tags=["exercise"]
strides = [..., ..., ..., ..., ...]
# hint("strides", 1)
exercises.check_strides(strides)

# %% [markdown]
# <details><summary>Solution</summary>
#
# The fourth has stride 1: $1 + 3\,(1 + 2 + 4 + 8 + 8) = 70$.
#
# ```python
# strides = [2, 2, 2, 1, 1]
# ```
#
# </details>
#
# Now measure. A score depends on a pixel if its gradient there is not zero. Six discriminators: the paper's, as the
# package builds it; the literal reading; one of a 7 x 7, three of stride 2 and a 1 x 1; a deeper one, three of stride 2
# and five of stride 1 (lesson 13 meets it); and two small ones of the package, with one and with two layers of stride
# 2. Where no size is given, a layer is 4 x 4. **Predict** the deeper one with your formula.


# %%
from gan_course.models.cyclegan import PatchDiscriminator
from gan_course.models.layers import InstanceNorm


def stack(*layers):
    return nn.Sequential(
        *(
            nn.Conv2d(3 if not k else 4, 4, kernel, stride, kernel // 2)
            for k, (kernel, stride) in enumerate(layers)
        )
    )


def seen_by(D, side=320):
    for module in D.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.constant_(module.weight, 0.1)  # nothing may cancel
    picture = torch.ones(1, 3, side, side, dtype=torch.float64, requires_grad=True)
    scores = D.double()(picture)
    scores[0, 0, scores.shape[2] // 2, scores.shape[3] // 2].backward()
    return int((picture.grad != 0).any(1).any(2).sum())


def without_norms(D):
    return nn.Sequential(*(nn.Identity() if isinstance(m, InstanceNorm) else m for m in D.model))


# %%
literal, wide_start = [(4, 2)] * 4 + [(4, 1)], [(7, 1), (4, 2), (4, 2), (4, 2), (1, 1)]
deeper = [(4, 2)] * 3 + [(4, 1)] * 5
fields = {
    "the paper's": seen_by(without_norms(PatchDiscriminator(base_channels=4))),
    "read literally": seen_by(stack(*literal)),
    "7 x 7 first": seen_by(stack(*wide_start)),
    "deeper": seen_by(stack(*deeper)),
}
for name, width in fields.items():
    print(f"{name:15} {width:4} pixels")
for n in (1, 2):
    width = seen_by(without_norms(PatchDiscriminator(base_channels=4, n_layers=n)))
    print(f"{f'ours, {n} strided':15} {width:4} pixels")
claim(
    "read literally, the appendix gives a D that sees more than its 70 pixels",
    fields["read literally"],
    above=fields["the paper's"],
)

# %% [markdown]
# The deeper one sees 22 + 5 x 24 = 142 pixels, as measured. None of these is wrong in itself. A small field forgives
# what is wrong at a large scale, and is cheap; the paper compared 1, 16, 70 and 286 pixels and chose 70. What is wrong
# is to say 70 and build 94. Our tiles have 64 pixels, and in `fast` our D has two strided layers and sees 34.
#
# One trap: why take out the norms? Because InstanceNorm computes a mean over the whole picture, so that with it every
# score depends on every pixel, a little. "Receptive field" is said of the convolutions alone.

# %% [markdown]
# ### Our step and the package's
#
# Two trainings from one seed, in full precision, one step each. Almost all weights should agree. Why not all? Adam's
# first step moves a weight by about the learning rate, up or down, however small its gradient; where a gradient is
# nearly zero, rounding decides the sign.

# %%
config, precise = cfg.pix2pix, choose_runtime("cpu", precision="float32")
ours, theirs = (
    build_pix2pix(config, train_A, train_B, seed=SEED, runtime=precise).step for _ in range(2)
)
pair = to_float(train_A[: config.batch_size]), to_float(train_B[: config.batch_size])
one_step(ours, *pair)
theirs(pair)
for name in ("D", "G"):
    a, b = (
        torch.cat([p.flatten() for p in getattr(step, name).parameters()])
        for step in (ours, theirs)
    )
    share = ((a - b).abs() < 1e-5).double().mean().item()
    print(f"after a step over 19 in 20 of {name}'s weights are the same:", share > 0.95)
