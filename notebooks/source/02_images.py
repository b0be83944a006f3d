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
# # 02 · Images
#
# Train a network that draws clothing from random numbers, and find out what several of its parts are for.
#
# ![Forty small grey pictures drawn by the trained generator: shirts, trousers, dresses, coats, shoes and bags.](images/02_images.jpg)
#
# | you will be able to | |
# | --- | --- |
# | compute | the size of a picture at every layer of a generator and a discriminator |
# | say | what the first weights, BatchNorm, Adam's momentum and the averaged weights did in our trainings |
# | train | a DCGAN on real pictures, within a few minutes on a CPU |
# | measure | how many of the ten kinds of clothing a generator draws, and how well |
# | spot | pictures drawn in the wrong mode; what a straight walk between two latent vectors loses; under "Further", checkerboards |
# | needs | lesson 01; convolutions; PyTorch modules |
# | time | study 90 min; computing: 61 s on a newer processor, 124 s on an older one |
# | papers | Radford et al. 2016 (DCGAN); Ioffe & Szegedy 2015 (BatchNorm); Odena et al. 2016 (checkerboards); Kynkäänniemi et al. 2019 (precision, recall) |

# %% tags=["parameters"]
PROFILE = ""  # "" takes GAN_COURSE_PROFILE, else fast
SEED = 0

# %% tags=["imports"]
import matplotlib.pyplot as plt
import torch

from gan_course import viz
from gan_course.lessons import claim, config_for
from gan_course.lessons.l02_images import exercises
from gan_course.lessons.l02_images.config import PROFILES
from gan_course.runtime import choose_runtime, seed_everything

hint = exercises.hint
cfg, runtime = config_for(PROFILES, PROFILE), choose_runtime()
seed_everything(SEED)

# %% [markdown]
# ## The pictures
#
# In a minute or two your own network will draw clothing, a little more ragged than the pictures above. It will not do
# so with every setting, as you will see. The pictures to learn from are those of Fashion-MNIST, small grey photographs
# of clothing in ten kinds. The course ships 10,000 of them: 9,000 to learn from and 1,000 that no network here ever
# trains on. Each column below is one kind.

# %% mystnb={"image": {"alt": "Ten columns of five small grey photographs of clothing, a column for each kind, from T-shirts to ankle boots."}}
from gan_course.data.fashion import CLASS_NAMES, load_fashion

pictures, kinds = load_fashion("train")
held_out, held_out_kinds = load_fashion("test")
columns = {name: pictures[kinds == kind][:5] for kind, name in enumerate(CLASS_NAMES)}
viz.show_grids(columns, n_columns=1, zoom=3, quality=66)
print(tuple(pictures.shape), pictures.dtype, "·", tuple(held_out.shape))

# %% [markdown]
# A generator ends in tanh, so its pictures lie in [-1, 1]. The real ones must lie there too: were they in [0, 1], D
# could at first tell real from fake by the sign alone.

# %%
from gan_course.data.batches import to_float

scaled = to_float(pictures[:256])
off = max(abs(scaled.min() + 1), abs(scaled.max() - 1))
claim("real pictures reach exactly from -1 to 1", off, below=1e-6)

# %% [markdown]
# ## From a vector to a picture
#
# The networks of lesson 01 were linear layers. On pictures such a layer has to learn an edge anew at every place; a
# convolution learns it once. With stride 2 it halves a picture. A **transposed** convolution enlarges it: each input
# pixel paints a whole kernel onto a larger canvas, `stride` pixels apart, and overlaps add up.

# %% mystnb={"image": {"alt": "A diagram. A square of two by two pixels, a to d, each of another colour. An arrow to a canvas of six by six, on which each pixel has a square of four by four of its colour; the squares overlap. A dashed square of four by four in the middle. An arrow to the output, these four by four pixels."}}
viz.show_transposed_convolution()

# %% [markdown]
# Kernel 4, stride 2: $b$ paints its sixteen pixels two to the right of $a$'s. (N is the number of pictures, C that of
# channels going in, K of those coming out.) In a convolution padding adds a border to the input; here it cuts one off
# the output: one pixel all round, and a side of 2 has become a side of 4.
#
# Our generator, after that of the DCGAN paper (deep convolutional GAN), stacks three transposed convolutions. The
# latent vector, 64 numbers, enters as a single pixel with 64 channels. The first layer has kernel 7 (stride 1, no
# padding); the other two have kernel 4, stride 2, padding 1. They give 128 channels, then 64, then the picture's one.
# **Predict** the side of the picture after each layer before you run the cell.

# %%
from torch import nn

base_channels = 64
G_layers = nn.Sequential(
    nn.ConvTranspose2d(64, 2 * base_channels, 7, bias=False),
    nn.BatchNorm2d(2 * base_channels),
    nn.ReLU(inplace=True),
    nn.ConvTranspose2d(2 * base_channels, base_channels, 4, stride=2, padding=1, bias=False),
    nn.BatchNorm2d(base_channels),
    nn.ReLU(inplace=True),
    nn.ConvTranspose2d(base_channels, 1, 4, stride=2, padding=1),
    nn.Tanh(),
)
x = torch.randn(2, 64, 1, 1)
print(f"{'latent vector':18} {tuple(x.shape)}")
for layer in G_layers:
    x = layer(x)
    if isinstance(layer, nn.ConvTranspose2d):
        print(f"{type(layer).__name__:18} {tuple(x.shape)}")

# %% [markdown]
# BatchNorm brings each channel to mean 0 and variance 1 over the batch (the next section), so a bias before it would be
# taken out again. The discriminator is the mirror image: strided convolutions, with sides of 28, 14, 7 and 1, down to
# one number. That number is a raw score, with no sigmoid, because the losses of lesson 01 take scores.

# %%
from gan_course.models.dcgan import DCGANDiscriminator, DCGANGenerator

D_layers = nn.Sequential(
    nn.Conv2d(1, base_channels, 4, stride=2, padding=1),
    nn.LeakyReLU(0.2, inplace=True),
    nn.Conv2d(base_channels, 2 * base_channels, 4, stride=2, padding=1, bias=False),
    nn.BatchNorm2d(2 * base_channels),
    nn.LeakyReLU(0.2, inplace=True),
    nn.Conv2d(2 * base_channels, 1, 7),
)
# The package has both for other sizes, too. It also draws their first weights (a section below)
G, D = DCGANGenerator(base_channels=64), DCGANDiscriminator(base_channels=64)
same = repr(G.layers) == repr(G_layers) and repr(D.layers) == repr(D_layers)
print("these are the package's layers, one by one:", same)
for name, network in (("G", G), ("D", D)):
    print(f"{name} has {sum(p.numel() for p in network.parameters()):,} parameters")
print("score of each picture:", tuple(D(G(torch.randn(2, 64))).shape))

# %% [markdown]
# The DCGAN paper found rules with which such a pair trains:
#
# | rule | where in our code | tested in this lesson? |
# | --- | --- | --- |
# | strides instead of pooling | `stride=2`, in G and in D | no |
# | BatchNorm, but not in G's last layer and D's first | `nn.BatchNorm2d`; D's last layer has none either, since it gives a single score | yes: removed everywhere |
# | ReLU in G, LeakyReLU in D | `nn.ReLU`, `nn.LeakyReLU(0.2)` | no |
# | small first weights | the package's two classes draw them, by `init_normal` | yes |
# | Adam with $\beta_1 = 0.5$ | `betas` in the package's `DCGANConfig` | yes |
# | a learning rate of 0.0002 | `lr`: 0.0002 in the long setting, `full`; 0.001 in your run, `fast` | yes |
#
# What is $\beta_1$? Adam steps along a running average of the gradients, its **momentum**: $m \leftarrow \beta_1 m + (1 -
# \beta_1) g$. It remembers about $1 / (1 - \beta_1)$ steps: two with 0.5; with 0, as in lesson 01, the newest gradient
# alone; with 0.9, the default, ten.

# %% [markdown]
# **Exercise 1. How large is it?** (easy, 10 minutes: you will need this whenever a shape does not fit)
#
# Derive the height after a transposed convolution. Start from the canvas: `size` kernels, painted `stride` apart,
# then `padding` cut off on both sides.


# %% tags=["exercise"]
def transposed_size(size, kernel, stride, padding):
    # your code
    ...


# hint("transposed_size", 1)
exercises.check_transposed_size(transposed_size)

# %% [markdown]
# <details><summary>Solution</summary>
#
# The last kernel starts at (size - 1) * stride and is `kernel` wide; the padding is cut from both ends.
#
# ```python
# def transposed_size(size, kernel, stride, padding):
#     return (size - 1) * stride + kernel - 2 * padding
# ```
#
# </details>

# %% [markdown]
# ## BatchNorm has two lives
#
# BatchNorm keeps the inputs of a later layer at one scale, whatever the earlier layers do: it subtracts a channel's
# mean, divides by its standard deviation, and then applies a scale and a shift that are learned. Whose mean? In
# **training** the batch's own, over all its pictures and all their places; each training batch also moves a stored
# running average, to 0.9 times the old one plus 0.1 times its own. In **evaluation** the stored one: in use, a picture
# should not depend on its batch.
#
# So the two modes draw different pictures. Take a trained generator (the one that ships with the course; you will train
# your own), and six latent vectors: once in evaluation mode; then in training mode, in a batch of 26, together with
# twenty copies of one neighbour, a dark garment; and once more beside twenty copies of a bright pullover. The last
# column, apart, shows the neighbour, drawn in evaluation mode. **Predict** what the neighbours do to the six.

# %% mystnb={"image": {"alt": "Three rows. Six garments in evaluation mode; the same six in training mode beside a dark garment, all brighter; the same six in training mode beside a bright pullover, so dark that little more than outlines is left. The neighbour stands at the end of its row."}}
import copy

from gan_course.weights.dcgan import load_dcgan

shipped = load_dcgan().to(runtime.device)
wrong = copy.deepcopy(shipped).train()  # a copy, because training mode moves the statistics
z = torch.randn(1_000, 64, generator=torch.Generator().manual_seed(1)).to(runtime.device)
six = z[[0, 1, 3, 5, 8, 19]]
with torch.no_grad():
    modes = {"evaluation mode": shipped(six)}
    # a dark garment and a bright pullover, chosen by eye, as the six were
    for name, neighbour in (("training, dark", z[32:33]), ("training, bright", z[37:38])):
        batch = torch.cat([six, neighbour.expand(20, 64)])
        drawn = wrong(batch)[:6]
        gap = torch.ones_like(drawn[:1])  # white
        modes[name] = torch.cat([drawn, gap, shipped(neighbour)])
viz.show_rows(modes, zoom=4, quality=66, column_names=(*range(1, 7), "", "neighbour"))
change = (modes["training, dark"] - modes["training, bright"])[:6].abs().mean()
claim("in training mode other neighbours change the pictures of six z", change, above=0.05)

# %% [markdown]
# Twenty of the 26 are equal. Take one channel, and say that it is 0 in those twenty and 1 in the six: its mean over the
# batch is 0.23 and its standard deviation 0.42. How many standard deviations from the mean does each group stand after
# the division?
#
# | batch | the 1s | the 0s |
# | --- | --- | --- |
# | mixed, as many 0s as 1s, as the stored statistics have seen | 1.0 above | 1.0 below |
# | six 1s among twenty 0s | 1.8 above | 0.5 below |
#
# So what sets the six apart from their company, brightness above all, is exaggerated: beside a dark garment they turn
# bright; beside a bright one they turn dark, and what is left may look like another garment: the bag in column 2
# becomes a heel. A sample that changes with its company was drawn in training mode, a common bug.
#
# Now you can see why G's last layer and D's first have no BatchNorm (the second of the rules above). In G's last layer
# it would give every batch the same brightness and contrast: G could draw no dark batch. In D's first layer it would do
# the same to what D sees. D gets its fakes in a batch of their own (see *The step*), and could not see that they are
# too bright.

# %% [markdown]
# **Exercise 2. Draw without a trace** (medium, 10 minutes: every preview during training needs this)
#
# Write `draw(G, z)`: samples that depend on their own z alone, without a graph, and with G left as it was found, in
# its mode and in its statistics.


# %% tags=["exercise"]
def draw(G, z):
    # your code
    ...


# hint("draw", 1)
exercises.check_draw(draw)

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# def draw(G, z):
#     was_training = G.training
#     G.eval()
#     with torch.no_grad():
#         samples = G(z)
#     G.train(was_training)
#     return samples
# ```
#
# </details>

# %% [markdown]
# ## The first weights
#
# The DCGAN paper draws convolution weights from a normal distribution with standard deviation 0.02. PyTorch's own DCGAN
# tutorial has 0.02 in its code and 0.2 in a comment. What would become of a new generator if one trusted the comment?
# BatchNorm brings every channel back to variance 1, so behind it nothing is left of the difference. But no BatchNorm
# follows the last layer: its sums grow tenfold, and far from 0 tanh is flat.
#
# **Predict:** with 0.2, which share of pixels will be stuck beyond 0.99? Away from the border each pixel is painted by
# four kernels (two down, two across), so it is a sum over 64 channels and 4 places: 256 products of a weight and a
# channel value. After BatchNorm a value has the mean square 1; ReLU keeps half of that. What is the sum's standard
# deviation, and how often does its size pass 2.65, where tanh is 0.99? (Of a normal distribution 68 % lie within one
# standard deviation of the mean, 87 % within one and a half, 95 % within two.)


# %%
@torch.no_grad()
def share_stuck(std, n_networks=32):
    """At each place of a picture (28, 28): how often a new generator's tanh is beyond 0.99."""
    stuck = torch.zeros(28, 28)
    for _ in range(n_networks):
        G = DCGANGenerator(base_channels=64)  # in training mode: statistics of this batch
        for module in G.modules():
            if isinstance(module, nn.ConvTranspose2d):
                module.weight.normal_(0.0, std)
        stuck += (G(torch.randn(32, 64)).abs() > 0.99).float().mean((0, 1)) / n_networks
    return stuck


stuck = {std: share_stuck(std) for std in (0.02, 0.2)}
claim("with 0.02 not one pixel in a thousand is stuck", stuck[0.02].mean(), below=1 / 1_000)
claim("with 0.2 more than one pixel in ten is", stuck[0.2].mean(), above=1 / 10)

# %% tags=["nbval-ignore-output"] mystnb={"image": {"alt": "A map of the picture's 28 by 28 places, brighter where pixels are stuck more often: a dark frame, and inside it a bright block with a faint lattice."}}
wide = stuck[0.2]
for place, part in (("all pixels", wide), ("top row", wide[0]), ("middle", wide[6:22, 6:22])):
    print(f"stuck with 0.2, {place:10} {part.mean():.0%}")
figure, (ax,) = viz.figure(3.6, 2.8)
figure.colorbar(ax.imshow(wide, cmap="magma", vmin=0), label="share of pixels that are stuck")
ax.set(title="with 0.2, place by place", xticks=[], yticks=[])
plt.show()

# %% [markdown]
# The standard deviation is $0.2 \sqrt{256 / 2} = 2.26$, so 2.65 is 1.17 standard deviations away, and 24 % of a normal
# distribution lie farther out. We count 22 %: near, and for two wrong reasons that almost cancel. As the map shows, the
# estimate is too high at the border and too low in the middle. At the border fewer kernels overlap, and sums are
# smaller (3 % in the top row). In the middle it is 27 %, because BatchNorm brings only the *average* square of a
# channel to 1, over its whole map: the channel's border values lie below 1, since fewer kernels overlapped in the layer
# before, too, and so its middle values lie above 1. With 0.02 not one pixel is stuck.
#
# A stuck pixel passes on less than a fiftieth of its gradient ($1 - 0.99^2$), so such a generator starts partly deaf.
# That is before training; whether a training suffers from it comes further down. Our networks use 0.02: the package's
# classes draw it.

# %% [markdown]
# ## The step
#
# A training needs two networks, an optimiser for each player, its own random numbers, and a slow copy of G from which
# we will draw: a running average of G's weights, which is calmer than G (more below). Adam's settings are the table's:
# a learning rate of 0.001 in `fast`, and $\beta_1 = 0.5$. (`place` moves a network to the device, in the memory format
# that computes fastest there.)

# %%
from types import SimpleNamespace


def new_players(seed, runtime):
    torch.manual_seed(seed)
    width, lr, betas = cfg.dcgan.base_channels, cfg.dcgan.lr, (0.5, 0.999)  # 0.999: the default
    G = runtime.place(DCGANGenerator(base_channels=width))
    D = runtime.place(DCGANDiscriminator(base_channels=width))
    return SimpleNamespace(
        G=G,
        D=D,
        G_ema=copy.deepcopy(G).eval(),
        opt_G=torch.optim.Adam(G.parameters(), lr, betas, fused=True),  # fused: only faster
        opt_D=torch.optim.Adam(D.parameters(), lr, betas, fused=True),
        draws=torch.Generator().manual_seed(seed + 1),
    )


# %% [markdown]
# Both turns are lesson 01's; `d_logistic` is the `d_loss` you wrote there. D sees real and fake in two batches: mixed
# into a single one, each would change the other's score through BatchNorm. Find what keeps D's update from reaching G,
# and what keeps G's update from moving D.

# %%
from gan_course.training.losses import d_logistic, g_nonsaturating
from gan_course.training.optim import freeze


def update_D(players, real):
    """Tell real from fake a little better."""
    with torch.no_grad():
        fake = players.G(torch.randn(len(real), 64, generator=players.draws))
    loss_D = d_logistic(players.D(real), players.D(fake))
    players.opt_D.zero_grad()
    loss_D.backward()
    players.opt_D.step()


def update_G(players, n):
    """Make fakes that D takes for real a little more often."""
    with freeze(players.D):  # computes no gradients for D's weights, which saves time
        loss_G = g_nonsaturating(players.D(players.G(torch.randn(n, 64, generator=players.draws))))
        players.opt_G.zero_grad()
        loss_G.backward()
        players.opt_G.step()


# %% [markdown]
# <details><summary>Answer</summary>
#
# `torch.no_grad()` around the fakes in D's turn: no gradient reaches G. In G's turn only `opt_G` steps. (Inside `with
# freeze(D):` no gradients are even computed for D's weights, but they still pass through D to G. BatchNorm's running
# averages do move, in both networks: each is in training mode in both turns.)
#
# </details>
#
# The loop is short. It takes a batch of 64 real pictures; then come D's turn and G's turn. Last, **the slow copy**
# `G_ema`, a second generator that stays in evaluation mode, moves a little towards G. Previews and measures use it; in
# exercise 3 you will write `update_ema` yourself.

# %%
from gan_course.data.batches import Batches
from gan_course.training.ema import update_ema


def train(players, batches, n_steps):
    for _ in range(n_steps):
        real = next(batches)  # shuffled, without end, in [-1, 1]
        update_D(players, real)
        update_G(players, len(real))
        update_ema(players.G_ema, players.G, decay=cfg.dcgan.ema_decay)


# %% [markdown]
# That is a whole DCGAN. The package's `build_dcgan` sets up the same players, and its step makes the same moves; it can
# also compute on a GPU and in bfloat16, record losses and resume. Let both train for three steps from the same seed
# (how they are compared you may skip):

# %%
from gan_course.training.dcgan import build_dcgan

precise = choose_runtime("cpu", precision="float32")
ours = new_players(SEED, precise)
train(ours, Batches(pictures, cfg.dcgan.batch_size, seed=SEED), 3)
theirs = build_dcgan(cfg.dcgan, pictures, seed=SEED, runtime=precise)
for real in [next(theirs.batches) for _ in range(3)]:
    theirs.step(real)
for name in ("D", "G", "G_ema"):
    networks = getattr(ours, name), getattr(theirs.step, name)
    pairs = zip(*(network.parameters() for network in networks), strict=True)
    far = max((a - b).abs().max() for a, b in pairs)
    print(f"after three steps, {name}'s weights differ by less than a millionth:", bool(far < 1e-6))

# %% [markdown]
# ## Train
#
# Now the package's, for 1,000 steps in `fast`: some seven times through the pictures. We keep a preview at the start; a
# hook (a function called during the training) adds four more, a quarter of the training apart, always from the same
# latent vectors, drawn by the slow copy. **Predict:** what will you recognise first, a shirt, a shoe or a bag? And at
# which of the four stops?

# %% tags=["nbval-ignore-output"]
from gan_course.lessons.resumable import fit_resumable, lesson_folder

training = build_dcgan(cfg.dcgan, pictures, seed=SEED, runtime=runtime)
previews = {0: training.preview()[:9]}


def remember(n_done, rows):
    previews[n_done] = training.preview()[:9]


n_steps, every = cfg.dcgan.n_steps, max(1, cfg.dcgan.n_steps // 4)
# full only: an interrupted training goes on from there
folder = lesson_folder("02_images", PROFILE)
rows = fit_resumable(training, n_steps=n_steps, folder=folder, hook=remember, hook_every=every)

# %% tags=["nbval-ignore-output"] mystnb={"image": {"alt": "Five rows of nine pictures, a row for each moment of the training: flat grey, then blurred garment shapes that grow sharper with training."}}
moments = {f"after {n} steps": images for n, images in list(previews.items())[:5]}
viz.show_rows(moments, zoom=3, quality=66, column_names=range(1, 10))

# %% [markdown]
# Shoulders come first, after 250 steps; the first whole shoe after 500. (All numbers and pictures in the prose are of
# the run saved in this notebook; yours may differ.) After 250 steps most pictures are a bright block in a dark frame,
# but columns 3 and 5 have shoulders already, and column 1 may become a shoe. After 500 the sleeves of column 3 come
# apart from the body, and column 1 is a shoe; after 1000 column 7 nearly is. Column 2 may be a bag, and column 8 is
# still no garment.

# %% tags=["nbval-ignore-output"] mystnb={"image": {"alt": "Two loss curves over training steps, and two dotted lines. The generator's starts off the scale, drops at once and then sinks slowly towards its dotted line at 0.69; the discriminator's wanders near 1 and stays below its dotted line at 1.39."}}
_, (ax,) = viz.figure(8, 2.8)
for name, coin in (("loss_D", 1.39), ("loss_G", 0.69)):
    values, colour = torch.tensor([row[name] for row in rows]), viz.COLOURS[name]
    width = min(20, len(values))
    smooth = values.unfold(0, width, 1).mean(1)  # a running mean
    ax.plot(range(width, len(values) + 1), smooth, label=name, color=colour, lw=1.2)
    ax.axhline(coin, color=colour, ls=":")
ax.set(xlabel="step", ylabel="loss", ylim=(0, 3), title="dotted: if D said 1/2 to everything")
ax.legend(frameon=False)
plt.show()

# %% [markdown]
# The curves are means over twenty steps. G's first losses are off the scale: in the first few dozen steps D takes
# hardly any of its fakes for real. Then G's loss sinks towards what a D that says 1/2 would give, 0.69, and does not
# get there; D's stays roughly between 0.7 and its own line, 1.39. In this run G's loss falls while its pictures
# improve. But a loss of G compares it with the D of that moment: it would fall as well if D became worse. And the
# curves do not say at which step a blot turned into a shoe.

# %% [markdown]
# ## How good, how varied?
#
# Two questions: do the fakes look real, and do they cover all that is real? Take 1,000 held-out pictures and 1,000
# fakes. Compared pixel by pixel, a shirt is far from the same shirt moved by one pixel. So a small classifier that
# ships with the course, the reader, turns each into a point: the 256 numbers from which its last layers name the kind,
# its **features**.
#
# Around each real point draw a ball out to its third nearest real neighbour; around each fake, one out to its third
# nearest fake. **Precision** is the share of fakes inside at least one real point's ball. **Recall** is the share of real
# points inside at least one fake's ball (Kynkäänniemi et al. 2019).
#
# First a toy case with two features and a generator that knows one of two kinds. Blue is real, red is fake; small dots
# carry the balls, large dots are judged, hollow ones lie in no ball:

# %% mystnb={"image": {"alt": "Two panels with the same points: real ones in two groups, generated ones in the left group. Left: pale discs around the real points; eight of ten generated points lie in one and are filled, two are hollow. Right: pale discs around the generated points; most real points of the left group are filled, those of the right group are hollow."}}
from gan_course.evaluation import coverage

draws = torch.randn(3, 10, 2, generator=torch.Generator().manual_seed(39))
left, right = 0.5 * draws[0], 0.5 * draws[1] + torch.tensor([2.6, 0])
points = {"real": torch.cat([left, right]), "fake": 0.4 * draws[2] + torch.tensor([0.3, 0.1])}

_, axes = viz.figure(9.6, 3, n_axes=2)
panels = zip(axes, ("precision", "recall"), ("real", "fake"), ("fake", "real"), strict=True)
for ax, name, around, judged in panels:
    centres, others = points[around], points[judged]
    # the nearest point of all is the point itself
    radii = torch.cdist(centres, centres).kthvalue(4, dim=1).values
    inside = (torch.cdist(others, centres) <= radii).any(1)
    colours = (viz.REAL, viz.FAKE) if around == "real" else (viz.FAKE, viz.REAL)
    for centre, radius in zip(centres, radii, strict=True):
        ax.add_patch(plt.Circle(centre, radius, color=colours[0], alpha=0.1, lw=0))
    ax.scatter(*centres.T, s=12, color=colours[0])
    fill = [colours[1] if is_inside else "white" for is_inside in inside]
    ax.scatter(*others.T, s=40, color=fill, edgecolors=colours[1])
    ax.set(title=f"{name}: {inside.sum()} of {len(others)} {judged} points", aspect="equal")
    ax.axis((-2.4, 5.0, -1.9, 1.9))
    ax.axis("off")
plt.show()

# %% [markdown]
# What it draws is mostly good, but 12 of the 20 real points lie in no ball: the whole second kind, and two strays of the
# first.

# %%
from gan_course.evaluation import features, readers

reader = readers.load_reader("fashion")
accuracy = (features.read_answers(reader, held_out)["kind"] == held_out_kinds).double().mean()
real_features = features.features_of(reader, held_out)
text = "the reader names the right kind of held-out pictures, in more than four in five"
claim(text, accuracy, above=0.8)


# %%
@torch.no_grad()
def measure(G, n=1_000, seed=1):
    z = torch.randn(n, G.z_dim, generator=torch.Generator().manual_seed(seed)).to(runtime.device)
    samples = torch.cat([G(part) for part in z.split(250)]).float().cpu()
    seen = features.features_of(reader, samples)
    precision, recall = coverage.precision_recall(real_features, seen)
    shares = features.answer_shares(reader, samples)["kind"]
    found = {"samples": samples, "features": seen, "shares": shares}
    return found | {"precision": precision, "recall": recall}


untrained = measure(DCGANGenerator(base_channels=cfg.dcgan.base_channels).eval().to(runtime.device))
yours = measure(training.step.G_ema)
text = "after the lesson's training most samples lie among the real pictures"
claim(text, yours["precision"], above=0.5, needs_training=True)  # not where training is cut short

# %% [markdown]
# What does the reader let pass? The first eight of your samples that lie in a real picture's ball, and the first eight
# that lie in none:

# %% tags=["nbval-ignore-output"] mystnb={"image": {"alt": "Two rows of eight pictures. Above, those that count as real: tops, a bag, and a dark smear that is hardly a garment. Below, those that do not: tops and a shoe, to the eye no worse."}}
for name, result in (("untrained", untrained), ("your run", yours)):
    print(f"{name:9} precision {result['precision']:.2f}  recall {result['recall']:.2f}")
radii = torch.cdist(real_features, real_features).kthvalue(4, dim=1).values
passes = (torch.cdist(yours["features"], real_features) <= radii).any(1)
rows = {"count as real": yours["samples"][passes][:8], "do not": yours["samples"][~passes][:8]}
viz.show_rows(rows, zoom=3, quality=60)

# %% [markdown]
# Most samples count as real. But recall is 0.55: nearly half of the real pictures lie in no fake's ball. And by eye the
# two rows hardly differ: the smear in the third picture above lies in some ball, clean tops below lie in none. (A ball
# is wide where real pictures are rare, and small where many are alike.) So do not trust one verdict, rather the share
# over a thousand; and a measure sees what its features see: lesson 04 finds out what that is.

# %% [markdown]
# ## The slow copy
#
# G never comes to rest: each step answers D's last move. The slow copy, `G_ema`, is a running average of its weights
# (an exponential moving average), and is the one that is looked at and shipped. With $\theta$ for a weight of G and
# $\bar\theta$ for that of the copy, each step does
#
# $$\bar\theta \leftarrow d\,\bar\theta + (1 - d)\,\theta$$
#
# In `fast` the decay $d$ is 0.98, a memory of about fifty steps. BatchNorm's statistics are not averaged, they are
# copied from G. **Predict:** let training go on for twenty steps and look at the same latent vectors after each. (The
# code that does it only takes notes; skip it if you like.) From one step to the next, how many times as far does G's
# picture move, compared with the slow copy's?

# %% tags=["nbval-ignore-output"]
watched = {"G": training.step.G, "G_ema": training.step.G_ema}
moves, paths, last = {name: [] for name in watched}, {name: [] for name in watched}, {}


@torch.no_grad()
def watch(n_done, rows):
    for name, network in watched.items():
        was_training = network.training
        now = network.eval()(training.preview_input).float()
        network.train(was_training)
        if name in last:
            moves[name].append((now - last[name]).abs().mean().item())
        last[name] = now
        paths[name].append(network.layers[3].weight[0, 0, 0, 0].item())


n_more = training.step.n_done + 20
more = fit_resumable(training, n_steps=n_more, folder=None, hook=watch, hook_every=1)

# %% tags=["nbval-ignore-output"] mystnb={"image": {"alt": "Two panels over twenty steps. Left: one weight; that of G goes up and down, that of the slow copy drifts in a nearly straight line. Right: how much the pictures change in a step; the curve of the slow copy lies far below that of G."}}
_, (left, right) = viz.figure(10, 2.8, n_axes=2)
for name, colour in zip(moves, (viz.FAKE, viz.REAL), strict=True):
    left.plot(range(1, len(paths[name]) + 1), paths[name], color=colour, label=name)
    right.plot(range(2, len(moves[name]) + 2), moves[name], color=colour)
left.set(title="one weight", xlabel="further step", ylabel="its value", xticks=range(0, 21, 5))
right.set(title="change of the pictures", xlabel="further step", xticks=range(0, 21, 5))
right.set(ylabel="mean over pixels", ylim=(0, None))
left.legend(frameon=False, loc="upper left", bbox_to_anchor=(0, 0.85))
plt.show()

# %%
ratio = sum(moves["G_ema"]) / sum(moves["G"])
text = "the slow copy's pictures move under two thirds as far as G's"
claim(text, ratio, below=2 / 3, needs_training=True)
buffers = zip(training.step.G.buffers(), training.step.G_ema.buffers(), strict=True)
differ = sum(not torch.equal(a, b) for a, b in buffers)
claim("no BatchNorm statistic of the slow copy differs from G's", differ, below=1)

# %% tags=["nbval-ignore-output"] mystnb={"image": {"alt": "Three rows of six pictures of the same latent vectors: those of G's last step; those of the slow copy, the same garments; and the size of the difference, pixel by pixel, four times as bright."}}
print(f"G's pictures move {1 / ratio:.1f} times as far as the slow copy's")
with torch.no_grad():
    z, G_now = training.preview_input[:6], training.step.G
    was_training = G_now.training
    pair = {"G": G_now.eval()(z), "G_ema": training.step.G_ema(z)}
gap = (pair["G"] - pair["G_ema"]).abs()
pair["4 |G − G_ema|"] = (4 * gap).clamp(max=2) - 1  # no difference is black
viz.show_rows(pair, zoom=5, quality=66)
for name in ("G", "G_ema"):
    result = measure(getattr(training.step, name).eval())
    print(f"{name:6} precision {result['precision']:.2f}  recall {result['recall']:.2f}")
_ = G_now.train(was_training)

# %% [markdown]
# The copy's weight stays above every value that G's takes in these twenty steps: presumably it still remembers the
# fifty before. In the stored run G's pictures move 3.1 times as far. (Why not $1/(1 - d)$, fifty times? Partly because
# the copy takes over BatchNorm's statistics whole; "Further" measures that.) The two draw the same garments; the last
# row shows their difference, four times as bright: mostly edges. At this step, twenty after the measure above, the copy
# has the higher precision and the higher recall: one G at one step, so a hint and not yet a rule.
#
# Inside G's garments, and so in the last row, you may also see a fine grid of dots. "Further" asks where it comes from.
#
# Why copy the statistics? They must follow training: left at 0 and 1 they would ruin the pictures. Averaging them too
# would be calmer still; copying is the simple choice.

# %% [markdown]
# **Exercise 3. Write the slow copy** (medium, 15 minutes: forgetting the buffers is the classic bug)
#
# Update `slow` in place from `G`: parameters averaged with `decay`, buffers (running statistics and the counter)
# copied. Return `slow`.


# %% tags=["exercise"]
def update_average(slow, G, decay):
    # your code
    ...


# hint("update_average", 1)
exercises.check_update_average(update_average)

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# @torch.no_grad()
# def update_average(slow, G, decay):
#     for averaged, current in zip(slow.parameters(), G.parameters(), strict=True):
#         averaged.lerp_(current, 1 - decay)
#     for averaged, current in zip(slow.buffers(), G.buffers(), strict=True):
#         averaged.copy_(current)
#     return slow
# ```
#
# </details>

# %% [markdown]
# ## Change one part, and train again
#
# What is a part *for*? Change it and see. We ran trainings with your settings, 1,000 steps each, and with one thing
# changed, from three seeds each (recorded in `docs/results/dcgan-parts.json`).
#
# | part | your run | changed to |
# | --- | --- | --- |
# | BatchNorm | in G and D | removed from both (so half of the layers have no bias at all) |
# | first weights | 0.02 | 0.2, as in that comment, in G and D |
# | learning rate | 0.001 | 0.0002, the paper's, made for longer trainings |
# | $\beta_1$ of Adam | 0.5 | 0.9, Adam's default |
#
# **Predict:** which costs most precision, which costs most recall, and which would you hardly notice in eight pictures?
# Here are eight of each training, drawn by the slow copy, in one seed; the measures come after.

# %% mystnb={"image": {"alt": "Five rows of eight small pictures. As in the lesson: garments, a little ragged. Without BatchNorm: darker garments, some with vertical streaks. First weights of 0.2: speckled blots in the outlines of garments. A learning rate of 0.0002: coarse, streaky garments. Beta1 of 0.9: bright and dark smears, hardly a garment among them."}}
from gan_course.lessons.results import recorded, recorded_strips

study = recorded("dcgan-parts")
arms = dict.fromkeys(row["arm"] for row in study["rows"])
strips = recorded_strips("dcgan-parts", side=28)
viz.show_rows(dict(zip(arms, strips, strict=True)), zoom=3, quality=60, column_names=range(1, 9))

# %% mystnb={"image": {"alt": "Recall against precision of fifteen trainings, a filled dot for the slow copy and a hollow one for G. The lesson's three lie at the top right. Without BatchNorm precision is the same and recall about half; with the smaller learning rate both are lower; with weights of 0.2 recall is near 0 and precision near 0.6; with a beta1 of 0.9 both are low."}}
_, (ax,) = viz.figure(7.6, 3.6)
measures = ("precision", "recall")
print("the slow copy, from three seeds:")
paints = ("black", "tab:purple", "tab:brown", "tab:green", "tab:orange")
for arm, colour in zip(arms, paints, strict=True):
    found = [row for row in study["rows"] if row["arm"] == arm]
    x, y = ([[row[name][key] for row in found] for name in ("G_ema", "G")] for key in measures)
    ax.plot(x, y, color=colour, lw=1, zorder=1)
    ax.scatter(x[0], y[0], s=24, color=colour, label=arm)
    ax.scatter(x[1], y[1], s=24, edgecolors=colour, facecolors="white")
    cells = (" ".join(f"{value:.2f}" for value in part[0]) for part in (x, y))
    print("{:23} precision {}   recall {}".format(arm, *cells))
ax.set(xlabel="precision", ylabel="recall", xlim=(0, 0.8), ylim=(-0.02, 0.65))
ax.set_title("filled: the slow copy; hollow: G itself", fontsize=10)
ax.legend(frameon=False, loc="upper left")
plt.show()
for name in measures:
    won = sum(row["G_ema"][name] > row["G"][name] for row in study["rows"])
    print(f"the slow copy has the higher {name} in {won} of {len(study['rows'])} trainings")

# %% [markdown]
# A line joins G and its slow copy in one seed. Three answers, from the filled dots:
#
# - Most **precision** is lost with a **$\beta_1$** of 0.9, in every seed. It is the default, so one gets it without
#   typing anything. A likely reason: an average over ten steps, not two, responds to what the other player did a while
#   ago; the other has moved on.
# - Most **recall** is lost with $\beta_1$ or with **first weights of 0.2**: hardly any is left with either, and three
#   seeds cannot say which is worse. Those weights leave rough outlines, filled with speckles, and a thousand steps do
#   not heal it. Whether stuck pixels are the reason is not shown: D's first weights were wider, too.
# - Hardest to **notice** is the lack of **BatchNorm**: some stripes, no more broken pictures than in the first row, and
#   a precision nearly as high. What BatchNorm buys in these thousand steps is variety: without it recall is about half
#   as high, or less, in every seed. (Half of the layers lacked a bias then, too.)
#
# **The paper's learning rate** gives about half the recall after the same steps. Most likely it is slower, not wrong:
# the shipped weights below took it, for twelve times the steps.
#

# %% [markdown]
# **Two more observations**
#
# Look once more at the third row of pictures, and at its precision. Blots full of speckles, and more than half of them
# count as real! The reader, it seems, looks at shapes and forgives grain. Precision alone would have called this change
# passable; recall and your eyes do not.
#
# And the hint from the section *The slow copy*? In each of the three unchanged trainings the copy has the higher
# precision and the higher recall. Over all fifteen its precision is higher in fourteen; whether its recall is depends
# on the setting. Without BatchNorm the copy can matter a great deal: in one seed G itself has a precision of only 0.33
# (the leftmost hollow purple dot).
#
# These are other runs than yours, hence other digits. If you take this lesson in two evenings, here is a good place to
# stop.

# %% [markdown]
# ## How far is your run from the best?
#
# The generator that ships with the course comes from the same builder in the `full` profile, the long setting. Four
# things differ from your run: a wider G and D (96 channels, not 64), a smaller learning rate (0.0002), a slower average
# (decay 0.999) and twelve times the steps.

# %% tags=["best-picture"] mystnb={"image": {"alt": "Forty small grey pictures drawn by the trained generator: shirts, trousers, dresses, coats, shoes and bags."}}
drawn = measure(shipped)
viz.show_grid(drawn["samples"][:40], n_columns=10, zoom=3, quality=68)

# %% [markdown]
# These are the first 40, not the best 40. Most are clothing at first glance; look for the odd ones, such as row 3, column
# 4, half a shoe and half a bag. G is continuous: between its shoes and its bags it must draw something, and no real
# picture shows it what.

# %% [markdown]
# How high could the two measures go? Give them 1,000 real training pictures in place of fakes: on average, a perfect
# generator would do no better. (The reader learnt from these very pictures, which may flatter them.)

# %%
best = coverage.precision_recall(real_features, features.features_of(reader, pictures[:1_000]))
parts = drawn["precision"] / best[0], drawn["recall"] / best[1]
text = "shipped: precision and recall are over three quarters of what real pictures give"
claim(text, min(parts), above=0.75)

# %% tags=["nbval-ignore-output"] mystnb={"image": {"alt": "Three grids of sixteen garments: those of the lesson's own minute, with ragged edges; those of the shipped generator, with finer detail; and real photographs."}}
sides = {"your run": yours["samples"], "shipped": drawn["samples"][40:], "real": pictures}
viz.show_grids({name: x[:16] for name, x in sides.items()}, n_columns=4, zoom=3, quality=66)
for name, result in (("your run", yours), ("shipped", drawn)):
    print(f"{name:9} precision {result['precision']:.2f}  recall {result['recall']:.2f}")
print(f"{'real':9} precision {best[0]:.2f}  recall {best[1]:.2f}")

# %% [markdown]
# In the stored run the shipped weights are a little ahead in precision and far ahead in recall: what width, more steps,
# a smaller rate and a slower average bought together is, above all, variety. Which of the four bought it, this
# comparison cannot say. Real pictures do not reach 1 either: about one in eight lies in no ball, since a thousand balls
# leave gaps.

# %%
shares = drawn["shares"]
text = "the shipped generator draws all ten kinds, each in over 4 % of its samples"
claim(text, shares.min(), above=0.04)

# %% [markdown]
# And yours? **Predict,** from the real pictures at the top: which kind looks hardest to draw, and will be too rare?

# %% tags=["nbval-ignore-output"]
columns = {"your run": yours["shares"], "shipped": shares}
columns["held-out"] = features.answer_shares(reader, held_out)["kind"]
print("share of each kind, as the reader sees them:")
print(" " * 12 + "".join(f"{name:>10}" for name in columns))
for kind in range(10):
    print(f"{CLASS_NAMES[kind]:12}" + "".join(f"{part[kind]:10.0%}" for part in columns.values()))

# %% [markdown]
# In the stored run it is the sandal: 3 %, about a third of its share. Perhaps it is hard because it is thin, and comes
# in many forms. (The reader counts what it recognises: some smudged sandals may stand among the trainers.) The shirt is
# too frequent, with 16 %. The shipped generator draws sandals in 9 %.

# %% [markdown]
# ## Walking between two pictures
#
# What does G draw between two of its pictures? Walk and see. From one latent vector to another there are two ways. In
# 64 dimensions, vectors from a normal distribution almost all have length near 8: each of the 64 squared numbers is 1
# on average. The straight line between two of them cuts through the inside, where G was hardly ever trained. The other
# way stays on the sphere of radius 8. And any two of them stand nearly at a right angle, as in the drawing below: their
# dot product is a sum with mean 0 and standard deviation 8, and for parallel vectors it would be 64. So halfway the
# straight line has the length $8 / \sqrt 2 \approx 5.7$.

# %%
a, b = torch.randn(2, 1_000, 64, generator=torch.Generator().manual_seed(SEED))
ends, middle = a.norm(dim=1), ((a + b) / 2).norm(dim=1)
print(f"length of an end {ends.mean():.1f}, halfway {middle.mean():.1f}")

# %% mystnb={"image": {"alt": "A quarter of a circle around 0. From a to b lead an arc, and a straight chord whose middle lies nearer to 0 than the arc's."}}
_, (ax,) = viz.figure(4.2, 3.6)
angle = torch.linspace(0, torch.pi / 2, 50)
ax.plot(8 * angle.cos(), 8 * angle.sin(), color=viz.REAL, label="on the sphere")
ax.plot([8, 0], [0, 8], color=viz.FAKE, label="straight")
ax.scatter([32**0.5, 4], [32**0.5, 4], color=[viz.REAL, viz.FAKE], zorder=3)
ax.annotate("length 8", (5.9, 5.7), fontsize=10)
ax.annotate("5.7", (3.1, 3.3), fontsize=10)
for point, name in (((8.2, 0), "a"), ((0, 8.3), "b"), ((0.2, 0.2), "0")):
    ax.annotate(name, point, fontsize=12)
ax.plot([0, 8], [0, 0], color="0.8")
ax.plot([0, 0], [0, 8], color="0.8")
ax.set(xlim=(-0.5, 9.4), ylim=(-0.5, 9.4), aspect="equal")
ax.axis("off")
ax.legend(frameon=False, loc="upper right")
plt.show()

# %% [markdown]
# **Exercise 4. Stay on the sphere** (easy, 10 minutes: latent walks use it)
#
# Write `slerp(a, b, t)` for two vectors: with the angle $\omega$ between them,
# $\dfrac{\sin((1-t)\,\omega)}{\sin\omega}\,a + \dfrac{\sin(t\,\omega)}{\sin\omega}\,b$. Mind two vectors that are equal.


# %% tags=["exercise"]
def slerp(a, b, t):
    # your code
    ...


# hint("slerp", 1)
exercises.check_slerp(slerp)

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# def slerp(a, b, t):
#     cosine = (a * b).sum() / (a.norm() * b.norm())
#     angle = torch.acos(cosine.clamp(-1, 1))
#     if angle < 1e-4:
#         return (1 - t) * a + t * b
#     return (torch.sin((1 - t) * angle) * a + torch.sin(t * angle) * b) / torch.sin(angle)
# ```
#
# </details>

# %%
import math

solved = exercises.check_slerp(slerp).status == "passed"


def on_sphere(a, b, t):
    """Your slerp, once it passes; before, its rule at a right angle, which these pairs almost have."""
    if solved:
        return torch.as_tensor(slerp(a, b, t), dtype=a.dtype)
    return math.cos(t * math.pi / 2) * a + math.sin(t * math.pi / 2) * b


@torch.no_grad()
def draw_on_the_way(way, starts, ends, t):
    z = torch.stack([way(a, b, t) for a, b in zip(starts, ends, strict=True)])
    return shipped(z.to(runtime.device)).float().cpu()


# %% [markdown]
# Four walks on the sphere, of nine stations each, so the fifth is halfway. In some of them one kind turns into another.
# **Predict:** does it do so little by little or in a rush, and what lies halfway?

# %% tags=["nbval-ignore-output"] mystnb={"image": {"alt": "Four rows of nine pictures; in each row the garment on the left turns into the one on the right."}}
starts, ends = torch.randn(2, 4, 64, generator=torch.Generator().manual_seed(3))
stations = [draw_on_the_way(on_sphere, starts, ends, k / 8) for k in range(9)]
walks = {f"walk {k + 1}": walk for k, walk in enumerate(torch.stack(stations, 1))}
viz.show_rows(walks, zoom=3, quality=66, column_names=range(1, 10))

# %% [markdown]
# Within a kind, pictures change little by little (walk 1). From one kind to another it may happen within two stations,
# as around the middle of walk 2: half shirt, half bag. Walk 4 reaches its shoe through a blend of garment and shoe,
# just past halfway (stations 6 and 7); halfway it is still a garment. Walk 3 goes from a dress to trousers, and is
# there by station 4. None of this says whether G has copied training pictures; lesson 04 looks for copies.
#
# Now halfway between a thousand pairs, both ways. **Predict** what the straight line costs: precision, recall, or both?

# %% tags=["nbval-ignore-output"] mystnb={"image": {"alt": "Three rows of eight garments, halfway between the same pairs of latent vectors: on the sphere; on the straight line, where they are greyer and plainer; and the size of the difference, four times as bright, which covers the whole garment."}}
starts, ends = torch.randn(2, 1_000, 64, generator=torch.Generator().manual_seed(SEED + 5))
middles, recalls = {}, {}
for name, way in (("on the sphere", on_sphere), ("straight", torch.lerp)):
    middles[name] = draw_on_the_way(way, starts, ends, 0.5)
    found = features.features_of(reader, middles[name])
    precision, recalls[name] = coverage.precision_recall(real_features, found)
    print(f"halfway, {name:13} precision {precision:.2f}  recall {recalls[name]:.2f}")
print(f"a thousand other z     precision {drawn['precision']:.2f}  recall {drawn['recall']:.2f}")
shown = {name: x[:8] for name, x in middles.items()}
gap = (shown["straight"] - shown["on the sphere"]).abs()
viz.show_rows(shown | {"4 |difference|": (4 * gap).clamp(max=2) - 1}, zoom=4, quality=66)

# %% [markdown]
# The straight line costs recall. Its middle has, if anything, the better precision, though G was hardly trained there.
# A likely reason: nearer to the centre of latent space G draws what is usual. The fakes then lie close together, so
# their balls are small, and fewer reach an unusual real picture. Pair by pair the garments look the same: both middles
# point along $a + b$, and the straight one is merely shorter. To the eye the loss is small. The last row's even grey is
# a slight loss of brightness, its bright spots are changed details. Lesson 11 makes a tool of this trade-off:
# truncation.

# %%
text = "halfway: recall on the straight line, over that on the sphere"
claim(text, recalls["straight"] / recalls["on the sphere"], below=1)

# %% [markdown]
# ## What you built
#
# - A convolutional G and D whose every size you can compute, trained on real pictures.
# - Five parts whose effect you have seen, most by changing them: small first weights, BatchNorm and its mode, the
#   learning rate, $\beta_1$, the slow copy.
# - Three measures: precision, recall and the share of each kind.
#
# **Three questions**
#
# 1. A colleague's DCGAN has a precision of 0.6 and a recall of 0.03, and its garments are speckled. What do you look at?
# 2. The reader was trained on real pictures only. What could it say of a picture that is no clothing at all?
# 3. A generator that repeats 1,000 training pictures exactly: what precision and recall would it get?
#
# <details><summary>Answers</summary>
#
# 1. The first weights: with 0.2 instead of 0.02 the study's trainings looked like that. Adam's $\beta_1$ next; but with
#    0.9 precision was lower, too.
# 2. It has to answer one of ten kinds. A share of kinds alone can be fooled, which is why precision stands beside it,
#    though speckles get past that, too.
# 3. About those of the row `real` above, if it draws each of them once. Neither asks whether a sample is new; lesson 04
#    adds a measure that does.
#
# </details>
#
# ## What can go wrong
#
# | you see | look at |
# | --- | --- |
# | all samples alike | mode collapse; lesson 03 makes it on purpose |
# | a sample that changes with its neighbours | G in training mode |
# | good in training mode, noise in evaluation mode | running statistics never updated, or not copied into the slow copy |
# | a fine grid over everything | kernel and stride; `upsampling="resize"` (see Further) |
# | loss_D near 0 from the first steps | perhaps real pictures that are not in [-1, 1] |
#
# ## References
#
# - Radford, Metz, Chintala (2016). Unsupervised Representation Learning with Deep Convolutional Generative Adversarial
#   Networks. arXiv:1511.06434
# - Mirza, Osindero (2014). Conditional Generative Adversarial Nets. arXiv:1411.1784
# - Miyato, Koyama (2018). cGANs with Projection Discriminator. arXiv:1802.05637
# - Ioffe, Szegedy (2015). Batch Normalization. arXiv:1502.03167
# - Kingma, Ba (2015). Adam: A Method for Stochastic Optimization. arXiv:1412.6980
# - Odena, Dumoulin, Olah (2016). Deconvolution and Checkerboard Artifacts. Distill.
# - Kynkäänniemi et al. (2019). Improved Precision and Recall Metric for Assessing Generative Models. arXiv:1904.06991
# - Xiao, Rasul, Vollgraf (2017). Fashion-MNIST. arXiv:1708.07747

# %% [markdown]
# ## Further
#
# What follows is needed by no later lesson, and its parts do not need each other. How does one ask for a kind of
# picture? What still moves in the slow copy? Why may a preview mislead? What does a misplaced argument of BatchNorm do?
# And where does the checkered pattern of many generated pictures come from? (For the last it helps to have met a
# Fourier transform.)

# %% [markdown]
# ### A kind that you ask for
#
# Our G draws what chance wants. To ask it for a bag, both networks have to be told the kind $y$ (Mirza & Osindero
# 2014). G gets it as ten more numbers behind $z$, of which one is 1. D must not judge "is this real?" but "is this a
# real bag?": let $h(x)$ be the channels before D's last layer, each averaged over all places. To the score we had,
# $s_0(x)$, D adds how well $h(x)$ fits a vector $v_y$ learned for that kind (the **projection** of Miyato & Koyama
# 2018):
#
# $$s(x, y) = s_0(x) + v_y \cdot h(x)$$
#
# A G that draws good shoes when asked for a bag then loses, though each of its pictures looks real.


# %%
class ConditionalGenerator(nn.Module):
    def __init__(self, base_channels):
        super().__init__()
        self.G = DCGANGenerator(z_dim=64 + 10, base_channels=base_channels)

    def forward(self, z, y):
        return self.G(torch.cat([z, nn.functional.one_hot(y, 10).to(z.dtype)], 1))


class ProjectionDiscriminator(nn.Module):
    def __init__(self, base_channels):
        super().__init__()
        layers = DCGANDiscriminator(base_channels=base_channels).layers
        self.features, self.score = layers[:-1], layers[-1]
        self.v = nn.Embedding(10, 2 * base_channels)

    def forward(self, x, y):
        h = self.features(x)
        return self.score(h).flatten() + (self.v(y) * h.mean((2, 3))).sum(1)


# %% [markdown]
# The step is the one you know, with a kind beside every picture: that of the real picture, and for G any of the ten.
# (`descend` empties the gradients, goes backwards and steps; `autocast` computes in bfloat16 where that is fast. In
# `fast` there are 900 steps.) **Predict:** you ask for each kind 100 times. How often will the reader see the kind that
# was asked for, and for which kind least often?


# %%
from gan_course.training.optim import descend


def conditional_step(G, D, opt_G, opt_D, x, y, draws):
    z = torch.randn(2, len(x), 64, generator=draws, device=x.device)
    asked = torch.randint(10, (2, len(x)), generator=draws, device=x.device)
    with runtime.autocast():
        with torch.no_grad():
            fake = G(z[0], asked[0])
        scores = D(x, y).float(), D(fake, asked[0]).float()
    descend(d_logistic(*scores), opt_D)
    with freeze(D), runtime.autocast():
        score = D(G(z[1], asked[1]), asked[1]).float()
        descend(g_nonsaturating(score), opt_G)


# %% tags=["nbval-ignore-output"]
from gan_course.training.ema import make_ema

torch.manual_seed(SEED)
width = cfg.dcgan.base_channels // 2  # half as wide: a quarter of the time
G_y, D_y = runtime.place(ConditionalGenerator(width)), runtime.place(ProjectionDiscriminator(width))
averaged, draws = make_ema(G_y), runtime.generator(SEED)
optimizers = [torch.optim.Adam(net.parameters(), cfg.dcgan.lr, (0.5, 0.999)) for net in (G_y, D_y)]
for _ in range(cfg.n_steps_conditional):
    batch = torch.randint(len(pictures), (cfg.dcgan.batch_size,))
    x, y = to_float(pictures[batch]).to(runtime.device), kinds[batch].to(runtime.device)
    conditional_step(G_y, D_y, *optimizers, x, y, draws)
    update_ema(averaged, G_y, decay=cfg.dcgan.ema_decay)

# %%
with torch.no_grad():
    z = torch.randn(1_000, 64, generator=torch.Generator().manual_seed(SEED + 1)).to(runtime.device)
    asked = torch.arange(10).repeat_interleave(100)
    parts = zip(z.split(250), asked.to(runtime.device).split(250), strict=True)
    on_request = torch.cat([averaged(*part).float().cpu() for part in parts])
answers = features.read_answers(reader, on_request)["kind"]
read = (answers == asked).double().mean()
text = "how often the kind asked for is read, over the reader's own rate on real pictures"
claim(text, read / accuracy, above=0.8, needs_training=True)

# %% [markdown]
# In the table, "read" is how often the reader sees the kind that was asked for, and "if real" how often it does so on
# held-out real pictures of that kind. Precision and recall are of each kind by itself, from a hundred points, so do not
# compare them with those above; beside them stands, as "of real", the recall that a hundred real pictures get.

# %% tags=["nbval-ignore-output"] mystnb={"image": {"alt": "Ten columns of five pictures drawn on request, a column for each kind, from T-shirts to ankle boots; each column mostly shows its own kind, and some sandals are smudges."}}
viz.show_grids(
    {name: on_request[100 * kind : 100 * kind + 5] for kind, name in enumerate(CLASS_NAMES)},
    n_columns=1,
    zoom=3,
    quality=66,
)
found = features.features_of(reader, on_request)
named = features.read_answers(reader, held_out)["kind"]
heads = f"{'read':>6}{'if real':>9}{'precision':>11}{'recall':>8}{'of real':>9}"
print(f"{'':12}{heads}  else mostly")
for kind, name in enumerate(CLASS_NAMES):
    real = real_features[held_out_kinds == kind]
    precision, recall = coverage.precision_recall(real, found[asked == kind])
    others = features.features_of(reader, pictures[kinds == kind][:100])
    _, ceiling = coverage.precision_recall(real, others)
    share = (answers[asked == kind] == kind).double().mean()
    missed = answers[(asked == kind) & (answers != kind)].bincount(minlength=10)
    other = CLASS_NAMES[missed.argmax()] if missed.any() else "-"
    known = (named[held_out_kinds == kind] == kind).double().mean()
    cells = f"{share:6.0%}{known:9.0%}{precision:11.2f}{recall:8.2f}{ceiling:9.2f}"
    print(f"{name:12}{cells}  {other}")
print(f"{'all':12}{read:6.0%}{accuracy:9.0%}")

# %% [markdown]
# In the stored run the reader saw the kind that was asked for in 83 of 100 pictures, 0.96 of its rate on real ones.
# Trousers always, coats 60 times, shirts only 56. Of real coats it names 84 in a hundred, of real shirts 64: so the
# coats are G's failure, and the shirts mostly the reader's. (T-shirts it even names more often when drawn, 85, than
# when real, 73: presumably G draws the plain ones.) The last column says what it saw instead. Three of the five sandals
# are smudges, and yet it reads 84 of 100: it has to name one of ten kinds. And recall shows what asking does not buy:
# of bags it is 0.12, where a hundred real bags in place of the fakes get 0.90. This G, half as wide and shortly
# trained, draws the kinds, and of bags few forms.

# %% [markdown]
# ### What still moves in the slow copy
#
# In each step the copy's weights go a fiftieth of the way to G's, and yet its pictures moved a third as far. Two
# suspects: the gap between copy and G is longer than one of G's steps, so that a fiftieth of it is more than a fiftieth
# of a step; and the copy takes over BatchNorm's statistics whole, of which nearly a fifth is new at each step, since
# D's turn and G's turn each run G in training mode and replace a tenth of the running averages.
#
# To tell them apart, a third network takes the averaged weights at each step, too, but holds the statistics where they
# are. Let all three go on for another twenty steps.

# %% tags=["nbval-ignore-output"]
held = copy.deepcopy(training.step.G_ema)
watched["statistics held"] = held
moves, paths, last = {name: [] for name in watched}, {name: [] for name in watched}, {}


@torch.no_grad()
def hold_and_watch(n_done, rows):
    for still, slow in zip(held.parameters(), training.step.G_ema.parameters(), strict=True):
        still.copy_(slow)
    watch(n_done, rows)


n_more = training.step.n_done + 20
more = fit_resumable(training, n_steps=n_more, folder=None, hook=hold_and_watch, hook_every=1)
for name in ("G_ema", "statistics held"):
    print(f"G moves {sum(moves['G']) / sum(moves[name]):.1f} times as far as {name}")

# %% [markdown]
# These are a different twenty steps, so the ratio of `G_ema` differs: in the stored run 3.7, against 3.1 there. With
# its statistics held, the copy moves about a twelfth as far as G. So of the copy's movement about two thirds comes with
# the statistics, the second suspect.
#
# <details><summary>And the first suspect? An estimate</summary>
#
# Say that G moves by steps $s_k$ (of its weights, $k$ steps ago). At each step the copy closes a fiftieth of its gap to
# G, so of a step made $k$ steps ago the share $0.98^k$ is still open, and the gap is $s_0 + 0.98\, s_1 + 0.98^2 s_2 +
# \dots$ If the steps are equally long and point in unrelated directions (not quite: the weight drawn under *The slow
# copy* goes the same way for some steps), their squares add up: the gap is $\sqrt{1 + 0.98^2 + 0.98^4 + \dots} \approx
# 5$ steps long, and a fiftieth of it a tenth of a step. That is of weights; of pictures we found a twelfth. A likely
# reason for the rest: G's own pictures, by which we divide, move with its statistics besides its weights.
#
# </details>

# %% [markdown]
# ### A preview of a young network
#
# **Exercise 5. Experiment: how long does an average need?** (medium, 15 minutes: a preview from a young network may lie)
#
# The running averages of a new network begin at 0 and 1. Let a new G see 1 batch in training mode, or 50. Then draw the
# same latent vectors in both modes. How far apart are the pictures?
#
# 1. **Predict** first: after 50 batches, is the difference "lower", "higher", or is there "no clear difference"?
# 2. **Plan:** a new `DCGANGenerator(base_channels=16)` and new batches (32 latent vectors) for each run; no training.
#    What will you compare, over how many latent vectors?
# 3. **Run** both with three seeds: the mean absolute difference of the pictures, a number a run. A second or two.
# 4. **Read:** which conclusion follows?


# %% tags=["exercise"]
def run(n_batches, seed):
    # your code: the mean absolute difference between the two modes
    ...


running_average = {
    "prediction": ...,  # "lower", "no clear difference" or "higher"
    "figures": {1: ..., 50: ...},  # three numbers each
    "conclusion": ...,  # one of the same words
}
# hint("running_average", 1)
exercises.check_running_average(running_average)

# %% [markdown]
# <details><summary>Solution</summary>
#
# What we found; your figures will be others.
#
# ```python
# running_average = {
#     "prediction": "lower",
#     "figures": {1: [0.069, 0.086, 0.074], 50: [0.013, 0.015, 0.011]},
#     "conclusion": "lower",
# }
# ```
#
# The run behind it:
#
# ```python
# @torch.no_grad()
# def run(n_batches, seed):
#     torch.manual_seed(seed)
#     G = DCGANGenerator(base_channels=16).train()
#     for _ in range(n_batches):
#         G(torch.randn(32, G.z_dim))
#     z = torch.randn(64, G.z_dim)
#     in_training = copy.deepcopy(G)(z)  # a copy: this batch, too, would move the averages
#     return (in_training - G.eval()(z)).abs().mean().item()
#
#
# for n_batches in (1, 50):
#     print([round(run(n_batches, seed), 3) for seed in range(3)])
# ```
#
# With BatchNorm's `momentum` of 0.1 (not Adam's) the first value, 0 or 1, has the weight $0.9^n$ after $n$ batches:
# 0.35 after ten, 0.005 after fifty. A sample drawn in evaluation mode before that shows the first value, not the
# network. (And in a training the statistics move on, so the average always lags behind a little.)
#
# </details>

# %% [markdown]
# ### A slip in 22 files
#
# **Exercise 6. Debug: one number in the wrong place** (medium, 10 minutes: published in 22 files of one repository)
#
# The repository eriklindernoren/PyTorch-GAN ported `BatchNormalization(momentum=0.8)` from Keras to PyTorch as
# `nn.BatchNorm2d(n, 0.8)`. The second argument of PyTorch's layer is not the momentum, and PyTorch's momentum is not Keras'
# either: Keras keeps that share of the **old** average, PyTorch takes in that share of the **new** value. Write the layer
# that does what was meant.


# %% tags=["exercise"]
def make_norm(n):
    # your code
    ...


# hint("make_norm", 1)
exercises.check_make_norm(make_norm)

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# def make_norm(n):
#     return nn.BatchNorm2d(n, momentum=0.2)
# ```
#
# </details>
#
# What the bug does: the 0.8 lands in eps, which is added to the variance, so a channel with a small variance is no
# longer normalised.

# %%
quiet = 0.1 * torch.randn(64, 1, 16, 16)  # a channel with standard deviation 0.1
buggy, right = nn.BatchNorm2d(1, 0.8)(quiet).std(), nn.BatchNorm2d(1)(quiet).std()
print(f"BatchNorm brings a quiet channel to {right:.1f}; with eps = 0.8, to {buggy:.1f}")

# %% [markdown]
# ### Checkerboards
#
# Two pictures each from two new generators, enlarged, their contrast stretched: one with transposed convolutions, as
# ours; one that enlarges by nearest neighbour and then convolves. Is there a pattern in the first pair?

# %% mystnb={"image": {"alt": "Two pairs of pictures of 28 pixels, greatly enlarged: of the transposed generator, fine grain in which light and dark pixels alternate in many places; of the other, soft patches."}}
torch.manual_seed(SEED)
new = {
    name: DCGANGenerator(base_channels=64, upsampling=name)  # in training mode: see Exercise 5
    for name in ("transposed", "resize")
}
with torch.no_grad():
    raw = {name: net(torch.randn(64, 64))[:2] for name, net in new.items()}
stretched = {name: (x / (2 * x.std())).clamp(-1, 1) for name, x in raw.items()}
viz.show_grids(stretched, n_columns=2, zoom=6, quality=60)

# %% [markdown]
# The first pair is fine grain, and in many places light and dark pixels alternate as on a checkerboard: a pattern, or
# chance? If it is a pattern, where would it come from? A first suspect: a transposed convolution paints overlapping
# kernels. Count how often each pixel is painted: paint ones with a kernel of ones.


# %%
def paint_counts(kernel, stride=2):
    row, taps = torch.ones(1, 1, 6), torch.ones(1, 1, kernel)
    return nn.functional.conv_transpose1d(row, taps, stride=stride)[0, 0].int().tolist()


for kernel in (3, 4):
    print(f"kernel {kernel}, stride 2:", paint_counts(kernel))

# %% [markdown]
# **Exercise 7. Which kernels are even?** (easy, 5 minutes: predict, then test with `paint_counts`)
#
# At some kernel sizes some pixels are painted more often than their neighbours, as with 3. Which of the sizes 2, 3, 4, 5
# and 6 paint evenly at stride 2, away from the border? Give their set.

# %% tags=["exercise"]
even_kernels = ...
# hint("even_kernels", 1)
exercises.check_even_kernels(even_kernels)

# %% [markdown]
# <details><summary>Solution</summary>
#
# The stride has to divide the kernel.
#
# ```python
# even_kernels = {2, 4, 6}
# ```
#
# </details>

# %% [markdown]
# Even counts do not end the matter. With stride 2, neighbouring pixels are painted equally often, but by different
# **taps** (weights) of the kernel.
#
# Any picture is a sum of waves, and its power spectrum is a map of how strong each wave is. A point's place says how
# fast its wave alternates, across and down: in the middle hardly at all, at the rim with every pixel. Brightness is
# strength, on a log scale; the one black pixel in the middle stands for the mean, which was taken out. A regular
# pattern needs only a few waves, so it shows as a few bright dots. The next cell draws two examples. Upright stripes of
# period two are one dot at the left rim, halfway down. Slanted stripes, which come back every four pixels across and
# down, are two dots opposite each other: one wave is always such a pair. (Of the first pair one would lie on the right
# rim, which repeats the left one and is not drawn.)
#
# **Predict** which of these have dots: a new transposed generator, a new resize one, your trained G. (Real pictures,
# your slow copy and the shipped generator stand beside them; rings mark where a pattern of four pixels both ways would
# show.)


# %% mystnb={"image": {"alt": "Two pictures of stripes, each with its spectrum, black but for its dots. Upright stripes, each a pixel wide: one dot at the left rim, halfway down. Slanted stripes, wider: two dots, one up and left of the middle, one opposite."}}
@torch.no_grad()
def spectrum(images):
    images = images.float().cpu()
    power = torch.fft.fft2(images - images.mean((2, 3), keepdim=True)).abs().square().mean((0, 1))
    return torch.fft.fftshift(power / power.sum())


across = torch.arange(28.0).expand(28, 28)
examples = {"upright": torch.cos(torch.pi * across)}  # a period of 2 px across
examples["slanted"] = torch.cos(torch.pi / 2 * (across + across.T))  # 4 px across and down
_, axes = viz.figure(9.6, 2.6, n_axes=4)
for (ax, ax_power), (name, stripes) in zip((axes[:2], axes[2:]), examples.items(), strict=True):
    ax.imshow(stripes, cmap="gray")
    ax.set(title=f"{name} stripes", xticks=[], yticks=[])
    ax_power.imshow(spectrum(stripes[None, None]), cmap="magma")
    ax_power.set(title="their spectrum", ylim=(27.5, -0.5))
    ax_power.set_xticks([0, 7, 14], ["2 px", "4 px", "flat"])
    ax_power.set_yticks([0, 7, 14], ["2 px", "4 px", "flat"])
plt.show()


# %%
@torch.no_grad()
def new_generator_spectrum(upsampling):
    torch.manual_seed(SEED)
    nets = [DCGANGenerator(base_channels=16, upsampling=upsampling) for _ in range(8)]
    return torch.stack([spectrum(net(torch.randn(cfg.n_samples // 8, 64))) for net in nets]).mean(0)


spectra = {
    "transposed, new": new_generator_spectrum("transposed"),
    "resize, new": new_generator_spectrum("resize"),
}
spectra["real"] = spectrum(to_float(held_out))
for name, network in (("your G", training.step.G), ("your slow copy", training.step.G_ema)):
    spectra[name] = spectrum(measure(network.eval())["samples"])
training.step.G.train()
spectra["shipped"] = spectrum(drawn["samples"])

# %% tags=["nbval-ignore-output"] mystnb={"image": {"alt": "Six power spectra. Upper row: a new transposed generator, a lattice of isolated bright dots; a new resize one, none; real pictures, a smooth bright cross. Lower row: your trained G, the cross and faint dots; your slow copy and the shipped generator, the cross alone."}}
_, axes = plt.subplots(2, 3, figsize=(9.6, 6.8), dpi=viz.DPI, layout="constrained")
for ax, (name, power) in zip(axes.flat, spectra.items(), strict=True):
    ax.imshow(power.clamp(1e-7).log10(), vmin=-6, vmax=-1.5, cmap="magma")
    ax.set(title=name, xlabel="period across", ylabel="period down")
    ax.set(xlim=(-1.5, 27.5), ylim=(27.5, -1.5))
    ax.set_xticks([0, 7, 14], ["2 px", "4 px", "flat"])
    ax.set_yticks([0, 7, 14], ["2 px", "4 px", "flat"])
    ax.spines[["top", "right"]].set_visible(False)
for ax in axes[1]:
    ax.plot([7, 21, 7, 21], [7, 7, 21, 21], "o", mfc="none", mec="white", ms=12)
plt.show()

# %% [markdown]
# The new transposed generator has bright dots: before training its taps differ at random, so a pattern with a period of
# two pixels remains; the layer before leaves its own pattern of two, which the last layer's doubling turns into four.
# Enlarging first and then convolving uses the same taps everywhere: no dots. (Its soft blobs are another thing:
# enlarging by nearest neighbour weakens the fast waves, some of them to nothing.)
#
# In the stored run the trained G still has dots, faint ones: the brightest stand in two of the four rings, opposite
# each other: one wave of slanted stripes, as in the example. Most likely that is the fine grid inside its garments,
# above. The slow copy has lost them. A likely reason: from step to step the weights that make the grid change, and in
# their average over fifty steps it cancels.
#
# To put numbers on the lattice, compare the two dots of period two, at the ends of the axes, with the points next to
# them on the same axes; and the dots of period four on both diagonals with the points around them.


# %%
def lattice(power):  # at a place 14 means flat, 0 a period of 2 px, 7 and 21 one of 4 px
    dots = power[0, 14] + power[14, 0]
    neighbours = (power[1, 14] + power[2, 14] + power[14, 1] + power[14, 2]) / 2
    return (dots / neighbours).item()


def diagonal(power):
    dots = power[7, 7] + power[7, 21]  # both diagonals
    around = sum(power[6, k] + power[8, k] + power[7, k - 1] + power[7, k + 1] for k in (7, 21))
    return (4 * dots / around).item()


dots = {name: lattice(power) for name, power in spectra.items()}
claim(
    "the dots of a new transposed generator stand out more than tenfold",
    dots["transposed, new"],
    above=10,
)
others = max(dots["resize, new"], dots["shipped"])
claim("those of a new resize generator and of the shipped one, less than twofold", others, below=2)

# %% tags=["nbval-ignore-output"]
print(f"{'':17} on the axes  on the diagonal")
for name, power in spectra.items():
    print(f"{name:17} {dots[name]:11.1f} {diagonal(power):16.1f}")

# %% [markdown]
# So a new transposed generator has the pattern in both places, a thousand steps leave your G the diagonal one, and the
# shipped generator, a slow copy too, shows none. A resize generator does not have it in the first place. To see what
# resizing does to the two measures and, by your clock, to the time, run this in a new cell:
#
# ```python
# from dataclasses import replace
#
# other = build_dcgan(replace(cfg.dcgan, upsampling="resize"), pictures, seed=SEED, runtime=runtime)
# fit_resumable(other, n_steps=cfg.dcgan.n_steps, folder=None)
# print({name: value for name, value in measure(other.step.G_ema).items() if name in ("precision", "recall")})
# ```
#
# <details><summary>What we found</summary>
#
# In our run precision was 0.74 and recall 0.50, for 0.71 and 0.55 above, in the same time. That is one seed, and seeds
# differ by as much (the study above): no difference that counts. What resizing changes at this size is the grid.
#
# </details>
