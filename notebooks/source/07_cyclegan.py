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
# # 07 · CycleGAN
#
# Take the whole recipe of CycleGAN apart, put it together again, and translate a part of the world that it has never
# seen: from space to map, and back.
#
# ![Four tall strips side by side, from Norway to the Sahara. The satellite view; the map that CycleGAN made of it, with pale blue sea, green Europe, white mountains and an orange Sahara; the true map, with brown mountains and a paler Sahara; and the satellite view that CycleGAN made of the true map, with dark blue sea, snow on many ranges and dark blotches on the Alps.](images/07_cyclegan.jpg)
#
# | you will be able to | |
# | --- | --- |
# | name | every piece of the recipe, and say what it is there for |
# | write | the residual block, the image pool, the schedule, and the sampling of unpaired pictures |
# | find | what goes wrong in published CycleGANs and raises no error: in the residual block; under "Further", in the data set and in the checkpoint |
# | train | both directions at once, and measure them against pairs that stayed hidden |
# | read | an ablation, here and in the paper, seed by seed |
# | needs | lessons 05 (PatchGAN) and 06 (the losses) |
# | time | study 90 min; computing: 61 s on a newer processor, 96 s on an older one |
# | papers | Zhu et al. 2017 (CycleGAN); Johnson et al. 2016 (the generator's shape); Shrivastava et al. 2017 (old fakes); Ulyanov et al. 2016 (InstanceNorm) |

# %% tags=["parameters"]
PROFILE = ""  # "" takes GAN_COURSE_PROFILE, else fast
SEED = 0

# %% tags=["imports"]
import matplotlib.pyplot as plt
import torch

from gan_course import viz
from gan_course.lessons import claim, config_for
from gan_course.lessons.l07_cyclegan import exercises
from gan_course.lessons.l07_cyclegan.config import PROFILES
from gan_course.runtime import choose_runtime, seed_everything

hint = exercises.hint
cfg, runtime = config_for(PROFILES, PROFILE), choose_runtime()
seed_everything(SEED)

# %% [markdown]
# ## Before you start
#
# 1. Which network wants to fool `D_A`?
# 2. D gives a fake the raw score 0.3. What does D pay for it under least squares, and what does G?
# 3. Which of CycleGAN's losses are zero for two generators that hand back their input?
#
# <details><summary>Answers</summary>
#
# 1. `G_BA`: it makes pictures of A.
# 2. D wants 0 and pays $0.3^2 = 0.09$ (halved: 0.045). G wants 1 and pays $0.7^2 = 0.49$.
# 3. The cycle loss and the identity loss. Only the adversarial losses ask for a change.
#
# </details>

# %% [markdown]
# ## The task
#
# Domain A is the earth from a satellite, domain B the relief map. Both sets are cut at places that were drawn
# independently. So nothing says which tile belongs to which (the same place may turn up in both, unmarked). Three
# slices of longitude are in neither set: there, and only there, the two views of one place are laid side by side, to
# measure. The hidden tiles show twice the width of the training tiles, at the same scale.

# %%
from gan_course.data.batches import to_float
from gan_course.data.domains import load_domain

size, names = cfg.cyclegan.img_resolution, ("earth-satellite", "earth-map")
images_A, images_B = (
    load_domain(name, n=cfg.n_pictures, resolution=size, seed=2 * SEED + side)
    for side, name in enumerate(names)
)
hidden_A, hidden_B = (
    to_float(load_domain(name, "test", n=cfg.n_hidden, resolution=64, seed=SEED)) for name in names
)
print(
    "to train on:",
    tuple(images_A.shape[1:]),
    images_A.dtype,
    "· hidden pairs:",
    tuple(hidden_A.shape[1:]),
)

# %% mystnb={"image": {"alt": "Two grids side by side. Left: satellite tiles of coasts, deserts, forests and snow. Right: tiles of a relief map of other places, with pale blue sea, green lowland and brown, shaded mountains."}}
viz.show_grids(
    {"A: satellite": images_A[:16], "B: map, places drawn anew": images_B[:16]},
    n_columns=4,
    zoom=3,
)

# %% [markdown]
# Two figures will say how good a translation is. The **L1 error** against the hidden partner, as in lesson 05. And the
# **overlap of the sea**: one fixed rule of colour (blue well above red and green) marks the water in a translated map
# and in the true one, and we take the intersection over the union (IoU). First the anchors. **Predict:** what IoU do
# the two *true* views of one place have?

# %%
from gan_course.evaluation.paired import intersection_over_union, l1_error, sea_mask


def measure(to_map, to_satellite):
    """L1 to the map, the sea's IoU, L1 to the satellite view."""
    error = l1_error(to_map, hidden_B).mean().item(), l1_error(to_satellite, hidden_A).mean().item()
    return error[0], intersection_over_union(sea_mask(to_map), sea_mask(hidden_B)), error[1]


def one_colour(images, like):
    return to_float(images).mean((0, 2, 3), keepdim=True).expand_as(like)


def median_colour(images, like):  # L1's best single colour, of the pictures it is taken from
    colour = images.movedim(1, 0).flatten(1).median(1).values
    return to_float(colour.view(1, 3, 1, 1)).expand_as(like)


results = {
    "doing nothing": measure(hidden_A, hidden_B),
    "the mean colour": measure(one_colour(images_B, hidden_B), one_colour(images_A, hidden_A)),
    "the median colour": measure(
        median_colour(images_B, hidden_B), median_colour(images_A, hidden_A)
    ),
}


# %% tags=["nbval-ignore-output"]
def show_table(rows):
    print(f"{'':26} L1 to map   sea IoU   L1 to satellite")
    for name, (to_map, sea, to_satellite) in rows.items():
        print(f"{name:26} {to_map:9.3f} {sea:9.3f} {to_satellite:17.3f}")


show_table(results)
ceiling = intersection_over_union(sea_mask(hidden_A), sea_mask(hidden_B))
print(f"the sea's IoU of the two true views is {ceiling:.3f}")

# %% [markdown]
# The two views almost agree: what is left are lakes, ice and shallow water. Note that "doing nothing" has that IoU too:
# a satellite picture is a fine map of the sea and no map at all.

# %% [markdown]
# ## The recipe
#
# Both generators and both discriminators play one game (equation 4 of the paper, in our names):
#
# $$G_{AB}^*, G_{BA}^* = \arg\min_{G_{AB}, G_{BA}}\ \max_{D_A, D_B}\ L_{GAN}(G_{AB}, D_B) + L_{GAN}(G_{BA}, D_A) + \lambda L_{cyc}$$
#
# Lesson 06 wrote the losses. What is left is what makes them train. The paper's recipe, piece by piece:
#
# | piece | the paper | here |
# | --- | --- | --- |
# | generators | two convolutions down, 6 or 9 residual blocks, two up; InstanceNorm; mirrored borders | part 1 |
# | discriminators | PatchGAN, 70 x 70 | lesson 05; part 2 |
# | loss of D | least squares, halved | lesson 03; part 3 |
# | image pool | D also sees fakes of earlier steps, from a store of 50 | part 4 |
# | learning rate | Adam at 0.0002, constant for 100 epochs, then in a line to zero over 100 more | part 5 |
# | batches | one picture of each domain, drawn apart | part 6 |
# | first weights | N(0, 0.02) | part 6 |
# | identity loss | for paintings and for photographs of flowers | part 7 |

# %% mystnb={"image": {"alt": "A diagram in two halves, one the mirror image of the other. Above: a plain creature, real_A, goes through G_AB to a striped one, fake_B, and through G_BA to a plain one, rec_A; a cycle loss compares rec_A with real_A; D_B gives scores to fake_B and to real_B, another striped creature. Below: the same from a striped creature through G_BA and G_AB, with D_A."}}
viz.show_cyclegan()

# %% [markdown]
# The networks and cycles of lesson 06; here A is the satellite's view and B the map. Below is the paper's step, plus
# the identity loss; `step` holds networks, optimisers and pools:

# %%
from gan_course.training.losses import d_least_squares, g_least_squares
from gan_course.training.optim import freeze


def l1(x, y):
    return (x - y).abs().mean()


# %%
def update_G(step, real_A, real_B, lambda_cycle, lambda_identity):
    """Both generators, from one objective; returns the fakes, cut off from the graph."""
    with freeze(step.D_A, step.D_B):
        fake_B, fake_A = step.G_AB(real_A), step.G_BA(real_B)

        # Adversarial loss (equation 1) as least squares (section 4), there without lesson 03's 1/2
        gan = 2 * g_least_squares(step.D_B(fake_B)) + 2 * g_least_squares(step.D_A(fake_A))

        # Cycle consistency (equation 2), forward and backward
        cycle = l1(step.G_BA(fake_B), real_A) + l1(step.G_AB(fake_A), real_B)

        # Identity loss (section 5.2): a picture of the target domain stays as it is
        identity = l1(step.G_AB(real_B), real_B) + l1(step.G_BA(real_A), real_A)

        # The full objective (equation 3)
        loss_G = gan + lambda_cycle * cycle + lambda_identity * identity
        step.opt_G.zero_grad()
        loss_G.backward()
        step.opt_G.step()
    return fake_A.detach(), fake_B.detach()


# %%
def update_D(step, real_A, real_B, fake_A, fake_B):
    """Both discriminators, on real pictures and a pool of old and new fakes (part 4)."""
    fake_A, fake_B = step.pool_A.query(fake_A), step.pool_B.query(fake_B)

    # Least squares (section 4), halved to slow D down (appendix 7.1)
    loss_D = d_least_squares(step.D_A(real_A), step.D_A(fake_A))
    loss_D = loss_D + d_least_squares(step.D_B(real_B), step.D_B(fake_B))
    step.opt_D.zero_grad()
    loss_D.backward()
    step.opt_D.step()


# %% [markdown]
# Read the order. Both generators move, from one objective; the same fakes, cut off from the generators' graph, go to the
# pools; both discriminators move. There is no phase in which one generator is trained alone, and none for the cycle. We
# hold this step to the package's in part 7.

# %% [markdown]
# ### Part 1: the generator
#
# Its shape comes from the network that Johnson et al. built for style transfer. Follow a picture of 128 pixels through
# it:

# %%
from gan_course.models.cyclegan import PatchDiscriminator, ResnetGenerator

nine, six, judge = (
    ResnetGenerator(n_blocks=9),
    ResnetGenerator(n_blocks=6),
    PatchDiscriminator(n_layers=3),
)
shapes, x = [], torch.zeros(1, 3, 128, 128)
with torch.no_grad():
    for layer in nine.model:
        x = layer(x)
        if type(layer).__name__ not in ("InstanceNorm", "ReLU"):
            shapes.append((type(layer).__name__, tuple(x.shape[1:])))
for k, (name, shape) in enumerate(shapes):
    if name != "ResnetBlock" or shapes[k - 1][0] != name:
        print(f"{name:16} {shape}" + ("  and eight more" if name == "ResnetBlock" else ""))
networks = {"nine blocks": nine, "six blocks": six, "discriminator": judge}
count = {name: sum(p.numel() for p in net.parameters()) for name, net in networks.items()}
print("weights:", ", ".join(f"{name} {n:,}" for name, n in count.items()))

# %% [markdown]
# The published networks have just these numbers of weights. Most of them, and of the work, sit in the blocks at a
# quarter of the size. Each block **adds** something to what it is given: $x + \mathrm{branch}(x)$.

# %% [markdown]
# **Exercise 1. The residual block** (medium, 10 minutes: one ReLU too many was published, and the network still trains)
#
# Write the block: mirror the border by one pixel, convolve, normalise, ReLU; the same again without the ReLU; add the
# input. `pad(x, (1, 1, 1, 1), mode="reflect")` mirrors.


# %% tags=["exercise"]
from torch.nn.functional import pad, relu


def block(x, conv1, conv2, norm):
    # your code
    ...


# hint("block", 1)
exercises.check_block(block)

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# def block(x, conv1, conv2, norm):
#     y = relu(norm(conv1(pad(x, (1, 1, 1, 1), mode="reflect"))))
#     y = norm(conv2(pad(y, (1, 1, 1, 1), mode="reflect")))
#     return x + y
# ```
#
# </details>
#
# A widely read annotated implementation closes the branch with a ReLU. Then a block can add to a feature and never take
# away. **Predict:** what happens to the features' mean over nine such blocks?

# %%
from gan_course.models.cyclegan import ResnetBlock

generator = torch.Generator().manual_seed(SEED)
start = torch.randn(1, 32, 16, 16, generator=generator)
means = {"as published by the authors": [0.0], "with the extra ReLU": [0.0]}
blocks = [ResnetBlock(32, padding="reflect") for _ in range(9)]
for (name, path), last in zip(means.items(), (torch.nn.Identity(), torch.nn.ReLU()), strict=True):
    x = start - start.mean((2, 3), keepdim=True)
    with torch.no_grad():
        for one in blocks:
            x = x + last(one.conv_block(x))
            path.append(x.mean().item())
    print(f"{name:28}" + " ".join(f"{round(value, 1) + 0.0:4.1f}" for value in path))
one, border = blocks[0].conv_block, (1, 1, 1, 1)
with torch.no_grad():
    y = relu(one[2](one[1](pad(start, border, mode="reflect"))))
    by_hand = start + one[6](one[5](pad(y, border, mode="reflect")))
    same = torch.allclose(by_hand, blocks[0](start), atol=1e-5)
print("the package's block is the one of the exercise:", same)
rises = torch.tensor(means["with the extra ReLU"]).diff()
claim("with the extra ReLU the features' mean rises at each block", rises.min(), above=0)

# %% [markdown]
# In the authors' blocks the mean stays at 0, because every branch ends in an InstanceNorm. With the extra ReLU it is a
# ladder that only goes up. The mean itself is harmless, because the next InstanceNorm removes it. What is lost is that a
# block can no longer take away; and nothing raises an error, because the network trains all the same.

# %% [markdown]
# ### Part 2: the norm
#
# InstanceNorm stands in both players. It subtracts each channel's mean over the picture and divides by its spread.
# **Predict:** show D pictures at half their contrast. How much do its scores change with the norm, and how much without?

# %%
some, change = hidden_B[:8], {}
with torch.no_grad():
    for norm in ("instance", "none"):
        D = PatchDiscriminator(base_channels=16, n_layers=2, norm=norm)
        scores, faded = D(some), D(some / 2)
        change[norm] = ((faded - scores).abs().mean() / scores.abs().mean()).item()
print(
    "mean change of the scores:", {norm: f"{round(share, 2):.0%}" for norm, share in change.items()}
)
felt = change["instance"] / change["none"]
claim("with InstanceNorm D feels half the contrast under a third as much", felt, below=1 / 3)

# %% [markdown]
# (A half exactly, because a new D without norms, its biases still 0, is made of nothing but products and LeakyReLUs:
# half in, half out.) Our map is made of flat colours, and how pale the sea is matters. A *new* D with the norm is nearly
# blind to that. It need not stay so: the first layer has no norm, and once its biases have moved, contrast shows behind
# them. This lesson's D has **no norm**, and R1 of lesson 03 holds it instead. Whether that ends with better maps is not
# recorded here.
#
# And in G? InstanceNorm takes its mean and variance over the *whole* picture. Put one tile beside calm sea, then the
# same tile beside snow, and look at the far end of the tile, more than 32 pixels from either. **Predict:** does G's
# output there change?

# %%
tile, apart = hidden_A[:1], {}
sea, snow = (
    torch.tensor(colour).view(1, 3, 1, 1).expand_as(tile)
    for colour in ((-0.95, -0.9, -0.6), (0.9, 0.9, 0.95))
)
with torch.no_grad():
    for norm in ("instance", "none"):
        G = ResnetGenerator(base_channels=8, n_blocks=1, norm=norm)
        by_sea, by_snow = (G(torch.cat([tile, other], 3))[..., :32] for other in (sea, snow))
        apart[norm] = ((by_sea - by_snow).abs().mean() / by_sea.std()).item()
print("without a norm, what is 32 pixels away changes the output:", apart["none"] > 1e-4)
text = "with InstanceNorm, far company changes the output by over a quarter of its spread"
claim(text, apart["instance"], above=0.25)

# %% [markdown]
# With this norm the receptive field is the whole picture: what a place looks like depends on its company. On
# tiles that all have the same mix of land and sea, nobody notices. Remember it when a continent goes through G at once.

# %% [markdown]
# ### Part 3: the half
#
# The paper divides D's objective by 2, to make D learn more slowly than G. Does it?

# %% [markdown]
# **Exercise 2. Half a loss** (easy, 5 minutes: a line of a famous recipe, put to the test)
#
# You halve a loss. What happens to the optimiser's step: is it "half", "the same" or "double"? Answer for plain
# gradient descent (SGD) and for Adam.

# %% tags=["exercise"]
halving = {"SGD": ..., "Adam": ...}
# hint("halving", 1)
exercises.check_halving(halving)

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# halving = {"SGD": "half", "Adam": "the same"}
# ```
#
# Adam divides a mean of gradients by the root of a mean of their squares. A factor in the loss is in both, and cancels.
#
# </details>


# %%
def travelled(optimizer_class, factor, n=10):
    """How far ten steps on `factor` times a loss lead."""
    weight = torch.nn.Parameter(torch.tensor([1.0, -2.0, 3.0], dtype=torch.float64))
    before, optimizer = weight.detach().clone(), optimizer_class([weight], lr=1e-4)
    for _ in range(n):
        optimizer.zero_grad()
        (factor * weight.pow(4).sum()).backward()
        optimizer.step()
    return (weight.detach() - before).norm()


ratio = {
    one.__name__: (travelled(one, 0.5) / travelled(one, 1.0)).item()
    for one in (torch.optim.SGD, torch.optim.Adam)
}
print("way on half the loss, as a share:", {name: round(value, 2) for name, value in ratio.items()})
claim("Adam goes as far on half the loss, to a thousandth", abs(ratio["Adam"] - 1), below=1e-3)

# %% [markdown]
# The whole CycleGAN trains with Adam, and D has an optimiser of its own. There the half changes next to nothing. It
# matters when D's objective has a second term that is not halved, such as R1: against that, the GAN term weighs half.
# To slow D down under Adam, give it a smaller rate. The half stays in the package, so that its losses can be compared
# with the paper's.

# %% [markdown]
# ### Part 4: the image pool
#
# Lesson 03 showed the chase: G moves to where D has not looked lately, D follows, and forgets where G was before. The
# hope is that a memory helps: D is shown fakes of earlier steps too (exercise 7, under "Further", puts it to the test).
# A pool of 50 pictures: a new fake comes in; while the pool is not full, it is kept and handed on. Later, with
# probability 1/2, it is handed on and not kept; else it takes the place of a random old one, and the old one is handed
# on.

# %% [markdown]
# **Exercise 3. The pool** (medium, 15 minutes: a course taken by thousands trains without one)
#
# `kept` is the pool, a list of pictures that you change in place; `images` is (N, C, H, W). Return as many pictures,
# without any graph. `size` may be 0: then hand back what comes. Draw with `torch.rand(1, generator=generator)` and
# `torch.randint(size, (1,), generator=generator)`.


# %% tags=["exercise"]
def query(kept, images, size, generator):
    # your code
    ...


# hint("query", 1)
exercises.check_query(query)

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# def query(kept, images, size, generator):
#     shown = []
#     for image in images.detach():
#         if len(kept) < size:
#             kept.append(image)
#             shown.append(image)
#         elif size == 0 or torch.rand(1, generator=generator) < 0.5:
#             shown.append(image)
#         else:
#             place = int(torch.randint(size, (1,), generator=generator))
#             shown.append(kept[place])
#             kept[place] = image
#     return torch.stack(shown)
# ```
#
# </details>
#
# **Predict:** of what age are the fakes that D sees, on average, with a pool of 50 and one new fake a step?

# %%
from gan_course.training.cyclegan import ImagePool

pool = ImagePool(50, generator=torch.Generator().manual_seed(SEED))
shown = [int(pool.query(torch.full((1, 1, 1, 1), float(k)))) for k in range(5_000)]
ages = torch.tensor([k - number for k, number in enumerate(shown)][500:]).double()
print(
    f"new: {(ages == 0).double().mean():.0%}; mean age of all: {ages.mean():.0f} steps, "
    f"of the old ones {ages[ages > 0].mean():.0f}"
)

# %% [markdown]
# About 50 steps: half of the fakes are new, and the others are about 100 old, because every second step throws out one
# picture in 50. With batches of $n$ pictures it is $n$ times fewer: with 8, as in the training below, a picture stays in
# the pool for about 12 steps.

# %% [markdown]
# ### Part 5: the schedule
#
# A GAN of this size rarely comes to rest by itself within our time: as long as D moves, G moves, and the pictures of
# two neighbouring steps differ. So the rate is led to zero.

# %% [markdown]
# **Exercise 4. Constant, then linear** (easy, 10 minutes: an off-by-one wastes the last step, or the first)
#
# Return the rate of the step that comes after `n_done` of `n_steps` steps: `lr` in the first half, then in a line that
# would reach 0 after `n_steps`, an even number.


# %% tags=["exercise"]
def rate(lr, n_done, n_steps):
    # your code
    ...


# hint("rate", 1)
exercises.check_rate(rate)

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# def rate(lr, n_done, n_steps):
#     return lr * min(1.0, 2 * (n_steps - n_done) / n_steps)
# ```
#
# </details>

# %%
rates = [2e-4 * min(1, 2 * (200 - n_done) / 200) for n_done in range(200)]
print("step 1, 100, 101, 151, 200:", [f"{rates[k - 1]:.1e}" for k in (1, 100, 101, 151, 200)])

# %% [markdown]
# ### Part 6: unpaired, and from where
#
# "Unpaired" is a property of how pictures are drawn. Two streams, each shuffled on its own, do it. ("Further" has a
# published data set class that undoes it.)
#
# And the first weights: normal with a standard deviation of 0.02, biases at 0. Where a norm follows, the scale is
# undone at once; only the last layer feels it. **Predict:** how strong is the output of a new generator, beside a
# picture?

# %% tags=["nbval-ignore-output"]
G = ResnetGenerator(base_channels=32, n_blocks=3)
convolutions = torch.nn.Conv2d | torch.nn.ConvTranspose2d
first = torch.cat([one.weight.flatten() for one in G.modules() if isinstance(one, convolutions)])
with torch.no_grad():
    output = G(hidden_A[:4])
both = torch.stack([output.flatten(), hidden_A[:4].flatten()])
print(f"standard deviation of the first weights {first.std():.3f}")
contrast = output.std() / hidden_A[:4].std()
print(f"standard deviation of the output over that of the input: {contrast:.1f}")
print(f"correlation of output and input: {torch.corrcoef(both)[0, 1]:.2f}")

# %% [markdown]
# Stronger than a picture by a third, and hardly a copy of its input: a new generator does not start from "change nothing".

# %% [markdown]
# ### Part 7: every piece is a switch
#
# The identity loss, $\lVert G_{AB}(b) - b \rVert_1 + \lVert G_{BA}(a) - a \rVert_1$, asks a generator to leave alone
# what is already in its target domain. The paper uses it from paintings to photographs (section 5.2) and to enhance
# photographs of flowers (appendix 7.1), at half of $\lambda$, because without it the colours may come out exchanged: a D
# is content with any colours that occur in its domain, and the cycle exchanges them back. It is off in the paper's
# ablation. In the package every piece has a switch, and what is off is not computed:

# %%
from dataclasses import replace

from gan_course.training.cyclegan import CycleGANConfig, build_cyclegan

tiny = CycleGANConfig(
    n_steps=4, img_resolution=32, base_channels=4, n_blocks=1, d_base_channels=4, n_layers=1
)
few = [images[:8, :, :32, :32].contiguous() for images in (images_A, images_B)]
for name, changes in {
    "the paper": {},
    "with identity": {"lambda_identity": 5.0},
    "cycle alone": {"lambda_gan": 0.0},
    "GAN alone": {"lambda_cycle": 0.0},
    "GAN + forward": {"backward": False},
    "GAN + backward": {"forward": False},
}.items():
    part = build_cyclegan(
        replace(tiny, **changes), *few, seed=SEED, runtime=choose_runtime("cpu", "float32")
    )
    print(f"{name:15}", *part.step(next(part.batches)))

# %% [markdown]
# With the paper's pieces and the identity loss it is the step that you have read above. (The training below adds R1 to
# D, lesson 03, and an average of G's weights, lesson 02.) Two trainings from one seed, one moved by each:

# %%
with_all = replace(tiny, lambda_identity=5.0)
ours, theirs = (
    build_cyclegan(with_all, *few, seed=SEED, runtime=choose_runtime("cpu", "float32"))
    for _ in range(2)
)
for _ in range(2):
    real_A, real_B = next(ours.batches)
    fakes = update_G(ours.step, real_A, real_B, with_all.lambda_cycle, with_all.lambda_identity)
    update_D(ours.step, real_A, real_B, *fakes)
    theirs.step(next(theirs.batches))
for name in ("G_AB", "G_BA", "D_A", "D_B"):
    ours_, theirs_ = (
        torch.cat([p.flatten() for p in getattr(run.step, name).parameters()])
        for run in (ours, theirs)
    )
    share = ((ours_ - theirs_).abs() < 1e-5).double().mean().item()
    print(f"after two steps over 19 in 20 of {name}'s weights are the same:", share > 0.95)

# %% [markdown]
# (What differs are biases in front of a norm. The norm takes them out again, so their gradient is nothing but rounding,
# and Adam, which divides by the gradient's size, makes steps of full size out of it.)

# %% [markdown]
# ## Training, live
#
# The paper trains on 256 pixels for 200 epochs. We have about a minute, tiles of 32 pixels, and two CPU cores. What
# else differs from the paper's recipe at 256 pixels:

# %% tags=["nbval-ignore-output"]
from dataclasses import asdict

paper = asdict(CycleGANConfig(n_steps=0, n_blocks=9))
for name, value in asdict(cfg.cyclegan).items():
    if name not in ("n_steps", "img_resolution") and value != paper[name]:
        print(f"{name:16} paper {paper[name]!s:10} here {value}")

# %% [markdown]
# (Not in that list, because no setting names it: a D without a norm starts from larger weights, scaled to the inputs of
# each layer, He et al. 2015; and the official code crops and flips its pictures at random.)
#
# Small networks at a higher rate, because time is short. `ema_decay`: we look at an average of G's weights over the
# last steps. `d_norm` and `r1_gamma`: part 2. `lambda_identity`: part 7. G keeps InstanceNorm, and on the wider hidden
# tiles it meets other statistics than in training.
#
# **Predict:** which will be found first, the colours, the coasts or the mountains? And which direction will end with
# the larger error?

# %% tags=["nbval-ignore-output"]
from gan_course.lessons.resumable import fit_resumable, lesson_folder

training = build_cyclegan(cfg.cyclegan, images_A, images_B, seed=SEED, runtime=runtime)
watched, film, raw, rates = hidden_A[:8].to(runtime.device), {}, [], []
n_steps = cfg.cyclegan.n_steps
hook_every = max(1, n_steps // 30)


@torch.no_grad()
def watch(n_done, rows):
    with runtime.autocast():
        film[n_done] = training.step.best("G_AB")(watched).float().cpu()
        raw.append(training.step.G_AB(watched).float().cpu())
    rates.append(training.step.opt_G.param_groups[0]["lr"])
    if n_done % max(1, n_steps // 5) < hook_every:
        losses = {name: round(rows[-1][name], 2) for name in rows[-1] if name != "step"}
        print(f"{n_done} of {n_steps} steps:", losses)


folder = lesson_folder("07_cyclegan", PROFILE)
rows = fit_resumable(training, n_steps=n_steps, folder=folder, hook=watch, hook_every=hook_every)

# %% tags=["nbval-ignore-output"] mystnb={"image": {"alt": "Rows of six tiles: the satellite view on top, then G's map of them at six moments of training, from magenta noise over grey shapes to pale blue sea and coloured land, and the true map at the bottom."}}
moments = [list(film)[k] for k in sorted({(len(film) - 1) * j // 5 for j in range(6)})]
strips = {
    "satellite": watched.cpu(),
    **{f"step {n}": film[n] for n in moments},
    "true map": hidden_B[:8],
}
seen = [0, 1, 2, 3, 5, 6]  # tile 4 shows nearly the place of tile 2
viz.show_rows({name: tiles[seen] for name, tiles in strips.items()}, zoom=2, quality=70)

# %% [markdown]
# G's first row still shows the noise of chance weights, in the stored run magenta. Of the map, coasts show first,
# blurred, in grey; within a few hundred steps grey turns into pale blue, green and tan, most of it at the right places.
# Ridges come last, and a minute does not get there: what looks like relief is texture. Look at the sea too: where the
# satellite sees it nearly black it is often painted green, as land.
#
# The printed cycle and identity losses include their weights, 10 and 3: a `cycle_A` of 2 is a mean difference of 0.2, on
# the scale from -1 to 1.

# %% tags=["nbval-ignore-output"] mystnb={"image": {"alt": "Left: the losses of G_AB and D_B against each other over the steps; the first rises a little, the second falls early on. Middle: the cycle loss, which falls. Right: how much the translation of fixed tiles changes between two readings, and the learning rate; both fall in the second half, the rate to zero."}}
_, (left, centre, right) = viz.figure(11, 2.7, n_axes=3)
width = min(20, len(rows))
for ax, name, colour in (
    (left, "gan_B", viz.FAKE),
    (left, "D_B", viz.SCORE),
    (centre, "cycle_A", viz.REAL),
):
    means = torch.tensor([row[name] for row in rows]).unfold(0, width, width).mean(1)
    ax.plot(torch.arange(1, len(means) + 1) * width, means, color=colour, label=name)
    ax.set(xlabel="step", ylabel="loss (means of 20 steps)", ylim=(0, None))
    ax.legend(frameon=False)
moved = torch.stack(raw).diff(dim=0).abs().flatten(1).mean(1) / 2
right.plot(list(film)[1:], moved, "o-", ms=3, color=viz.FAKE, label="change of 8 translations")
right.set(xlabel="step", ylabel="mean change", ylim=(0, None))
twin = right.twinx()
twin.plot(list(film), rates, color=viz.SCORE, lw=1)
right.plot([], [], color=viz.SCORE, lw=1, label="learning rate")  # for the legend
twin.set(ylabel="learning rate", ylim=(0, None))
right.legend(frameon=False)
plt.show()

# %% [markdown]
# Left: the adversarial losses say little, as in lesson 03: they report a balance. Middle: the cycle loss falls. Right:
# as long as the rate is high, what G makes of the *same* tiles keeps changing; as the rate falls, the pictures come to
# rest. That is a brake, and not proof of an equilibrium: steps of length zero move nothing.

# %%
middle, end = moved[len(moved) // 3 : len(moved) // 2].mean().item(), moved[-3:].mean().item()


def judged(text, value, **bound):
    claim(text, value, **bound, needs_training=True)


share = end / middle
judged("in the last tenth the translations change less than before the rate fell", share, below=1)


# %%
@torch.no_grad()
def apply(G, images):
    """A generator's translation of many pictures, in parts."""
    device = next(G.parameters()).device
    with runtime.autocast():
        return torch.cat([G(part.to(device)).float().cpu() for part in images.split(50)])


minute = {name: training.step.best(name) for name in ("G_AB", "G_BA")}
made = apply(minute["G_AB"], hidden_A)
results["about a minute"] = measure(made, apply(minute["G_BA"], hidden_B))
to_map, sea, _ = results["about a minute"]
elsewhere = intersection_over_union(sea_mask(made), sea_mask(hidden_B.roll(1, 0)))  # the next map
share = to_map / results["doing nothing"][0]
judged("the minute's error to the map is under half of that of doing nothing", share, below=0.5)
more = sea - elsewhere
judged("the made sea overlaps the sea of its place more than that of another", more, above=0)

# %% tags=["nbval-ignore-output"]
show_table(
    {name: results[name] for name in ("the mean colour", "the median colour", "about a minute")}
)
print(f"the made sea's IoU with the map of another place is {elsewhere:.3f}")

# %% [markdown]
# Nobody told these networks which map belongs to which place; still the sea that they draw lies where the sea of that
# place is. In the stored run the map of a hidden place is also a little nearer to the true one than one colour is, and
# so it was in all eight runs of the calibration. The sea's overlap is far below that of the two
# true views, and changes from run to run: some of the sea is too pale for the rule, and some of the deep sea is painted
# as land.

# %% [markdown]
# ## Another recipe, and 9,000 steps
#
# The weights that come with the course (`python -m gan_course weights` prints their cards) were trained by the same
# code for 9,000 steps, with another recipe: **no norm in G either**, and a residual, `tanh(atanh(x) + net(x))`, that
# starts from no change. So it begins with an error as large as that of doing nothing, and gets every coast for nothing.
# Its `lambda_cycle` is 5, because a cycle that is closed from the start holds G back; it doubles the size by resizing and
# then convolving, because transposed convolutions left dots on the Sahara; it has no identity loss. So the comparison
# does not say which of the changes helped. Both on the same hidden tiles:

# %%
from gan_course.weights.translators import load_translator

shipped = {
    letters: runtime.place(load_translator(name))
    for letters, name in (("G_AB", "earth-satellite2map"), ("G_BA", "earth-map2satellite"))
}
results["shipped weights"] = measure(
    apply(shipped["G_AB"], hidden_A), apply(shipped["G_BA"], hidden_B)
)
share = max(results["shipped weights"][k] / results["the mean colour"][k] for k in (0, 2))
claim("the shipped weights err less than the mean colour, both ways", share, below=1)

# %% tags=["nbval-ignore-output"]
show_table(results)
for name in ("about a minute", "shipped weights"):
    left = [results[name][k] / results["the median colour"][k] for k in (0, 2)]
    print(
        f"{name}: to the map {left[0]:.0%} of the median colour's error, to the satellite {left[1]:.0%}"
    )

# %% tags=["nbval-ignore-output"] mystnb={"image": {"alt": "Two blocks of four rows, six hidden tiles in each row. Above: satellite, the minute's map, the shipped weights' map, the true map. Below: map, the minute's satellite view, the shipped weights' satellite view, the true satellite view."}}
pick = slice(8, 14)
from_A, from_B = hidden_A[pick], hidden_B[pick]
there = {
    "satellite": from_A,
    "a minute": apply(minute["G_AB"], from_A),
    "shipped": apply(shipped["G_AB"], from_A),
    "true map": from_B,
}
back = {
    "map": from_B,
    "a minute": apply(minute["G_BA"], from_B),
    "shipped": apply(shipped["G_BA"], from_B),
    "true satellite": from_A,
}
viz.show_rows(there, zoom=2, quality=72)
viz.show_rows(back, zoom=2, quality=72)

# %% [markdown]
# The minute finds most of the sea and most colours of the land, as through a wet window; but it puts the sea's pale blue
# along the forest of the third tile, and green into the dark sea of the fifth. The shipped weights draw
# each coast, and in the stored run their errors are the smallest of all. Look at what they get wrong. The true map paints
# **height and climate**: wet lowland is green, dry lowland beige, mountains are brown and shaded. From above one sees forest, sand and snow; and a G that starts from a copy
# easily keeps a hue. So the desert keeps a warm tint, and snow (in the first tile) stays white. On the way back the mountains of
# the map become snow or dark blotches, wherever they are. No loss can tell G where mountains are: where the two views
# do not know the same things, G fills in what looks usual.
#
# The way back ends with the larger error, as it does for the minute. But its anchors are larger too, because the
# satellite view has more contrast: as a share of one colour's error (the last lines of the table) the two ways are about
# equally far. And mind the sea: it began at doing nothing's 0.93, and training has *cost* some of it.

# %% [markdown]
# In JupyterLab, look at other places, in both directions, and at what the round trip loses:

# %%
from gan_course.viz import explorers

explorers.explore_cycle(
    lambda x: apply(shipped["G_AB"], x), lambda x: apply(shipped["G_BA"], x), hidden_A, hidden_B
)

# %% [markdown]
# ## A part of the world in one pass
#
# A generator of convolutions takes a picture of any size (its sides multiples of 4, because it halves twice). So no
# tiles: the hidden slice of longitude from 5 to 20 degrees east goes through G as **one picture**, from the Arctic to
# the Southern Ocean, and so do the two others. No pixel of them was in either training set. **Predict:** G was trained
# on squares of 32 pixels. What could go wrong with a picture of 996 x 112, and what if it had InstanceNorm?

# %%
from gan_course.data import earth

views = [to_float(earth.load_view(name, 2)[None]) for name in ("satellite", "relief")]
strips = []
for box in earth.hidden_regions(2):
    height, width = (box.bottom - box.top) // 4 * 4, (box.right - box.left) // 4 * 4
    satellite, chart = (
        view[..., box.top : box.top + height, box.left : box.left + width] for view in views
    )
    strips.append(
        (satellite, apply(shipped["G_AB"], satellite), chart, apply(shipped["G_BA"], chart))
    )
    print("in one pass:", tuple(satellite.shape[2:]))
overlap = [intersection_over_union(sea_mask(made), sea_mask(chart)) for _, made, chart, _ in strips]
claim("in each of the three hidden slices the sea's IoU is above 0.8", min(overlap), above=0.8)

# %% tags=["nbval-ignore-output"]
for sea, (_, made, chart, _) in zip(overlap, strips, strict=True):
    errors = [l1_error(one, chart).item() for one in (made, one_colour(images_B, chart))]
    print(f"sea's IoU {sea:.3f}; L1 to map {errors[0]:.3f}, of the mean colour {errors[1]:.3f}")

# %% tags=["best-picture", "nbval-ignore-output"] mystnb={"image": {"alt": "Four tall strips side by side, from Norway to the Sahara. The satellite view; the map that CycleGAN made of it, with pale blue sea, green Europe, white mountains and an orange Sahara; the true map, with brown mountains and a paler Sahara; and the satellite view that CycleGAN made of the true map, with dark blue sea, snow on many ranges and dark blotches on the Alps."}}
titles = ("satellite", "→ map, by CycleGAN", "true map", "→ satellite, by CycleGAN")
_, axes = plt.subplots(1, 4, figsize=(8.4, 8.0), dpi=0.72 * viz.DPI, layout="constrained")
for ax, title, part in zip(axes, titles, strips[1], strict=True):
    ax.imshow(part[0, :, 40:480].permute(1, 2, 0) / 2 + 0.5, interpolation="nearest")
    ax.set_title(title, fontsize=9)
    ax.axis("off")
viz.show_jpeg(quality=70)

# %% [markdown]
# Denmark, Italy, Corsica, Sardinia and Sicily are there, in the colours of an atlas, with a pale shelf along the coasts.
# Now look for the lies. The snow of Norway and of the Alps has stayed on the made map, where the true one is brown; the
# Sahara has kept the satellite's orange; the last strip, which G_BA made of the true map, puts snow on Sicily, on the
# Balkans and on the Atlas, and darkness on the Alps.

# %% tags=["nbval-ignore-output"] mystnb={"image": {"alt": "Three pictures side by side, from New Guinea to the sea south of Australia: the satellite view, with an orange and brown Australia; the map made of it, with a red Australia and speckled deep sea; and the true map, with a tan Australia and smooth sea."}}
third = dict(zip(("satellite", "→ map, by CycleGAN", "true map"), strips[2], strict=False))
viz.show_grids({name: part[..., 560:860, :] for name, part in third.items()}, zoom=2, quality=70)

# %% [markdown]
# From the slice in the east: Australia comes out reddish, after the satellite's orange and brown, and deep sea is
# speckled. But nothing went wrong with the size. Convolutions do not know it, and this G has nothing else. With
# InstanceNorm, each place would have depended on the whole strip: see "The company of a place", under "Further".

# %% [markdown]
# ## What each part buys
#
# The paper takes its method apart: the cycle loss alone, the GAN losses alone, the GAN with one half of the cycle
# (forward: $\lVert G_{BA}(G_{AB}(a)) - a \rVert$; backward: $\lVert G_{AB}(G_{BA}(b)) - b \rVert$), and the full
# method. The same five trainings on the earth, with three seeds each, are recorded in
# `docs/results/earth-ablation.json`. (They have no identity loss and half the minute's rate, so their "full" is not the
# run that you have just seen.)
#
# Each half runs through both generators, and asks something else of each:
#
# | | $G_{AB}$ | $G_{BA}$ |
# | --- | --- | --- |
# | forward: $a \to$ B $\to a$ | is given real $a$: keep in B what leads back | is given made B only: read it |
# | backward: $b \to$ A $\to b$ | is given made A only: read it | is given real $b$: keep in A what leads back |
#
# So without the backward half nothing asks $G_{BA}$ to keep anything of a real $b$; there it answers to D alone.
# **Predict** before you look: which of the five comes out worst, in which direction does a GAN with half a cycle fail,
# and does the full method come out best?

# %%
from gan_course.lessons.results import recorded

record = recorded("earth-ablation")
arms = ["cycle alone", "GAN alone", "GAN + forward", "GAN + backward", "full"]
measures = {"to_map": "L1 to map", "sea_iou": "sea IoU", "to_satellite": "L1 to satellite"}
table = {
    arm: {key: [row[key] for row in record["rows"] if row["arm"] == arm] for key in measures}
    for arm in arms
}
n_seeds = len(table["full"]["to_map"])
print(f"{record['n_steps']} steps each: the mean of {n_seeds} seeds (seed 0, seed 1, ...)")
print(f"{'':16}" + "".join(f"{title:>27}" for title in measures.values()))
for arm, columns in table.items():
    cells = [f"{sum(v) / len(v):.3f} ({' '.join(f'{x:.3f}' for x in v)})" for v in columns.values()]
    print(f"{arm:16}" + "".join(f"{cell:>27}" for cell in cells))
small_A, small_B = (  # the ablation's hidden tiles have 32 px, as its training tiles
    to_float(load_domain(name, "test", n=300, resolution=32, seed=0)) for name in names
)
lines = {}
for name, made_B, made_A in (
    ("doing nothing", small_A, small_B),
    ("the median colour", median_colour(images_B, small_B), median_colour(images_A, small_A)),
):
    lines[name] = l1_error(made_B, small_B).mean().item(), l1_error(made_A, small_A).mean().item()
    print(f"{name:20} to the map {lines[name][0]:.3f}, to the satellite view {lines[name][1]:.3f}")

# %% mystnb={"image": {"alt": "Three panels, for the L1 error to the map, the sea's IoU and the L1 error to the satellite view. Each shows five rows of three dots, a dot a seed: cycle alone, GAN alone, GAN with forward cycle, GAN with backward cycle, and the full method. In both panels of errors a dashed line marks the median colour."}}
_, axes = viz.figure(10.5, 2.6, n_axes=3)
for ax, (key, title) in zip(axes, measures.items(), strict=True):
    for row, arm in enumerate(arms):
        values = table[arm][key]
        ax.plot(
            values,
            [row] * len(values),
            "o",
            color=viz.FAKE if arm == "full" else viz.REAL,
            alpha=0.7,
        )
    if key != "sea_iou":
        ax.axvline(
            lines["the median colour"][key == "to_satellite"], color=viz.SCORE, ls="--", lw=1
        )
    ax.set(title=title, yticks=range(len(arms)), ylim=(len(arms) - 0.5, -0.5))
    ax.set_yticklabels(arms if ax is axes[0] else [])
    ax.grid(axis="x", alpha=0.3)
plt.show()

# %%
with_gan, seeds = arms[1:], range(len(table["full"]["to_map"]))
beaten = [
    min(table[arm][key][k] for arm in with_gan if arm != "full") - table["full"][key][k]
    for key in ("to_map", "to_satellite")
    for k in seeds
]
claim("of the four with a GAN the full method errs least, each way and seed", min(beaten), above=0)
means = {arm: sum(table[arm]["to_map"]) / len(seeds) for arm in arms}
gap = abs(means["cycle alone"] - means["full"])
claim("to the map the cycle alone is level with the full method, to 0.01", gap, below=0.01)

# %% [markdown]
# - **Worst**, by the means, is half a cycle: the forward arm to the map (0.137), the backward arm to the satellite
#   (0.186). Whether half a cycle is better or worse than none, three seeds do not say: their dots lie among one another.
# - **The full method** errs least of the four with a GAN. But the dashed line is one flat colour: to the map the full
#   method is level with it (0.092 and 0.094), to the satellite a little ahead (0.144 and 0.151). After 500 steps the
#   table says how much harm a GAN does to L1 with and without the cycle, not yet what the cycle buys.
# - **The cycle alone** is level with the full method to the map (0.090 and 0.092); to the satellite it is behind on
#   average (0.152 and 0.144), with one seed ahead. Nothing asked it for a map. Nor do its generators hand back their
#   input: that would cost 0.383. The cycle loss accepts any code that the other generator can undo, and what it looks
#   like is left to chance: see the three seeds in the sea's IoU. By L1 it errs about as much as one flat colour.
# - **Each measure misleads alone.** L1 is kind to whatever is pale and in the middle, and hard on a GAN that paints a
#   forest one shade too dark. In the sea's IoU GAN + backward is level with the full method; and doing nothing had the
#   best one of all, with the worst error.

# %% [markdown]
# The paper measures on Cityscapes. From labels to photo (its Table 4) a network for segmentation reads the generated
# street scenes (FCN scores); from photo to labels (Table 5) the generated labels are compared with the true ones. The
# three figures are the share of pixels right, its mean over the classes, and the mean IoU. Higher is better. We quote
# only the figures that we could check: a dash says that we could not, and nothing about the arm.

# %%
paper_tables = {  # Zhu et al. 2017, Tables 4 and 5
    "cycle alone": ((0.22, 0.07, 0.02), None),
    "GAN alone": ((0.51, 0.11, 0.08), (0.53, 0.11, 0.07)),
    "GAN + forward": ((0.55, 0.18, 0.12), None),
    "GAN + backward": (None, (0.01, 0.06, 0.01)),
    "full": ((0.52, 0.17, 0.11), (0.58, 0.22, 0.16)),
}
print(f"{'':16}{'labels to photo (T4)':>26}{'photo to labels (T5)':>26}")
for arm, columns in paper_tables.items():
    cells = ["-" if one is None else " / ".join(f"{value:.2f}" for value in one) for one in columns]
    print(f"{arm:16}" + "".join(f"{cell:>26}" for cell in cells))

# %% [markdown]
# - **The cycle alone** is last of the four arms quoted from Table 4, which asks what a picture shows. Handing back the input satisfies it, and so
#   does any code that can be undone.
# - From labels to photo, half a cycle has 0.55 and the whole 0.52: too close to rank from one number each. That the GAN
#   with the backward half fails from photo to labels (0.01) is not: its outputs do not look like label maps at all. The
#   GAN alone and the GAN with the forward half collapse there, to one label map for all (Figure 7). The tables do not
#   say which of the two domains is A.
# - The full method is the best of the quoted arms from photo to labels, a close second from labels to photo, and a
#   disaster in neither. The case for two directions is that.
#
# The paper saw half a cycle collapse "especially for the direction of the mapping that was removed" (section 5.1.4).
# Ours shows no such thing. Map to satellite, without the backward half: 0.180; without the forward half: 0.186.
# Satellite to map, the forward arm, which keeps the half for real satellite views, is the worse with every seed: 0.137
# against 0.105 on average.
#
# Read an ablation in more than one measure, and look at the seeds before you rank two arms.

# %% [markdown]
# ## What you built
#
# - Every piece of CycleGAN's recipe; for several, a measurement of what it does, or (the halved loss) does not.
# - A translator between two views of the earth that never saw a pair, measured on pairs it never saw.
# - A reading of an ablation that does not flatter the method.
#
# **Three questions**
#
# 1. Your D wins every time, and you halve its loss once more. What happens? What would you rather do?
# 2. A colleague's satellite-to-map CycleGAN turns forests tan and deserts green, and its cycle loss is tiny. What is
#    going on, and what are two remedies?
# 3. (After "Further".) A run of 100 epochs was stopped at epoch 60 and "resumed" from weights alone. Name two ways in
#    which the rest will differ.
#
# <details><summary>Answers</summary>
#
# 1. Under Adam, next to nothing. Better: a smaller rate for D (`lr_ratio`), a stronger R1, or fewer of its layers.
# 2. A permutation of the colours: D sees colours that occur, and the other generator swaps them back. The identity
#    loss, or a generator that predicts a change of its input (`residual=True`): both prefer to keep hues.
# 3. The schedule starts over at the full rate; Adam's averages start from nothing, so the first steps are wild; the
#    pools are empty; the order of the pictures begins anew.
#
# </details>
#
# ## What can go wrong
#
# | you see | look at |
# | --- | --- |
# | colours exchanged, and exchanged back | identity loss, residual output; lesson 06 |
# | right shapes, pale or wrong brightness | InstanceNorm in D on flat colours: `d_norm="none"` with `r1_gamma` |
# | outputs that flicker from step to step | a schedule that never falls; no average of G |
# | the same texture everywhere | D too strong |
# | a result too good for unpaired data | one seed or one index for both domains |
# | seams in a large picture, or a place that changes with its company | InstanceNorm in G: translate it whole, or with the command line |
#
# ## References
#
# - Zhu, Park, Isola, Efros (2017). Unpaired Image-to-Image Translation using Cycle-Consistent Adversarial Networks.
#   ICCV 2017, arXiv:1703.10593
# - Johnson, Alahi, Fei-Fei (2016). Perceptual Losses for Real-Time Style Transfer and Super-Resolution.
#   arXiv:1603.08155
# - Shrivastava et al. (2017). Learning from Simulated and Unsupervised Images through Adversarial Training.
#   arXiv:1612.07828
# - Ulyanov, Vedaldi, Lempitsky (2016). Instance Normalization. arXiv:1607.08022
# - Mescheder, Geiger, Nowozin (2018). Which Training Methods for GANs do actually Converge? arXiv:1801.04406

# %% [markdown]
# ## Further
#
# What follows is needed by no later lesson: a data set that pairs by mistake, a published objective with one
# discriminator for two domains, a test of what the pool does, InstanceNorm in a large picture, and what a checkpoint has
# to hold.

# %% [markdown]
# ### A data set that is paired by mistake
#
# **Exercise 5. Debug: partners for life** (medium, 10 minutes: a dataset class that undoes the word "unpaired")
#
# A published CycleGAN has one data set class for both domains. Item $k$ is picture $k$ of A beside picture $k$ of B:
#
# ```python
# def partners(n_A, n_B, n_epochs, generator):
#     return [(k, k) for _ in range(n_epochs) for k in torch.randperm(n_A, generator=generator).tolist()]
# ```
#
# Shuffled or not, each picture of A meets the same picture of B in every epoch. Mend it: each epoch shows all of A
# once, in a new order, beside pictures of B drawn anew. B may be larger or smaller than A. Draw with `generator`.


# %% tags=["exercise"]
def partners(n_A, n_B, n_epochs, generator):
    # your code
    ...


# hint("partners", 1)
exercises.check_partners(partners)

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# def partners(n_A, n_B, n_epochs, generator):
#     pairs = []
#     for _ in range(n_epochs):
#         order = torch.randperm(n_A, generator=generator).tolist()
#         pairs += [(a, int(torch.randint(n_B, (1,), generator=generator))) for a in order]
#     return pairs
# ```
#
# </details>
#
# Each score is computed from one picture alone, so no loss compares partners. But with one picture a step, whenever D_B
# meets the fresh fake of this desert, the real picture in the same step is the same stretch of Norway. On the earth there
# is a worse trap: domains cut with **one seed** show the same places, in the same order. Then the fixed partner is the
# true one, and a "surprisingly good" unpaired result has seen pairs. The sea tells them apart:

# %%
same_places = load_domain(
    "earth-map", n=min(500, cfg.n_pictures), resolution=size, seed=2 * SEED
)  # A's seed, by mistake
sea_A = sea_mask(to_float(images_A[: len(same_places)]))
with_bug = intersection_over_union(sea_A, sea_mask(to_float(same_places)))
without = intersection_over_union(sea_A, sea_mask(to_float(images_B[: len(same_places)])))
share = without / with_bug
claim("with two seeds the seas overlap under half as much as with one", share, below=0.5)

# %% tags=["nbval-ignore-output"]
print(f"IoU of the sea, picture k of A and of B: one seed {with_bug:.2f}, two seeds {without:.2f}")

# %% [markdown]
# ### One discriminator for two domains
#
# A published introduction to CycleGAN has one discriminator for both domains, and these two losses, "minimised" by
# everyone:
#
# ```python
# gan_loss_A = 0.5 * (mean(d_real_A) - mean(d_fake_A))
# gan_loss_B = 0.5 * (mean(d_real_B) - mean(d_fake_A))
# ```
#
# There is no fake of B in it. And the sign: whoever minimises `mean(d_real)` **lowers** the score of real pictures. Let
# a discriminator minimise it for a while, on tiles of the map (real) and of the satellite (its "fakes"):

# %%
scores = {}
for name in ("as published", "least squares"):
    D = PatchDiscriminator(base_channels=8, n_layers=1, norm="none")
    optimizer = torch.optim.Adam(D.parameters(), 1e-3)
    for _ in range(40):
        real, fake = D(hidden_B[:8]), D(hidden_A[:8])
        squares = ((real - 1).square().mean() + fake.square().mean()) / 2
        loss = (
            squares
            if name == "least squares"
            else 0.5 * (real.sigmoid().mean() - fake.sigmoid().mean())
        )
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    scores[name] = real.mean().item(), fake.mean().item()
lead, healthy = (real - fake for real, fake in scores.values())
claim("the published loss teaches D to score real pictures below fakes", lead, below=0)
print("least squares teaches it the opposite:", healthy > 0)

# %% [markdown]
# **Exercise 6. Debug: whose fakes?** (medium, 10 minutes: three bugs in two lines, and a fourth that waits for you)
#
# Write what the discriminators of CycleGAN minimise: both, least squares, each halved, summed. The fakes come still
# connected to their generators, which must not learn from this loss.


# %% tags=["exercise"]
def d_objective(D_A, D_B, real_A, real_B, fake_A, fake_B):
    # your code
    ...


# hint("d_objective", 1)
exercises.check_d_objective(d_objective)

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# def d_objective(D_A, D_B, real_A, real_B, fake_A, fake_B):
#     def one(D, real, fake):
#         return ((D(real) - 1).square().mean() + D(fake.detach()).square().mean()) / 2
#
#     return one(D_A, real_A, fake_A) + one(D_B, real_B, fake_B)
# ```
#
# `D(fake).detach()` would have the same value, and D would learn nothing from fakes.
#
# </details>

# %% [markdown]
# **Exercise 7. Experiment: does a pool calm the game?** (medium, 20 minutes: the paper keeps a pool "to reduce model
# oscillation"; here is the smallest game that oscillates)
#
# Lesson 03's game has two numbers: all fakes lie at $\theta$, the real ones at 0, and $D(x) = \psi x$. In turn, 1000
# times, at a rate of 0.1: D goes down its loss at the fake that a pool hands back,
# $\psi \leftarrow \psi - 0.1\,x\,\sigma(\psi x)$ with $x$ from the pool, and G down its non-saturating one at the fake of
# now, $\theta \leftarrow \theta + 0.1\,\psi\,\sigma(-\psi\theta)$. Plan at least three runs without a pool (size 0) and three
# with a pool of 20; begin each at another $\theta$ between 0.5 and 2, with $\psi = 0$. The figure of a run is the mean
# of $|\theta|$ over its last 200 steps.
#
# First write down your prediction, and call the checker: with the pool the swing is "calmer", "wilder", or there is "no
# clear difference". Then run, note the figures, and say which of the three follows from *them*. (Your `query` of
# exercise 3 serves for the pool, or write it for plain numbers.)

# %% tags=["exercise"]
swing = {"prediction": ..., "figures": ..., "conclusion": ...}  # figures: {0: [...], 20: [...]}
# hint("swing", 1)
exercises.check_swing(swing)

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# import math
#
# def run(size, theta, seed, rate=0.1):
#     generator = torch.Generator().manual_seed(seed)
#     psi, kept, path = 0.0, [], []
#     for _ in range(1000):
#         shown = theta
#         if len(kept) < size:
#             kept.append(theta)
#         elif size and torch.rand(1, generator=generator) < 0.5:
#             place = int(torch.randint(size, (1,), generator=generator))
#             shown, kept[place] = kept[place], theta
#         psi -= rate * shown / (1 + math.exp(-psi * shown))
#         theta += rate * psi / (1 + math.exp(psi * theta))
#         path.append(abs(theta))
#     return sum(path[-200:]) / 200
#
# swing = {
#     "prediction": "wilder",
#     "figures": {size: [run(size, 0.5 * k, seed=k) for k in (1, 2, 3, 4)] for size in (0, 20)},
#     "conclusion": "wilder",
# }
# ```
#
# Ours: 0.17 to 0.19 without a pool, 0.64 to 0.70 with one. Where G was does not tell D where G is: news that comes late
# feeds a swing. A pool helps against *forgetting*, where many places have to be guarded at once; this game has one place,
# and nothing to forget. A reason that sounds right for a whole network may be wrong for the part that you can compute.
#
# </details>

# %% [markdown]
# ### The company of a place
#
# Part 2 said that InstanceNorm makes a place depend on its company. The minute's G has that norm, the shipped one has
# not. Take tiles out of the middle slice, translate each **alone**, and compare with the same window of the whole
# slice, translated **in one pass**. **Predict:** which G will disagree with itself, and where?

# %%
satellite, _, chart, _ = strips[1]
windows = [(row, 24) for row in range(0, 932, 64)]


def cut(image):
    return torch.cat([image[..., row : row + 64, column : column + 64] for row, column in windows])


company = {"shipped, no norm": shipped["G_AB"], "a minute, InstanceNorm": minute["G_AB"]}
company = {
    name: (cut(apply(G, satellite)), apply(G, cut(satellite))) for name, G in company.items()
}
differ = [l1_error(*pair).mean().item() for pair in company.values()]
print("windows of one slice:", len(windows))
claim("the shipped G, alone and in company, differs by under 0.01", differ[0], below=0.01)
ratio = differ[1] / differ[0]
judged("the minute's G, with InstanceNorm, differs over twice as much", ratio, above=2)

# %% tags=["nbval-ignore-output"] mystnb={"image": {"alt": "Five rows of six windows of the slice through Europe and Africa: the satellite view; the map by the shipped generator in one pass and alone, which agree; and by the minute's generator in one pass and alone, which do not."}}
rows_shown = {"satellite": cut(satellite)}
for name, (whole, alone) in company.items():
    rows_shown |= {f"{name}:\none pass": whole, f"{name}:\nalone": alone}
seen = [0, 1, 3, 5, 6, 7]
viz.show_rows({name: tiles[seen] for name, tiles in rows_shown.items()}, zoom=2)

# %% [markdown]
# The shipped rows are alike. The minute's are not: alone, a tile of pure Sahara has to have *some* contrast, because
# InstanceNorm gives it one, and gets forests that are not there; a tile that is mostly deep sea turns green. Whoever
# cuts a large picture into tiles for a generator with InstanceNorm gets seams. `python -m gan_course translate` avoids
# them: it goes over the tiles layer by layer, and each norm is given the statistics of the whole picture.

# %% [markdown]
# ### To go on
#
# The shipped weights took minutes. The command below runs the `full` profile, 40,000 steps of networks four times as
# wide: hours on a CPU. It must survive a closed laptop:
#
# ```sh
# python -m gan_course train cyclegan --data earth-satellite earth-map --out runs/earth
# python -m gan_course train cyclegan --data earth-satellite earth-map --out runs/earth --resume
# ```
#
# In this notebook, `fit_resumable` does the same in the full profile: interrupt the training cell of "Training, live", run it again, and it
# goes on.

# %% [markdown]
# **Exercise 8. What is in a checkpoint?** (easy, 5 minutes: who goes on from weights alone begins the schedule anew)
#
# The official CycleGAN saves the four networks' weights, and nothing else. You stop such a run in the middle and go on
# from its files. Say for each item whether it is "kept" or "lost".

# %% tags=["exercise"]
lost = {
    "the weights": ...,
    "Adam's moments": ...,
    "the step number": ...,
    "the pools": ...,
    "the place in the data": ...,
}
# hint("lost", 1)
exercises.check_lost(lost)

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# lost = {
#     "the weights": "kept",
#     "Adam's moments": "lost",
#     "the step number": "lost",
#     "the pools": "lost",
#     "the place in the data": "lost",
# }
# ```
#
# (The official options let you give the epoch by hand. StyleGAN2-ADA's loop, too, keeps the networks alone: its Adam and
# its count of pictures begin anew.) The package's checkpoint holds them all. Six steps in a row
# must give the same weights, to the last bit, as three, a file, and three more:
#
# </details>


# %%
def fresh():
    small = replace(tiny, n_steps=6, pool_size=3, ema_decay=0.9)
    return build_cyclegan(small, *few, seed=SEED, runtime=choose_runtime("cpu", "float32"))


def go_on(run, n):
    for _ in range(n):
        run.step(next(run.batches))
    return torch.cat([p.detach().flatten() for p in run.step.G_AB.parameters()])


straight, first, second, weights_only = (fresh() for _ in range(4))
go_on(first, 3)
second.load_state_dict(first.state_dict())
for name in ("G_AB", "G_BA", "D_A", "D_B"):
    getattr(weights_only.step, name).load_state_dict(getattr(first.step, name).state_dict())
final = [go_on(straight, 6), go_on(second, 3), go_on(weights_only, 3)]
for name, ended in zip(("a checkpoint", "the weights alone"), final[1:], strict=True):
    print(f"three steps, {name}, three more: the bits of six? {torch.equal(final[0], ended)}")
