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
# # 04 · Measuring
#
# Build the instruments that say how good a generator is, test them on generators whose faults you know, and find out
# what each of them cannot see.
#
# ![Six rows, lettered A to F, of nine small grey pictures of clothing. C, D and E show the same nine garments, in C with speckles and in D blurred.](images/04_measuring.jpg)
#
# | you will be able to | |
# | --- | --- |
# | write | a Fréchet distance, precision and recall, a check for copies |
# | explain | why a loss is no measure, and why every figure needs its N |
# | correct | a distance for the number of samples ("Further") |
# | say | what each measure cannot see |
# | fool | the most printed measure of the field, and spot the resize filter that spoils it ("Further") |
# | needs | mean and covariance; lessons 01 and 02 |
# | time | study 90 min; computing: 25 s on a newer processor, 22 s on an older one |
# | papers | Heusel et al. 2017 (FID); Bińkowski et al. 2018 (KID); Kynkäänniemi et al. 2019 (precision, recall); Chong & Forsyth 2020 (bias in N); Parmar et al. 2022 (resizing); Meehan et al. 2020 (copies) |

# %% tags=["parameters"]
PROFILE = ""  # "" takes GAN_COURSE_PROFILE, else fast
SEED = 0

# %% tags=["imports"]
import torch
from matplotlib import pyplot as plt

from gan_course import viz
from gan_course.evaluation.frechet import frechet_distance
from gan_course.lessons import claim, config_for
from gan_course.lessons.l04_measuring import exercises
from gan_course.lessons.l04_measuring.config import PROFILES
from gan_course.runtime import choose_runtime, seed_everything

hint = exercises.hint
cfg = config_for(PROFILES, PROFILE)
# figures that are compared should not depend on the processor
runtime = choose_runtime(precision="float32")
seed_everything(SEED)

# %% [markdown]
# ## Before you start
#
# 1. The covariance of 100 points in 256 dimensions: how many of its eigenvalues are zero?
# 2. $A$ and $B$ are symmetric, with no negative eigenvalue. Is $AB$ symmetric?
# 3. You measure a room's length ten times with a rule that is 1 cm short. What does averaging help against?
#
# <details><summary>Answers</summary>
#
# 1. At least 157: the mean is subtracted, so the points span at most 99 dimensions. So a distance that needs a covariance
#    is not to be trusted with fewer samples than dimensions; the package refuses it.
# 2. Only if they commute. Its eigenvalues are still real and not negative, and the distance below makes use of that.
# 3. Against chance, not against the short rule. The first is called variance and the second bias; this lesson meets both.
#
# </details>

# %% [markdown]
# ## Generators whose faults we know
#
# To test a thermometer you hold it into water whose temperature you know. So we make six "generators" out of real
# pictures. All are said to have been trained on the same 3,000 training pictures; each makes 1,000.
#
# - *Perfect* hands out real pictures that are not in its training set; *grainy* and *out of focus* spoil these.
# - *Three kinds* knows T-shirts, trousers and bags alone, of the ten kinds of clothing.
# - *Copier* hands out training pictures. *Fifty pictures* hands out fifty real ones from outside the training set, each
#   twenty times.

# %%
from gan_course.data.fashion import load_fashion
from gan_course.evaluation.corruptions import add_noise, blur

images, kinds = load_fashion("train")
train, others, other_kinds = images[:3_000], images[3_000:], kinds[3_000:]
three_kinds = torch.isin(other_kinds, torch.tensor([0, 1, 8]))  # T-shirts, trousers, bags
known = {
    "perfect": others[:1_000],
    "grainy": add_noise(others[:1_000], sigma=0.05, seed=SEED),
    "out of focus": blur(others[:1_000], sigma=1.0),
    "three kinds": others[three_kinds][:1_000],
    "copier": train[:1_000],
    "fifty pictures": others[:50].repeat(20, 1, 1, 1),
}

# %% [markdown]
# Here are nine pictures of each, in another order. **Predict:** which row is which, and which rows can nobody tell
# apart by eye? Then put the six in order, the best first, once by eye and once by what you know of them.


# %% tags=["best-picture"] mystnb={"image": {"alt": "Six rows, lettered A to F, of nine small grey pictures of clothing. C, D and E show the same nine garments, in C with speckles and in D blurred."}}
def spread_out(pictures):
    return pictures[torch.arange(9) * 61 % len(pictures)]


rows = zip("ABCDEF", sorted(known), strict=True)
viz.show_rows({letter: spread_out(known[name]) for letter, name in rows}, zoom=3, quality=80)

# %% [markdown]
# From A to F: copier, fifty pictures, grainy, out of focus, perfect, three kinds. (E gives itself away here by the
# garments of C and D; nobody who is shown one generator alone has that.) By eye A, B and E look alike, and the two that
# are spoilt stand out; F, three kinds, shows only to whoever counts.
#
# By what we know the order is another: perfect; grainy; out of focus; then three kinds, which lacks most of the world;
# and last the two that learnt nothing, fifty pictures and the copier. A measure should know what we know. No single one
# does.

# %% [markdown]
# ## A loss is not a measure
#
# The losses are there already, so why not read them? Here is one set of pictures that never changes, the one out of
# focus. A D learns to tell it from real ones, and at every step we note the loss that a generator of these pictures
# would see. **Predict:** does it stay, as the pictures do?

# %% tags=["nbval-ignore-output"]
from torch.nn.functional import softplus

from gan_course.data.batches import to_float
from gan_course.models.dcgan import DCGANDiscriminator

D = runtime.place(DCGANDiscriminator(base_channels=cfg.base_channels))
opt_D = torch.optim.Adam(D.parameters(), 1e-3, (0.5, 0.999))
real_set, fake_set = (to_float(part).to(runtime.device) for part in (train, known["out of focus"]))
seen_loss = []
for _ in range(cfg.n_steps_judge + 1):
    real, fake = (part[torch.randint(len(part), (64,))] for part in (real_set, fake_set))
    logits_real, logits_fake = D(real), D(fake)
    seen_loss.append(softplus(-logits_fake).mean().item())  # what G would minimise
    loss_D = softplus(-logits_real).mean() + softplus(logits_fake).mean()
    opt_D.zero_grad()
    loss_D.backward()
    opt_D.step()
print(f"first {seen_loss[0]:.2f}, last {seen_loss[-1]:.2f}")

# %% tags=["nbval-ignore-output"] mystnb={"image": {"alt": "The loss of a generator whose pictures never change, over the steps of its discriminator: it climbs several-fold."}}
_, (ax,) = viz.figure(8, 2.6)
ax.plot(seen_loss, color=viz.FAKE)
ax.set(xlabel="step of D", ylabel="G's loss on the same pictures", ylim=(0, None))
plt.show()

# %%
early, late = sum(seen_loss[:5]) / 5, sum(seen_loss[-20:]) / len(seen_loss[-20:])
text = "the loss of pictures that never changed more than trebles"
claim(text, late / early, above=3, needs_training=True)

# %% [markdown]
# The loss measures the pictures *against this D at this moment*. Both players move, so it can rise while the pictures
# improve and fall while they decay. Two trainings cannot be compared by it at all: they have two different Ds. What we
# want is a judge that stands still and was trained on no generator's pictures.

# %% [markdown]
# ## A distance between two clouds
#
# Fit a Gaussian to each set and ask how far apart the two are. For Gaussians the Fréchet distance has a formula:
#
# $$d^2 = \lVert \mu_r - \mu_f \rVert^2 + \mathrm{tr}\big(\Sigma_r + \Sigma_f - 2\,(\Sigma_r \Sigma_f)^{1/2}\big)$$
#
# ($\mu$ and $\Sigma$ are mean and covariance; tr, the trace, is the sum of the diagonal; of the root of $\Sigma_r
# \Sigma_f$ only the trace is needed, and that comes below.) On a line it is simply $(\mu_r - \mu_f)^2 + (\sigma_r -
# \sigma_f)^2$: how far the centres are apart, and how much the widths $\sigma$ differ. $d^2$ is the least mean squared
# distance by which the points of one Gaussian must move to become the other. From here on "distance" means this $d^2$.

# %% [markdown]
# **Exercise 1. By hand** (easy, 3 minutes: the check knows the usual slips by their numbers)
#
# Two Gaussians on a line: means 0 and 3, variances 4 and 1. What is $d^2$?

# %% tags=["exercise"]
distance_by_hand = ...
# hint("distance_by_hand", 1)
exercises.check_distance_by_hand(distance_by_hand)

# %% [markdown]
# <details><summary>Solution</summary>
#
# The widths are 2 and 1: $(0 - 3)^2 + (2 - 1)^2 = 10$.
#
# ```python
# distance_by_hand = 10
# ```
#
# </details>

# %% [markdown]
# In more dimensions $\Sigma_r \Sigma_f$ is not symmetric, and much code takes the root of a general matrix and throws
# an imaginary part away that rounding has left. There is a cleaner way. A symmetric $S = V \Lambda V^\top$, with
# eigenvalues $\Lambda$ and eigenvectors $V$, has the root $S^{1/2} = V \Lambda^{1/2} V^\top$. With $A =
# \Sigma_r^{1/2}$, the matrix $A\,\Sigma_f A$ is symmetric, and it has the same eigenvalues as $A A\,\Sigma_f = \Sigma_r
# \Sigma_f$, since $XY$ and $YX$ always have the same (take $X = A\,\Sigma_f$ and $Y = A$). The trace of a root is the
# sum of the roots of the eigenvalues:
#
# $$\mathrm{tr}\,(\Sigma_r \Sigma_f)^{1/2} = \sum_i \sqrt{\lambda_i(A\,\Sigma_f A)}$$

# %% [markdown]
# **Exercise 2. The Fréchet distance** (hard, 20 minutes: you will never again wonder what the number is)
#
# Write `frechet(real, fake)` for two sets of vectors (N, d) and (M, d), in float64. `torch.cov` wants one *row* for each
# dimension: hand it the transpose. `torch.linalg.eigh(S)` gives eigenvalues and eigenvectors (the columns of $V$) of a
# symmetric $S$, `eigvalsh` the eigenvalues alone. Rounding can turn an eigenvalue of zero into $-10^{-17}$: clamp.


# %% tags=["exercise"]
def frechet(real, fake):
    # your code
    ...


# hint("frechet", 1)
exercises.check_frechet(frechet)

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# def frechet(real, fake):
#     real, fake = real.double(), fake.double()
#     shift = (real.mean(0) - fake.mean(0)).square().sum()
#     cov_r, cov_f = torch.cov(real.T), torch.cov(fake.T)
#     values, vectors = torch.linalg.eigh(cov_r)
#     root = vectors * values.clamp_min(0).sqrt() @ vectors.T
#     middle = torch.linalg.eigvalsh(root @ cov_f @ root).clamp_min(0).sqrt().sum()
#     return (shift + cov_r.trace() + cov_f.trace() - 2 * middle).item()
# ```
#
# </details>

# %% [markdown]
# A tempting shortcut for the last term is the trace of $\Sigma_r^{1/2}\,\Sigma_f^{1/2}$. Here are the distance and the
# shortcut on a cloud of the plane (blue) and the same cloud turned (red). **Predict:** at which angles do the two
# agree?


# %%
def root_of(matrix):
    values, vectors = torch.linalg.eigh(matrix)
    return vectors * values.clamp_min(0).sqrt() @ vectors.T


def frechet_by_hand(real, fake, shortcut=False):
    cov_r, cov_f = torch.cov(real.T), torch.cov(fake.T)
    half = root_of(cov_r)
    middle = (half @ root_of(cov_f)).trace() if shortcut else root_of(half @ cov_f @ half).trace()
    apart = (real.mean(0) - fake.mean(0)).square().sum()
    return (apart + cov_r.trace() + cov_f.trace() - 2 * middle).item()


# %% mystnb={"image": {"alt": "Three panels, each with a long thin blue cloud of points and a red copy of it, turned by 0, 30 and 90 degrees. Above each stand the distance and what the shortcut gives; the two agree at 0 and at 90 degrees and differ at 30."}}
draw = torch.Generator().manual_seed(1)
round_cloud = torch.randn(5_000, 2, generator=draw, dtype=torch.float64)
cloud = round_cloud * torch.tensor([3.0, 0.3])
agree, (_, axes) = True, viz.figure(9, 3.3, n_axes=3)
for ax, degrees in zip(axes, (0, 30, 90), strict=True):
    angle = torch.deg2rad(torch.tensor(degrees, dtype=torch.float64))
    c, s = angle.cos(), angle.sin()
    turned = cloud @ torch.stack([torch.stack([c, s]), torch.stack([-s, c])])
    by_hand, shortcut = (abs(frechet_by_hand(cloud, turned, short)) for short in (False, True))
    agree = agree and abs(by_hand - frechet_distance(cloud, turned)) < 1e-8
    title = f"{degrees}°: distance {by_hand:.1f}, shortcut {shortcut:.1f}"
    viz.scatter(ax, cloud[:700], turned[:700], limit=9, title=title)
plt.show()
print(f"by hand and package agree to eight decimals: {agree}")

# %% [markdown]
# At 0 and at 90 degrees the two covariances share their axes, so they commute and the shortcut is right. In between it is
# not: a bug that two of these three tests miss.

# %% [markdown]
# ## In which space?
#
# A Gaussian fitted to raw pixels? Try it. Beside it, the same formula over **features**: 256 numbers that a small
# network computes from a picture. It was trained on all 9,000 training pictures, `train` and `others` alike, to tell
# the ten kinds of clothing apart: it favours neither part, and never saw grain, blur or a G. The numbers are the
# activations of five of its layers, averaged over the picture.
#
# Over the features of one particular network, Google's Inception, the distance is called **FID** (Heusel et al. 2017).
# Ours is not FID, and no figure of this lesson can be compared with any FID ever printed. `Panel` takes every measure of
# this lesson at once; for now only its distance is read. **Predict:** which space notices the grain, and what does the
# copier get?

# %%
from gan_course.evaluation.panel import Panel
from gan_course.evaluation.readers import load_reader

reader = load_reader("fashion")
panel = Panel(reader, train, held_out=others[5_000:])
table = {name: panel(pictures) for name, pictures in known.items()}


def pixels(pictures):
    return to_float(pictures).flatten(1).double()


in_pixels = {name: frechet_distance(pixels(train), pixels(made)) for name, made in known.items()}
ratios = {
    name: (in_pixels[name] / in_pixels["perfect"], row["frechet"] / table["perfect"]["frechet"])
    for name, row in table.items()
}
print("compared with the perfect generator     pixels   features")
for name, (over_pixels, over_features) in ratios.items():
    print(f"{name:36} {over_pixels:9.2g}  {over_features:9.2g}")
claim("pixels: grain raises the distance by less than a fifth", ratios["grainy"][0], below=1.2)
claim("features: grain more than trebles it", ratios["grainy"][1], above=3)
text = "features: the copier's distance is less than the perfect generator's"
claim(text, ratios["copier"][1], below=1)

# %% [markdown]
# Over pixels grain is hardly noticed at this N. Features notice it: early layers see grain and edges, late ones whole
# shapes. And the copier comes out *better than perfect*: nothing has a centre and a shape more like the training set's
# than the training set. (It is not at 0 because it hands out 1,000 of the 3,000.) And over features the distance ranks
# blur far behind fifty pictures. That is not our order, in which the two that learnt nothing come last. (Fifty pictures
# span 49 dimensions, however often each is repeated, so their covariance is a poor one. That is their fault, and the
# distance may count it.)

# %% [markdown]
# ## The bias in N
#
# New real pictures against 3,000 real ones: the true distance is zero. **Predict** by what factor the measured one
# falls as the new ones grow from 300 to 3,000.

# %%
from gan_course.evaluation.features import features_of

real_features, other_features = panel.real, features_of(reader, others)
ns = [300, 400, 500, 700, 1_000, 1_500, 2_000, 3_000]
draw = torch.Generator().manual_seed(SEED)
orders = [torch.randperm(len(others), generator=draw) for _ in range(4)]
shuffled = [
    [frechet_distance(real_features, other_features[order[:n]]) for n in ns] for order in orders
]
biased = torch.tensor(shuffled).mean(0).tolist()
print("   N   distance   N x distance   (means of four draws)")
for n, value in zip(ns, biased, strict=True):
    print(f"{n:5} {value:9.1f} {round(n * value, -2):12,.0f}")

# %% [markdown]
# Never zero. From 300 to 3,000 it falls by a factor of nearly 7, and the product with N grows only by half: the
# distance is mostly a constant divided by N. A covariance from few points has some directions too long and others too
# short, and the distance adds up the errors, whichever sign they have. Averaging many draws of 300 would not help;
# larger draws do. Over $1/N$ the values lie close to a line, and where the line meets $1/N = 0$ is an estimate of the
# distance for infinitely many samples (Chong & Forsyth 2020).
#
# The **kernel distance** (over Inception's features: KID, Bińkowski et al. 2018) has no bias. It needs a **kernel**
# $k(x, y)$, a number that is high where two vectors are alike; here $(x^\top y / d + 1)^3$. If both sets come from one
# distribution, then two samples of the one are as alike, on average, as two of the other, and as one of each. So the
# distance is
#
# $$\operatorname{mean} k(x, x') + \operatorname{mean} k(y, y') - 2 \operatorname{mean} k(x, y),$$
#
# over pairs within the one set, pairs within the other (a sample with itself left out), and pairs across. Each mean is
# over pairs of independent samples and so is right on average, whatever N: hence no bias. (Multiply the cube out: it
# compares products of up to three features, so means, covariances and skewness.) **Predict:** which faulty generator
# hides among ten draws of real pictures, and is the order of the others that of the Fréchet distance?

# %%
from gan_course.evaluation.frechet import kernel_distance

x, y = 1 / torch.tensor(ns, dtype=torch.float64), torch.tensor(biased, dtype=torch.float64)
line = torch.linalg.lstsq(torch.stack([torch.ones_like(x), x], 1), y[:, None]).solution[:, 0]
print(f"the line has the slope {line[1]:,.0f} and meets 1/N = 0 at {line[0]:.2f}")
claim("the limit is under a tenth of what 300 pictures give", line[0] / y[0], below=0.1)

kernel = [kernel_distance(real_features, part) for part in other_features.split(600)]
draws = {  # three of each kind, 600 pictures each
    "grainy": add_noise(others[:1_800], sigma=0.05, seed=SEED).split(600),
    "out of focus": blur(others[:1_800], sigma=1.0).split(600),
    "three kinds": others[three_kinds][:1_800].split(600),
    "copier": train[:1_800].split(600),
    "fifty pictures": [some.repeat(12, 1, 1, 1) for some in others[:150].split(50)],
}
faulty = {
    name: [kernel_distance(real_features, features_of(reader, part)) for part in parts]
    for name, parts in draws.items()
}
print("kernel distances of real draws:", f"{min(kernel):.4f} to {max(kernel):.4f}")
for name, found in faulty.items():
    print(f"{name:15}", ", ".join(f"{value:.3f}" for value in found))

# %% mystnb={"image": {"alt": "Left: distances of real pictures to real pictures over 1/N lie on a straight line that meets the axis near zero. Right: kernel distances. Ten draws of real pictures scatter closely around zero, and the copier lies at their lower end; fifty pictures and grainy lie near 0.2, three kinds near 0.5, out of focus between 6 and 7."}}
_, (left, right) = viz.figure(9, 3.2, n_axes=2)
left.plot([0, x[0]], [line[0], line[0] + line[1] * x[0]], color=viz.SCORE, lw=1)
left.plot(x, y, "o", color=viz.REAL)
left.set(xlabel="1 / N", ylabel="Fréchet distance", ylim=(0, None), xlim=(0, None))
left.set_xticks([0, 1 / 1_000, 1 / 500, 1 / 300], ["0", "1/1000", "1/500", "1/300"])
right.axvline(0, color=viz.SCORE, lw=1)
right.plot(kernel, [0] * len(kernel), "o", color=viz.REAL, alpha=0.6)
for row, found in enumerate(faulty.values(), 1):
    right.plot(found, [row] * len(found), "o", color=viz.FAKE, alpha=0.6)
right.set_xscale("symlog", linthresh=0.01)
right.set_yticks(range(6), ["real, ten draws", *faulty])
right.set_xticks([-0.01, 0, 0.01, 0.1, 1, 10], ["−0.01", "0", "0.01", "0.1", "1", "10"])
right.set(xlabel="kernel distance, N = 600 (even within ±0.01, logarithmic beyond)")
right.invert_yaxis()
plt.show()

# %% [markdown]
# What is left of the line at zero, 0.63, need be nothing but the bias of the other set: the training pictures are not
# infinitely many either, and 3,000 of them alone account for about 1 (the slope over 3,000). In our first table
# "perfect" was 1; in absolute terms that is about 4, almost all of it bias. With more pictures this divisor shrinks,
# and the ratios of the faulty ones grow, except the copier's.
#
# The kernel distances of real pictures fall on both sides of zero, as an honest estimate of zero must, and stay within
# 0.01: beside that, grain's 0.2 is much. The copier is as near to zero, if anything a little below: its pictures are in
# the reference, so its pairs are not independent. And grain is now no better than fifty pictures, and clearly worse in
# two draws of three: another measure, another order, over the very same features.
#
# So a number without its N says nothing. Most papers take 50,000 samples; an FID from a few thousand beside one of
# theirs is a comparison of sample sizes. And one N for all is no full cure, since the constant depends on the
# generator's own covariance ("Further" derives it for one case): compare the limits.

# %% [markdown]
# ## Two questions instead of one
#
# A distance mixes two faults: bad pictures, and missing ones. As in lesson 02: draw a ball around each real picture,
# its radius the distance to the third nearest real neighbour. **Precision** is the share of fakes that lie in any of
# these balls. Exchange the two sets, and you have **recall** (Kynkäänniemi et al. 2019). Here are ten points of each.

# %% mystnb={"image": {"alt": "Two panels with the same ten blue points, spread wide, and ten red points in a bunch at their upper right. Left: a ball around each blue point; eight of the red points lie in one, and the title says precision 0.8. Right: a ball around each red point, most of them small; three of the blue points lie in one, and the title says recall 0.3."}}
from gan_course.evaluation.coverage import precision_recall

draw = torch.Generator().manual_seed(334)
real_ten = torch.randn(10, 2, generator=draw, dtype=torch.float64)
fake_ten = 0.4 * torch.randn(10, 2, generator=draw, dtype=torch.float64) + 0.6
shares = precision_recall(real_ten, fake_ten)
_, axes = viz.figure(8, 4, n_axes=2, share=True)
balls = (("precision", real_ten, viz.REAL), ("recall", fake_ten, viz.FAKE))
for ax, share, (name, centres, colour) in zip(axes, shares, balls, strict=True):
    for centre in centres:
        radius = (centres - centre).norm(dim=1).sort().values[3]  # the first is its own, 0
        ax.add_patch(plt.Circle(centre.tolist(), radius.item(), color=colour, alpha=0.1))
    ax.scatter(*real_ten.T, color=viz.REAL, label="real")
    ax.scatter(*fake_ten.T, color=viz.FAKE, label="generated")
    ax.set(title=f"{name} {share:.1f}", aspect="equal", xticks=[], yticks=[])
axes[0].legend(frameon=False)
plt.show()

# %% [markdown]
# **Exercise 3. Recall** (medium, 15 minutes: whose balls, and whose samples?)
#
# Write `recall(real, fake, k)`. `torch.cdist(a, b)` gives all distances, a row for each `a`; `.kthvalue(n,
# dim=1).values` the n-th smallest in each row. Mind that in `torch.cdist(a, a)` the smallest of each row is the
# sample's distance to itself.


# %% tags=["exercise"]
def recall(real, fake, k=3):
    # your code
    ...


# hint("recall", 1)
exercises.check_recall(recall)

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# def recall(real, fake, k=3):
#     radius = torch.cdist(fake, fake).kthvalue(k + 1, dim=1).values
#     inside = torch.cdist(real, fake) <= radius
#     return inside.any(1).double().mean().item()
# ```
#
# Precision is the same with the two sets exchanged.
#
# </details>

# %% [markdown]
# All the instruments, on all six. "Copied" is the share that comes too near to a training picture; you will build it
# below. For "rarest" the network names the kind of each picture. Each kind's share is divided by its share among real
# pictures (3 % bags for 10 % make 0.3), and the smallest of the ten ratios is taken; so chance alone pulls it a little
# below 1. Precision and recall compare with the first 1,000 training pictures, the very ones that the copier hands out.
# **Predict** where "three kinds" and "fifty pictures" lose. Which generators keep a high precision, though you would
# buy none of them?

# %%
measures = ("precision", "recall", "copied", "rarest")
print(f"{'':15}" + "".join(f"{measure:>11}" for measure in measures))
for name, row in table.items():
    print(f"{name:15}" + "".join(f"{row[measure]:11.2f}" for measure in measures))

# %%
perfect = table["perfect"]
gap = min(perfect[name] - table["out of focus"][name] for name in ("precision", "recall"))
claim("out of focus: both precision and recall lose more than 0.3", gap, above=0.3)
loss = perfect["recall"] - table["three kinds"]["recall"]
claim("three kinds: recall loses more than 0.2", loss, above=0.2)
claim("fifty pictures: recall is all but gone", table["fifty pictures"]["recall"], below=0.05)
claim("copier: every picture is found to be a copy", table["copier"]["copied"], above=0.999)
elsewhere = panel(train[1_000:2_000])
elsewhere = {name: elsewhere[name] for name in ("precision", "recall", "copied")}
print("a copier of other training pictures:", {key: round(it, 2) for key, it in elsewhere.items()})
text = "a copier of other training pictures keeps precision and recall above 0.8"
claim(text, min(elsewhere["precision"], elsewhere["recall"]), above=0.8)

# %% [markdown]
# The last three keep a high precision, since each of their pictures is a real one. "Three kinds" and "fifty pictures"
# lose in recall and in the rarest kind. (The latter's recall is 0 because it repeats itself exactly: a picture's third
# neighbour is the picture again, and the ball has no radius. A network that has collapsed repeats itself less exactly.)
# Is the copier perfect only because it hands out the very pictures that it is compared with? No: the copier of *other*
# training pictures does nearly as well. Every faulty row has a column that gives it away, and no column gives all of
# them away.

# %% [markdown]
# ## Is it new?
#
# The copier wins everywhere but in one column. How does that one work? For each fake, find the nearest training
# picture, in the space of features. How near is too near? Held-out pictures tell: they are real, and they are not
# copies. Take the distance that only 1 % of the held-out pictures fall short of; a fake that falls short of it counts
# as copied. So even a perfect generator scores about 1 %, more or less: the limit rests on ten pictures of a thousand.
# One whose pictures are spoilt can score less, since they lie farther from every training picture: a low share proves
# no quality. The idea is that of Meehan et al. (2020).

# %% [markdown]
# **Exercise 4. Find the copies** (medium, 15 minutes: a number that a paper should not go without)
#
# Write `my_copied_share(train, held_out, fake)` for three sets of vectors, with the limit taken as above.
# `.quantile(0.01)` of a tensor is the value that 1 % of its entries fall short of.


# %% tags=["exercise"]
def my_copied_share(train, held_out, fake):
    # your code
    ...


# hint("copied_share", 1)
exercises.check_copied_share(my_copied_share)

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# def my_copied_share(train, held_out, fake):
#     def distance(samples):
#         return torch.cdist(samples, train).min(1).values
#
#     limit = distance(held_out).quantile(0.01)
#     return (distance(fake) < limit).double().mean().item()
# ```
#
# </details>

# %% [markdown]
# Does the generator that ships with the course copy? It was trained on all 9,000 training pictures. **Predict** the share
# that counts as copied. Below stand the eight of its thousand samples that come nearest to a training picture, each above
# that picture; then the eight nearest held-out pictures.

# %%
from gan_course.data.batches import to_bytes
from gan_course.evaluation.memorisation import copied_share, nearest
from gan_course.weights.dcgan import load_dcgan

G = load_dcgan()
with torch.no_grad():
    z = torch.randn(1_000, G.z_dim, generator=torch.Generator().manual_seed(1))
    drawn = to_bytes(torch.cat([G(part) for part in z.split(250)]))
held_out, _ = load_fashion("test")
sets = images, held_out, drawn
all_features, held_features, drawn_features = (features_of(reader, part) for part in sets)
share = copied_share(all_features, held_features, drawn_features)
print(f"counted as copied: {share:.1%} (held-out pictures: 1 %, by definition of the limit)")
claim("under 3 % of the shipped generator's samples count as copied", share, below=0.03)

# %% mystnb={"image": {"alt": "Four rows of eight small grey pictures: trousers and shoes that the generator drew, above the training pictures nearest to them; then held-out trousers, shoes and a bag, above those nearest to them. The pictures of a pair are of one kind and much alike, the two bags most of all."}}
rows = {}
for name, pictures, part in (
    ("generated", drawn, drawn_features),
    ("held out", held_out, held_features),
):
    distance, which = nearest(all_features, part)
    closest = distance.argsort()[:8]
    if name == "held out":
        limit = distance.quantile(0.01)
        print(f"the limit, from {len(held_out):,} held-out pictures: {limit:.2f}")
    print(f"{name:9} to the nearest:", " ".join(f"{far:.2f}" for far in distance[closest]))
    rows |= {name: pictures[closest], f"{name}: nearest": images[which[closest]]}
viz.show_rows(rows, zoom=3, quality=80)

# %% [markdown]
# Three of a thousand samples lie nearer than the limit, and count as copies: the first three pairs. Same kind, same
# cut, and some outlines almost alike; where one can see details, they differ. The held-out pictures come as near: one
# of them is nearly a bag of the training set. So it shows no sign of copying *by this measure*. A copy that is blurred
# or ragged would escape it. (The network knew the training pictures and not these held-out ones. If that alone moves
# held-out pictures away, the limit is too large, and too many samples count as copies.)
#
# ## The instruments, tested
#
# How far can each measure be trusted? The course has six feature networks, one for each kind of picture, or **world**:
# fashion, photos (photographs and paintings), and four more under "Further". In each world real pictures were spoilt in
# five ways, and every measure was taken, of 1,000 pictures at a time. (That takes long and is not done here: the next
# cell reads what was recorded.) A cell of the figure says by how much a measure moved towards worse, compared with how
# much it differs among seven sets of real pictures:
#
# $$\pm\frac{\text{mean of three spoilt sets} - \text{mean of real sets}}{\text{standard deviation over real sets}},$$
#
# with the sign that makes worse positive. In fashion noise moves the Fréchet distance by 59 such deviations. From 5 on a
# cell is blue, from -5 down red: "better", by doing harm. The deviation is rough itself, so read 5 as a hint and 50 as
# a finding. "Real, twice" are further real sets: what chance does. "A dropped class" lacks all trousers in fashion, and
# in photos all crops of one picture.
#
# **Predict** which measures notice that the trousers are gone, and which the crops of one photograph or painting.

# %%
from gan_course.evaluation.panel import MEASURES, NOTICED
from gan_course.lessons.results import recorded_sensitivity

sensitivity = recorded_sensitivity()


def show_moved(ax, world):
    """By how many deviations each failure of a world moves each measure."""
    failures = sensitivity[world]
    moved = [[row[name]["deviations"] for name in MEASURES] for row in failures.values()]
    size = torch.tensor(moved, dtype=torch.float64)
    colour = size.sign() * size.abs().log10()  # blue for worse, red for "better"
    colour[size.abs() < NOTICED] = 0
    ax.imshow(colour, vmin=-3, vmax=3, cmap="RdBu", aspect="auto")
    for row, values_of_row in enumerate(moved):
        for column, value in enumerate(values_of_row):
            text = f"{value:,.0f}" if abs(value) > 9.95 else f"{round(value, 1) + 0.0:.1f}"
            ink = "white" if value > 60 else "black"
            ax.text(column, row, text, ha="center", va="center", color=ink, fontsize=10)
    ax.set_xticks(range(len(MEASURES)), MEASURES, rotation=45)
    ax.set_yticks(range(len(failures)), failures)
    ax.set_title(world)


# %% mystnb={"image": {"alt": "Two tables of numbers, for fashion and for photos, with a row for real pictures and for each of five failures and a column for each of six measures; cells from five on are blue, the darker the higher, two at minus five are red. Every row but the first has a blue cell, and every column has white ones."}}
size = {"figsize": (10.5, 3.1), "dpi": viz.DPI, "layout": "constrained"}
_, axes = plt.subplots(1, 2, sharey=True, **size)
for ax, world in zip(axes, ("fashion", "photos"), strict=True):
    show_moved(ax, world)
plt.show()

# %%
copied = sensitivity["fashion"]["noise, sigma 0.05"]["copied"]
text = "noise makes the share of copies look better than that of real pictures"
claim(text, copied["value"] / copied["clean"], below=1)

# %% [markdown]
# Read the columns: **no measure notices everything.** Each asks one question. Where a tenth are copies, only "copied"
# notices, and it notices nothing else. Some can be improved by doing harm: pictures with noise are further from every
# training picture, so fewer count as copies. The missing trousers stand out in "rarest" and in both distances, and
# hardly in recall (6.7, where chance gives 1.8). In photos, where one picture of many is gone, recall moves by 5.1 and
# all others by less. (Thousands of deviations mean, too, that real draws hardly differ by this measure: compare within
# a column.) Report several, name the network, name N, and show what real pictures get.

# %% [markdown]
# ## What you built
#
# You built a Fréchet distance, recall, and a check for copies. You saw how a line over $1/N$ removes most of the bias
# of the first. In "Further" you fool it.
#
# **Three questions**
#
# 1. Generator A: distance 8.1 at N = 1,000. Generator B: 5.9 at N = 5,000. Which is better?
# 2. A paper reports FID only. Which of the six generators above could it be selling?
# 3. Why must the feature network not be trained on the generator's own samples?
#
# <details><summary>Answers</summary>
#
# 1. Unknown. The bias alone may account for it. Measure both at the same N, or better, compare both limits.
# 2. The copier, for one: it has the best distance of all.
# 3. It would learn to look at what tells them apart *now*. Then it is a discriminator, and its verdict moves with the training.
#
# </details>
#
# ## What can go wrong
#
# | you see | look at |
# | --- | --- |
# | a distance that falls when you add samples | the bias in N; fix N, or take the limit |
# | a negative kernel distance | nothing: an estimate without bias of something near zero |
# | a complex or `nan` distance | fewer samples than dimensions, or an eigenvalue just below zero |
# | a precision of 1 | copies of the very pictures it is compared with; or a feature network that sees nothing |
#
# ## References
#
# - Heusel et al. (2017). GANs Trained by a Two Time-Scale Update Rule Converge to a Local Nash Equilibrium. arXiv:1706.08500.
# - Bińkowski et al. (2018). Demystifying MMD GANs. arXiv:1801.01401.
# - Kynkäänniemi et al. (2019). Improved Precision and Recall Metric for Assessing Generative Models. arXiv:1904.06991.
# - Chong, Forsyth (2020). Effectively Unbiased FID and Inception Score and Where to Find Them. arXiv:1911.07023.
# - Meehan, Chaudhuri, Dasgupta (2020). A Non-Parametric Test to Detect Data-Copying in Generative Models. arXiv:2004.05675.
# - Parmar, Zhang, Zhu (2022). On Aliased Resizing and Surprising Subtleties in GAN Evaluation. arXiv:2104.11222.

# %% [markdown]
# ## Further
#
# What follows is needed by no later lesson: the line over $1/N$ by hand and where its slope comes from, a set of vectors
# that fools the distance, and two ways in which it is spoilt without anybody's intention.

# %% [markdown]
# ### A line over 1/N
#
# **Exercise 5. To infinity** (medium, 10 minutes: figures at different N cannot be compared, their limits can)
#
# Write `limit(ns, values)`: fit a line over $1/N$ by least squares and return its height at $1/N = 0$.


# %% tags=["exercise"]
def limit(ns, values):
    # your code
    ...


# hint("limit", 1)
exercises.check_limit(limit)

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# def limit(ns, values):
#     x = 1 / torch.tensor(ns, dtype=torch.float64)
#     y = torch.tensor(values, dtype=torch.float64)
#     slope = ((x - x.mean()) * (y - y.mean())).sum() / (x - x.mean()).square().sum()
#     return (y.mean() - slope * x.mean()).item()
# ```
#
# </details>

# %% [markdown]
# Where does the slope come from? (Skip this if you do not need the derivation.) Take N Gaussian vectors with the true
# mean and the true covariance, whose eigenvalues are $\lambda_i$. The squared error of their mean is $\sum_i \lambda_i
# / N$ on average. Their covariance is wrong by a matrix $E$, and for a small $E$, written in the eigenvectors of
# $\Sigma$, the second part of the distance is $\frac12 \sum_{ij} E_{ij}^2 / (\lambda_i + \lambda_j)$. (We take this
# from perturbation theory; in one dimension it is $(\sqrt{\lambda + e} - \sqrt\lambda)^2 \approx e^2 / 4\lambda$, a
# Taylor series.) For Gaussian vectors $E_{ij}^2$ is $\lambda_i \lambda_j / N$ on average, and twice that on the
# diagonal. Add up, and everything has a factor $1/N$ (the first sum has 1 from the mean and $\frac14$ from the
# diagonal):
#
# $$\mathbb{E}[\text{distance}] \approx \frac cN, \qquad c = \tfrac54 \sum_i \lambda_i + \tfrac12 \sum_{ij}
# \frac{\lambda_i \lambda_j}{\lambda_i + \lambda_j}.$$
#
# **Predict:** does this $c$ agree with the slopes that we measure, on Gaussian vectors and on the real pictures above?

# %%
values, vectors = torch.linalg.eigh(torch.cov(real_features.double().T))
sums = values[:, None] + values
derived = 1.25 * values.sum() + 0.5 * (values[:, None] * values / sums).sum()


def slope(distances):
    y = torch.tensor(distances, dtype=torch.float64)
    return ((y - y.mean()) @ (x - x.mean()) / (x - x.mean()).square().sum()).item()


centre, gaussian = real_features.double().mean(0), []
for _ in range(4):
    some = torch.randn(ns[-1], len(values), generator=draw, dtype=torch.float64)
    some = centre + some * values.clamp_min(0).sqrt() @ vectors.T
    gaussian.append([frechet_distance(real_features.double(), some[:n]) for n in ns])
print(f"derived: c = {derived:,.0f}")
for name, found in (("Gaussian vectors", gaussian), ("real pictures", shuffled)):
    print(f"measured, {name:17}", ", ".join(f"{slope(one):,.0f}" for one in found))

# %% [markdown]
# Nearly. The slopes of the Gaussian vectors lie a little above $c$: the formula holds for a *small* $E$, and with 300
# vectors in 256 dimensions it is not small. Those of real pictures lie higher again. Presumably real features have
# heavier tails than a Gaussian, so that their covariance is less certain.

# %% [markdown]
# ### How to fool it
#
# **Exercise 6. The impostor** (hard, 15 minutes: whoever can fool a measure knows what it measures)
#
# Write `impostor(real)`. It is given feature vectors (N, d) and returns a set (M, d) of your own making whose Fréchet
# distance to `real` is *less than half* of what 500 honest new samples get, and whose recall is at most 0.1. A mean and
# a covariance are all that the distance looks at.


# %% tags=["exercise"]
def impostor(real):
    # your code
    ...


# hint("impostor", 1)
exercises.check_impostor(impostor)

# %% [markdown]
# <details><summary>Solution</summary>
#
# Let $a_i$ be the columns of $\Sigma^{1/2}$. Put one spot at $\mu + \sqrt d\,a_i$ and one at $\mu - \sqrt d\,a_i$: $2d$
# in all, with the mean $\mu$. Their covariance is $\frac{1}{2d} \sum_i 2d\,a_i a_i^\top = \Sigma^{1/2}\,\Sigma^{1/2} =
# \Sigma$. Each is repeated, so that the third neighbour of a point is the point again and its ball has radius zero.
#
# ```python
# def impostor(real):
#     n, d = real.shape
#     values, vectors = torch.linalg.eigh(torch.cov(real.T))
#     root = vectors * values.clamp_min(0).sqrt() @ vectors.T
#     steps = d**0.5 * root
#     spots = real.mean(0) + torch.cat([steps, -steps])
#     return spots.repeat(20, 1)
# ```
#
# </details>

# %%
half = root_of(torch.cov(real_features.T)) * real_features.shape[1] ** 0.5
spots = (real_features.mean(0) + torch.cat([half, -half])).repeat(4, 1)
false_distance, honest = (
    frechet_distance(real_features, spots),
    frechet_distance(real_features, other_features[: len(spots)]),
)
_, false_recall = precision_recall(real_features[:1_000], spots)
print(
    f"{len(spots)} vectors on {len(spots) // 4} spots: distance {false_distance:.3f}, "
    f"as many real pictures {honest:.1f}"
)
print(f"its recall is {false_recall:.2f}")
claim(
    "the impostor's distance is under a tenth of what as many new real pictures get",
    false_distance / honest,
    below=0.1,
)

# %% [markdown]
# 512 made-up spots, and by the Fréchet distance they beat two thousand honest pictures. (They are vectors. That any
# pictures have these features is not said.) That had to be so: they were made of the mean and the covariance, and of
# nothing else. A low distance is necessary, not sufficient. Don't report it alone: put recall beside it, and pictures.

# %% [markdown]
# ### The filter between you and the number
#
# Before features are computed, pictures are brought to one size. It looks harmless. PIL, Python's common library for
# pictures, averages over all that falls into a new pixel. `torch.nn.functional.interpolate` does not, unless told: with
# `bilinear` it looks at four pixels around one spot and skips the rest. The FID code in common use resized that way.

# %% [markdown]
# **Exercise 7. Debug: shrink** (medium, 10 minutes: a default in a widely used function)
#
# This line stood, in one form or another, in many published evaluations. Write `shrink(pictures, times)` for pictures
# (N, C, H, W) of floats, `times` being a whole number that divides H and W, so that each new pixel is a mean over all
# that falls into it (a mean that fades out over its neighbours will do): fine stripes must not come out as coarse ones
# of full strength.
#
# ```python
# def shrink(pictures, times):
#     return interpolate(pictures, scale_factor=1 / times, mode="bilinear")
# ```


# %% tags=["exercise"]
from torch.nn.functional import interpolate


def shrink(pictures, times):
    # your code
    ...


# hint("shrink", 1)
exercises.check_shrink(shrink)

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# from torch.nn.functional import avg_pool2d
#
#
# def shrink(pictures, times):
#     return avg_pool2d(pictures, times)
# ```
#
# `interpolate(..., mode="bilinear", antialias=True)` and `mode="area"` are right too.
#
# </details>

# %% [markdown]
# Below, crops of photographs are shrunk both ways. **Predict** what skipping does to fine masonry, and to the distance.

# %%
from torch.nn.functional import avg_pool2d

from gan_course.data.vangogh import load_photos, random_crops

crops = random_crops(load_photos("train"), 900, size=128, seed=SEED)
shrunk = {
    "averaged": avg_pool2d(crops.float(), 4),
    "skipping": interpolate(crops.float(), scale_factor=0.25, mode="bilinear"),
}
shrunk = {name: small.round().clamp(0, 255).to(torch.uint8) for name, small in shrunk.items()}
print({name: tuple(small.shape) for name, small in shrunk.items()})

# %% mystnb={"image": {"alt": "Five crops of photographs of buildings in two rows, shrunk in two ways: in the upper row smooth, in the lower with jagged edges and speckled walls."}}
some = [4, 11, 12, 22, 36]
viz.show_rows({name: small[some] for name, small in shrunk.items()}, zoom=5, quality=80)

# %%
photo_reader = load_reader("photos")
averaged, skipping = (features_of(photo_reader, small) for small in shrunk.values())
same_filter = frechet_distance(averaged[:450], averaged[450:])
two_filters = frechet_distance(averaged[:450], skipping[450:])
print("450 crops against 450 others:")
print(f"distance {same_filter:.1f} through one filter, {two_filters:.1f} through two")
claim(
    "with one filter for both the distance is under half of that with two",
    same_filter / two_filters,
    below=0.5,
)

# %% [markdown]
# Edges turn jagged, and masonry and leaves turn to speckles. Both comparisons have as many crops, so about the same
# bias; what was added is the filter. Parmar et al. (2022) shrank the faces of FFHQ (70,000 photographs) with several
# libraries: against the same faces shrunk by PIL, those that skip came to an FID of 6 or more, which is more than all
# the steps of StyleGAN (lesson 11) gain together on these faces (8.04 to 4.40).

# %% [markdown]
# **Exercise 8. Experiment: stored as JPEG** (medium, 15 minutes: it happens to one of two folders without a word)
#
# Generated pictures are often saved as JPEG before they are measured, by a library whose default quality is 75. Take
# real pictures that are new to the reference, 1,000 at a time, as they are and after such a storage. What does the
# Fréchet distance to `real_features` say?
#
# 1. **Predict** first: will the distance of the stored pictures be "higher", "lower", or is there "no clear difference"?
# 2. **Plan:** why should the same pictures be in both? How many sets make a comparison?
# 3. **Run** it: three distances each, from the same three sets of `others`. Some ten seconds. (`through_jpeg` of
#    `gan_course.evaluation.corruptions` stores and reads again.)
# 4. **Read:** compare each set with itself. "Higher" follows if at least two of the three rise and none falls.


# %% tags=["exercise"]
def run(turn):
    # your code: the distances of three sets, after `turn` has been done to their pictures
    ...


as_jpeg = {
    "prediction": ...,  # "lower", "no clear difference" or "higher"
    "figures": {"as they are": ..., "JPEG": ...},  # three distances each
    "conclusion": ...,  # one of the same words
}
# hint("as_jpeg", 1)
exercises.check_as_jpeg(as_jpeg)

# %% [markdown]
# <details><summary>Solution</summary>
#
# What we found; your figures will be others.
#
# ```python
# as_jpeg = {
#     "prediction": "higher",
#     "figures": {"as they are": [4.1, 3.4, 3.7], "JPEG": [5.0, 4.5, 4.3]},
#     "conclusion": "higher",
# }
# ```
#
# The run behind it:
#
# ```python
# from gan_course.evaluation.corruptions import through_jpeg
#
#
# def run(turn):
#     sets = [turn(pictures) for pictures in others[:3_000].split(1_000)]
#     return [frechet_distance(real_features, features_of(reader, one)) for one in sets]
#
#
# for turn in (lambda pictures: pictures, lambda pictures: through_jpeg(pictures, quality=75)):
#     print([round(distance, 1) for distance in run(turn)])
# ```
#
# The plan: the same pictures are in both, so that storage is all that differs; three sets, so that no single draw
# decides. Nobody would see the difference, and the distance grows by 0.6 to 1.1, from about 3.7. Store as PNG, or store
# both sides alike.
#
# </details>

# %% [markdown]
# ### The other four worlds
#
# The same figure for critters (drawn creatures; a body shape dropped), toons (drawn faces; a hairdo), cats (a colour)
# and earth (tiles from above; a band of latitude). **Predict:** in how many of the four does recall find the dropped
# class?

# %% mystnb={"image": {"alt": "Four tables, one for each of critters, toons, cats and earth: five failures by six measures, in standard deviations. As in the first two, noise and blur move many measures, copies only the share copied, and no measure notices everything."}}
size = {"figsize": (10.5, 5.6), "dpi": viz.DPI, "layout": "constrained"}
_, axes = plt.subplots(2, 2, sharex=True, sharey=True, **size)
for ax, world in zip(axes.flat, ("critters", "toons", "cats", "earth"), strict=True):
    show_moved(ax, world)
plt.show()

# %% [markdown]
# In two, cats and earth. In toons it moves by 3.1, less than chance does there (6.1, the other way), and in critters
# not at all: creatures with one body lie among those with the others, as this network sees them. "Rarest", which asks
# for the class by name, notices in three and perhaps in earth (5.3), and can only do so for a class that somebody
# thought of. Copies move the share copied alone, here too.
