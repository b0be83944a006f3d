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
# Train a network that draws clothing nobody photographed, and find out what several of its parts are for.
#
# ![Sixty-four small grey pictures drawn by the trained generator: shirts, trousers, dresses, coats, shoes and bags.](images/02_images.jpg)
#
# | you will be able to | |
# | --- | --- |
# | compute | the size of a picture at every layer of a generator and a discriminator |
# | explain | what the first weights, BatchNorm and the averaged weights each do |
# | train | a DCGAN on real pictures, in about a minute on a CPU |
# | measure | how many of the ten kinds of clothing a generator draws, and how well |
# | spot | pictures drawn in the wrong mode; a walk that loses variety; under "Further", checkerboards |
# | needs | lesson 01; convolutions; PyTorch modules |
# | time | study 85 min; computing: fast 84 s (bfloat16), fast 148 s (float32) |
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
# Fashion-MNIST holds small grey photographs of clothing, in ten kinds. The course ships 10,000 of them: 9,000 to
# learn from and 1,000 that no network here ever trains on. Each row below is one kind.

# %% mystnb={"image": {"alt": "Ten rows of small grey photographs of clothing, one row for each kind, from T-shirts to ankle boots."}}
from gan_course.data.fashion import CLASS_NAMES, load_fashion

pictures, kinds = load_fashion("train")
held_out, held_out_kinds = load_fashion("test")
rows = torch.cat([pictures[kinds == kind][:12] for kind in range(10)])
viz.show_grids({"": rows}, n_columns=12, zoom=2, quality=78, row_names=CLASS_NAMES)
print(tuple(pictures.shape), pictures.dtype, "·", tuple(held_out.shape))

# %% [markdown]
# A generator ends in tanh, so its pictures lie in [-1, 1]. The real ones must lie there too: were they in [0, 1], D
# could at first tell real from fake by the sign alone, and G would have to learn the range first.

# %%
from gan_course.data.batches import to_float

scaled = to_float(pictures[:256])
off = max(abs(scaled.min() + 1), abs(scaled.max() - 1))
claim("real pictures reach exactly from -1 to 1", off, below=1e-6)

# %% [markdown]
# ## From a vector to a picture
#
# A convolution with stride 2 halves a picture. A **transposed** convolution runs the same wiring backwards: each input
# pixel paints a whole kernel onto a larger canvas, `stride` pixels apart, and overlaps add up.

# %% mystnb={"image": {"alt": "A diagram. A square of two by two pixels, a to d, each of another colour. An arrow to a canvas of six by six, on which each pixel has a square of four by four of its colour; the squares overlap. A dashed square of four by four in the middle. An arrow to the output, these four by four pixels."}}
viz.show_transposed_convolution()

# %% [markdown]
# Kernel 4, stride 2: $b$ paints its sixteen pixels two to the right of $a$'s, and where they meet, the two are added.
# Padding means the opposite of what it means in a convolution: one pixel is cut off all round. A side of two pixels has
# become one of four.
#
# Our generator, after DCGAN's, is a stack of three. The first starts from a single pixel with 64 channels and has a kernel
# of 7; the other two have kernel 4, stride 2, padding 1. They give 128 channels, then 64, then the picture's one.
# **Predict** the side of the picture behind each layer before you run the cell. (Exercise 1 derives the rule.)

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
# Where BatchNorm follows, a bias would be pointless: the norm takes it out again. The discriminator is the mirror image:
# strided convolutions down to one number. That number is a raw score, with no sigmoid, because the losses of lesson 01
# take scores.

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
# The package has both for other sizes, too, and draws their first weights
G, D = DCGANGenerator(base_channels=64), DCGANDiscriminator(base_channels=64)
same = repr(G.layers) == repr(G_layers) and repr(D.layers) == repr(D_layers)
print("these are the package's layers, one by one:", same)
for name, network in (("G", G), ("D", D)):
    print(f"{name} has {sum(p.numel() for p in network.parameters()):,} parameters")
print("score of each picture:", tuple(D(G(torch.randn(2, 64))).shape))

# %% [markdown]
# The DCGAN paper found rules with which such a pair trains: strides instead of pooling, BatchNorm in every layer but
# G's last and D's first, ReLU in G and LeakyReLU in D, small first weights, Adam with $\beta_1 = 0.5$ and a rate of
# 0.0002. Our networks keep to them, but for a rate of 0.001 in the minute of `fast`. Below you test the first weights
# and the BatchNorm; the others you take on trust.

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
# ## The first weights
#
# The DCGAN paper draws convolution weights from a normal distribution with standard deviation 0.02. A well-known
# tutorial has 0.02 in its code and 0.2 in its comment. Does the slip matter? BatchNorm rescales every layer but the
# last, so the damage should sit in the last one: its sum grows tenfold, and tanh is flat there. **Predict:** which
# share of pixels will be stuck beyond 0.99?


# %%
@torch.no_grad()
def saturated_share(std, n_networks=8):
    stuck = 0.0
    for _ in range(n_networks):
        G = DCGANGenerator(base_channels=64)
        for module in G.modules():
            if isinstance(module, nn.ConvTranspose2d):
                module.weight.normal_(0.0, std)
        stuck += (G(torch.randn(32, 64)).abs() > 0.99).float().mean() / n_networks
    return stuck


stuck = {std: saturated_share(std) for std in (0.02, 0.2)}
claim("with 0.02 not one pixel in a thousand is stuck", stuck[0.02], below=1 / 1_000)
claim("with 0.2 more than one pixel in ten is", stuck[0.2], above=1 / 10)

# %% tags=["nbval-ignore-output"]
print("stuck beyond 0.99:", {std: f"{share:.0%}" for std, share in stuck.items()})

# %% [markdown]
# A stuck pixel passes on almost no gradient, so such a generator starts partly deaf. Our networks use 0.02, through
# `init_normal`.

# %%
from gan_course.models.layers import init_normal

layer = nn.Conv2d(64, 64, 4).apply(init_normal)
print(f"standard deviation of a new layer's weights: {layer.weight.std().item():.2f}")

# %% [markdown]
# ## BatchNorm has two lives
#
# In training, BatchNorm normalises each channel by the mean and variance of **this batch**, and updates a running
# average of both. In evaluation it uses the running average. **Predict:** draw the same latent vector twice in the company of different neighbours. In which mode
# does the picture change?

# %%
G = DCGANGenerator(base_channels=16).train()
z, crowd = torch.randn(1, 64), torch.randn(2, 15, 64)
with torch.no_grad():
    trained = [G(torch.cat([z, others]))[0] for others in crowd]
    G.eval()
    evaluated = [G(torch.cat([z, others]))[0] for others in crowd]
in_training, in_evaluation = ((a - b).abs().max() for a, b in (trained, evaluated))
claim("in training mode other neighbours change the picture of a z", in_training, above=1e-3)
claim("in evaluation mode they do not, but for rounding", in_evaluation, below=1e-5)

# %% [markdown]
# Both lives are needed: batch statistics keep training stable, and running statistics make a sample depend on its own
# latent vector alone. Most BatchNorm bugs are a mix-up of the two ("Further" has two that were published).

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
# ## The step
#
# In lesson 01 you mended both turns of the loop. Here they are for pictures. `step` holds networks and optimisers. Two
# things are new: G's turn draws new fakes, and `freeze` sees to it that inside no gradients are computed for the
# weights of that network. Find the place that keeps D's update from reaching G, and the place that keeps G's update
# from moving D.

# %%
from gan_course.training.losses import d_logistic, g_nonsaturating
from gan_course.training.optim import freeze


def draw_z(step, n):
    """n new latent vectors, from the step's own random numbers."""
    return torch.randn(n, 64, generator=step.generator, device=runtime.device)


def update_D(step, real):
    """Tell real from fake a little better."""
    with torch.no_grad():
        fake = step.G(draw_z(step, len(real)))
    loss_D = d_logistic(step.D(real), step.D(fake))
    step.opt_D.zero_grad()
    loss_D.backward()
    step.opt_D.step()


# %%
def update_G(step, n):
    """Make fakes that D takes for real a little more often."""
    with freeze(step.D):
        loss_G = g_nonsaturating(step.D(step.G(draw_z(step, n))))
        step.opt_G.zero_grad()
        loss_G.backward()
        step.opt_G.step()


# %% [markdown]
# <details><summary>Answer</summary>
#
# `torch.no_grad()` around the fakes in D's turn: G's weights stand still. (Not all of G does: it draws them in training
# mode, so its BatchNorm statistics move along.) In G's turn only `opt_G` steps, and `freeze(step.D)` spares D the
# gradients too: they pass through it to G, but are not computed for its own weights.
#
# </details>
#
# The package's step does the same, and lets a processor that can do so compute in bfloat16. Hold ours to it: two
# trainings from one seed, in full precision, one moved by our functions, one by the package's.

# %%
from gan_course.training.dcgan import build_dcgan

precise = choose_runtime("cpu", precision="float32")
ours, theirs = (build_dcgan(cfg.dcgan, pictures, seed=SEED, runtime=precise).step for _ in range(2))
real = to_float(pictures[: cfg.dcgan.batch_size])
update_D(ours, real)
update_G(ours, len(real))
theirs(real)
for name in ("D", "G"):
    pairs = zip(getattr(ours, name).parameters(), getattr(theirs, name).parameters(), strict=True)
    far = max((a - b).abs().max() for a, b in pairs)
    print(f"after a step, {name}'s weights differ by less than a millionth:", bool(far < 1e-6))

# %% [markdown]
# ## Train
#
# **Predict:** what will the first recognisable thing be, and what will take longest? A hook keeps a
# preview now and then, always from the same latent vectors.

# %% tags=["nbval-ignore-output"]
from gan_course.lessons.resumable import fit_resumable, lesson_folder

training = build_dcgan(cfg.dcgan, pictures, seed=SEED, runtime=runtime)
previews = {0: training.preview()[:9]}


def remember(n_done, rows):
    previews[n_done] = training.preview()[:9]


every = max(1, cfg.dcgan.n_steps // 4)
folder = lesson_folder(
    "02_images", PROFILE
)  # full only: an interrupted training goes on from there
rows = fit_resumable(
    training, n_steps=cfg.dcgan.n_steps, folder=folder, hook=remember, hook_every=every
)

# %% tags=["nbval-ignore-output"] mystnb={"image": {"alt": "Five small grids from left to right: flat grey, then blurred garment shapes that grow sharper and more varied with training."}}
viz.show_grids(
    {f"after {n} steps": images for n, images in list(previews.items())[:5]},
    n_columns=3,
    zoom=2,
    quality=78,
)

# %% [markdown]
# Outlines come first: a bright block in the middle of a dark frame. Sleeves and the low outline of shoes follow and
# sharpen; thin shapes are still in pieces at the end. Now the losses.

# %% tags=["nbval-ignore-output"] mystnb={"image": {"alt": "Two loss curves over training steps. The generator's starts high, drops at once and then sinks slowly towards the discriminator's, which wanders near 1 and ends a little above it."}}
from statistics import fmean

viz.show_losses(rows, smooth=20, title="the losses of the same training")
fifth = max(1, len(rows) // 5)
for part in (rows[k : k + fifth] for k in range(0, len(rows), fifth)):
    of_D, of_G = (fmean(row[name] for row in part) for name in ("loss_D", "loss_G"))
    span = f"steps {part[0]['step']:4} to {part[-1]['step']:4}"
    print(f"{span}: mean of D's loss {of_D:.2f}, of G's {of_G:.2f}")

# %% [markdown]
# At first D learns faster and G pays; then G catches up. In the stored run D's loss is lowest in the second fifth and
# rises again; G's sinks all the way. Both move towards what a D that says 1/2 would give, 1.39 and 0.69, and neither
# gets there. There is no mark at the steps in which blots turned into shoes. D's loss is low when D is ahead and
# high when G is, and neither value says by itself how good the pictures are. Lesson 04 is about what to measure instead.
#
# Here is a first taste. A small classifier that ships with the course reads each picture as 256 numbers. **Precision**
# asks which share of the fakes lies among real pictures in that space, and **recall** which share of the real ones lies
# among the fakes (Kynkäänniemi et al. 2019). What does "among" mean? Draw a ball around each real picture, as wide as the
# way to its third nearest real neighbour. A fake that lies in any of these balls counts for precision. Exchange the two
# sets, and you have recall.

# %%
from gan_course.evaluation import features, readers

reader = readers.load_reader("fashion")
accuracy = (features.read_answers(reader, held_out)["kind"] == held_out_kinds).double().mean()
real_features = features.features_of(reader, held_out)
claim(
    "the reader tells the kinds of held-out pictures apart, more than four in five",
    accuracy,
    above=0.8,
)

# %%
from gan_course.evaluation import coverage


@torch.no_grad()
def measure(G, n=1_000, seed=1):
    z = torch.randn(n, G.z_dim, generator=torch.Generator().manual_seed(seed)).to(runtime.device)
    samples = torch.cat([G(part) for part in z.split(250)]).float().cpu()
    precision, recall = coverage.precision_recall(
        real_features, features.features_of(reader, samples)
    )
    shares = features.answer_shares(reader, samples)["kind"]
    return {"samples": samples, "precision": precision, "recall": recall, "shares": shares}


untrained = measure(DCGANGenerator(base_channels=cfg.dcgan.base_channels).eval().to(runtime.device))
ours = measure(training.step.G_ema)
claim(
    "after the lesson's training most samples lie among the real pictures",
    ours["precision"],
    above=0.5,
    needs_training=True,
)

# %% tags=["nbval-ignore-output"]
for name, result in (("untrained", untrained), ("your run", ours)):
    print(f"{name:9} precision {result['precision']:.2f}  recall {result['recall']:.2f}")

# %% [markdown]
# So most samples count as real. Look at your grid again before you believe it: the reader forgives
# some of the haze and the ragged edges. A measure sees what its features see; lesson 04 finds out what that is.

# %% [markdown]
# ## The slow copy
#
# G never comes to rest: each step answers D's last move. So a second generator, `G_ema`, follows G slowly. Commonly it
# is the one that is looked at and shipped (the numbers of "your run" above are its, too). With $\theta$ for a weight of G and
# $\bar\theta$ for that of the copy, each step does
#
# $$\bar\theta \leftarrow \beta\,\bar\theta + (1 - \beta)\,\theta$$
#
# In `fast` $\beta$ is 0.98, a memory of about fifty steps. **Predict:** let training go on for twenty steps and look at the
# same latent vectors after each. How much further does G's picture move than the slow copy's? (A third network, to compare:
# averaged weights as well, but BatchNorm's statistics held where they are.)

# %% tags=["nbval-ignore-output"]
import copy

moves = {"G": [], "G_ema": [], "statistics held": []}
last = {}
held = copy.deepcopy(training.step.G_ema)  # takes the averaged weights, keeps its statistics


@torch.no_grad()
def watch(n_done, rows):
    for still, slow in zip(held.parameters(), training.step.G_ema.parameters(), strict=True):
        still.copy_(slow)
    watched = (training.step.G, training.step.G_ema, held)
    for name, network in zip(moves, watched, strict=True):
        was_training = network.training
        now = network.eval()(training.preview_input).float()
        network.train(was_training)
        if name in last:
            moves[name].append((now - last[name]).abs().mean().item())
        last[name] = now


n_more = training.step.n_done + 20
more = fit_resumable(training, n_steps=n_more, folder=None, hook=watch, hook_every=1)

# %% tags=["nbval-ignore-output"] mystnb={"image": {"alt": "Three curves over twenty steps: the pictures of the raw generator, of the averaged one, and of the averaged one whose BatchNorm statistics are held still; the raw one's change most per step."}}
_, (ax,) = viz.figure(7, 2.6)
for name, colour in zip(moves, (viz.FAKE, viz.REAL, viz.SCORE), strict=True):
    ax.plot(range(2, len(moves[name]) + 2), moves[name], label=name, color=colour)
ax.set(
    xlabel="further step", ylabel="mean change of a pixel", ylim=(0, None), xticks=range(2, 21, 2)
)
ax.legend(frameon=False)
plt.show()

# %%
ratio = sum(moves["G_ema"]) / sum(moves["G"])
claim(
    "the slow copy's pictures move under two thirds as far as G's",
    ratio,
    below=2 / 3,
    needs_training=True,
)
buffers = zip(training.step.G.buffers(), training.step.G_ema.buffers(), strict=True)
differ = sum(not torch.equal(a, b) for a, b in buffers)
claim("no BatchNorm statistic of the slow copy differs from G's", differ, below=1)

# %% tags=["nbval-ignore-output"]
print(f"the slow copy's pictures move {1 / ratio:.1f} times less far than G's")
alone = sum(moves["statistics held"]) / sum(moves["G"])
print(f"with its statistics held: {1 / alone:.1f} times less far")

# %% tags=["nbval-ignore-output"] mystnb={"image": {"alt": "Two grids of twenty-four garments of the same latent vectors: G's of the last step, and the slow copy's, which are alike but smoother."}}
with torch.no_grad():
    z = training.preview_input[:24]
    G_now = training.step.G
    was_training = G_now.training
    sides = {"G": G_now.eval()(z), "G_ema, the slow copy": training.step.G_ema(z)}
    G_now.train(was_training)
viz.show_grids(sides, n_columns=6, zoom=2.5, quality=78)
for name in ("G", "G_ema"):
    result = measure(getattr(training.step, name).eval())
    print(f"{name:6} precision {result['precision']:.2f}  recall {result['recall']:.2f}")
G_now.train(was_training)

# %% [markdown]
# The same latent vectors at the same moment: the two draw the same garments, and the slow copy's edges are calmer. Any one
# step of G may be a poor one; an average over many is not. The measures say so too: the copy has the higher precision, and
# the higher recall by a little.
#
# Two things move in the slow copy. Its weights go one fiftieth of the way to G's in each step, and since that way is
# several steps long, the pictures move less by a factor of about ten, not of fifty: the line "with its statistics held".
# And its BatchNorm statistics are copied from G, a tenth of them new at each step. That makes most of what is left to
# see: with the copied statistics the factor is only three or four.
#
# Why copy them? Running statistics are averages already. Left behind at their first values, 0 and 1, they would belong to
# an untrained network: the averaged weights would be fine and the pictures ruined.

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
# ## Where longer training ends
#
# The weights that ship with the course come from the same builder in the `full` profile: a wider G and D, a smaller
# learning rate, a slower average and twelve times the steps. Their card says how they were trained.

# %%
from gan_course.weights.cards import read_card

card = read_card("dcgan-fashion")
print(f"{card['steps']:,} steps on {card['data']}")
print("reproduce with:", card["command"])

# %% tags=["best-picture"] mystnb={"image": {"alt": "Sixty-four small grey pictures drawn by the trained generator: shirts, trousers, dresses, coats, shoes and bags."}}
from gan_course.weights.dcgan import load_dcgan

shipped = load_dcgan().to(runtime.device)
drawn = measure(shipped)
viz.show_grid(drawn["samples"][:64], n_columns=16, zoom=2.0, quality=82)

# %% [markdown]
# These are the first 64, not the best 64. Most are clothing at first glance; look for the odd ones, such as a shirt
# with one sleeve, or a shoe that is half a bag. Between two kinds there is a stretch of latent space with nothing real
# to imitate, and G, being continuous, has to cross it.

# %%
shares = drawn["shares"]
claim(
    "the shipped generator draws all ten kinds, each in over 4 % of its samples",
    shares.min(),
    above=0.04,
)
real_shares = features.answer_shares(reader, held_out)["kind"]
print("share of each kind, as the reader sees them:")
print(f"{'':12}{'drawn':>7}{'held-out':>10}")
for kind in range(10):
    print(f"{CLASS_NAMES[kind]:12}{shares[kind]:7.0%}{real_shares[kind]:10.0%}")

# %% [markdown]
# And beside one another: your run and the shipped one, by the same measure. What a perfect generator would reach is
# what a thousand real training pictures reach against the held-out ones.

# %%
best = coverage.precision_recall(real_features, features.features_of(reader, pictures[:1_000]))
parts = drawn["precision"] / best[0], drawn["recall"] / best[1]
claim(
    "shipped: precision and recall are over three quarters of what real pictures give",
    min(parts),
    above=0.75,
)

# %% tags=["nbval-ignore-output"] mystnb={"image": {"alt": "Two grids of sixty-four garments: those of the lesson's own minute, with ragged edges, and those of the shipped generator."}}
viz.show_grids(
    {"your run": ours["samples"][:64], "shipped": drawn["samples"][:64]},
    n_columns=8,
    zoom=2,
    quality=78,
)
for name, result in (("your run", ours), ("shipped", drawn)):
    print(f"{name:9} precision {result['precision']:.2f}  recall {result['recall']:.2f}")
print(f"{'real':9} precision {best[0]:.2f}  recall {best[1]:.2f}")

# %% [markdown]
# In the stored run the shipped weights are ahead in both, a little in precision and far in recall: what width, more
# steps, a smaller rate and a slower average bought together is, above all, variety. Real pictures are ahead of either.
# Lesson 04 builds these measures, and more, and looks at what each of them misses.
#
# ## Walking between two pictures
#
# If G had memorised its training pictures, a walk from one z to another would stand still for long and then change in a
# rush, everywhere. **Predict:** what lies halfway between a shoe and a shirt?
#
# There are two ways to walk. In 64 dimensions, vectors from a normal distribution almost all have length near 8, the
# square root of 64. The straight line between two of them cuts through the inside, where G was hardly ever trained. The
# other way stays on the sphere. **Predict** what the straight line costs: precision, recall, or both?

# %%
a, b = torch.randn(2, 1_000, 64, generator=torch.Generator().manual_seed(SEED))
ends, middle = a.norm(dim=1), ((a + b) / 2).norm(dim=1)
shorter = ends.mean() / middle.mean()
print(f"length of an end {ends.mean():.1f}, halfway {middle.mean():.1f}: {shorter:.2f} times less")

# %% [markdown]
# **Exercise 4. Stay on the sphere** (medium, 15 minutes: latent walks use it)
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


def halfway(bend, n=1_000):
    """Samples halfway between pairs of latent vectors, and their precision and recall."""
    ends = torch.randn(2, n, 64, generator=torch.Generator().manual_seed(SEED + 5))
    # slerp at a right angle, which independent vectors almost have, or the straight line
    z = (ends[0] + ends[1]) / (math.sqrt(2) if bend else 2)
    with torch.no_grad():
        samples = shipped(z.to(runtime.device)).float().cpu()
    found = features.features_of(reader, samples)
    return samples, coverage.precision_recall(real_features, found)


ways = {"on the sphere": halfway(bend=True), "straight": halfway(bend=False)}
text = "halfway on the straight line, recall is below that on the sphere: their ratio"
claim(text, ways["straight"][1][1] / ways["on the sphere"][1][1], below=1)

# %% tags=["nbval-ignore-output"] mystnb={"image": {"alt": "Two grids of four rows; in each row the garment on the left turns gradually into the one on the right, on the sphere and on the straight line. They look much alike."}}
for name, (_, (precision, recall)) in ways.items():
    print(f"halfway, {name:13} precision {precision:.2f}  recall {recall:.2f}")
print(f"ends                   precision {drawn['precision']:.2f}  recall {drawn['recall']:.2f}")
z = torch.randn(2, 4, 1, 64, generator=torch.Generator().manual_seed(3))
t = torch.linspace(0, 1, 8)[None, :, None]
angle = t * math.pi / 2
walks = {
    "on the sphere": angle.cos() * z[0] + angle.sin() * z[1],
    "straight": (1 - t) * z[0] + t * z[1],
}
with torch.no_grad():
    walks = {name: shipped(z.flatten(0, 1).to(runtime.device)) for name, z in walks.items()}
viz.show_grids(walks, n_columns=8, zoom=2, quality=78)

# %% [markdown]
# So the straight line is no disaster. Its middle has, if anything, the better precision: nearer to the centre of the
# latent space G draws what is usual. What is lost is variety, and the eye hardly sees that in a few rows. (Lesson 11
# makes a tool of this trade: truncation.)
#
# Between a shoe and a shirt lies no half-shoe for long: a row stays with one kind, and then with the other. Most rows
# change a little at every station. Where one kind becomes another the change can come in a rush, within a
# station or two: a continuous G has to cross somewhere, copies or not. So a smooth walk speaks against memorising, a
# rush does not prove it, and lesson 04 counts copies.

# %% [markdown]
# ## What you built
#
# - A convolutional G and D whose every size you can compute, trained on real pictures.
# - Three safeguards, and what each is for: small first weights, the right mode for BatchNorm, a slow copy.
# - Three measures beside the eye: precision, recall and the share of each kind.
#
# **Three questions**
#
# 1. D's BatchNorm sees real and fake batches one after the other. What would change if both went through in one batch?
# 2. The reader was trained on real pictures only. What could it say of a picture that is no clothing at all?
# 3. A generator that repeats 1,000 training pictures exactly: what precision and recall would it get?
#
# <details><summary>Answers</summary>
#
# 1. Apart, each batch is normalised by its own statistics, which hides from D much of a shift of mean or variance
#    between the two; in a joint batch D can use it, and every real picture's score depends on the fakes beside it.
# 2. It has to answer one of ten kinds. A share of kinds alone can be fooled, which is why precision stands beside it.
# 3. Those of the row `real` above, if it draws each of them once. Neither asks whether a sample is new; lesson 04 adds
#    a measure that does.
#
# </details>
#
# ## What can go wrong
#
# | you see | look at |
# | --- | --- |
# | all samples alike | mode collapse; lesson 03 makes it on purpose |
# | good in training mode, noise in evaluation mode | running statistics never updated, or not copied into the slow copy |
# | a fine grid over everything | kernel and stride; `upsampling="resize"` |
# | loss_D near 0 from the first steps | real pictures not in [-1, 1] |
#
# ## References
#
# - Radford, Metz, Chintala (2016). Unsupervised Representation Learning with Deep Convolutional Generative Adversarial
#   Networks. arXiv:1511.06434
# - Ioffe, Szegedy (2015). Batch Normalization. arXiv:1502.03167
# - Odena, Dumoulin, Olah (2016). Deconvolution and Checkerboard Artifacts. Distill.
# - Kynkäänniemi et al. (2019). Improved Precision and Recall Metric for Assessing Generative Models. arXiv:1904.06991
# - Xiao, Rasul, Vollgraf (2017). Fashion-MNIST. arXiv:1708.07747

# %% [markdown]
# ## Further
#
# What follows is needed by no later lesson: two ways in which BatchNorm's averages mislead, and where the chequered
# pattern of many generated pictures comes from.

# %% [markdown]
# ### A preview of a young network
#
# **Exercise 5. Experiment: how long does an average need?** (medium, 15 minutes: a preview from a young network may lie)
#
# The running averages of a new network are 0 and 1, whatever its layers give. How far are its pictures in evaluation
# mode from those of the same latent vectors in training mode, after 1 batch in training mode, and after 50?
#
# 1. **Predict** first: after 50 batches, is the difference "lower", "higher", or is there "no clear difference"?
# 2. **Plan:** a new `DCGANGenerator(base_channels=16)` and new batches (32 latent vectors) for each run; no training. What
#    will you compare, over how many latent vectors?
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
#     "figures": {1: [0.069, 0.086, 0.073], 50: [0.012, 0.013, 0.011]},
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
#     in_training = G(z)
#     return (in_training - G.eval()(z)).abs().mean().item()
#
#
# for n_batches in (1, 50):
#     print([round(run(n_batches, seed), 3) for seed in range(3)])
# ```
#
# With a momentum of 0.1 the first value has the weight $0.9^n$ after $n$ batches: 0.35 after ten, 0.005 after fifty. A
# sample drawn in evaluation mode before that shows the first value, not the network. (And in a training the statistics
# move on, so the average always lags behind a little.)
#
# </details>

# %% [markdown]
# ### A slip in 22 files
#
# **Exercise 6. Debug: one number in the wrong place** (medium, 10 minutes: published in 22 files of one repository)
#
# Someone ported `BatchNormalization(momentum=0.8)` from Keras to PyTorch as `nn.BatchNorm2d(n, 0.8)`. The second place
# of PyTorch's layer is not the momentum, and PyTorch's momentum is not Keras' either: Keras keeps that share of the
# **old** average, PyTorch takes in that share of the **new** value. Write the layer that does what was meant.


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
# What the bug does: eps is added to the variance, so a channel with a small variance is no longer normalised.

# %%
quiet = 0.1 * torch.randn(64, 1, 16, 16)  # a channel with standard deviation 0.1
buggy, right = nn.BatchNorm2d(1, 0.8)(quiet).std(), nn.BatchNorm2d(1)(quiet).std()
print(f"with the usual eps, BatchNorm brings a quiet channel to {right:.1f}")
claim("with eps = 0.8 a quiet channel stays below a fifth of that", buggy / right, below=1 / 5)

# %% [markdown]
# ### Checkerboards
#
# Look at one picture of a new generator, enlarged, its contrast stretched: of one with transposed convolutions, as ours,
# and of one that enlarges by nearest neighbour and then convolves.

# %% mystnb={"image": {"alt": "Two pictures of 28 pixels, greatly enlarged: of the transposed generator, a fine regular chequer over everything; of the other, soft patches."}}
torch.manual_seed(SEED)
new = {
    name: DCGANGenerator(base_channels=64, upsampling=name).eval()
    for name in ("transposed", "resize")
}
with torch.no_grad():
    raw = {name: net(torch.randn(2, 64)) for name, net in new.items()}
stretched = {name: (x / (2 * x.std())).clamp(-1, 1) for name, x in raw.items()}
viz.show_grids(stretched, n_columns=2, zoom=7, quality=78)

# %% [markdown]
# Where does the regular chequer of the first come from? A first suspect: a transposed convolution paints overlapping kernels. Count how often each
# pixel is painted: paint ones with a kernel of ones.


# %%
def paint_counts(kernel, stride=2):
    return (
        nn.functional.conv_transpose1d(
            torch.ones(1, 1, 6), torch.ones(1, 1, kernel), stride=stride
        )[0, 0]
        .int()
        .tolist()
    )


for kernel in (3, 4):
    print(f"kernel {kernel}, stride 2:", paint_counts(kernel))

# %% [markdown]
# **Exercise 7. Which kernels are even?** (easy, 5 minutes: predict, then test with `paint_counts`)
#
# At some kernel sizes some pixels are painted more often than their neighbours. Give the set of sizes from 2 to 6 that
# paint evenly at stride 2, away from the border.

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
# Even counts do not end the matter. With stride 2, neighbouring pixels are painted by different taps of the kernel,
# and before training these differ at random: a pattern with a period of two pixels remains, and from the layer below
# one of four. Enlarging first and then convolving uses the same taps everywhere. A power spectrum shows it: slow changes
# lie in the middle, a period of two pixels at the rim, and a regular pattern is an isolated bright dot (brightness is power,
# on a log scale). **Predict** which of these four has dots: a new transposed generator, a new resize one, the trained
# one, real pictures.


# %%
@torch.no_grad()
def spectrum(images):
    images = images.float().cpu()
    power = torch.fft.fft2(images - images.mean((2, 3), keepdim=True)).abs().square().mean((0, 1))
    return torch.fft.fftshift(power / power.sum())


@torch.no_grad()
def new_generator_spectrum(upsampling):
    torch.manual_seed(SEED)
    nets = [DCGANGenerator(base_channels=16, upsampling=upsampling) for _ in range(8)]
    return torch.stack([spectrum(net(torch.randn(cfg.n_samples // 8, 64))) for net in nets]).mean(0)


spectra = {
    "transposed, new": new_generator_spectrum("transposed"),
    "resize, new": new_generator_spectrum("resize"),
}
spectra |= {"shipped, trained": spectrum(drawn["samples"]), "real": spectrum(to_float(held_out))}

# %% mystnb={"image": {"alt": "Four power spectra: the new transposed generator shows a lattice of isolated bright dots; the resize one has none, and the trained one and real pictures show a smooth bright cross."}}
_, axes = viz.figure(9, 2.6, n_axes=4)
for ax, (name, power) in zip(axes, spectra.items(), strict=True):
    ax.imshow(power.clamp(1e-7).log10(), vmin=-6, vmax=-1.5, cmap="magma")
    ax.set(title=name, xticks=[0, 7, 14], xticklabels=["2 px", "4 px", "flat"])
    ax.set(
        yticks=[0, 7, 14],
        yticklabels=["2 px", "4 px", "flat"],
        xlim=(-1.5, 27.5),
        ylim=(27.5, -1.5),
    )
axes[0].set(ylabel="period")
plt.show()

# %% [markdown]
# The dot in the very middle is dark everywhere, because the mean brightness was taken out. To put a number on the
# lattice, compare the two dots of period two, at the ends of the axes, with the points next to them on the same axes.


# %%
def lattice(power):
    dots = power[0, 14] + power[14, 0]
    neighbours = (power[1, 14] + power[2, 14] + power[14, 1] + power[14, 2]) / 2
    return (dots / neighbours).item()


dots = {name: lattice(power) for name, power in spectra.items()}
claim(
    "the dots of a new transposed generator stand out more than tenfold",
    dots["transposed, new"],
    above=10,
)
others = max(dots["resize, new"], dots["shipped, trained"])
claim("those of a new resize generator and of the trained one, less than twofold", others, below=2)

# %% [markdown]
# The trained generator has unlearnt the pattern, because the pattern tells fakes from real pictures, and D could use it. Resizing saves G that labour. To see what it does to the time and the two measures, run this in a new cell:
#
# ```python
# from dataclasses import replace
#
# other = build_dcgan(replace(cfg.dcgan, upsampling="resize"), pictures, seed=SEED, runtime=runtime)
# fit_resumable(other, n_steps=cfg.dcgan.n_steps, folder=None)
# print({name: value for name, value in measure(other.step.G_ema).items() if name in ("precision", "recall")})
# ```
