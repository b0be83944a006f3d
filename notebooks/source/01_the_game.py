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
# # 01 · The game
#
# Two small networks play against each other until one of them can draw points that look like the data, and you can
# check every move, because here the right answer is known.
#
# ![Two moments of a training in the plane: generated points start as one clump in the middle, arrows show where the discriminator pushes them, and at the end they sit on eight clusters of a ring.](images/01_the_game.jpg)
#
# | you will be able to | |
# | --- | --- |
# | derive | the best discriminator there is, and what the game is worth when it plays |
# | write | both turns of the training loop of a GAN |
# | explain | why the generator does not minimise what the theory says |
# | count | the modes that a generator reaches |
# | spot | bugs in D's turn and in G's that raise no error |
# | needs | expectation, density, gradient; PyTorch autograd (a self-check follows) |
# | time | study 80 min; computing: 19 s on a newer processor, 20 s on an older one |
# | papers | Goodfellow et al. 2014 (GAN); Metz et al. 2017 (the ring) |

# %% tags=["parameters"]
PROFILE = ""  # "" takes GAN_COURSE_PROFILE, else fast
SEED = 0

# %% tags=["imports"]
import torch
from matplotlib import pyplot as plt

from gan_course import viz
from gan_course.lessons import claim, config_for
from gan_course.lessons.l01_the_game import exercises
from gan_course.lessons.l01_the_game.config import PROFILES
from gan_course.runtime import choose_runtime, seed_everything

hint = exercises.hint
cfg = config_for(PROFILES, PROFILE)
choose_runtime("cpu", "float32", threads=1)  # networks this small are fastest on one core
seed_everything(SEED)

# %% [markdown]
# ## Before you start
#
# Four questions. If all four are easy, go on; if one is not, its answer says what to read up on.
#
# 1. A die shows $k$ with probability 1/6. What is $\mathbb{E}[k^2]$, and how would you estimate it by throwing?
# 2. Can a density be larger than 1?
# 3. $f(s) = \log(1 + e^s)$. What is $f'(s)$?
# 4. `y = f(x); y.backward()` was called twice in a row on fresh graphs. What is in `x.grad`?
#
# <details><summary>Answers</summary>
#
# 1. 91/6, about 15.2. Throw often and average the squares: every loss in this course is such an average over a batch.
# 2. Yes: only its integral is 1. A Gaussian of standard deviation 0.1 reaches 4.
# 3. $e^s / (1 + e^s) = \sigma(s)$, the sigmoid. The function is called *softplus*, and many losses of this course
# are made of it.
# 4. The sum of both gradients. Autograd adds; `zero_grad` clears.
#
# </details>

# %% [markdown]
# ## More of the same kind
#
# A generative adversarial network (GAN) learns from examples to make more of their kind. One of the grids below shows
# examples, the other was made by a GAN of lesson 11. **Predict** which is which.

# %% mystnb={"image": {"alt": "Two grids of twelve drawn creatures, first and second. In the first some outlines wobble and some mouths are smeared; in the second every line is clean."}}
from gan_course.data.critters import load_critters
from gan_course.inference import generate
from gan_course.weights import stylegans

G = stylegans.load_stylegan("stylegan-critters64")
fakes = generate.generate(G, generate.styles(G, generate.latents(range(12), G.z_dim)))
examples, _ = load_critters("test", n=12, resolution=64)
pair = fakes, examples.float() / 127.5 - 1
order = torch.randperm(2, generator=torch.Generator().manual_seed(3))  # hides which is which
viz.show_grids({"first": pair[order[0]], "second": pair[order[1]]}, n_columns=4, zoom=2)

# %% [markdown]
# The first was made. Its outlines wobble, some mouths are smeared, and all twelve of its creatures are patterned, where
# half of the real ones are plain. And yet no line of code says what a creature is. We play the game with points in
# place of pictures, on a line and then in the plane, where every move can be drawn.
#
# ## Two players
#
# There is data, with a density $p(x)$ that nobody can write down. A **generator** $G$ turns random vectors $z$ into
# points $G(z)$; their density is $q(x)$, which nobody can write down either. A **discriminator** $D$ looks at one point
# and says how likely it is to be real. Goodfellow et al. let them play for one number:
#
# $$\min_G \max_D \; V(D, G) = \mathbb{E}_{x \sim p} \log D(x) + \mathbb{E}_{z} \log(1 - D(G(z)))$$
#
# $D$ wants $V$ large: say 1 to what is real and 0 to what is generated. $G$ wants it small, and has only one way: make
# points that $D$ takes for real. Neither needs a formula for a density, only samples.

# %% mystnb={"image": {"alt": "A diagram. A box z leads to G, which widens, and on to a picture of red points on a ring; another picture has blue points, the real ones. Both lead into D, which narrows, then to logits and two losses. Dashed arrows lead back: from loss_D to D, and from loss_G through D and the red points to G."}}
viz.show_gan()

# %% [markdown]
# Follow the solid arrows first: from $z$ through $G$ to a fake, and from a fake or a real point into $D$. What comes out
# is a raw score $s$, the *logit*: the higher it is, the likelier real. **In code `D(x)` is this raw score $s$; in
# formulas $D(x)$ is the probability $\sigma(s)$.** $D$ wants real points up and fakes down; $G$ wants fakes up. The
# dashed arrows are gradients. $D$ learns from both kinds of points; $G$ only from what comes back to it through $D$.

# %% [markdown]
# **Exercise 1. The best D** (medium, 10 minutes: the rest of the lesson stands on it)
#
# Hold $G$ fixed. Points $G(z)$ have density $q$, so $V = \int [\,p(x) \log D(x) + q(x) \log(1 - D(x))\,]\,dx$, and $D$
# may choose its value at each $x$ separately. At a point $x$ the two terms weigh $p \log D + q \log(1 - D)$. Derive the
# $D$ that makes this largest, and write it as a function of the two densities at that point.


# %% tags=["exercise"]
def optimal_discriminator(p, q):
    # your code
    ...


# hint("optimal_discriminator", 1)
exercises.check_optimal_discriminator(optimal_discriminator)

# %% [markdown]
# <details><summary>Solution</summary>
#
# The derivative with respect to $D$ is $p/D - q/(1 - D)$. It is zero where $p(1 - D) = qD$, so $D^* = p/(p + q)$; the
# second derivative is negative, so this is the maximum.
#
# ```python
# def optimal_discriminator(p, q):
#     return p / (p + q)
# ```
#
# </details>

# %% [markdown]
# ## A discriminator against a fixed generator
#
# On a line, with densities that we choose, $D^*$ can be drawn. Let the data be two equal Gaussian bumps of standard
# deviation 0.5 at ±1.5, and let the generator be frozen: one Gaussian of standard deviation 1 around 0.5.

# %% mystnb={"image": {"alt": "The data density with two bumps at -1.5 and 1.5, and the single broad bump of the generator at 0.5."}}
from gan_course.data.toy import mixture_density, normal_density

x = torch.linspace(-5, 5, 501)
p, q = mixture_density(x), normal_density(x, 0.5)

_, (ax,) = viz.figure(6, 2.6)
ax.plot(x, p, color=viz.REAL, label="p: data")
ax.plot(x, q, color=viz.FAKE, label="q: fixed generator")
ax.set(xlabel="x", ylabel="density", ylim=(-0.01, 0.52))
ax.legend(frameon=False, ncols=2, loc="upper center")
plt.show()

# %% [markdown]
# **Predict:** where is $D^*$ above one half, and what does it do at the far left and right, where hardly a point ever
# falls?

# %% mystnb={"image": {"alt": "The optimal discriminator, above one half around both data bumps, with a deep valley between them."}}
d_star = p / (p + q)

_, (ax,) = viz.figure(6, 2.6)
ax.plot(x, d_star, color="black")
ax.axhline(0.5, color=viz.SCORE, lw=0.8, ls=":")
ax.set(xlabel="x", ylabel="D*(x)", ylim=(-0.03, 1.03))
plt.show()

# %% [markdown]
# $D^*$ is above one half from -3.5 to about -0.8 and from 1.2 to 2.5, and goes to 0 at both ends. It does not follow the
# data; it follows the **ratio** of the two densities. In the tails both are tiny, and the narrow bumps fall off faster.
#
# Now a network, which returns the raw score $s$. An optimiser minimises, so D's loss is $-V$. In code one never takes
# the sigmoid and then the logarithm; the exercise shows why.

# %% [markdown]
# **Exercise 2. A loss that survives ±200** (medium, 10 minutes: an infinite loss ends a training)
#
# Write $-V$ from the raw scores of a real and of a generated batch, as a mean over each. It must be finite, exact and
# have the right gradient for scores of ±200. With $\mathrm{softplus}(s) = \log(1 + e^s)$,
# $-\log\sigma(s) = \mathrm{softplus}(-s)$.


# %% tags=["exercise"]
from torch.nn.functional import softplus


def d_loss(logits_real, logits_fake):
    # your code
    ...


# hint("d_loss", 1)
exercises.check_d_loss(d_loss)

# %% [markdown]
# <details><summary>Solution</summary>
#
# $1 - \sigma(s) = \sigma(-s)$, so $-\log(1 - \sigma(s)) = \mathrm{softplus}(s)$.
#
# ```python
# def d_loss(logits_real, logits_fake):
#     return softplus(-logits_real).mean() + softplus(logits_fake).mean()
# ```
#
# `torch.log(torch.sigmoid(s))` is minus infinity for $s = -200$ in float32, and a small epsilon inside the logarithm
# makes the loss finite and the gradient zero: D stops learning from exactly the points it judges worst.
#
# </details>

# %% [markdown]
# The loop: draw a batch of each kind, compute the loss, step. Every network of this lesson has two hidden layers of
# `cfg.hidden` features with a LeakyReLU behind each, and Adam as its optimiser, with `betas` (0, 0.9). The 0 switches
# momentum off. Here G stands still, but soon it moves too, and momentum would keep pushing D against an older G.

# %% tags=["nbval-ignore-output"]
from gan_course.data.toy import sample_mixture
from gan_course.models.mlp import mlp

D = mlp(1, 1, hidden=cfg.hidden)
opt_D = torch.optim.Adam(D.parameters(), cfg.lr, cfg.betas)
for _ in range(cfg.n_steps_line):
    real = sample_mixture(cfg.batch_size)
    fake = 0.5 + torch.randn(cfg.batch_size, 1)
    loss_D = softplus(-D(real)).mean() + softplus(D(fake)).mean()
    opt_D.zero_grad()
    loss_D.backward()
    opt_D.step()
print(cfg)
with torch.no_grad():
    scores = D(x[:, None])[:, 0]
print(f"loss_D on the last batch: {loss_D.item():.3f}")
for name, s in (("learnt D", scores), ("D*", d_star.logit())):
    loss_on_line = ((p * softplus(-s) + q * softplus(s)).sum() * (x[1] - x[0])).item()
    print(f"expected loss, {name}: {loss_on_line:.3f}")

# %% [markdown]
# The expected loss is the mean over the whole line, taken with the two densities. One batch can fall below the best
# expected loss by luck.

# %% mystnb={"image": {"alt": "The learnt discriminator lies on the dashed optimal one between about -2.5 and 2.7, inside the shaded region where there is data; outside it leaves it, and at the far left it goes to 1 while the optimal one goes to 0."}}
d_learnt = scores.sigmoid()
seen = p + q > 0.05  # what "where there is data" means here

_, (ax,) = viz.figure(8, 3)
ax.fill_between(x, 0, 1, where=seen, color="0.93", label="p + q > 0.05")
ax.plot(x, d_star, color="black", ls="--", label="D* = p / (p + q)")
ax.plot(x, d_learnt, color=viz.FAKE, label="learnt D")
ax.set(xlabel="x", ylabel="D(x)", ylim=(-0.03, 1.03))
ax.legend(frameon=False, loc="center left", bbox_to_anchor=(1, 0.5))
plt.show()

# %% [markdown]
# How close is it? (A CLAIM line prints the measured number, then the bound it had to meet.)

# %%
error = (d_learnt - d_star)[seen].abs().mean()
claim("the learnt D is close to p / (p + q), on average over p + q > 0.05",
      error, below=0.06, needs_training=True)  # fmt: skip

# %% [markdown]
# A network that saw nothing but points has learnt the ratio of two densities. Remember this picture: whatever the
# generator learns, it learns from the slope of this curve. At the far left the learnt $D$ goes to 1 and $D^*$ to 0:
# outside the grey region hardly a point fell to correct it.

# %% [markdown]
# ## What the game is worth
#
# Put $D^*$ into $V$ and what remains depends on the two densities alone:
#
# $$V(D^*, G) = -2 \log 2 + 2\,\mathrm{JSD}(p, q), \qquad
# \mathrm{JSD}(p, q) = \tfrac12 \mathrm{KL}\big(p \,\|\, \tfrac{p + q}{2}\big) + \tfrac12 \mathrm{KL}\big(q \,\|\, \tfrac{p + q}{2}\big)$$
#
# Here $\mathrm{KL}(a \,\|\, b) = \int a \log (a/b)\,dx$, and the step is
# $\frac{p}{p+q} = \frac12 \cdot \frac{p}{(p+q)/2}$: each half of $V$ gives a $-\log 2$, and the rest is a KL.
#
# The Jensen-Shannon divergence is 0 if $p = q$, and only then. So against a perfect $D$, the best that $G$ can do is to
# match the data. And both logarithms in $V$ are at most 0, so $V \le 0$, so $2\,\mathrm{JSD} \le 2 \log 2$.
#
# Above, $D^*$ had an expected loss of 0.995. That is $-V$, so the JSD of that pair is $\log 2 - 0.995 / 2 = 0.196$. Our D
# has 0.997, and the expected loss of no D can go below 0.995.

# %% [markdown]
# **Exercise 3. Measure it** (medium, 10 minutes: turns a formula into a number)
#
# Write the JSD of two densities that are given on a grid of spacing `dx`. Where a density is zero, $0 \log 0$ counts as
# zero: `torch.xlogy(a, b)` is $a \log b$ with that rule.


# %% tags=["exercise"]
def jsd(p, q, dx):
    # your code
    ...


# hint("jsd", 1)
exercises.check_jsd(jsd)

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# def jsd(p, q, dx):
#     middle = (p + q) / 2
#     kl_p = (torch.xlogy(p, p) - torch.xlogy(p, middle)).sum() * dx
#     kl_q = (torch.xlogy(q, q) - torch.xlogy(q, middle)).sum() * dx
#     return (kl_p + kl_q) / 2
# ```
#
# </details>

# %% [markdown]
# **Exercise 4. Predict: a coin** (easy, 3 minutes: it is the number to look for in every log)
#
# The best $D$ knows the ratio everywhere. Put a coin in its place, a $D$ that says 1/2 to everything. What is $V$ now?
# Give a number to two decimals.

# %% tags=["exercise"]
value_of_a_coin = ...
# hint("value_of_a_coin", 1)
exercises.check_value_of_a_coin(value_of_a_coin)

# %% [markdown]
# <details><summary>Solution</summary>
#
# Both terms are $\log \tfrac12$ wherever the points lie, so $V = -2 \log 2$, and D's loss is $2 \log 2$, about 1.386. It is
# the value at the end of a perfect game. It is also that of a $D$ which has learnt nothing, so a loss near 1.386 proves
# neither.
#
# ```python
# value_of_a_coin = -1.386
# ```
#
# </details>

# %% [markdown]
# **Predict:** take two Gaussians of standard deviation 1 and pull them apart. At which shift has the JSD come half of the
# way to its ceiling, $\log 2$? And does the JSD at a shift of 8 tell you that you are further away than at 6?

# %%
grid = torch.linspace(-20, 30, 20_001, dtype=torch.float64)
dx = (grid[1] - grid[0]).item()
values, divergences = {}, {}
lines = ["shift    V(D*)      JSD"]
for shift in (0, 0.5, 1, 2, 4, 6, 8):
    a, b = normal_density(grid), normal_density(grid, shift)
    # 1 - D* is b / (a + b), without rounding to 0
    at_best = torch.xlogy(a, a / (a + b)) + torch.xlogy(b, b / (a + b))
    values[shift] = (at_best.sum() * dx).item()
    terms = torch.xlogy(a, a) + torch.xlogy(b, b) - torch.xlogy(a + b, (a + b) / 2)
    divergences[shift] = (terms.sum() * dx / 2).item()
    lines.append(f"{shift:5} {values[shift]:8.4f} {abs(divergences[shift]):8.4f}")
print("\n".join(lines))

# %%
import math

gap = max(abs(values[s] - (-2 * math.log(2) + 2 * divergences[s])) for s in values)
claim("V(D*) equals -2 log 2 + 2 JSD at every shift, but for rounding", gap, below=1e-9)
# the grid rounds alike at every shift, so the next claim prints the same number
at_zero = max(abs(values[0] + 2 * math.log(2)), abs(divergences[0]))
claim("two equal densities: V is -2 log 2 = -1.386 and the JSD 0, but for rounding",
      at_zero, below=1e-9)  # fmt: skip
claim("at a shift of 8 the JSD has all but reached log 2, its ceiling",
      math.log(2) - divergences[8], below=1e-3)  # fmt: skip

# %% mystnb={"image": {"alt": "Left: the Jensen-Shannon divergence rises with the shift and flattens against the dotted line at log 2 from about 5 on. Right: the optimal discriminator for shifts of 1, 3 and 8: a gentle slope becomes a step."}}
shifts = torch.linspace(0, 10, 101, dtype=torch.float64)
a, b = normal_density(grid), normal_density(grid - shifts[:, None])
curve = (torch.xlogy(a, a) + torch.xlogy(b, b) - torch.xlogy(a + b, (a + b) / 2)).sum(1) * dx / 2

_, (left, right) = viz.figure(9, 3, n_axes=2)
left.plot(shifts, curve, color="black")
left.axhline(math.log(2), color=viz.SCORE, ls=":", label="log 2")
left.set(xlabel="shift between p and q", ylabel="JSD", ylim=(0, 0.78))
left.legend(frameon=False, loc="lower right")
for shift, colour in ((1, "#9ecae1"), (3, "#4292c6"), (8, "#084594")):
    right.plot(
        grid, torch.sigmoid(shift * (shift / 2 - grid)), color=colour, label=f"shift {shift}"
    )
right.set(xlabel="x", ylabel="D*(x)", xlim=(-3, 11))
right.legend(frameon=False)
plt.show()

# %% [markdown]
# At a shift of 0 the best $D$ is the coin. At 2 the JSD is nearly half of the way up. At 6 and at 8 the game is worth
# almost the same: 0.004 of JSD lies between them. Far apart, a perfect $D$ is a cliff with flat land on both sides: it
# knows that every fake is fake, and $\log(1 - D)$ has almost no slope there to show the way home.
#
# The raw score of that $D$ does slope. From $D^* = p/(p + q)$ it is $\log\frac{D^*}{1 - D^*} = \log p - \log q$. At a shift
# of 8 that is $-x^2/2 + (x - 8)^2/2 = 8\,(4 - x)$, a straight line that never flattens. G's other loss, below, makes use
# of that.

# %% [markdown]
# ## The generator moves
#
# Now both learn, in turns: to finish $D$ before every step of $G$ would cost too much and, on finite data, overfit
# (Goodfellow et al.). Three details make the loop right, and getting any of them wrong is a well-known bug:
#
# 1. **Two optimisers.** Each player moves only its own weights.
# 2. **`detach` in D's turn.** D judges the fakes as given; no gradient goes back into G.
# 3. **No `detach` in G's turn.** The gradient must pass *through* D into G. It leaves traces in D's `grad` on the way,
#    and D's next `zero_grad` removes them.
#
# G minimises $-\log D(G(z))$ instead of $\log(1 - D(G(z)))$. The next section compares the two.

# %% tags=["nbval-ignore-output"]
G, D = mlp(cfg.z_dim, 1, hidden=cfg.hidden), mlp(1, 1, hidden=cfg.hidden)
opt_G = torch.optim.Adam(G.parameters(), cfg.lr, cfg.betas)
opt_D = torch.optim.Adam(D.parameters(), cfg.lr, cfg.betas)
z_fixed = torch.randn(20_000, cfg.z_dim)
moments = sorted({0, cfg.n_steps_line // 20, cfg.n_steps_line // 5, cfg.n_steps_line})
frames = {}
for step in range(cfg.n_steps_line + 1):
    if step in moments:
        with torch.no_grad():
            frames[step] = G(z_fixed)[:, 0], D(x[:, None]).sigmoid()[:, 0]
    real = sample_mixture(cfg.batch_size)
    fake = G(torch.randn(cfg.batch_size, cfg.z_dim))
    loss_D = softplus(-D(real)).mean() + softplus(D(fake.detach())).mean()
    opt_D.zero_grad()
    loss_D.backward()
    opt_D.step()
    loss_G = softplus(-D(fake)).mean()
    opt_G.zero_grad()
    loss_G.backward()
    opt_G.step()
print(f"loss_D {loss_D.item():.2f}, loss_G {loss_G.item():.2f}")

# %% [markdown]
# Before you look: the first generator puts all its points near 0. Where will they go: left, right, or both at once?

# %% tags=["nbval-ignore-output"] mystnb={"image": {"alt": "Four moments of the training on the line. The histogram of generated points starts as a spike at zero and spreads until it has the two bumps of the data; a grey curve shows the discriminator, which ends near one half."}}
edges = torch.linspace(-4, 4, 81)


def distance(points):
    """Total variation between a histogram of the points and the data: 0 equal, 1 no overlap."""
    counts = torch.histogram(points.contiguous(), edges)[0]
    centres, width = (edges[1:] + edges[:-1]) / 2, edges[1] - edges[0]
    return 0.5 * (counts / len(points) - mixture_density(centres) * width).abs().sum().item()


_, axes = viz.figure(11, 2.8, n_axes=len(frames), share=True)
for ax, (step, (points, judged)) in zip(axes, frames.items(), strict=True):
    heights = torch.histogram(points, edges, density=True)[0]
    ax.stairs(heights, edges, fill=True, color=viz.FAKE, alpha=0.6, label="generated")
    ax.plot(x, p, color=viz.REAL, label="data")
    ax.plot(x, judged, color=viz.SCORE, ls="--", lw=1, label="D")
    ax.set(title=f"step {step}: distance {distance(points):.2f}", xlabel="x")
axes[0].set(ylabel="density; D(x)", xlim=(-4, 4), ylim=(0, 1.05))
axes[0].text(0.35, 0.97, "(cut off)", fontsize=8)
axes[0].legend(frameon=False, fontsize=8, loc="upper left")
plt.show()


# %%
last = distance(frames[moments[-1]][0])
source = torch.Generator().manual_seed(1)
one_bump = distance(1.5 + 0.5 * torch.randn(20_000, generator=source))
even = distance(6 * torch.rand(20_000, generator=source) - 3)
drawn = distance(sample_mixture(20_000, generator=source)[:, 0])
print(f"distance of points of the data {drawn:.2f}, of one bump alone {one_bump:.2f},")
print(f"of points spread evenly from -3 to 3 {even:.2f}")
claim("in the end G's points are nearer to the data than one bump, and than points spread evenly",
      last / min(one_bump, even), below=1, needs_training=True)  # fmt: skip

# %% [markdown]
# Both at once, and G never had a formula for either bump. The titles give its distance to the data; the claim divides the
# last one by that of points spread evenly. G comes nearer, but not step by step. In the run saved in this notebook (yours
# may differ) it stands at 0.33 after 75 steps and at 0.35 after 300, when both bumps are spikes: hardly better than the
# 0.37 of points spread evenly. It ends at 0.10; points of the data themselves have 0.02.
#
# The two losses at the end do not tell you that. They lie near $2 \log 2 = 1.39$ and $\log 2 = 0.69$, the values for any D
# that says 1/2, whether G fits well or not. The two minimise different things, so nothing forces their sum downwards. Two
# such players can even circle each other without end, as lesson 03 shows.

# %% [markdown]
# **Exercise 5. Debug: D's turn** (medium, 10 minutes: a missing `detach` may pass unnoticed)
#
# A colleague wrote the step below, for a loop that draws fresh fakes in each turn. It runs, and it is wrong in three
# ways. Write the right one; it returns the loss.
#
# ```python
# def d_step(D, G, opt_D, real, z):
#     fake = G(z)
#     loss = softplus(D(real)).mean() + softplus(-D(fake)).mean()
#     loss.backward()
#     opt_D.step()
#     return loss
# ```


# %% tags=["exercise"]
def d_step(D, G, opt_D, real, z):
    # your code
    ...


# hint("d_step", 1)
exercises.check_d_step(d_step)

# %% [markdown]
# <details><summary>Solution</summary>
#
# The labels were exchanged, the fakes were not detached, and the old gradients were never cleared.
#
# ```python
# def d_step(D, G, opt_D, real, z):
#     fake = G(z).detach()
#     loss = softplus(-D(real)).mean() + softplus(D(fake)).mean()
#     opt_D.zero_grad()
#     loss.backward()
#     opt_D.step()
#     return loss
# ```
#
# The missing `detach` alone does not spoil D: its own gradient is the same. It costs a backward pass through G, and it
# leaves in G a gradient that makes the fakes *easier* to catch, which does harm as soon as someone forgets `zero_grad`.
# (In the loop above, where both turns share one `fake`, it stops with "Trying to backward through the graph a second
# time": D's turn has used up the graph that G's turn needs.)
#
# </details>

# %% [markdown]
# ## Why G does not play by the book
#
# By the formula G would minimise $\log(1 - D(G(z)))$, the **minimax** loss. In practice it minimises $-\log D(G(z))$, the
# **non-saturating** loss. Both fall when D is fooled. **Predict:** early in training D rejects every fake, say with
# $D(G(z)) = 0.01$. Which of the two has the larger slope in the raw score there, and how many times larger?

# %% mystnb={"image": {"alt": "Left: both generator losses over the raw score, both falling; the minimax loss is flat on the left, the non-saturating one on the right. Right: the size of their slopes over D(G(z)), two straight lines that cross at one half."}}
score = torch.linspace(-6, 6, 241, dtype=torch.float64)
d_fake = torch.sigmoid(score)

_, (left, right) = viz.figure(9, 3, n_axes=2)
left.plot(score, -softplus(score), color=viz.REAL, label="minimax: log(1 − D)")
left.plot(score, softplus(-score), color=viz.FAKE, label="non-saturating: −log D")
left.set(xlabel="raw score s of a fake", ylabel="G's loss")
left.legend(frameon=False)
right.plot(d_fake, d_fake, color=viz.REAL, label="minimax: D")
right.plot(d_fake, 1 - d_fake, color=viz.FAKE, label="non-saturating: 1 − D")
right.set(xlabel="D(G(z))", ylabel="size of the slope in s")
right.legend(frameon=False, loc="upper center")
plt.show()

# %% [markdown]
# Over the raw score the losses are $-\mathrm{softplus}(s)$ and $\mathrm{softplus}(-s)$, with slopes $-\sigma(s) = -D$ and
# $-\sigma(-s) = -(1 - D)$. Both point the same way.

# %%
from gan_course.training.losses import g_minimax, g_nonsaturating

s = torch.tensor(0.01, dtype=torch.float64).logit().requires_grad_()
(slope_minimax,) = torch.autograd.grad(g_minimax(s), s)
(slope_nonsaturating,) = torch.autograd.grad(g_nonsaturating(s), s)
ratio = slope_nonsaturating / slope_minimax
print(f"minimax {slope_minimax:.2f}, non-saturating {slope_nonsaturating:.2f}: {ratio:.0f} times")
claim("where D(G(z)) = 0.01, the non-saturating gradient is 99 times the minimax one",
      abs(ratio - 99), below=1e-6)  # fmt: skip

# %% [markdown]
# **Exercise 6. Spot the mistake** (medium, 5 minutes: the plot above can judge an explanation)
#
# Someone explains the trick like this: if the generator does a perfect job, then $D(x') \approx 1$ for a fake $x'$, so
# the loss built on $\log(1 - D(x'))$ is near 0, and its gradients are too small for the **discriminator** to make
# progress. Is $D(x')$ really near 0 or near 1 when that loss is flat, and which player goes hungry? Answer with a pair
# such as `(1, "discriminator")`.

# %% tags=["exercise"]
where_it_saturates = ...
# hint("where_it_saturates", 1)
exercises.check_where_it_saturates(where_it_saturates)

# %% [markdown]
# <details><summary>Solution</summary>
#
# The loss is flat where D is sure that the fake is fake, and it is G that then learns nothing (Goodfellow et al.,
# section 3). D's own slope is small there too, but D is already right. At $D = 1$ the term $-\log(1 - D)$ diverges, and
# D learns a great deal. The left plot above settles it.
#
# ```python
# where_it_saturates = (0, "generator")
# ```
#
# </details>

# %% [markdown]
# The minimax loss whispers exactly when G is at its worst; that is what *saturates* means. The other one speaks up where
# D rejects and falls silent where D is fooled. At a perfect G, D says 1/2 and both slopes are 1/2 in size, yet no
# gradient reaches G, because D is flat in $x$.
#
# All this is about the slope of a loss. Does a training feel the 99-fold gap? Exercise 8, the last one under "Further",
# lets you predict it and try it. If you will not do it, open this:
#
# <details><summary>What a training felt of it</summary>
#
# The argument about the slope is right. Where G took plain gradient steps (SGD), three Gs with the minimax loss ended at a
# distance of 0.98, 0.86 and 0.97, little nearer to the data than they began; with the non-saturating loss they ended at
# 0.39, 0.55 and 0.51. But our loops use Adam, which divides each gradient by its own recent size, and that hides most of
# the gap: 0.36, 0.40 and 0.32 with minimax; 0.32, 0.41 and 0.31 with the other.
#
# </details>

# %% [markdown]
# ## In the plane
#
# Eight Gaussians on a ring are the fruit fly of this field: easy to see, and hard enough that a GAN can lose some of
# them. (Ours are wide, which helps G.) A **mode** counts as covered if it holds at least a quarter of its fair share of
# the points, within three standard deviations of its centre (one is 0.15, `STD` below). Coverage alone is a weak test:
# points spread evenly along the circle pass it. So we also print the share of points near a mode.
#
# **Predict:** G starts as one clump in the middle. Does it form tight clusters from the start, a few modes at a time, or
# does it first spread along the whole ring and cluster later?

# %%
from gan_course.data.toy import ring_centres, sample_ring
from gan_course.evaluation.coverage import modes_covered

STD = 0.15
centres = ring_centres()
ring = sample_ring(5_000, std=STD)
covered, near = modes_covered(ring, centres, radius=3 * STD)
print(f"real data: {covered} of 8 modes, {near:.0%} of the points near one")
angle = torch.linspace(0, 2 * math.pi, 5_001)[:-1]
even_ring = centres[0].norm() * torch.stack([angle.cos(), angle.sin()], 1)
covered, near_evenly = modes_covered(even_ring, centres, radius=3 * STD)
print(f"spread evenly along the circle: {covered} of 8 modes, {near_evenly:.0%} of points near one")

# %% [markdown]
# The same loop again, with two coordinates.

# %% tags=["nbval-ignore-output"]
import copy

G, D = mlp(cfg.z_dim, 2, hidden=cfg.hidden), mlp(2, 1, hidden=cfg.hidden)
opt_G = torch.optim.Adam(G.parameters(), cfg.lr, cfg.betas)
opt_D = torch.optim.Adam(D.parameters(), cfg.lr, cfg.betas)
z_fixed, n = torch.randn(2_000, cfg.z_dim), cfg.n_steps_ring
moments, players, counts = sorted({0, n // 400, n // 10, n}), {}, []
for step in range(n + 1):
    if step in moments:
        players[step] = copy.deepcopy(G), copy.deepcopy(D)
    if step % max(1, n // 80) == 0:
        with torch.no_grad():
            counts.append((step, *modes_covered(G(z_fixed), centres, radius=3 * STD)))
    real = sample_ring(cfg.batch_size, std=STD)
    fake = G(torch.randn(cfg.batch_size, cfg.z_dim))
    loss_D = softplus(-D(real)).mean() + softplus(D(fake.detach())).mean()
    opt_D.zero_grad()
    loss_D.backward()
    opt_D.step()
    loss_G = softplus(-D(fake)).mean()
    opt_G.zero_grad()
    loss_G.backward()
    opt_G.step()
print(f"loss_D {loss_D.item():.2f}, loss_G {loss_G.item():.2f}")

# %% tags=["nbval-ignore-output"] mystnb={"image": {"alt": "Over the steps of the training, on a logarithmic axis: the number of covered modes climbs in a few jumps to eight; the share of points near a mode rises more slowly and stays below that of the data. Third: at an early step the generated points lie all along the ring."}}
steps, covered, near = zip(*counts, strict=True)
_, (left, right, early) = viz.figure(10.5, 3, n_axes=3)
left.step(steps, covered, where="post", color=viz.FAKE, label="generated")
left.axhline(8, color=viz.REAL, ls=":", label="data")
left.set(xlabel="step", ylabel="modes covered", xscale="log", ylim=(-0.3, 8.6))
left.legend(frameon=False, loc="lower right")
right.plot(steps, near, color=viz.FAKE, label="generated")
right.axhline(0.99, color=viz.REAL, ls=":", label="data")
right.set(xlabel="step", ylabel="share of points near a mode", xscale="log", ylim=(0, 1.05))
right.legend(frameon=False, loc="lower right")
viz.scatter(early, ring, players[n // 10][0](z_fixed), title=f"step {n // 10}")
early.legend(frameon=False, loc="upper center", bbox_to_anchor=(0.5, 0), ncols=2, markerscale=3)
plt.show()

# %%
claim("at the end G covers at least six of the eight modes",
      covered[-1], above=5, needs_training=True)  # fmt: skip
claim("at the end more of G's points lie near a mode than of points spread evenly along the circle",
      near[-1], above=near_evenly, needs_training=True)  # fmt: skip

# %% [markdown]
# In the stored run G spreads first: by step 300 it covers all eight modes, and at step 400 its points still lie all along
# the ring (third picture). Then the ring breaks into clusters, slowly: the share of points near a mode ends at 0.88, and
# data have 0.99. A continuous G has to stretch a cloud of z over eight islands, and the bridges between them never quite
# vanish.

# %% [markdown]
# ### What D tells G
#
# G never sees a data point. All it ever learns comes through one gradient: how its loss would change if a sample moved a
# little. For a point $x$ the arrow is $+\nabla_x \log D(x)$: uphill in D's opinion, the way in which D pushes a sample that
# lies there. The colour is $D(x)$, blue for "real" and red for "generated", on a scale stretched around 1/2.

# %%
axis = torch.linspace(-3, 3, 121)
plane = torch.cartesian_prod(axis, axis)
spots = torch.cartesian_prod(axis[4::8], axis[4::8])


def push(D, points):
    points = points.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(softplus(-D(points)).sum(), points)
    return -gradient


def mode_spread(points):
    """Standard deviation, per coordinate, of points near a mode around their own mean."""
    gaps, nearest = torch.cdist(points, centres).min(1)
    modes = [points[(nearest == k) & (gaps <= 3 * STD)] for k in range(len(centres))]
    return torch.cat([mode - mode.mean(0) for mode in modes]).square().mean().sqrt().item()


# %% tags=["best-picture", "nbval-ignore-output"] mystnb={"image": {"alt": "Two moments of a training in the plane: generated points start as one clump in the middle, arrows show where the discriminator pushes them, and at the end they sit on eight clusters of a ring."}}
from matplotlib.colors import BoundaryNorm

moments = sorted({n // 400, n})
levels = [0, 0.1, 0.2, 0.3, 0.4, 0.45, 0.48, 0.5, 0.52, 0.55, 0.6, 0.7, 0.8, 0.9, 1]
shades = {"norm": BoundaryNorm(levels, 256), "cmap": "RdBu", "alpha": 0.65}
fig, axes = viz.figure(9.8, 4.7, n_axes=len(moments))
for ax, step in zip(axes, moments, strict=True):
    G_then, D_then = players[step]
    with torch.no_grad():
        judged, points = D_then(plane).sigmoid().view(121, 121), G_then(z_fixed)
    land = ax.contourf(axis, axis, judged.T, levels=levels, **shades)
    arrows = push(D_then, spots)
    arrows = arrows / arrows.norm(dim=1).quantile(0.9)
    arrows = arrows / arrows.norm(dim=1, keepdim=True).clamp_min(1)
    thin = {"color": "0.35", "width": 0.003, "angles": "xy", "scale_units": "xy"}
    ax.quiver(*spots.T, *arrows.T, scale=2.6, **thin)
    found, _ = modes_covered(points, centres, radius=3 * STD)
    viz.scatter(ax, ring[:2_000], title=f"step {step}: {found} of 8 modes")
    dots = {"s": 10, "color": "#8c1c2b", "edgecolors": "white", "lw": 0.3}
    ax.scatter(*points[:800].T, **dots, label="generated")
fig.colorbar(land, ax=axes, ticks=[0, 0.2, 0.4, 0.5, 0.6, 0.8, 1], shrink=0.8, label="D(x)")
axes[0].legend(framealpha=1, fontsize=8, loc="upper left", markerscale=2)
print(f"spread within a mode: data {mode_spread(ring):.2f}, fakes {mode_spread(points):.2f}")
print("D at the eight centres:", *(f"{d:.2f}" for d in D_then(centres).sigmoid().flatten()))
viz.show_jpeg()

# %% [markdown]
# At first D knows only that the data lie further out than the clump, and its arrows point away from the middle. At
# the end D rejects the middle, and the land around it has broken up into eight wedges, one for each mode; the arrows
# between them split towards one or the other. On the modes D is nearer to one half than between them, though not equally
# near on each, as the eight numbers say. The fakes huddle more closely than the data, as the two spreads say: covering
# eight modes is not matching them. (Each panel has its own scale of arrows, and long ones are cut.)
#
# Two things to try, with a guess before each. First, set `STD = 0.05` and run from there: does the count still reach
# eight? (The claims above may then fail, and say so.)
#
# Second, play it, in JupyterLab: buttons let both learn for one step or for fifty, and points, colours and arrows move.
# With a rate of G ten times that of D, does G keep the modes that it has found?
#
# <details><summary>What we saw</summary>
#
# With narrow modes our G never reached all eight. A faster G overshoots: for some hundreds of steps its points
# swing in and out, and modes that it had found are lost again and found anew; later it keeps them.
#
# </details>

# %%
from gan_course.viz import explorers

explorers.explore_game()

# %% [markdown]
# ## What the game does not promise
#
# One often reads that a generator learns to make real samples. More exactly:
#
# - G does not make *real* samples. It matches a **distribution**, as well as D can tell. At the equilibrium every mode is
#   covered, but nothing promises that a training gets there. Nor that a sample is new: batches come from a finite set,
#   and a G that repeats that set would play perfectly.
# - The **theory** rests on one value function: from it follow $D^* = p/(p + q)$, the Jensen-Shannon divergence, and the
#   equilibrium $q = p$, $D = 1/2$. The loop we ran gives G another loss. $D^*$ and the equilibrium stay, but what falls
#   against a perfect D is no longer the JSD ("Further" says what).

# %% [markdown]
# ## What you built
#
# - A discriminator that learnt a ratio of densities from points.
# - The complete loop of a GAN, on a line and in the plane.
# - Both losses of G with their slopes, and a count of modes.
#
# **Three questions**
#
# 1. D's loss sits at 1.386 for a thousand steps. Name two opposite explanations, and a way to tell them apart.
# 2. All G's points lie on one of eight modes. What does the best D say there, and why does no arrow push them off?
# 3. The minimax loss and the non-saturating one have the same fixed point. Why does the choice matter at all?
#
# <details><summary>Answers</summary>
#
# 1. The game is won (p = q), or D has learnt nothing. Look at samples, or train a fresh D on the frozen G: if its loss
#    falls, G was not done.
# 2. On that mode $q$ is about $8p$, so $D^* = p/(p + q)$ is about 1/9: small, but not zero, since real points lie there
#    too. The ratio is the same all over the mode, so D is flat there and no arrow tells a point to leave; and no point
#    lies near the other modes to be told about them.
# 3. Because of the way there: where D rejects the fakes, one gives a gradient and the other almost none. What a training
#    feels of that is the question of Exercise 8.
#
# </details>
#
# ## What can go wrong
#
# | you see | look at |
# | --- | --- |
# | loss is `inf` or `nan` | a sigmoid followed by a logarithm; work on raw scores |
# | "backward through the graph a second time" | a missing `detach` where both turns share the fakes |
# | G does not move | `detach` in G's turn, or gradients too small for the optimiser |
# | samples run away from the data | a turned sign, or exchanged labels |
# | all points on one or two modes | mode collapse: lesson 03 |
# | it was good and got worse | the two circle each other; lessons 02 and 03 average and damp |
#
# ## References
#
# - Goodfellow et al. (2014). Generative Adversarial Networks. arXiv:1406.2661. Sections 3 and 4 hold the game and its proofs.
# - Metz, Poole, Pfau, Sohl-Dickstein (2017). Unrolled Generative Adversarial Networks. arXiv:1611.02163. The ring of Gaussians.
# - Shannon et al. (2020). Non-saturating GAN training as divergence minimization. arXiv:2010.08029. What G minimises.

# %% [markdown]
# ## Further
#
# No later lesson needs what follows: what the arrows of D have to do with diffusion models, what they make smaller, a
# bug that trains happily, and an experiment on the two losses.

# %% [markdown]
# ### A slope is a difference of two scores
#
# The logit of the best D is $\log\frac{D^*}{1 - D^*} = \log p - \log q$. So its slope is
#
# $$\nabla_x s^* = \nabla_x \log p - \nabla_x \log q.$$
#
# The gradient of a log-density is called the **score** of that density: it points to where points are denser. (So in
# this section D's raw score is called its logit.) The slope of the logit is the score of the data less the score of the
# fakes: towards where data are, and away from where fakes are already. The arrow of "What D tells G" is this slope
# times $1 - D$: the same direction, another length. A diffusion model learns $\nabla \log p$ as well, for data with
# noise on them, from examples alone. How near did the D of "A discriminator against a fixed generator" come to this
# difference?

# %% mystnb={"image": {"alt": "Over x, in the region with data: the score of the data falls in two steep ramps, the score of the fakes is a straight line; the difference of the two is drawn dashed, and the slope of the learnt logit follows it roughly, in steps, but stays below 0 at the left end, where the difference is above."}}
score_p, score_q = (torch.gradient(density.log(), spacing=(x,))[0] for density in (p, q))
(learnt_slope,) = torch.gradient(d_learnt.logit(), spacing=(x,))

_, (left, right) = viz.figure(9, 3, n_axes=2)
left.plot(x[seen], score_p[seen], color=viz.REAL, label="score of the data")
left.plot(x[seen], score_q[seen], color=viz.FAKE, label="score of the fakes")
right.plot(x[seen], (score_p - score_q)[seen], "k--", label="their difference")
right.plot(x[seen], learnt_slope[seen], color=viz.FAKE, label="slope of the learnt logit")
for ax in (left, right):
    ax.axhline(0, color=viz.SCORE, lw=0.8, ls=":")
    ax.set(xlabel="x", ylim=(-6.5, 8.5))
    ax.legend(frameon=False, fontsize=8, loc="upper right")
plt.show()

# %% [markdown]
# Where the difference is positive the arrow points to the right. A network with straight pieces has a slope with jumps;
# G learns from that rough curve, and from nothing else. Left of about -2.2 even the sign is wrong: a D that is off by
# 0.01 on average can still push a fake the wrong way. A good curve is not yet a good slope.
#
# Now let points follow slopes, without any G: 500 points, drawn like the fakes, move a little at a time. Two ways:
#
# - **By the difference of scores:** along $\nabla \log p - \nabla \log q$, the direction of D's arrows, where $q$ is
#   their own density at that moment (estimated from the points, with a Gaussian on each).
# - **By the score of the data:** along $\nabla \log p$ alone, and after each step a little noise is added. (This is
#   Langevin dynamics, the simplest relative of what a diffusion model does when it draws.)
#
# `score_of_cloud` takes the sum of these Gaussians for $q$. The slope of its logarithm at a point is the mean offset to all
# points, in which near ones weigh most, divided by the squared width of a Gaussian.
#
# **Predict:** does either cloud end as wide as the data? And what would become of one that follows $\nabla \log p$
# without noise?


# %%
def score_of_data(points):
    points = points.clone().requires_grad_()
    (slope,) = torch.autograd.grad(mixture_density(points).log().sum(), points)
    return slope


def score_of_cloud(points, width=0.2):
    offset = points[None] - points[:, None]
    nearness = torch.softmax(-0.5 * (offset / width) ** 2, dim=1)
    return (nearness * offset).sum(1) / width**2


source, dt = torch.Generator().manual_seed(1), 0.02
start = 0.5 + torch.randn(500, generator=source)
clouds = {name: [start] for name in ("difference of scores", "score and noise", "score alone")}
for _ in range(200):
    a, b, c = (path[-1] for path in clouds.values())
    noise = (2 * dt) ** 0.5 * torch.randn(500, generator=source)
    clouds["difference of scores"].append(a + dt * (score_of_data(a) - score_of_cloud(a)))
    clouds["score and noise"].append(b + dt * score_of_data(b) + noise)
    clouds["score alone"].append(c + dt * score_of_data(c))

# %% tags=["nbval-ignore-output"] mystnb={"image": {"alt": "Three panels over time, forty paths each. Pushed by the difference of the scores the points glide apart and settle all over both bumps; by the score of the data with noise they jitter and end spread over both bumps, too; by the score alone they run together onto two thin lines, the peaks."}}
_, axes = viz.figure(10.5, 3.2, n_axes=3, share=True)
for ax, (name, path) in zip(axes, clouds.items(), strict=True):
    ax.plot(dt * torch.arange(len(path)), torch.stack(path)[:, :40], color=viz.FAKE, lw=0.5)
    crossed = ((path[0] > 0) != (path[-1] > 0)).sum()
    print(f"{name}: {crossed} of {len(start)} points end on the other side of 0 than they began")
    spread = path[-1][path[-1] > 0].std()
    ax.set(title=f"{name}\nspread of a bump {spread:.2f}", xlabel="time")
axes[0].set(ylabel="x", ylim=(-3.5, 3.5))
plt.show()

# %% [markdown]
# A bump of the data has a spread of 0.50. Both of the first two clouds end near it (the first a little narrower: a
# Gaussian on each point blurs the estimate of $q$); the third collapses onto the two peaks. How many points each bump has
# still depends on where they started: 9 of 500 cross the valley in the first cloud, 94 in the second, none in the third.
#
# The noise of the one and the term $-\nabla \log q$ of the other do the same work, on average: they keep a cloud spread. A
# D knows that term because it is shown the fakes, anew in each step. A diffusion model never sees fakes and pays with many
# steps.
#
# <details><summary>Why noise does the work of that term</summary>
#
# On the line, noise adds $q''$ to the change of the density, as in the spreading of heat. A flow along
# $-(\log q)'$ adds $(q\,(\log q)')'$, and that is $q''$ as well, since $q\,(\log q)' = q'$.
#
# </details>

# %% [markdown]
# ### What the arrows make smaller
#
# Against a perfect D, a G with the minimax loss makes the JSD smaller. What does a G with $-\log D$ make smaller? Its
# points follow $-\nabla[-\log D]$, and that is $(1 - D)\,\nabla s$: the difference of scores, weighted by how sure D is
# that a point is fake. If D is always the best one, these arrows lower $2\,\mathrm{KL}(m \,\|\, p)$ with
# $m = (p + q)/2$. (Shannon et al. 2020 call it a softened reverse KL.)
#
# The cell tests this on a Gaussian of fakes in three places. Move the whole cloud by a small $\epsilon$. If the arrows go
# downhill on $2\,\mathrm{KL}(m \,\|\, p)$, it must fall by $\epsilon$ times the mean arrow: the mean arrow must equal
# minus its derivative in the centre.
#
# <details><summary>Why this quantity</summary>
#
# Write $\delta/\delta q$ for how much a quantity changes if a little mass is put at $x$. Then, up to a constant,
#
# $$\frac{\delta}{\delta q}\, 2\,\mathrm{KL}(m \,\|\, p) = \log \frac{p + q}{p} = -\log D^*.$$
#
# That is G's loss for a fake at $x$. So where a fake moves down the slope of its loss, the quantity falls.
#
# </details>

# %%
line = torch.linspace(-12, 12, 24_001, dtype=torch.float64)
data, width = mixture_density(line), (line[1] - line[0]).item()


def softened_reverse_kl(mean):
    mixed = (data + normal_density(line, mean)) / 2
    return 2 * (mixed * (mixed / data).log()).sum() * width


for mean in (0.5, 1.0, 3.0):
    fakes = normal_density(line, mean)
    (slope,) = torch.gradient((data.log() - fakes.log()), spacing=(line,))
    arrow = (fakes * fakes / (data + fakes) * slope).sum() * width
    fall = -(softened_reverse_kl(mean + 1e-4) - softened_reverse_kl(mean - 1e-4)) / 2e-4
    print(f"fakes around {mean}: mean arrow {arrow:+.4f}, fall of 2 KL(m, p) {fall:+.4f}")

# %% [markdown]
# They agree. A reverse KL punishes fakes where there are no data more than data that no fake comes near. That may be one
# reason why GANs draw good pictures of few kinds rather than poor ones of all, and why our fakes on the ring huddle.

# %% [markdown]
# ### A colleague's G step
#
# **Exercise 7. Debug: a generator that runs away** (medium, 10 minutes: its loss falls all the same)
#
# In this step the samples drift ever further from the data, and the loss falls all the while. Write the right step,
# with the loss $-\log D(G(z))$ of the loop above; it returns the loss and moves G only.
#
# ```python
# def g_step(D, G, opt_G, z):
#     loss = softplus(D(G(z))).mean()
#     opt_G.zero_grad()
#     loss.backward()
#     opt_G.step()
#     return loss
# ```


# %% tags=["exercise"]
def g_step(D, G, opt_G, z):
    # your code
    ...


# hint("g_step", 1)
exercises.check_g_step(g_step)

# %% [markdown]
# <details><summary>Solution</summary>
#
# $\mathrm{softplus}(s)$ is $-\log(1 - D)$: it is small when D rejects the fake. G wants $-\log D$, which is
# $\mathrm{softplus}(-s)$.
#
# ```python
# def g_step(D, G, opt_G, z):
#     loss = softplus(-D(G(z))).mean()
#     opt_G.zero_grad()
#     loss.backward()
#     opt_G.step()
#     return loss
# ```
#
# </details>

# %% [markdown]
# ### A head start for D
#
# **Exercise 8. Experiment: a head start for D** (medium, 20 minutes: what a formula says is tried in a training)
#
# At $D(G(z)) = 0.01$ the slopes differ 99-fold. Does a G that descends the minimax loss end further from the data? Give
# D a head start on the line: 200 steps alone, after which $D(G(z))$ was 0.01 to 0.03 on average in our runs; then 200
# steps in which both learn.
#
# 1. **Predict** first: will the `distance` of the minimax runs, beside the non-saturating ones, be "lower" or "higher",
#    or is there "no clear difference"?
# 2. **Plan:** what changes between two runs that you compare? What has to be the same?
# 3. **Run** both losses with three seeds and write down what *you* find. Some ten seconds.
# 4. **Read:** which conclusion follows? Call the means different only if their gap exceeds the largest gap between two
#    runs of the same loss.


# %% tags=["exercise"]
def run(loss_of, seed):
    # your code: one training, and the distance at its end
    ...


head_start = {
    "prediction": ...,  # "lower", "no clear difference" or "higher"
    "figures": {"non-saturating": ..., "minimax": ...},  # three distances each
    "conclusion": ...,  # one of the same words
}
# hint("head_start", 1)
exercises.check_head_start(head_start)

# %% [markdown]
# <details><summary>Solution</summary>
#
# What we found; your figures will be others.
#
# ```python
# head_start = {
#     "prediction": "no clear difference",
#     "figures": {"non-saturating": [0.32, 0.41, 0.31], "minimax": [0.36, 0.40, 0.32]},
#     "conclusion": "no clear difference",
# }
# ```
#
# The run behind it:
#
# ```python
# def run(loss_of, seed, n=200):
#     torch.manual_seed(seed)  # the same first weights and points for both losses
#     G, D = mlp(cfg.z_dim, 1, hidden=cfg.hidden), mlp(1, 1, hidden=cfg.hidden)
#     opt_G = torch.optim.Adam(G.parameters(), cfg.lr, cfg.betas)
#     opt_D = torch.optim.Adam(D.parameters(), cfg.lr, cfg.betas)
#     for step in range(2 * n):
#         real, fake = sample_mixture(cfg.batch_size), G(torch.randn(cfg.batch_size, cfg.z_dim))
#         loss_D = softplus(-D(real)).mean() + softplus(D(fake.detach())).mean()
#         opt_D.zero_grad()
#         loss_D.backward()
#         opt_D.step()
#         if step == n:
#             print(f"D(G(z)) after the head start: {D(fake).sigmoid().mean():.2f}")
#         if step >= n:
#             loss_G = loss_of(D(fake))
#             opt_G.zero_grad()
#             loss_G.backward()
#             opt_G.step()
#     with torch.no_grad():
#         return distance(G(torch.randn(20_000, cfg.z_dim))[:, 0])
#
#
# for loss_of in (g_nonsaturating, g_minimax):
#     print([round(run(loss_of, seed), 2) for seed in range(3)])
# ```
#
# Read it with care: this test can only detect a G that did not start at all. A small difference, or one that shows later,
# would be missed. All six lie around 0.37, the distance of points spread evenly: the Gs have left their start (0.99 at
# step 0 of "The generator moves"), and are not near the data yet (0.10 at its end). So the minimax loss did not keep G from
# starting.
#
# If you predicted "higher", you reasoned well about the slope, and left out the optimiser. Adam divides each gradient by
# its own recent size, so a gradient of a hundredth moves G as far as a whole one. Try `torch.optim.SGD(G.parameters(),
# 0.001)`: our three Gs ended at a distance of 0.98, 0.86 and 0.97 with minimax, little nearer to the data than they began,
# and at 0.39, 0.55 and 0.51 with the other loss. (At a rate of 0.1 the minimax G flies off to `nan` as soon as it fools D:
# its loss has no floor.)
#
# </details>
