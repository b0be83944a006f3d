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
# # 03 · Why training breaks
#
# Break GANs on purpose, learn to tell the ways apart, and find out from a table of sixty-three GANs what mends them
# and what does not.
#
# ![Three generators, drawn as black points, on the same ring of eight blue modes; the background is their D's opinion, blue for real and red for generated. Left: all points in one heap. Middle: points unevenly along the ring, and a D that is red but for an island around each mode. Right: points at all the modes, and some between.](images/03_banner.jpg)
#
# | you will be able to | |
# | --- | --- |
# | derive | why two players who both go downhill need not arrive, and what R1 does about it |
# | cause | mode collapse, and say why G chooses it |
# | write | the losses of the field from their formulas, and tell hinge from Wasserstein |
# | compare | losses fairly: one table, three seeds, one change at a time |
# | read | loss curves: what they say, and what they cannot say |
# | needs | lesson 01; eigenvalues of a 2 by 2 matrix; complex numbers; for the last section of "Further", lesson 02 |
# | time | study 95 min; computing: 73 s on a newer processor, 76 s on an older one |
# | papers | Mescheder et al. 2018 (Dirac-GAN, R1); Arjovsky et al. 2017 (WGAN); Gulrajani et al. 2017 (WGAN-GP); Mao et al. 2017 (LSGAN); Lim & Ye 2017 (hinge); Jolicoeur-Martineau 2018 (relativistic); Huang et al. 2025 (R3GAN) |

# %% tags=["parameters"]
PROFILE = ""  # "" takes GAN_COURSE_PROFILE, else fast
SEED = 0

# %% tags=["imports"]
import torch
from matplotlib import pyplot as plt

from gan_course import viz
from gan_course.lessons import claim, config_for
from gan_course.lessons.l03_why_training_breaks import exercises
from gan_course.lessons.l03_why_training_breaks.config import PROFILES
from gan_course.runtime import choose_runtime, seed_everything

hint = exercises.hint
cfg = config_for(PROFILES, PROFILE)
choose_runtime("cpu", "float32")
seed_everything(SEED)

# %% [markdown]
# ## Before you start
#
# 1. What are the eigenvalues of $\begin{pmatrix} 0 & 1 \\ -1 & 0 \end{pmatrix}$?
# 2. A point moves by $v' = Av$. What does a negative real part of an eigenvalue of $A$ do? And an imaginary part?
# 3. What does D's loss come to if D says one half everywhere?
#
# <details><summary>Answers</summary>
#
# 1. $\pm i$: it turns the plane by a quarter turn.
# 2. A negative real part shrinks the distance from 0 in the long run, an imaginary part turns.
# 3. $2 \log 2 \approx 1.386$. You will meet it again at the end of this lesson.
#
# </details>

# %% [markdown]
# ## The smallest GAN
#
# Two parameters are enough to see training fail. All the data sit at one place, $x = 0$. G has one number, $\theta$, and
# puts every fake there. D has one number too, a slope $\psi$, and scores a point by $D(x) = \psi x$: from here on $D(x)$
# is the raw score, where lesson 01's formulas had a probability. The game is won when $\theta = 0$. G stays there only if
# D has no slope, so $\psi = 0$ as well. Mescheder et al. call this a **Dirac-GAN**.
#
# Both go downhill, each on its own loss: D on $\mathrm{softplus}(-\psi \cdot 0) + \mathrm{softplus}(\psi\theta)$, and G
# on the minimax loss, $\log(1 - \sigma(\psi\theta)) = -\mathrm{softplus}(\psi\theta)$.

# %% [markdown]
# **Exercise 1. Two arrows** (medium, 10 minutes: everything in this part follows from them)
#
# Derive the two negative gradients, along which gradient descent moves $\theta$ and $\psi$ (without a learning rate).
# Return both, for tensors of any shape.


# %% tags=["exercise"]
def pull(theta, psi):
    # your code
    ...


# hint("pull", 1)
exercises.check_pull(pull)

# %% [markdown]
# <details><summary>Solution</summary>
#
# The derivative of softplus is the sigmoid. G's loss has the slope $-\psi\,\sigma(\psi\theta)$ in $\theta$, D's has
# $\theta\,\sigma(\psi\theta)$ in $\psi$, and descent goes against both.
#
# ```python
# def pull(theta, psi):
#     slope = torch.sigmoid(theta * psi)
#     return psi * slope, -theta * slope
# ```
#
# </details>
#
# So G follows D's slope, and D turns its slope against wherever G is. Write the two as one arrow at the point
# $(\theta, \psi)$. Its dot product with that position is $\theta\psi\sigma - \psi\theta\sigma = 0$: everywhere the
# arrow stands at a right angle to the radius.

# %% [markdown]
# **Exercise 2. Out, around or in?** (easy, 5 minutes: predict before you look)
#
# Training takes steps along these arrows. *Simultaneous*: both players move at once, from the same point.
# *Alternating*: D moves first, and G answers where D has arrived, as in lesson 01's loop (G's arrow uses the new
# $\psi$). What happens to the distance from the solution, "out", "around" or "in"? The first follows from the right
# angle; for the second a guess will do, and the solution gives the reason. Answer with `{"simultaneous": ...,
# "alternating": ...}`.

# %% tags=["exercise"]
orbits = ...
# hint("orbits", 1)
exercises.check_orbits(orbits)

# %% [markdown]
# <details><summary>Solution</summary>
#
# A step along a tangent leaves the circle on the outside.
#
# In turn, each move changes one coordinate alone. Near the solution it is a shear, which keeps all areas, and a spiral
# that goes in or out would not. ("Two shears", at the end, shows both with matrices.)
#
# ```python
# orbits = {"simultaneous": "out", "alternating": "around"}
# ```
#
# </details>

# %%
import math


def minimax(state, gamma=0.0):
    theta, psi = state
    slope = torch.sigmoid(theta * psi)
    return torch.stack([psi * slope, -theta * slope - gamma * psi])  # gamma: for later


def walk(arrow, *, rate=0.2, n=500, alternating=True, clip=math.inf):
    state = torch.tensor([1.0, 0.5], dtype=torch.float64)
    path = [state]
    for _ in range(n):
        theta, psi = state + rate * arrow(state)
        psi = psi.clamp(-clip, clip)
        if alternating:
            theta = (state + rate * arrow(torch.stack([state[0], psi])))[0]
        state = torch.stack([theta, psi])
        path.append(state)
    return torch.stack(path)


paths = {"simultaneous": walk(minimax, alternating=False), "alternating": walk(minimax)}

# %% mystnb={"image": {"alt": "Two planes with theta across and psi upwards, filled with arrows that turn around the origin, and fade away in the upper left and the lower right corner. The simultaneous path spirals outwards and ends in the lower right; the alternating one goes round and round at almost the same distance. A square marks each path's end."}}
axis = torch.linspace(-3.2, 3.2, 11, dtype=torch.float64)
spots = torch.cartesian_prod(axis, axis)
arrows = minimax(spots.T)
strength = arrows.norm(dim=0).clamp_min(1e-9)  # drawn as darkness, all arrows equally long
_, axes = viz.figure(10.5, 4.2, n_axes=2, share=True)
for ax, (name, path) in zip(axes, paths.items(), strict=True):
    ax.quiver(*spots.T, *(arrows / strength), strength, cmap="Greys", clim=(-1, 3), width=0.005)
    ax.plot(*path.T, color=viz.FAKE, lw=1)
    ax.plot(*path[::10].T, ".", color=viz.FAKE, ms=4, label="every tenth step")
    ax.plot(*path[0], "o", color=viz.REAL, label="start")
    ax.plot(*path[-1], "s", color=viz.FAKE, label="after 500 steps")
    ax.plot(0, 0, "k+", ms=12, label="solution")
    ax.set(title=name, xlabel="θ: where the fakes are", ylabel="ψ: the slope of D", aspect="equal")
axes[1].legend(frameon=False, loc="center left", bbox_to_anchor=(1, 0.5))
viz.show_jpeg()

# %%
distance = {name: path.norm(dim=1) / path[0].norm() for name, path in paths.items()}
right_angle = (spots.T * minimax(spots.T)).sum(0).abs().max()
print(f"the arrow is at a right angle to the radius at every spot: {bool(right_angle < 1e-12)}")
claim(
    "simultaneous steps end at more than twice the first distance",
    distance["simultaneous"][-1],
    above=2,
)
around = (distance["alternating"] - 1).abs().max()
claim("alternating steps stay within a tenth of the first distance", around, below=0.1)

# %% [markdown]
# Neither finds the solution, although both players do the best they can with their own gradient. **There is no function
# that both walk down.** With one loss, a small enough step always lowers it; with two, the field of arrows may turn.
# (In two corners the arrows are nearly white, that is, weak: there $\theta\psi$ is very negative, and
# $\sigma(\psi\theta)$ almost 0.)

# %% [markdown]
# ### Eigenvalues
#
# Near the solution the field is almost linear, and its Jacobian, the matrix of its slopes, is that linear part. By hand:
# $\sigma(0) = \frac12$, so
#
# $$J = \begin{pmatrix} 0 & \frac12 \\ -\frac12 & 0 \end{pmatrix}, \qquad \lambda = \pm \frac{i}{2}.$$
#
# No real part: if you follow the arrows continuously, the distance stays the same. A simultaneous step of rate $h$
# takes $v$ to $v + hJv$; along an eigenvector that is $(1 + h\lambda)v$. So it multiplies by $1 \pm \frac{ih}{2}$,
# whose size is $\sqrt{1 + h^2/4} > 1$ for every $h$: smaller steps drift out more slowly, but none comes in, however
# small. `jacrev` differentiates the field, or a whole training step, for you.

# %%
from torch.func import jacrev


def one_step(state, rate=0.2, alternating=False):
    theta, psi = state + rate * minimax(state)
    if alternating:
        theta = (state + rate * minimax(torch.stack([state[0], psi])))[0]
    return torch.stack([theta, psi])


solution = torch.zeros(2, dtype=torch.float64)
of_field = torch.linalg.eigvals(jacrev(minimax)(solution))
growth = torch.linalg.eigvals(jacrev(one_step)(solution)).abs()
alternating_step = jacrev(lambda s: one_step(s, alternating=True))(solution)
growth_alternating = torch.linalg.eigvals(alternating_step).abs()
print(f"largest real part: {of_field.real.abs().max():.2f}")
print(f"imaginary parts: plus and minus {of_field.imag.abs().max():.2f}")
print(f"a simultaneous step: {growth.max():.4f}; sqrt(1 + h^2/4): {math.sqrt(1 + 0.2**2 / 4):.4f}")
print(f"500 such steps: {growth.max() ** 500:.0f} times the distance")
print(f"an alternating step: {growth_alternating.max():.4f}")

# %% [markdown]
# The alternating step has 1.0000: around, as drawn. The simultaneous path would grow to 12 times the distance if each of
# its 500 steps were like one at the solution. It came to 2.7 times, as further out it lingers in the two corners where
# the arrows almost vanish.
#
# Does the non-saturating loss save us? Its G moves by $\psi\,\sigma(-\psi\theta)$. At the solution $\sigma$ is one half
# either way: the same Jacobian, so the linear part cannot decide. It does come in, but ever more slowly: 62 % of the
# distance is left after 50 steps, 25 % after 500 ("Further" prints and derives it).

# %% [markdown]
# ### R1
#
# The trouble is a D that keeps its slope when there is nothing left to tell apart. **R1** makes slope expensive where
# the data are: it adds $\frac{\gamma}{2} \mathbb{E}_{x \sim p_{data}} \lVert \nabla_x D(x) \rVert^2$ to D's loss. For
# our D the gradient is $\psi$ everywhere, so D pays $\frac{\gamma}{2}\psi^2$.

# %% [markdown]
# **Exercise 3. What R1 does to the eigenvalues** (medium, 10 minutes: the most useful two lines of this lesson)
#
# Add the penalty's pull to $J$ and give both eigenvalues for a number `gamma`. For a small `gamma` you take the root of
# a negative number: `cmath.sqrt` knows what to do.


# %% tags=["exercise"]
import cmath


def eigenvalues(gamma):
    # your code
    ...


# hint("eigenvalues", 1)
exercises.check_eigenvalues(eigenvalues)

# %% [markdown]
# <details><summary>Solution</summary>
#
# The penalty pulls $\psi$ by $-\gamma\psi$, so the lower right entry becomes $-\gamma$. The eigenvalues of a 2 by 2
# matrix add up to its trace, here $-\gamma$, and multiply to its determinant, here $\frac14$, so $\lambda^2 +
# \gamma\lambda + \frac14 = 0$.
#
# ```python
# def eigenvalues(gamma):
#     root = cmath.sqrt(gamma**2 / 4 - 1 / 4)
#     return -gamma / 2 + root, -gamma / 2 - root
# ```
#
# </details>
#
# **Predict:** the eigenvalue whose real part is nearer to 0 is the slower one, and decides when training arrives. How
# does its real part move as $\gamma$ goes from 0 to 3?

# %%
gammas = torch.linspace(0, 3, 301, dtype=torch.float64)
roots = torch.stack(
    [torch.linalg.eigvals(jacrev(lambda s, g=g: minimax(s, g))(solution)) for g in gammas]
)
slower = roots.real.max(1).values  # what is left of the distance shrinks like exp(slower * time)
print(f"gamma 0.6: {-0.3 + cmath.sqrt(0.3**2 - 1 / 4):.2f} and its conjugate")
trace, determinant = roots.sum(1), roots[:, 0] * roots[:, 1]
print(f"both add up to -gamma: {bool((trace + gammas).abs().max() < 1e-9)}")
print(f"both multiply to 1/4: {bool((determinant - 1 / 4).abs().max() < 1e-9)}")
print(f"fastest: gamma {gammas[slower.argmin()]:.2f}, where the circling stops")
claim(
    "every gamma above 0, up to 3, pulls inwards: no real part reaches 0",
    slower[1:].max(),
    below=0,
)

# %% mystnb={"image": {"alt": "Left: real part of both eigenvalues over gamma; they fall together to minus one half at gamma 1 and part there, the slower one rising back towards 0. Right: paths for gamma 0, 0.3, 1 and 3: most of a circle, a spiral inwards, a curve that comes in without circling, and a slow creep beside the theta axis."}}
_, (left, right) = viz.figure(9.5, 3.8, n_axes=2)
left.plot(gammas, roots.real.max(1).values, color="C4", label="slower: decides")
left.plot(gammas, roots.real.min(1).values, color=viz.SCORE, ls="--", label="faster")
left.axvline(1, color="0.8", lw=0.8)
left.set(xlabel="γ", ylabel="real part of the eigenvalues")
left.legend(frameon=False)
for gamma, colour in ((0.0, "0.75"), (0.3, "#e09f3e"), (1.0, viz.FAKE), (3.0, "black")):
    path = walk(lambda s, g=gamma: minimax(s, g), n=60)
    right.plot(*path.T, color=colour, lw=1.3, label=f"γ = {gamma:g}")
right.plot(1, 0.5, "o", color=viz.REAL, label="start")
right.plot(0, 0, "k+", ms=12, label="solution")
right.set(title="60 alternating steps", xlabel="θ", ylabel="ψ", aspect="equal")
right.legend(frameon=False, loc="center left", bbox_to_anchor=(1, 0.5))
plt.show()

# %% [markdown]
# Up to $\gamma = 1$ R1 lowers both real parts, and training comes in faster and faster. Beyond 1 the slower one returns
# towards 0: D may hardly have a slope, so G is hardly told where to go. The best $\gamma$, here 1, belongs to this one
# GAN. A real one has millions of eigenvalues, and $\gamma$ is found by trying. (A good place for a break.)

# %% [markdown]
# ### Bounding D's slope
#
# R1 limits D's slope. WGAN and WGAN-GP limit it too, for another reason:
#
# 1. **The loss.** WGAN drops the sigmoid. Its D minimises the mean score of the fakes less that of the data: it widens
#    the gap between the two.
# 2. **Why it needs a bound.** While G stands still, D could double its scores, and the gap with them, for ever. If D's
#    slope is nowhere above 1, the gap has a largest value, the *Wasserstein distance*: how far, on average, the fakes
#    must be carried to become the data. (Carried by $d$, a fake's score changes by $d$ at most.)
# 3. **Two ways to bound it.** WGAN clips D's weights. WGAN-GP adds $\lambda(\lVert \nabla D \rVert - 1)^2$ to D's loss,
#    since the best bounded D has a slope of exactly 1 on the way from each fake to where it is carried.
#
# In the Dirac-GAN this loss is $\psi\theta$ for D and $-\psi\theta$ for G. Four alternating walks: with no bound; with
# $\psi$ clipped to $[-1, 1]$; with $\lambda(|\psi| - 1)^2$ added, $\lambda = 0.3$ (no eigenvalue); with R1 added,
# $\gamma = 0.5$. **Predict** for each of the four: does the path arrive, keep going round, or leave for good?


# %%
def wasserstein(state, gamma=0.0, gp_lambda=0.0):
    theta, psi = state
    to_one = 2 * gp_lambda * (psi.abs() - 1) * psi.sign()
    return torch.stack([psi, -theta - gamma * psi - to_one])


walks = {
    "no bound": walk(wasserstein),
    "clipping": walk(wasserstein, clip=1.0),
    "WGAN-GP": walk(lambda state: wasserstein(state, gp_lambda=0.3)),
    "R1, γ = 0.5": walk(lambda state: wasserstein(state, gamma=0.5)),
}
ends = {name: path[-100:].norm(dim=1) for name, path in walks.items()}
for name, distances in ends.items():
    print(f"{name:12} last 100 of 500 steps: {distances.min():.2f} to {distances.max():.2f} away")
closest = min(ends[name].min() for name in ("no bound", "clipping", "WGAN-GP"))
claim(
    "with no bound, clipping or WGAN-GP the last 100 steps stay over 0.5 away", closest, above=0.5
)
claim("with R1 they have all but arrived", ends["R1, γ = 0.5"].max(), below=1e-3)

# %% mystnb={"image": {"alt": "Four paths of a Wasserstein Dirac-GAN. Without a bound it circles; with clipping it settles on a circle of radius 1; with WGAN-GP on a larger one; with R1 it spirals into the solution."}}
_, axes = viz.figure(11, 3.1, n_axes=4, share=True)
for ax, (name, path) in zip(axes, walks.items(), strict=True):
    ax.plot(*path[:200].T, color=viz.FAKE, lw=1)
    ax.plot(*path[0], "o", color=viz.REAL, ms=5, label="start")
    ax.plot(0, 0, "k+", ms=12, label="solution")
    ax.set(title=name, xlabel="θ", xlim=(-2.2, 2.2), ylim=(-2.2, 2.2), aspect="equal")
axes[0].set_ylabel("ψ")
axes[0].legend(fontsize=8, loc="upper left")
viz.show_jpeg()

# %% [markdown]
# R1 comes in, because it asks for **no slope at the solution**. The other three go around. With no bound the gap could
# grow for ever against a G that stands still; but this G answers, and each time it has crossed the solution D moves its
# slope the other way. Clipping does nothing while $\psi$ stays inside $[-1, 1]$, so its circle stays. A D that is told to
# keep a slope of 1 keeps pushing G across the solution; here the path settles about 1.3 away.
#
# This is Mescheder et al.'s point: WGAN's theory has a D that is trained to its best before each step of G; with finitely
# many steps, they show, neither WGAN nor WGAN-GP always converges.

# %% [markdown]
# ## Twenty steps for one
#
# Now the ring of lesson 01, with narrower modes (`std` 0.05) and smaller networks (two hidden layers of 32 features).
# Circling was one way to fail. Another is **collapse**: G gives nearly the same answer to every $z$. You get it by
# letting G move too often: here both players have the same learning rate (`lr_ratio=1`), and G takes twenty steps for
# each one of D. First: what is best for G while D stands still?

# %% [markdown]
# **Exercise 4. G's best answer** (medium, 10 minutes: why collapse is not a bug in G)
#
# Freeze D. It gives scores to a number of places, and G may put any share of its points at each. G minimises the mean
# of $-\log \sigma(\text{score})$. Write the shares that are best for it, as a tensor of the shape of `scores` (which may
# be a row or a grid). They add up to 1; where two places tie for the best, any split between them will do.


# %% tags=["exercise"]
def best_answer(scores):
    # your code
    ...


# hint("best_answer", 1)
exercises.check_best_answer(best_answer)

# %% [markdown]
# <details><summary>Solution</summary>
#
# A mean is smallest when all its weight lies on the smallest term: everything goes to the highest score.
#
# ```python
# def best_answer(scores):
#     shares = torch.zeros_like(scores)
#     shares.view(-1)[scores.argmax()] = 1.0
#     return shares
# ```
#
# The order of play matters: in the theory of lesson 01, $\min_G \max_D$, D moves last and knows G's move. Where G moves
# last, $\max_D \min_G$, one point is an optimal answer.
#
# </details>

# %% [markdown]
# We train eight such GANs at once, with the non-saturating loss: what a single one does may be an accident. A `RingGAN`
# describes one GAN: its loss, its penalties, its seed. `build_rings` builds their networks. `chase()` would do one step
# of every D and one of every G. We call `update_D` once and `update_G` twenty times instead, and keep after each such
# round where all the points are, and what the first of the eight Ds says of the plane.
#
# **Predict:** the points gather in a heap, by Exercise 4. Is it on a mode when D moves again, or elsewhere? And once D
# has learnt that this place is fake, does the heap spread, stay or move?

# %% tags=["nbval-ignore-output"]
from dataclasses import replace

from gan_course.data.toy import ring_centres
from gan_course.training.toy_gans import RULES, RingGAN, build_rings

centres = ring_centres()
nonsaturating_rule = next(rule for rule in RULES if rule.name == "non-saturating")
eight = [RingGAN(nonsaturating_rule, seed=8 * SEED + k) for k in range(8)]
chase = build_rings(replace(cfg.rings, lr_ratio=1.0), eight)
draw_z = torch.Generator().manual_seed(1)
z_fixed = torch.randn(500, cfg.rings.z_dim, generator=draw_z).expand(8, -1, -1)
axis = torch.linspace(-4.5, 4.5, 49)
plane = torch.cartesian_prod(axis, axis)[None]
zeroth = torch.tensor([0])  # ask the first D alone
film, opinions, chase_rows = [], [], []
for _ in range(cfg.n_steps_collapse):
    row = chase.update_D()
    for _ in range(20):
        row |= chase.update_G()
    chase_rows.append(torch.stack([row["loss_D"], row["loss_G"]]))
    with torch.no_grad():
        film.append(chase.G(z_fixed))
        opinions.append(chase.D(plane, zeroth).sigmoid().view(49, 49))
print(f"eight GANs, {cfg.n_steps_collapse} steps of each D, {20 * cfg.n_steps_collapse} of each G")
print(chase.config)

# %% tags=["nbval-ignore-output"] mystnb={"image": {"alt": "Three steps in a row of one training. The blue ring of eight data modes stays. A grey clump or streak is where the generated points stood, a red one where twenty steps of G took them; a legend says so. The background is D's opinion, with a bar of its colours from 0.44, red for generated, to 0.56, blue for real; from panel to panel the clump runs out of the red and towards the blue, across the ring."}}
from gan_course.data.toy import sample_ring

ring = sample_ring(1_500, std=cfg.rings.std, generator=torch.Generator().manual_seed(0))
first = max(1, min(46, len(film) - 3))
moments = range(first, min(first + 3, len(film)))
colours = dict(levels=torch.linspace(0.44, 0.56, 13), cmap="RdBu", alpha=0.6, extend="both")
fig, axes = viz.figure(11.5, 3.6, n_axes=3)
for ax, moment in zip(axes, moments, strict=False):  # a run cut short has fewer
    shades = ax.contourf(axis, axis, opinions[moment].T, **colours)
    before = film[moment - 1][0]
    ax.scatter(*before.T, s=3, color="0.3", alpha=0.5, linewidths=0, label="before G's steps")
    viz.scatter(ax, ring, film[moment][0], title=f"D's step {moment + 1}", limit=4.5)
if moments:
    fig.colorbar(shades, ax=axes, ticks=[0.44, 0.5, 0.56], label="D's opinion")
    keys = axes[0].get_legend_handles_labels()
    fig.legend(*keys, loc="outside lower center", ncols=3, markerscale=4, frameon=False)
viz.show_jpeg()

# %% tags=["nbval-ignore-output"] mystnb={"image": {"alt": "Eight crosses for the modes of the ring, and the path of the centre of one GAN's generated points: dots on a line, coloured by D's step from purple for the first to yellow for the last. It starts near the middle of the ring, runs far out of it, comes back across it and leaves it again."}}
heap = torch.stack([points[0].mean(0) for points in film])  # (steps of D, 2), of the first GAN
fig, (ax,) = viz.figure(8, 3.8)
ax.plot(*heap.T, color="0.8", lw=0.8)
dots = ax.scatter(*heap.T, c=range(1, len(heap) + 1), s=14, cmap="plasma", zorder=3)
ax.plot(*centres.T, "+", color="black", ms=11, mew=2, zorder=4, label="modes")
ax.set(title="the centre of the same GAN's points", aspect="equal", adjustable="datalim")
ax.legend(frameon=False)
fig.colorbar(dots, label="D's step")
viz.show_jpeg()

# %% [markdown]
# The first picture has three steps in a row, in which the heap crosses the ring. The background is D's opinion after
# its step; on this narrow scale, 0.44 to 0.56, D is hardly sure of anything. Grey points show where G stood when D took
# that step, red points where G's twenty answers went: away from the red ground, towards the blue, all in one heap or
# streak, past a mode or two and on. The second picture has the heap's centre at every step: it runs far past the ring
# and comes back.
#
# Now count over all eight GANs, leaving out the first quarter of the steps: the share of points with the same nearest
# mode; the modes covered; and the modes that were ever the nearest to most points. A mode is **covered** if a quarter
# of its fair share lies near it: one in 32 of all points, within three standard deviations.

# %%
from gan_course.evaluation.coverage import modes_covered

clouds = torch.stack(film)  # (moments, 8 GANs, 500, 2)
nearest = torch.cdist(clouds, centres).argmin(-1)
crowd = torch.nn.functional.one_hot(nearest, 8).float().mean(2).max(-1)
later = slice(len(film) // 4, None)
share = crowd.values[later].mean().item()
covered = [
    modes_covered(one, centres, radius=3 * cfg.rings.std)[0] for one in clouds[later].flatten(0, 1)
]
mean_covered = sum(covered) / len(covered)
homes = min(len(set(one.tolist())) for one in crowd.indices[later].T)
claim(
    "on average over four in five points have the same nearest mode",
    share,
    above=0.8,
    needs_training=True,
)
claim(
    "on average less than one of eight modes is covered",
    mean_covered,
    below=1,
    needs_training=True,
)

# %% tags=["nbval-ignore-output"]
print(f"in each of the eight GANs at least {homes} of 8 modes were then the nearest at some time")

# %% [markdown]
# This is collapse to one heap, not onto one mode: the heap is usually farther than three standard deviations from every
# mode, so it covers none (0.12 modes on average). And it moves on: in each GAN every mode was the nearest to most
# points at some time. The chase is the Dirac-GAN again, on a bigger stage: D learns that points *here* are fakes, and G
# moves to a place where D has not yet learnt it. Nothing ever asks for two modes at once.
#
# Then let D answer: the same eight GANs, one step of D for each of G. G takes as many steps as before, 2,400; D takes
# 2,400 as well, instead of 120.

# %% tags=["nbval-ignore-output"]
answered = build_rings(chase.config, eight)
for _ in range(20 * cfg.n_steps_collapse):
    answered()
with torch.no_grad():
    last_clouds = {"twenty steps of G for one of D": film[-1], "one for one": answered.G(z_fixed)}
for name, points in last_clouds.items():
    counts = [modes_covered(cloud, centres, radius=3 * cfg.rings.std)[0] for cloud in points]
    print(f"{name}: {sum(counts) / len(counts):.1f} of 8 modes at the end, the mean of eight GANs")

# %% [markdown]
# With an answer to each step the same eight GANs end on 5.6 of eight modes, with one to twenty on 0.1: most of this
# collapse came from how few steps D was given.
#
# ## Seven rules
#
# More steps of D are one cure. Many losses were proposed as others, all to be minimised. $r = D(x)$ is the raw score of
# a real sample, $s = D(G(z))$ of a generated one, and sp is softplus:
#
# | rule | D minimises the mean of | G minimises the mean of | D is bounded by | the idea |
# | --- | --- | --- | --- | --- |
# | minimax | $\mathrm{sp}(-r) + \mathrm{sp}(s)$ | $-\mathrm{sp}(s)$ | | the game itself |
# | non-saturating | the same | $\mathrm{sp}(-s)$ | | rejected fakes still move |
# | least squares | $\frac12 (r - 1)^2 + \frac12 s^2$ | $\frac12 (s - 1)^2$ | | also pulls back fakes scored above 1 |
# | hinge | $\max(0, 1 - r) + \max(0, 1 + s)$ | $-s$ | | D leaves clear cases alone |
# | WGAN, clipping | $s - r$ | $-s$ | weights cut to $[-c, c]$ | mean score gap, slope bounded by clipping |
# | WGAN-GP | $s - r$ | $-s$ | $\lambda (\lVert \nabla D(\hat x) \rVert - 1)^2$ | the same gap, slope bounded by a penalty |
# | relativistic | Exercise 5 | Exercise 5 | | real against fake, in pairs |
#
# D's loss in the first two rows is called the *logistic* one. The point $\hat x = t x + (1 - t) G(z)$ lies between a real
# and a generated one, with $t$ drawn evenly from 0 to 1. The hinge G and the Wasserstein G are one and the same. Now see
# the formulas as slopes, because slopes are all that either player feels.

# %% mystnb={"image": {"alt": "Left: D's losses for a real sample over its score: logistic falls and flattens, least squares is a parabola around 1, hinge falls straight to 0 at score 1 and stays, Wasserstein is a straight line. Right: the strength with which G's loss pushes a fake's score up, over that score: for minimax it rises from near 0 to near 1, for non-saturating it falls from near 1 to near 0, for least squares it is a falling straight line that passes 0 at score 1, for hinge and Wasserstein it is 1 everywhere."}}
from torch.nn.functional import relu, softplus

score = torch.linspace(-4, 4, 401)
_, (left, right) = viz.figure(10, 3.2, n_axes=2)
for name, values, style in (
    ("logistic", softplus(-score), "k-"),
    ("least squares", (score - 1) ** 2 / 2, "C1--"),
    ("hinge", relu(1 - score), "C2-."),
    ("Wasserstein", -score, "C4:"),
):
    left.plot(score, values, style, label=name)
left.set(xlabel="raw score of a real sample", ylabel="D's loss", ylim=(-2, 5))
for name, push, style in (
    ("minimax", score.sigmoid(), "C5-"),
    ("non-saturating", (-score).sigmoid(), "k-"),
    ("least squares", 1 - score, "C1--"),
    ("hinge, Wasserstein", torch.ones_like(score), "C4:"),
):
    right.plot(score, push, style, label=name)
right.set(xlabel="raw score of a fake", ylabel="push upwards by G's loss", ylim=(-1, 2))
for ax in (left, right):
    ax.legend(frameon=False, fontsize=8, loc="center left", bbox_to_anchor=(1, 0.5))
plt.show()

# %% [markdown]
# On the left, hinge lets go of a real sample once its score passes 1; Wasserstein never does; least squares pulls scores
# above 1 down again. On the right, the minimax G hears next to nothing from a rejected fake (lesson 01), Wasserstein's
# push never fades, and least squares pushes scores above 1 down.

# %% [markdown]
# **Exercise 5. In pairs** (medium, 10 minutes: the loss of R3GAN, of 2025)
#
# The relativistic pairing loss puts each fake beside one real sample and asks only which of the two scores higher.
# Write both losses from $-\log\sigma$ of a difference; return `(loss_D, loss_G)`. The batches have one shape, and entry
# $k$ of one is the partner of entry $k$ of the other.


# %% tags=["exercise"]
def relativistic(logits_real, logits_fake):
    # your code
    ...


# hint("relativistic", 1)
exercises.check_relativistic(relativistic)

# %% [markdown]
# <details><summary>Solution</summary>
#
# D wants $\sigma(r - s)$ near 1, G wants $\sigma(s - r)$ near 1, and $-\log\sigma(u) = \mathrm{softplus}(-u)$.
#
# ```python
# def relativistic(logits_real, logits_fake):
#     difference = logits_real - logits_fake
#     return softplus(-difference).mean(), softplus(difference).mean()
# ```
#
# </details>
#
# G's push on a fake is $\sigma(r - s)$: strong while the fake is behind its partner, one half where they are level, and
# fading once it is ahead. Why pairs? Huang et al. argue that they prevent dropped modes: a real sample of such a mode
# meets a fake from elsewhere, and D must rank it above that very fake, which is pushed after it. The table below tests
# it.

# %% [markdown]
# ## All at once
#
# Seven rules, three columns (no penalty added; R1; R1 and R2), three seeds: sixty-three GANs. R2 is the
# same penalty as R1, taken at the fakes. The package trains them all at once, each as if it were alone.
#
# Below, for one GAN: lesson 01's step of D plus R1 and clipping, where the GAN has them. Each score depends on its own
# point alone, so the gradient of their sum holds every point's slope; `create_graph` makes the gradient a part of the
# graph, to be differentiated with respect to D's weights.


# %%
def update_D(D, G, rule, optimizer, real, z, gamma=0.0):
    """One D, by its own rule; G stands still."""
    with torch.no_grad():
        fake = G(z)
    real = real.clone().requires_grad_(gamma > 0)
    logits_real, logits_fake = D(real), D(fake)
    loss_D = rule.d_loss(logits_real, logits_fake)

    # R1 (Mescheder et al. 2018, equation 9): D's squared slope at real points
    if gamma > 0:
        (slopes,) = torch.autograd.grad(logits_real.sum(), real, create_graph=True)
        loss_D = loss_D + gamma / 2 * slopes.square().sum(1).mean()
    optimizer.zero_grad()
    loss_D.backward()
    optimizer.step()

    # Weight clipping (Arjovsky et al. 2017, algorithm 1, line 7): for WGAN alone
    if rule.clip:
        with torch.no_grad():
            for weights in D.parameters():
                weights.clamp_(-rule.clip, rule.clip)


# %% [markdown]
# While G stands still, how steep does D become at real points, without R1 and with it?

# %% tags=["nbval-ignore-output"]
from gan_course.models.mlp import mlp


def steepness(gamma, n=200):
    """D's mean slope at real points after n steps of D alone."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(SEED)
        G, D = mlp(4, 2, hidden=32), mlp(2, 1, hidden=32)
        optimizer = torch.optim.Adam(D.parameters(), 5e-3, (0.0, 0.9))
        for _ in range(n):
            z = torch.randn(len(ring), 4)
            update_D(D, G, nonsaturating_rule, optimizer, ring, z, gamma)
    points = ring.clone().requires_grad_()
    (slopes,) = torch.autograd.grad(D(points).sum(), points)
    return slopes.norm(dim=1).mean().item()


print(f"D's slope at real points: without R1 {steepness(0.0):.2f}, with R1 {steepness(1.0):.2f}")

# %% [markdown]
# R1 keeps this D far flatter where the data are. Now the table. The comparison is fair in this sense: GANs of one seed
# start from the same weights, see the same points and draw the same $z$, and Adam (without momentum), its rates, the
# sizes and the number of steps are the same for all. Every D learns at five times G's rate, and the modes are narrow
# (0.05 on a ring of radius 2): a hard case, on purpose. $\gamma$ is 1, WGAN-GP's $\lambda$ 0.1, and clipping cuts at $c
# = 0.4$; every conclusion holds for these settings.
#
# <details><summary>Where this departs from the papers</summary>
#
# WGAN was published with RMSProp, five steps of D for one of G and clipping at 0.01, WGAN-GP with five steps, smaller
# rates and $\lambda = 10$ (its authors' script for points in the plane has 0.1). Here every D takes one step.
#
# </details>
#
# **Predict** before you run it: which cells of the table will show few modes? Will the choice of loss or the choice of
# penalty matter more? It takes most of a minute.

# %% tags=["nbval-ignore-output"]
from gan_course.training.toy_gans import ring_table

table = ring_table(cfg.gamma, range(SEED * cfg.n_seeds, (SEED + 1) * cfg.n_seeds))
gans = [gan for rows in table.values() for row in rows for gan in row]
rings = build_rings(cfg.rings, gans)
curves = []
for n in range(cfg.n_steps_rings):
    row = rings()
    curves.append(torch.stack([row["loss_D"], row["loss_G"]]))
    if (n + 1) % max(1, cfg.n_steps_rings // 4) == 0:
        print(f"{len(gans)} GANs: {n + 1} of {cfg.n_steps_rings} steps")
curves = torch.stack(curves)  # (steps, 2, GANs)


# %%
@torch.no_grad()
def count(step, n=2_000):
    """Modes covered, and the share of points near a mode, of each GAN: (GANs, 2)."""
    z = torch.randn(n, cfg.rings.z_dim, generator=torch.Generator().manual_seed(1))
    clouds = step.G(z.expand(len(step.gans), -1, -1))
    return torch.tensor(
        [modes_covered(cloud, centres, radius=3 * cfg.rings.std) for cloud in clouds]
    )


scores = count(rings)
# (columns, rows, 2), the mean over seeds
cells = scores.view(len(table), len(RULES), cfg.n_seeds, 2).mean(2)
modes, near = cells[..., 0].T, cells[..., 1].T  # (rows, columns)
print("modes:", tuple(modes.shape), "from", len(gans), "GANs")

# %% tags=["best-picture", "nbval-ignore-output"] mystnb={"image": {"alt": "Two heat maps with a row for each of seven losses and a column for each of three choices of penalty. The left one shows how many of eight modes are covered: pale without a penalty, dark with R1, except for WGAN-GP, which is dark at once. The right one shows the share of points near a mode, its colours stretched from 0.25 to 0.75, and has no such pattern."}}
viz.show_heat_maps(
    {
        "modes covered, of 8": (modes, (0, 8)),
        "share near a mode (colours: 0.25 to 0.75)": (near, (0.25, 0.75)),
    },
    [rule.name for rule in RULES],
    list(table),
)

# %%
# the five without a bound of their own
free = [k for k, rule in enumerate(RULES) if not rule.clip and not rule.gp_lambda]
wgan_gp = [rule.name for rule in RULES].index("WGAN-GP")
none, r1, r1_r2 = modes[free].mean(0).tolist()

claim(
    "without a penalty the five rules that leave D unbounded cover under six modes, on average",
    none,
    below=6,
    needs_training=True,
)
claim(
    "with R1, with R2 or without, the five cover over one mode more",
    min(r1, r1_r2) - none,
    above=1,
    needs_training=True,
)
ahead = modes[wgan_gp, 0].item() - none
claim(
    "without R1, WGAN-GP covers over two modes more than the five",
    ahead,
    above=2,
    needs_training=True,
)

# %% tags=["nbval-ignore-output"]
spread = modes[free, :2].std(0).max().item()
print(f"modes covered by the five: no penalty {none:.1f}, R1 {r1:.1f}, R1 and R2 {r1_r2:.1f}")
print(f"R1 adds {r1 - none:.1f}; the standard deviation among the five is at most {spread:.1f}")
by_seed = scores[:, 0].reshape(-1, cfg.n_seeds).std(1)  # in each cell
print(f"among the seeds of a cell: {by_seed.mean():.1f} on average, at most {by_seed.max():.1f}")
print(f"WGAN-GP without R1: {ahead:.1f} more than the five")
shares = near[free].mean(0)
print(f"share of their points near a mode: no penalty {shares[0]:.2f}, R1 {shares[1]:.2f}")
for name, points in (("real points", ring), ("points spread evenly", ring_centres(2_000))):
    found, close = modes_covered(points, centres, radius=3 * cfg.rings.std)
    print(f"{name}: {found} modes covered, share near a mode {close:.2f}")
print(f"relativistic: {modes[-1, 0]:.1f} without a penalty, {modes[-1, 1:].mean():.1f} with one")

# %% [markdown]
# What the table supports, with these settings, and no more:
#
# 1. **Without a penalty, the five losses that leave D unbounded lose modes.** They keep 4.1 of eight, on average.
# 2. **R1 brings modes back:** 3.6 more. The five losses differ by a standard deviation of at most 0.4: here the penalty
#    matters more than the choice among them.
# 3. **Not every bound will do.** WGAN with clipping covers 4.0, until R1 helps it; WGAN-GP covers 7.3 by itself. (In
#    the Dirac-GAN it did not arrive. But this count does not ask G to stand still, only to have points near each mode.)
# 4. **R2 on top of R1 changes little:** less than one mode in the mean of the five; hinge falls from 8.0 to 6.7, and so
#    does WGAN-GP. R3GAN, Huang et al.'s, takes the relativistic loss with both, on pictures. Here that loss needs a
#    penalty: pairs alone keep 4.7 modes, within the seeds' spread of the other four's 4.0. Whether it needs both, this
#    table cannot say.
# 5. **A mode covered is not a mode drawn.** Look at the right-hand map. Of real points 99 % lie within three standard
#    deviations of a mode; of points spread evenly along this ring 19 %, which cover none. R1 brings the five to about a
#    half: three come up from 0.4, one comes down. By this map alone the non-saturating GAN without a penalty would win:
#    0.68, with 3.7 modes.
#
# A caution on 2: part of what R1 mends may be the harm of this setting. The non-saturating GAN without a penalty covers
# 3.7 modes here, with a D five times as fast as G, and covered 5.6 in "Twenty steps for one", at equal rates (and with
# other steps and seeds). Three seeds are too few to rank the regularised losses, and this is one ring.

# %% [markdown]
# ## Reading loss curves
#
# Four trainings, without names. Three are GANs that you have met; one is new, a Wasserstein D with no bound at all.
# Three of the panels share their scale.

# %% tags=["nbval-ignore-output"]
from gan_course.training import losses
from gan_course.training.toy_gans import Rule, of_fakes

unbounded = Rule("Wasserstein, no bound", losses.d_wasserstein, of_fakes(losses.g_wasserstein))
runaway = build_rings(cfg.rings, [RingGAN(unbounded, seed=SEED * cfg.n_seeds)])
run_off = [runaway() for _ in range(max(1, cfg.n_steps_rings // 3))]
column = {name: k * len(RULES) * cfg.n_seeds for k, name in enumerate(table)}
nonsaturating_row = cfg.n_seeds  # row 1 of every column, its first seed
runs = {
    "no penalty": curves[:, :, column["none"] + nonsaturating_row],
    "both penalties": curves[:, :, column["R1 + R2"] + nonsaturating_row],
    "chase": torch.stack(chase_rows)[:, :, 0],
    "no bound": torch.stack([torch.stack([row["loss_D"][0], row["loss_G"][0]]) for row in run_off]),
}

# %% tags=["nbval-ignore-output"] mystnb={"image": {"alt": "Four panels A to D of loss curves. A: D's loss below 1.4, G's mostly above 0.7 and jagged. B: D's loss near 1.4 and G's near 0.7, with waves in opposite phase that become smaller. C: G's loss runs away by hundreds, D's drifts off more slowly. D: D's loss near 1.4 and G's near 0.7, almost flat."}}
_, axes = plt.subplots(2, 2, figsize=(10, 5.4), dpi=viz.DPI, layout="constrained")
for ax, (panel, name) in zip(axes.flat, exercises.LINE_UP.items(), strict=True):
    every = max(1, len(runs[name]) // 120)
    for values, label, colour in zip(
        runs[name][::every].T.flip(0), ("loss_G", "loss_D"), (viz.FAKE, viz.REAL), strict=True
    ):
        ax.plot(torch.linspace(0, 1, len(values)), values, color=colour, lw=0.9, label=label)
    ax.set(
        title=panel,
        xlabel="share of the training",
        ylim=None if runs[name].abs().max() > 10 else (0.2, 2.6),
    )
    ax.spines[["top", "right"]].set_visible(False)
axes[0, 1].legend(frameon=False)
viz.show_jpeg()

# %% [markdown]
# **Exercise 6. What do they say?** (easy, 5 minutes: you will do this for every training you ever watch)
#
# For the second half of each panel say "runs away", "D ahead" or "balanced". Remember what D pays if it cannot tell
# real from fake ($2 \log 2 = 1.386$), and what the non-saturating G pays then ($\log 2 = 0.693$). A word may be used
# twice.

# %% tags=["exercise"]
signs = ...  # {"first": ..., "second": ..., "third": ..., "fourth": ...}
# hint("line_up", 1)
exercises.check_line_up(signs)

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# signs = {"first": "D ahead", "second": "balanced", "third": "runs away", "fourth": "balanced"}
# ```
#
# </details>
#
# Now the question that matters. **Predict:** does one of the two balanced ones cover the ring, do both, or neither? And
# what in the curves tells you so?

# %% tags=["nbval-ignore-output"] mystnb={"image": {"alt": "Four clouds of generated points over the ring, in the order of the panels. A: points unevenly along the ring, crowded at some modes. B: all points in one clump or streak beside the ring, part of it cut off by the frame. C: a loose band of points, mostly beside the modes. D: points on all or nearly all eight modes, with some between them."}}
with torch.no_grad():
    drawn = rings.G(z_fixed[:1].expand(len(gans), -1, -1))
    last = {
        "no penalty": drawn[column["none"] + nonsaturating_row],
        "both penalties": drawn[column["R1 + R2"] + nonsaturating_row],
        "chase": film[-1][0],
        "no bound": runaway.G(z_fixed[:1])[0],
    }
_, axes = viz.figure(11, 3.2, n_axes=4)
for ax, (panel, name) in zip(axes, exercises.LINE_UP.items(), strict=True):
    close = (torch.cdist(last[name], centres) < 3 * cfg.rings.std).float().mean(0)
    is_covered = close >= 1 / 32
    for centre, filled in zip(centres, is_covered, strict=True):
        style = {"color": "black"} if filled else {"color": "0.6", "ls": ":"}
        # wider than what counts as near, so that it can be seen
        ax.add_patch(plt.Circle(centre.tolist(), 0.4, fill=False, lw=1.2, **style))
    title = f"{panel}: {name}\n{len(runs[name]):,} steps of D, {int(is_covered.sum())} of 8 modes"
    viz.scatter(ax, ring, last[name], limit=2.9, title=title)
viz.show_jpeg()

# %%
tail = slice(-max(1, cfg.n_steps_collapse // 2), None)
chase_loss = torch.stack(chase_rows)[tail].mean((0, 2))  # the mean over eight GANs
first_gan = column["R1 + R2"] + nonsaturating_row
good_loss = curves[-400:, :, first_gan : first_gan + cfg.n_seeds].mean((0, 2))
good_modes = scores[first_gan : first_gan + cfg.n_seeds, 0].mean().item()
apart = (chase_loss - good_loss).abs().max().item()
claim(
    "the chase and the non-saturating GANs with R1 and R2: both losses differ by less than 0.1",
    apart,
    below=0.1,
    needs_training=True,
)
claim(
    "and the latter cover at least two modes more",
    good_modes - mean_covered,
    above=2,
    needs_training=True,
)

# %% [markdown]
# After its first waves, the losses of the chase (second) settle near the same two values as those of the GAN with both
# penalties (fourth). One has one heap, the other covers the ring. Flat curves are no sign: the first panel's are the
# most jagged of the three on this scale, and its G covers more modes than the second's. A loss says how the two players
# stand **towards each other**; it does not count modes.
#
# The fourth panel's losses end near 1.386 and 0.693, those of a discriminator that says one half everywhere, although
# by the heat map only about half of these GANs' points (0.50) lie near a mode: probably the penalties hold their
# discriminators too flat to tell.
#
# The third has the loss of the Dirac-GAN's walk with no bound. There the path went around; here, with a D of many
# weights, it runs away, and its rough ring covers no mode. (Points count within 0.15 of a mode; the circles are wider.)
# loss_D is a *gap*, the mean score of the fakes less that of the data: its fall says that D grows steeper. loss_G is a
# *level*, the scores of the fakes with the sign turned. Add a constant to all scores, and loss_D stays while loss_G
# moves: most of what the red curve shows is such a drift.
#
# Losses of different rules have different units. Within one rule a loss can say more: Arjovsky et al. report that the
# distance which WGAN's D estimates, its loss with the sign turned, falls as samples get better, if D is kept near its
# best. What curves can tell, within one rule:
#
# | you see | it means | it does not mean |
# | --- | --- | --- |
# | both flat, D near the value of not knowing | the two keep pace | that G is good |
# | loss_D low, loss_G high and jagged | D is ahead; G is pushed about | that G has stopped learning |
# | a gap between real and fake scores that grows without end | nothing bounds D's slope | that D is getting better, even where its own loss falls |
# | slow waves in opposite phase | the two circle each other | that all is well where the waves shrink: in the second panel they do, and G keeps its one heap |
#
# So watch samples, and count. Lesson 04 is about how to count where nobody knows the modes.

# %% [markdown]
# ## What you built
#
# - The dynamics of the smallest GAN, on paper and by `jacrev`: why it circles, and how R1 stops it.
# - A mode collapse produced on purpose, and the reason why it is rational.
# - Seven rules in one table, with the one claim it supports best: penalise D's gradient.
# - A list of what loss curves do and do not say.
#
# **Three questions**
#
# 1. A colleague's loss_D has sat at 0.02 for a thousand steps. Name two changes from this lesson to try first.
# 2. Why does a penalty that asks for slope 1 fail in the Dirac-GAN, and one that asks for slope 0 succeed?
# 3. Two papers compare losses; one finds that hinge wins, the other that it does not. What would you ask both?
#
# <details><summary>Answers</summary>
#
# 1. D is far ahead: add R1, or lower D's rate. Making G step more often can end in the chase.
# 2. At the solution D has nothing to tell; whoever makes it keep a slope makes it push G away from where it should stay.
# 3. How many seeds, what bounded D in each arm, and whether rates and steps of D were the same for all.
#
# </details>
#
# ## What can go wrong
#
# | you see | look at |
# | --- | --- |
# | R1 changes nothing | real points need `requires_grad_()` before `D(real)`; `create_graph`; the factor gamma |
# | R1 on, and G learns nothing for long | gamma too large: D stays so flat that G feels no slope; try a tenth of it |
# | WGAN does not train | momentum in Adam (Arjovsky et al.), too tight a clip, too few steps of D |
# | the relativistic loss looks odd | real and fake scores of different shapes: broadcasting pairs everyone with everyone |
# | a table whose ranking changes | too few seeds; say what holds over all of them, and only that |
#
# ## References
#
# - Mescheder, Geiger, Nowozin (2018). Which Training Methods for GANs do actually Converge? arXiv:1801.04406
# - Arjovsky, Chintala, Bottou (2017). Wasserstein GAN. arXiv:1701.07875
# - Gulrajani et al. (2017). Improved Training of Wasserstein GANs. arXiv:1704.00028
# - Mao et al. (2017). Least Squares Generative Adversarial Networks. arXiv:1611.04076
# - Lim, Ye (2017). Geometric GAN. arXiv:1705.02894
# - Jolicoeur-Martineau (2018). The relativistic discriminator: a key element missing from standard GAN.
#   arXiv:1807.00734
# - Huang et al. (2025). The GAN is dead; long live the GAN! A Modern GAN Baseline. arXiv:2501.05441

# %% [markdown]
# ## Further
#
# What follows is needed by no later lesson: a ranking by losses, put to the test; a loss under another's name; a rule for
# choosing checkpoints; how slowly the non-saturating Dirac-GAN comes in; and why taking turns circles where moving at
# once flies off.

# %% [markdown]
# ### A ranking by the loss
#
# Losses of different rules have different units, so a ranking of all sixty-three GANs by their final loss has little to
# stand on; one among GANs whose D has the same loss has more. Try both. The *rank correlation*, the correlation of the
# two orders, is 1 if the loss puts the GANs in the order of the modes they cover, 0 if it says nothing, -1 if it turns
# the order round. Its square is the share of the one order's variation that the other explains.


# %%
def ranks(values):
    return torch.stack([((values < one).sum() + (values <= one).sum()) / 2 for one in values])


final = curves[-400:].mean(0)  # (2, GANs)
correlation = [
    torch.corrcoef(torch.stack([ranks(one), ranks(scores[:, 0])]))[0, 1].item() for one in final
]
logistic = [k for k, rule in enumerate(RULES) if rule.d_loss is losses.d_logistic]
by_column = final[0].view(len(table), len(RULES), cfg.n_seeds)[:, logistic].mean((1, 2)).tolist()
explained = correlation[0] ** 2
claim(
    "D's final loss explains under a quarter of the order of the modes",
    explained,
    below=0.25,
    needs_training=True,
)
claim(
    "D's logistic loss without a penalty ends below 1.2: D is ahead",
    by_column[0],
    below=1.2,
    needs_training=True,
)

# %% tags=["nbval-ignore-output"]
print(
    "rank correlation with the modes covered: D's loss {:.2f}, G's loss {:.2f}".format(*correlation)
)
alike = torch.tensor([gan.rule.d_loss is losses.d_logistic for gan in gans])
within = torch.corrcoef(torch.stack([ranks(final[0, alike]), ranks(scores[alike, 0])]))[0, 1]
print(f"of D's loss among the {int(alike.sum())} GANs where it is logistic: {within:.2f}")
print(
    "D's logistic loss at the end:",
    dict(zip(table, (round(one, 2) for one in by_column), strict=True)),
)

# %% [markdown]
# Over all rules D's loss says almost nothing about the order (0.03), G's a little (-0.25). The second line ranks only
# the GANs of the first two rows, which share D's logistic loss: 0.71. This is not yet a loss that counts modes, because
# these GANs differ in their penalty too. Their D's loss ends at 0.96 without a penalty, where modes are lost, and at
# 1.38 with R1 and with both, where they are kept: the penalty alone may make such a number.

# %% [markdown]
# ### A loss under another's name
#
# **Exercise 7. Debug: a published Wasserstein** (medium, 10 minutes: a name is not a loss)
#
# A module named Wasserstein (lesson 13 says where it is published) lets D minimise this, with the comment that the ReLUs
# keep $f$ in $[-1, 1]$ ($f$ is the WGAN paper's letter for D's score):
#
# ```python
# def d_loss(logits_real, logits_fake):
#     return relu(1 - logits_real).mean() + relu(1 + logits_fake).mean()
# ```
#
# What loss is it? Does it keep $f$ anywhere? Write the loss that the name promises.


# %% tags=["exercise"]
def d_loss(logits_real, logits_fake):
    # your code
    ...


# hint("wasserstein", 1)
exercises.check_wasserstein(d_loss)

# %% [markdown]
# <details><summary>Solution</summary>
#
# It is the hinge loss. Nothing stops a score from passing 1; from there on it merely has no gradient. And Wasserstein
# needs no bounded $f$ but a bounded **slope** of $f$, which no function of the scores can give: it takes clipping or a
# penalty.
#
# ```python
# def d_loss(logits_real, logits_fake):
#     return logits_fake.mean() - logits_real.mean()
# ```
#
# </details>

# %%
real, fake = (
    torch.tensor([0.5, 3.0], requires_grad=True),
    torch.tensor([-0.5, -3.0], requires_grad=True),
)
for name, loss in (
    ("published", relu(1 - real).mean() + relu(1 + fake).mean()),
    ("Wasserstein", fake.mean() - real.mean()),
):
    slopes = torch.autograd.grad(loss, [real, fake])
    print(f"{name:11} slope at real {slopes[0].tolist()}, at fake {slopes[1].tolist()}")
agree = losses.d_hinge(real, fake) == relu(1 - real).mean() + relu(1 + fake).mean()
print(f"the published loss is the package's hinge loss: {bool(agree)}")

# %% [markdown]
# The gradient tells them apart: beyond the margin the hinge's is 0. That does not make it a bad loss; it has a row of
# its own in the table above. But a learner who then follows the advice written for WGAN debugs the wrong method.

# %% [markdown]
# ### The smallest sum
#
# **Exercise 8. Experiment: a published rule** (medium, 20 minutes: it chooses the weights that people download)
#
# A published example of StyleGAN (lesson 13 names it) saves a checkpoint whenever `abs(loss_D + loss_G)` is the smallest
# so far, for then the two are "balanced". Is that checkpoint better than the last one?
#
# 1. **Predict** first: will the rule's checkpoints cover more modes than the last ones ("higher"), fewer ("lower"), or is
#    there "no clear difference"?
# 2. **Plan:** six non-saturating GANs on the ring, from `RingGAN` and `build_rings` as in "Twenty steps for one", with
#    `cfg.rings`, 1,000 steps, ten checkpoints. A whole checkpoint need not be stored: what is enough?
# 3. **Run** it: six numbers of modes for each choice, the same GANs in the same order. Some ten seconds.
# 4. **Read:** compare each GAN with itself. A conclusion follows if none of them says the opposite and more than half
#    say the same.


# %% tags=["exercise"]
def run():
    # your code: modes at the last checkpoint, and at the one that the rule keeps
    ...


balanced = {
    "prediction": ...,  # "lower", "no clear difference" or "higher"
    "figures": {"last": ..., "by the rule": ...},  # modes of six GANs each
    "conclusion": ...,  # one of the same words
}
# hint("balanced", 1)
exercises.check_balanced(balanced)

# %% [markdown]
# <details><summary>Solution</summary>
#
# What we found; your figures will be others.
#
# ```python
# balanced = {
#     "prediction": "lower",
#     "figures": {"last": [1, 3, 3, 2, 3, 1], "by the rule": [0, 0, 3, 0, 3, 0]},
#     "conclusion": "lower",
# }
# ```
#
# The run behind it:
#
# ```python
# def run(n_steps=1_000, n_checkpoints=10):
#     rings = build_rings(cfg.rings, [RingGAN(nonsaturating_rule, seed=seed) for seed in range(6)])
#     z = torch.randn(1_000, cfg.rings.z_dim).expand(6, -1, -1)
#     modes, sums = [], []
#     for n in range(1, n_steps + 1):
#         row = rings()
#         if n % (n_steps // n_checkpoints) == 0:
#             with torch.no_grad():
#                 clouds = rings.G(z)
#             modes.append([modes_covered(c, centres, radius=3 * cfg.rings.std)[0] for c in clouds])
#             sums.append(row["loss_D"] + row["loss_G"])  # both are positive: no abs needed
#     modes, kept = torch.tensor(modes), torch.stack(sums).argmin(0)
#     return modes[-1].tolist(), modes[kept, torch.arange(6)].tolist()
#
#
# print(run())
# ```
#
# So the rule keeps the checkpoint where D and G together pay least, and in four of the six GANs that one covers no mode.
# A small sum is no sign of many modes.
#
# </details>

# %% [markdown]
# ### Beyond the linear part
#
# How fast does the non-saturating Dirac-GAN come in? With $s = \psi\theta$ its G moves by $\psi\,\sigma(-s)$ and its D
# by $-\theta\,\sigma(s)$. The arrow's dot product with the position is half the rate at which the squared distance
# $\rho^2$ changes:
#
# $$\tfrac12 \tfrac{d}{dt}\rho^2 = s\,(\sigma(-s) - \sigma(s)) = -s \tanh(s/2) \approx -\tfrac12 s^2 \quad\text{near the solution.}$$
#
# It is never positive. Once round a circle, $\theta = \rho\cos\varphi$ and $\psi = \rho\sin\varphi$, so $s^2 = \rho^4
# \cos^2\varphi \sin^2\varphi$, whose mean is $\rho^4/8$:
#
# $$\tfrac{d}{dt}\rho^2 \approx -\tfrac18 \rho^4, \qquad \rho^2(t) \approx \frac{\rho_0^2}{1 + \rho_0^2 t/8}.$$


# %%
def nonsaturating(state):
    theta, psi = state
    return torch.stack([psi * torch.sigmoid(-theta * psi), -theta * torch.sigmoid(theta * psi)])


s = spots.prod(1)
gap = ((spots.T * nonsaturating(spots.T)).sum(0) + s * torch.tanh(s / 2)).abs().max()
same = torch.equal(jacrev(nonsaturating)(solution), jacrev(minimax)(solution))
print(f"its arrow times the position, as a dot product, is -s tanh(s/2): {bool(gap < 1e-12)}")
print(f"its Jacobian at the solution is that of the minimax loss: {same}")
steps = torch.tensor([50, 250, 500])
far = walk(nonsaturating).norm(dim=1)
formula = (1 + far[0] ** 2 * (0.2 * steps) / 8).rsqrt()  # 0.2 is the rate
for name, left in (("walked", far[steps] / far[0]), ("by the formula", formula)):
    shares = ", ".join(f"{share:.2f}" for share in left)
    print(f"left of the distance after 50, 250 and 500 steps, {name}: {shares}")

# %% [markdown]
# It comes in ever more slowly: the first 50 steps took away 38 % of the distance, the last 250 only 9 %. The formula says
# the same.

# %% [markdown]
# ### Two shears, and the mean of a circle
#
# Why does taking turns keep its distance, where moving at once flies off? Near the solution, with $k = h/2$, D's move and
# G's move are two matrices:
#
# $$D: \begin{pmatrix} 1 & 0 \\ -k & 1 \end{pmatrix}, \qquad G: \begin{pmatrix} 1 & k \\ 0 & 1 \end{pmatrix}, \qquad
# \text{both at once: } \begin{pmatrix} 1 & k \\ -k & 1 \end{pmatrix}.$$
#
# Each of the first two is a *shear*: it slides points along one axis and keeps every area. One after the other, they
# keep it too. For a small $k$ the path goes round (the trace of both in turn is $2 - k^2$, so the eigenvalues are
# complex): a spiral inwards would shrink areas, one outwards would grow them, and this map does neither. Both at once
# has the determinant $1 + k^2$: every area grows, in every step. (Mechanics calls moving in turn *symplectic Euler*,
# and at once *explicit Euler*; a planet computed with the latter leaves its orbit, too.)
#
# Now average the path that circles. **Predict:** how far from the solution, 0, are its last position, the **mean** of
# all positions, and an exponential average of them (such as lesson 02's slow copy of G's weights)?

# %%
k = 0.1  # half of the rate 0.2
shear_D = torch.tensor([[1.0, 0.0], [-k, 1.0]], dtype=torch.float64)
shear_G = torch.tensor([[1.0, k], [0.0, 1.0]], dtype=torch.float64)
in_turn = jacrev(lambda s: one_step(s, alternating=True))(solution)
print(f"one step in turn is D's shear, then G's: {torch.allclose(in_turn, shear_G @ shear_D)}")
at_once = jacrev(one_step)(solution)
print(f"areas: in turn times {in_turn.det():.4f}, at once times {at_once.det():.4f}")


# %%
def exponential_average(path, decay):
    average, averages = path[0], []
    for state in path:
        average = decay * average + (1 - decay) * state
        averages.append(average)
    return torch.stack(averages)


circle = paths["alternating"]
means = {
    "last": circle,
    "mean of all": circle.cumsum(0) / torch.arange(1, len(circle) + 1)[:, None],
    "average, decay 0.9": exponential_average(circle, 0.9),
    "average, decay 0.99": exponential_average(circle, 0.99),
}
for name, path in means.items():
    left = path[-1].norm() / circle[0].norm()
    print(f"{name:20} {left:.2f} of the first distance from the solution")

# %% mystnb={"image": {"alt": "Left: a unit square; after D's shear and then G's it is a leaning parallelogram of the same area. Middle: a square moved by both at once, turned and larger. Right: the circling path in grey; the mean of all positions spirals into the solution; the average with decay 0.99 goes round on a small circle about it, the one with decay 0.9 on a circle about three quarters as wide as the path."}}
square = torch.tensor([[0, 0], [1, 0], [1, 1], [0, 1], [0, 0]], dtype=torch.float64)
wide_D, wide_G = (torch.eye(2) + 4 * (m - torch.eye(2)) for m in (shear_D, shear_G))
_, (left, middle, right) = viz.figure(11.5, 3.6, n_axes=3)
left.plot(*square.T, color=viz.SCORE, label="before")
left.plot(*(wide_D @ square.T), color=viz.REAL, label="D has moved")
left.plot(*(wide_G @ wide_D @ square.T), color=viz.FAKE, label="both have moved")
middle.plot(*square.T, color=viz.SCORE)
middle.plot(*((wide_D + wide_G - torch.eye(2)) @ square.T), color=viz.FAKE)
for ax, title in ((left, "in turn: area 1"), (middle, "at once: area 1.16")):
    ax.set(title=title, aspect="equal", xlabel="θ", xlim=(-0.1, 1.5), ylim=(-0.5, 1.1))
left.set_ylabel("ψ")
styles = {"last": "0.8", "mean of all": "black", "average, decay 0.9": viz.REAL}
for name, path in means.items():
    right.plot(*path.T, color=styles.get(name, viz.FAKE), lw=1, label=name)
right.plot(0, 0, "k+", ms=12, label="solution")
right.set(title="averages of the circle", aspect="equal", xlabel="θ")
for ax in (left, right):
    ax.legend(frameon=False, fontsize=8, loc="upper center", bbox_to_anchor=(0.5, -0.18), ncols=2)
plt.show()

# %% [markdown]
# (The squares are drawn with a rate four times as large, to show the change.) One turn takes about $2\pi/k$, that is 63
# steps. The last position is about as far away as the first (0.96). The mean of all positions comes to the solution
# although no single position does. An exponential average goes round on a circle of its own: a tenth of the first
# distance away with a decay of 0.99, which remembers more than one turn, and 0.69 of it with 0.9, which remembers some
# ten steps. That is one reason why lesson 02's slow copy may be better than every G that it is made of, and why its decay
# has to be near 1: in a real training the two may circle as well, in many planes at once and slowly.
