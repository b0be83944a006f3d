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
# # 00 · Start here
#
# See what trained generators draw, find your way through the lessons, make sure that your machine is ready, and check what
# you bring.
#
# ![Two rows of four pictures. Above, photographs of a domed building, a ruin, a golden temple by the water and a fortress. Below, the same views painted: stone in ochre and violet under short strokes, every wall where it was.](images/00_start_here.jpg)
#
# | you will be able to | |
# | --- | --- |
# | say | what a GAN is for, and what you need to build one |
# | choose | your way through the course |
# | use | a lesson: its predictions, its claims, its exercises with their hints |
# | decide | whether to begin now, or to read something first |
# | needs | Python |
# | time | study 45 min; computing: 7 s on a newer processor, 7 s on an older one |
# | papers | Goodfellow et al. 2014 (GAN); Zhu et al. 2017 (CycleGAN); Karras et al. 2020 (StyleGAN2) |

# %% tags=["parameters"]
PROFILE = ""  # "" takes GAN_COURSE_PROFILE, else fast
SEED = 0

# %% tags=["imports"]
import torch

from gan_course import viz
from gan_course.lessons import claim, config_for
from gan_course.lessons.l00_start_here import exercises
from gan_course.lessons.l00_start_here.config import PROFILES
from gan_course.runtime import choose_runtime, seed_everything

hint = exercises.hint
cfg = config_for(PROFILES, PROFILE)
choose_runtime("cpu")
seed_everything(SEED)

# %% [markdown]
# ## What a GAN is for
#
# You have many pictures of one kind, and you want more of that kind. No formula says what makes a creature, a face or a
# map look right, so no loss can be written down for it. A generative adversarial network, a **GAN**, learns the loss as
# well. One network, the **generator**, draws. Another one, the **discriminator**, learns to tell its drawings from real
# pictures, and each learns from the other.
#
# Here is what comes of it. The next cell loads a generator that was trained with this course, gives it rows of random
# numbers, and shows what it draws. Hold Shift and press Enter on each grey cell from the first one down.

# %% mystnb={"image": {"alt": "Twenty-four drawn creatures in four rows, with eyes, mouths and horns, striped, dotted or checked, on grounds of many colours."}}
from gan_course.inference.generate import generate, latents, styles
from gan_course.weights.stylegans import load_stylegan

G = load_stylegan("stylegan-critters64")
z = latents(range(cfg.n_creatures), G.z_dim)  # seeds 0, 1, 2, ...: random numbers, a row for each
creatures = generate(G, styles(G, z))
viz.show_grid(creatures, n_columns=6, zoom=2)

# %% [markdown]
# Nobody drew these. The generator was trained on creatures of this kind, but it stores no pictures, only the weights of
# a network that turns a row of random numbers into one. Look closely, and you find slips, such as a horn that melts
# into the ground. Lesson 02 trains your first generator of pictures; lessons 09 to 12 lead to this one.
#
# A generator can also start from a picture. The next one has seen photographs of landmarks and paintings by Vincent van
# Gogh, but never the two of one place.

# %% tags=["best-picture"] mystnb={"image": {"alt": "Two rows of four pictures. Above, photographs of a domed building, a ruin, a golden temple by the water and a fortress. Below, the same views painted: stone in ochre and violet under short strokes, every wall where it was."}}
from gan_course.data.vangogh import load_photos, random_crops
from gan_course.inference.translate import translate_picture
from gan_course.weights.translators import load_translator

crops = random_crops(load_photos("test"), 7, size=cfg.photo_size, smallest=200, seed=3)
photos = crops[[1, 2, 5, 6][: cfg.n_photos]]  # four of seven parts, as different as can be
painter = load_translator("photo2vangogh")
painted = torch.stack([translate_picture(painter, photo) for photo in photos])
viz.show_rows({"photograph": photos, "painted": painted}, zoom=1, quality=80)

# %% [markdown]
# Everything is covered with short strokes in other colours, and walls stand where they stood. (For the manner of one painter
# a loss can be written down, roughly, and this generator was taught by such a fixed measure, without an opponent. Lesson
# 08 compares it with GANs, whose opponent has to find out by itself what to look for.) Lessons 05 to 08 build such
# translators, say what they can do, and show what they only seem to do.
#
# ## The map
#
# There are two roads through the course, and both begin with lessons 00 to 03. The minutes are for one reader who
# does the exercises; an arrow leads from a lesson to one that builds on it.

# %% mystnb={"image": {"alt": "A map of the lessons as boxes with their minutes. From 00 to 03 in a row. From 02 up to a red field, pictures from noise, with 04, 09, 11 and 12. From 03 down to a blue field, pictures from pictures, with 05 to 08. Lesson 10 stands between them, after 07 and before 11."}}
from gan_course.lessons.names import study_times

viz.show_course_map(study_times())

# %% tags=["nbval-ignore-output"]
minutes = sum(minutes for _, minutes in study_times().values())
print(f"all lessons together: {minutes / 60:.0f} hours of study")

# %% [markdown]
# If you want styles and creatures, take the upper road; it needs lesson 10, which can be read after 04 if you take its
# remarks on CycleGAN on trust. If you want to translate pictures, take the lower one. Lesson 04 builds the instruments
# that say how good a generator is, and most later lessons measure with them.
#
# ## Is your machine ready?
#
# The course runs on a laptop's processor and downloads nothing. `make doctor` says in a terminal what it finds; here is
# the short form.

# %% tags=["nbval-ignore-output"]
import contextlib
import io

from gan_course.cli import main

report = io.StringIO()
with contextlib.redirect_stdout(report):
    main(["doctor"])
found, _, missing = report.getvalue().partition("\nmissing")
for line in found.splitlines():
    if line.startswith(("runtime", "memory", "disk")):
        print(line)
print("missing  ", missing.strip())

# %% [markdown]
# The last line should say "nothing". If it names a package, `make lab` installs what is missing; if it names a file,
# that file has changed since you fetched the course, and `git checkout data` brings it back. A lesson needs up to 1.7 GB
# of memory. A GPU is used where a lesson gains from it, and none needs one.

# %% [markdown]
# ## How a lesson works
#
# **Predict, run, explain.** Before many cells you are asked what they will show. Say it, or better, write it down. A
# prediction that fails teaches more than a picture that was only looked at. Try one:
#
# A third network of this course is a GAN that has learnt to colour grey pictures of the Earth, as a satellite sees it. It
# has seen thousands of views like the following, and never anything else.

# %% mystnb={"image": {"alt": "Two rows of eight square views of the Earth from above, grey and in colour: blue sea, green and brown land, yellow desert, white snow."}}
from gan_course.data.domains import load_domain
from gan_course.data.pictures import to_grey

views = load_domain("earth-satellite", "train", n=8, seed=5)
viz.show_rows({"in grey": to_grey(views).expand(-1, 3, -1, -1), "in colour": views}, zoom=1.5)

# %% [markdown]
# **Predict:** what does it do with the photographs above, when they are grey? Where will it paint what?

# %% mystnb={"image": {"alt": "Two rows of four pictures. Above, the photographs in grey. Below, coloured: stone and sky in the brown of sand, plants and shaded walls in green, and blue patches in dark places: a gateway, windows, arches and a bush."}}
greys = to_grey(photos).expand(-1, 3, -1, -1).contiguous()
earth = load_translator("grey2colour")
coloured = torch.stack([translate_picture(earth, grey) for grey in greys])
viz.show_rows({"in grey": greys, "coloured": coloured}, zoom=1, quality=80)

# %% [markdown]
# It sees landscapes everywhere: pale stone and sky are desert, and much of what is darker becomes forest or water, in a
# gateway as in a bush. It is not being foolish. All that a network knows is its training set, and seen from space what is
# dark is mostly forest or water. Keep this picture in mind whenever a generated one looks convincing.
#
# **Claims.** A line that begins with CLAIM puts a sentence of the course to the test: what was measured just now,
# beside the bound that it has to keep. For instance, is a generator a function, or does it draw something new each
# time?

# %%
again = generate(G, styles(G, z))
claim("the same z gives the same creature: largest difference of a pixel",
      (again - creatures).abs().max(), below=1e-4)  # fmt: skip
apart = torch.cdist(creatures.flatten(1), creatures.flatten(1), p=1) / creatures[0].numel()
nearest = apart.fill_diagonal_(torch.inf).min()
claim("another z gives another creature: smallest mean difference of two",
      nearest, above=0.03)  # fmt: skip

# %% [markdown]
# Pixels run from -1 to 1. All chance lies in $z$ here: `generate` keeps everything else fixed, and the rest is a
# function. If a claim says False in your run, then a cell above was changed, skipped or run twice, or the sentence has
# too little room on your machine, because it rounds otherwise.
#
# **Exercises.** An exercise is a stub with a checker in one cell. Run the cell as it is, and the checker answers "not
# attempted yet". Put in an answer, run it again, and it answers "passed" or gives a reason. If you are stuck, take the
# `#` away from the line with `hint` and run the cell; a 2 in place of the 1 gives the second hint. The solution is
# folded below. Try the checker with a wrong answer first, to see what it says.

# %% [markdown]
# **Exercise 1. A picture in numbers** (easy, 3 minutes: it shows how exercises work)
#
# How many numbers does a colour picture of 64 x 64 pixels hold, such as one of the creatures above?

# %% tags=["exercise"]
n_numbers = ...
# hint("n_numbers", 1)
exercises.check_n_numbers(n_numbers)

# %% [markdown]
# <details><summary>Solution</summary>
#
# Each pixel holds three numbers, for red, green and blue: $3 \cdot 64 \cdot 64 = 12{,}288$. In PyTorch the picture is a
# tensor of the shape (3, 64, 64), and a batch of $N$ pictures is (N, 3, 64, 64). The generator made it from 64 numbers.
#
# ```python
# n_numbers = 12_288
# ```
#
# </details>

# %% [markdown]
# ## What you should know
#
# Four more exercises, for the four things that lesson 01 builds on. If one takes you more than twice its minutes, read
# what its solution names, and come back. Lesson 01 also speaks of densities and expectations, and begins with four short
# questions on them. You need to know nothing of GANs.
#
# **Tensors, mean and standard deviation.** A batch is a table with a row for each sample. To *standardise* it is to move
# and stretch each column until its mean is 0 and its standard deviation 1.

# %% [markdown]
# **Exercise 2. Standardise** (easy, 5 minutes: most norms of this course are this, over other axes)
#
# `x` is (N, D). Return a tensor of that shape in which each column has mean 0 and standard deviation 1. The standard
# deviation is the root of the plain mean of squares: divide by N, not by N - 1.


# %% tags=["exercise"]
def standardise(x):
    # your code
    ...


# hint("standardise", 1)
exercises.check_standardise(standardise)

# %% [markdown]
# <details><summary>Solution</summary>
#
# Axis 0 runs over the rows, so an average over it leaves one number for each column.
#
# ```python
# def standardise(x):
#     return (x - x.mean(0)) / x.std(0, correction=0)
# ```
#
# To read: "Tensors" in PyTorch's tutorial *Learn the Basics*; "Data Manipulation" and "Random Variables" in *Dive into
# Deep Learning* (d2l.ai).
#
# </details>

# %% [markdown]
# **Gradients by autograd.** PyTorch notes what is computed from a tensor that has `requires_grad`, and can then
# differentiate. Each network in this course learns that way.

# %% [markdown]
# **Exercise 3. Slopes** (medium, 8 minutes: lesson 01 asks a discriminator for its slope at points)
#
# `f` works on each entry of a tensor by itself, as `torch.sin` does. Return its derivative at every entry of `x`, in a
# tensor of the same shape. Do not set `requires_grad` on the caller's `x`.


# %% tags=["exercise"]
def slope(f, x):
    # your code
    ...


# hint("slope", 1)
exercises.check_slope(slope)

# %% [markdown]
# <details><summary>Solution</summary>
#
# `grad` differentiates one number, so take the sum over all entries: an entry of x affects only its own term.
#
# ```python
# def slope(f, x):
#     x = x.clone().requires_grad_()
#     (gradient,) = torch.autograd.grad(f(x).sum(), x)
#     return gradient
# ```
#
# To read: "Automatic Differentiation" in *Learn the Basics*, and the chapter of that name in *Dive into Deep Learning*.
#
# </details>

# %% [markdown]
# **A loss and an optimiser.** A loss says how wrong a network is, in one number. An optimiser moves each weight a little
# against the gradient of the loss.

# %% [markdown]
# **Exercise 4. One step down** (medium, 8 minutes: all training is this step, many times)
#
# `x` is (N, D), `y` is (N,), and the predictions are `x @ w` with weights `w` of the shape (D,). The loss is the mean of
# the squared errors. Return the weights after one step of gradient descent with learning rate `lr`; leave `w` as it is.


# %% tags=["exercise"]
def descend(w, x, y, lr):
    # your code
    ...


# hint("descend", 1)
exercises.check_descend(descend)

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# def descend(w, x, y, lr):
#     w = w.clone().requires_grad_()
#     loss = (x @ w - y).square().mean()
#     (gradient,) = torch.autograd.grad(loss, w)
#     return (w - lr * gradient).detach()
# ```
#
# To read: "Optimizing Model Parameters" in *Learn the Basics*; "Linear Regression Implementation from Scratch" in *Dive
# into Deep Learning*.
#
# </details>

# %% [markdown]
# The same with an optimiser, as all lessons write it. Points scatter about the line $y = 2x - 1$, and the model is told
# neither number. Read the three lines that end the loop: forget the old gradients, compute new ones, move.

# %%
x = torch.randn(cfg.n_points, 1)
y = 2 * x - 1 + 0.5 * torch.randn(cfg.n_points, 1)
model = torch.nn.Linear(1, 1)
optimizer = torch.optim.SGD(model.parameters(), cfg.lr)
for _ in range(cfg.n_steps_line):
    loss = (model(x) - y).square().mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
error = (model.weight - 2).abs().max()
claim("the slope is found from points alone: its error", error, below=0.25, needs_training=True)

# %% [markdown]
# A GAN trains with two such loops, one for each network, wound into each other.
#
# **Convolutions.** A convolution moves a small kernel over a picture and writes down one number at each place where it
# stops.

# %% [markdown]
# **Exercise 5. How large is it?** (easy, 5 minutes: pictures shrink and grow in every lesson from 02 on)
#
# A picture of `size` pixels a side gets `padding` more at each end. A kernel of `kernel` pixels begins at one end and
# moves `stride` pixels at a time, as long as it fits. How many places does it stop at, along one side?


# %% tags=["exercise"]
def conv_size(size, kernel, stride, padding):
    # your code
    ...


# hint("conv_size", 1)
exercises.check_conv_size(conv_size)

# %% [markdown]
# <details><summary>Solution</summary>
#
# The kernel can move by `size + 2 * padding - kernel` pixels. Count whole strides, and the place where it began.
#
# ```python
# def conv_size(size, kernel, stride, padding):
#     return (size + 2 * padding - kernel) // stride + 1
# ```
#
# To read: "Padding and Stride" in *Dive into Deep Learning*; for transposed convolutions too, Dumoulin and Visin (2016),
# whose pictures are worth a look.
#
# </details>

# %% [markdown]
# Is it PyTorch's rule? The discriminator of lesson 02 has layers like the second of these; the first keeps the size.

# %%
picture = torch.zeros(1, 3, 64, 64)
for kernel, stride, padding in ((3, 1, 1), (4, 2, 1), (7, 1, 0)):
    layer = torch.nn.Conv2d(3, 16, kernel, stride, padding)
    print(f"kernel {kernel}, stride {stride}, padding {padding}: {tuple(layer(picture).shape)}")

# %% [markdown]
# ## Go on
#
# - You know what a GAN is asked to do, and have seen that a generator knows no more than its training set.
# - You have a map, and a machine that can follow it.
# - You can read a CLAIM line, and ask a checker for a hint.
#
# If the five exercises went well, open `01_the_game.ipynb`. It plays the game between the two networks on a line, where
# you can see every move.
#
# ## What can go wrong
#
# | you see | do |
# | --- | --- |
# | `NameError` | a cell above was not run: *Run, Run All Above Selected Cell* |
# | a cell that seems to hang | trainings say how long they take; the list in docs/teaching.md has every wait of ten seconds and more |
# | a lesson takes too long on your machine | `make lab PROFILE=smoke`: every training takes seconds, and its pictures mean nothing |
# | you have changed a lesson and want the original | it is in `notebooks/`; delete your copy in `work/`, and `make lab` writes it again |
#
# ## References
#
# - Goodfellow et al. (2014). Generative Adversarial Networks. arXiv:1406.2661.
# - Zhu, Park, Isola, Efros (2017). Unpaired Image-to-Image Translation using Cycle-Consistent Adversarial Networks. arXiv:1703.10593.
# - Karras et al. (2020). Analyzing and Improving the Image Quality of StyleGAN. arXiv:1912.04958.
# - Dumoulin, Visin (2016). A guide to convolution arithmetic for deep learning. arXiv:1603.07285.
# - Zhang, Lipton, Li, Smola. Dive into Deep Learning. d2l.ai.
