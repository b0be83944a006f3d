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
# # 12 · Control
#
# Measure what a StyleGAN's styles control, on pictures whose every factor is known; steer it with labels and without;
# send a picture back into it; and repair it.
#
# ![Five rows of drawn creatures. The first row, the second row, and the first with the coarse, the middle and the fine styles of the second.](images/12_control.jpg)
#
# | you will be able to | |
# | --- | --- |
# | measure | which level of styles controls which factor, with a ceiling, a floor and intervals |
# | say | what "W is less entangled than Z" means, in two figures that can come out either way |
# | find | directions to edit along, with labels and (in "Further") without, and count what else they change |
# | invert | a picture, and tell a likeness from an understanding |
# | mend | ("Further") AdaIN's droplets, and a path-length penalty that was published without a graph |
# | needs | lessons 04 (the reader), 10 (AdaIN) and 11 (StyleGAN) |
# | time | study 85 min; computing: 77 s on a newer processor, 91 s on an older one |
# | papers | Karras et al. 2019 (StyleGAN); Karras et al. 2020 (StyleGAN2); Shen et al. 2020 and Shen & Zhou 2021 (directions); Abdal et al. 2019 (inversion) |

# %% tags=["parameters"]
PROFILE = ""  # "" takes GAN_COURSE_PROFILE, else fast
SEED = 0

# %% tags=["imports"]
import matplotlib.pyplot as plt
import torch

from gan_course import viz
from gan_course.lessons import claim, config_for
from gan_course.lessons.l12_control import exercises
from gan_course.lessons.l12_control.config import PROFILES
from gan_course.runtime import choose_runtime, seed_everything

hint = exercises.hint
cfg = config_for(PROFILES, PROFILE)
choose_runtime("cpu")
seed_everything(SEED)

# %% [markdown]
# ## Before you start
#
# 1. What does style mixing do in training, and why should it help here?
# 2. Two generators make the same pictures. Can one of them have the "better" $w$?
# 3. An AdaIN sets the spread of a channel of 64 x 64 pixels to 1. One pixel is 600 times as high as the others. What is
#    left of the others?
#
# <details><summary>Answers</summary>
#
# 1. A share of the pictures takes the first layers' styles from one $w$ and the rest from another, so no layer can
#    rely on its neighbours having the same $w$. Then a level can be exchanged; though training had
#    one border only, and a middle level has two.
# 2. Yes: put any invertible map before the synthesis network and its inverse into it. The pictures don't change, and
#    every straight line in $w$ becomes a curve. A loss that sees pictures only can't tell.
# 3. About a tenth (lesson 10, under "Further"): the spike has eaten the variance.
#
# </details>
#
# ## A sentence to judge, once more
#
# Style vectors, one often reads, "control the style of a picture, such as colour, texture and lighting". Lesson 10 judged
# that sentence for AdaIN by itself. The StyleGAN paper says more, and more exactly: what a style controls depends on
# its **resolution**: coarse (4 to 8 px) pose and the shape of the face, middle (16 to 32) smaller features and hair, fine
# (64 to 1024) the colour scheme and the microstructure. (It names lighting too, as one of the global effects.) It shows
# pictures. We have creatures whose seven factors are known, and a reader for all of them. So we can count. (The light is
# the same on every creature; for that we have cats.)

# %%
from gan_course.evaluation import readers
from gan_course.inference.generate import generate, latents, styles
from gan_course.weights import stylegans

G, reader = (
    stylegans.load_stylegan("stylegan-critters64"),
    readers.load_reader("critters").requires_grad_(False),
)
sides = [layer.resolution for layer in G.synthesis.layers]
print("layers:", sides, "· styles:", G.num_ws, "· z and w:", G.z_dim, G.synthesis.w_dim)
ws = styles(G, latents(range(cfg.n_swaps), G.z_dim))
others = styles(G, latents(range(100_000, 100_000 + cfg.n_swaps), G.z_dim))
pictures = generate(G, ws)

# %% [markdown]
# First, can the reader read at all? Ask it about held-out creatures whose factors we know, each drawn in its exact
# place. (On G's smudged ones it often wavers: we count that later.)

# %%
from gan_course.data.critters import FACTORS, load_critters
from gan_course.evaluation import features

real, factors = load_critters("test", n=300, resolution=64, seed=SEED)
known = features.read_answers(reader, real)
right = [(known[name] == factors[:, k]).double().mean().item() for k, name in enumerate(FACTORS)]
print("it knows every factor of at least 19 in 20 of them:", min(right) > 0.95)

# %% tags=["nbval-ignore-output"] mystnb={"image": {"alt": "Two rows of drawn creatures by the shipped StyleGAN2, in many shapes and colours."}}
n_shown = min(6, cfg.n_swaps // 2)
viz.show_rows(
    {
        f"seeds {k * n_shown} to {(k + 1) * n_shown - 1}": pictures[k * n_shown : (k + 1) * n_shown]
        for k in range(2)
    },
    zoom=2,
)

# %% [markdown]
# ## The control matrix
#
# Take the styles of one **level** from another creature, and leave the rest. How often does each factor change? The
# levels are fixed before we look, by resolution: coarse 4 to 8 px, middle 16, fine 32 to 64. (In the paper, at 1024 px,
# middle is 16 and 32 and fine is 64 and more. So the names go by order in the network, not by pixel.)
#
# Each layer has its own row of `ws`; we say **slot**, for tables and pictures have rows, too. And each resolution's
# ToRGB, which turns features into colours, takes the slot of the layer that comes next, as in the official code. The last
# ToRGB has a slot to itself.

# %% [markdown]
# **Exercise 1. Who shares a slot?** (easy, 5 minutes: so no cut between two levels is quite clean)
#
# The layers work at 4, 8, 8, 16, 16, 32, 32, 64 and 64 px. Number the slots from 0. Which one drives the ToRGB of each
# resolution?

# %% tags=["exercise"]
to_rgb = {"4 px": ..., "8 px": ..., "16 px": ..., "32 px": ..., "64 px": ...}
# hint("to_rgb", 1)
exercises.check_to_rgb(to_rgb)

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# to_rgb = {"4 px": 1, "8 px": 3, "16 px": 5, "32 px": 7, "64 px": 9}
# ```
#
# So the colours of 8 px hang on a slot that counts as middle, and those of 16 px on a fine one.
#
# </details>

# %%
from gan_course.inference.generate import style_resolutions

LEVELS = {"coarse": [0, 1, 2], "middle": [3, 4], "fine": [5, 6, 7, 8, 9]}
works_at = style_resolutions(G)
for name, numbers in LEVELS.items():
    print(f"{name:7} slots {numbers}, {sorted({works_at[k] for k in numbers})} px")


def swapped(numbers):
    """`ws` with some slots taken from `others`."""
    mixed = ws.clone()
    mixed[:, numbers] = others[:, numbers]
    return mixed


# %% tags=["best-picture", "nbval-ignore-output"] mystnb={"image": {"alt": "Five rows of drawn creatures. The first row, the second row, and the first with the coarse, the middle and the fine styles of the second."}}
made = {name: generate(G, swapped(numbers)) for name, numbers in LEVELS.items()}
n_shown = min(6, cfg.n_swaps)
rows = {"this one": pictures, "the other": generate(G, others[:n_shown])} | {
    f"{name} styles\nof the other": part for name, part in made.items()
}
viz.show_rows({name: part[:n_shown] for name, part in rows.items()}, zoom=2)

# %% [markdown]
# Look, and **predict**: how often does each of the seven factors (shape, texture, body colour, background, top, eyes,
# mouth) change with each level? Write a number for each of the 21 cells.
#
# A change can come from the swap or from elsewhere, so three anchors come first. The **ceiling**: exchange all styles.
# Even then some factors stay the same, by chance. A **floor**: keep all styles and draw new noise maps. A
# **yardstick**: move the same picture by one pixel, since that unsettles the reader (lesson 11, under "Further"). Under
# this move only the reader's answer changes, not the creature. So a swap that leaves a part untouched, to the pixel,
# can score lower than it. (And all these counts are of *one* network: another may have its own.)

# %% [markdown]
# **Exercise 2. By chance** (easy, 5 minutes: derive it; "it changed in 80 % of cases" means little without it)
#
# A factor's values have the shares $p_1, \dots, p_K$. Two pictures have nothing to do with each other. How often do
# they differ in the factor? `shares` is (K,), with a sum of 1.


# %% tags=["exercise"]
def chance(shares):
    # your code
    ...


# hint("chance", 1)
exercises.check_chance(chance)

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# def chance(shares):
#     return 1 - shares.square().sum()
# ```
#
# Both have value $k$ with probability $p_k^2$. For 14 equally common shapes that is $1 - 1/14 = 0.93$.
#
# </details>


# %%
def changed(images):
    """For each factor, the share of pictures whose answer is another than in `pictures`."""
    told = features.read_answers(reader, images)
    return torch.tensor([(told[name] != answers[name]).double().mean() for name in FACTORS])


answers = features.read_answers(reader, pictures)
with torch.no_grad():
    noisy = torch.cat([G.synthesis(part, noise="random").clamp(-1, 1) for part in ws.split(32)])
table = {"other noise": changed(noisy), "1 px to the right": changed(pictures.roll(1, dims=3))}
table |= {name: changed(part) for name, part in made.items()}
table["all styles"] = changed(generate(G, swapped(slice(None))))
shares = features.answer_shares(reader, pictures)
by_chance = torch.tensor([1 - shares[name].square().sum() for name in FACTORS])
off = (table["all styles"] - by_chance).abs().max()
text = "with all styles exchanged, each factor changes as often as by chance, to a tenth"
claim(text, off, below=0.1, needs_training=True)
names = [name.replace("_", " ") for name in FACTORS]
columns = [name.replace(" ", "\n").replace("background", "back-\nground") for name in names]

# %% [markdown]
# The ceiling is what arithmetic says: two creatures of two seeds. (The shares are those of G's own creatures. If G
# never draws a value, both numbers fall together: agreement doesn't show that G can draw everything.) Now intervals. A
# share of $n$ pictures is uncertain, and the usual $p \pm 1.96\sqrt{p(1-p)/n}$ says that a share of 0 is certain, which
# it never is. Wilson's interval asks instead which true shares make the counted one unsurprising:
#
# $$\frac{p + \frac{z^2}{2n} \pm z\sqrt{\frac{p(1-p)}{n} + \frac{z^2}{4n^2}}}{1 + \frac{z^2}{n}}, \qquad z = 1.96$$
#
# (Here $z$ is a number of the normal distribution: its middle 95 % lie between $-1.96$ and 1.96. It is no latent
# vector.)

# %% [markdown]
# **Exercise 3. Wilson's interval** (easy, 5 minutes: each share of the control matrix stands in one)
#
# Return the lower and the upper end, for any `z`.


# %% tags=["exercise"]
def interval(share, n, z=1.96):
    # your code
    ...


# hint("interval", 1)
exercises.check_interval(interval)

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# def interval(share, n, z=1.96):
#     middle = share + z**2 / (2 * n)
#     half = z * (share * (1 - share) / n + z**2 / (4 * n**2)) ** 0.5
#     return (middle - half) / (1 + z**2 / n), (middle + half) / (1 + z**2 / n)
# ```
#
# </details>
#
# The matrix, for comparison with your 21 numbers, and the intervals of its cells:

# %% tags=["nbval-ignore-output"] mystnb={"image": {"alt": "A table of six rows and seven factors: how often each factor changes with other noise, after a move by one pixel, with coarse, middle and fine styles exchanged, and with all styles exchanged."}}
from gan_course.evaluation import disentanglement


def ends(level, factor):
    """Wilson's interval of one cell of the table."""
    return disentanglement.interval(table[level][list(FACTORS).index(factor)].item(), cfg.n_swaps)


viz.show_heat_map(
    torch.stack(list(table.values())),
    list(table),
    columns,
    title=f"how often the answer changes ({cfg.n_swaps} creatures)",
)
print(f"{'':13}{'coarse':>14}{'middle':>14}{'fine':>14}   most at   coarse : fine")
for k, (factor, name) in enumerate(zip(FACTORS, names, strict=True)):
    cells = "".join("{:>8.2f}-{:.2f} ".format(*ends(level, factor)) for level in LEVELS)
    most = max(LEVELS, key=lambda level: table[level][k])
    ratio = (table["coarse"][k] / table["fine"][k].clamp_min(1e-9)).item()
    print(f"{name:13}{cells}   {most:9} " + (f"{ratio:5.1f}" if ratio <= 100 else " >100"))

# %% [markdown]
# What is claimed of it: the **shape** changes more often under a coarse swap than under a fine one, and at least one of
# the two **colours** the other way round, each with intervals that don't touch. (Either colour would do; the ground
# goes the shape's way. The swaps share their creatures, so separate intervals are stricter than needed.)

# %%
shape = ends("coarse", "shape")[0] - ends("fine", "shape")[1]
colour = max(
    ends("fine", name)[0] - ends("coarse", name)[1] for name in ("body_colour", "background")
)
claim("shape: the coarse interval lies above the fine one", shape, above=0, needs_training=True)
text = "body colour or background: the fine interval lies above the coarse one"
claim(text, colour, above=0, needs_training=True)

# %% [markdown]
# Read a column against its ceiling (the last row), its floor (the first) and the yardstick (the second). New noise
# changes next to nothing. A move by one pixel is another matter: it tips a quarter of the answers to texture, half of
# those to shape, and six in ten to top, eyes and mouth. A swap that moves a part a little may count for as much;
# several cells lie below it. And "changed" need not mean that the factor took the other's value: under the other's fine
# styles the cream grounds above turn grey; the others' are navy, green and purple.
#
# So read for now what each hangs on *most*; the next count asks how much of it is doubt. **Shape** is coarse first, and
# middle nearly as often; the ground behind is coarse; **texture** and **body colour** are fine. Top, eyes and mouth
# change with every level, and in some cells no more often than after the move.
#
# What becomes of the sentence? There is no one level called style. A factor can be decided only where the layers can
# draw it: 8 x 8 places hold a silhouette, and hardly a stripe. Not every factor goes as in the paper: the body's colour
# does; the ground's, a colour too, is coarse.

# %% [markdown]
# How much of the matrix is the reader's wavering? Count again, for each factor, only the creatures of which it was sure
# (0.9 or more) before the swap *and* after it, and count the move by one pixel in the same way. **Predict:** which
# cells of the shape's column come down, and which of the mouth's?


# %%
@torch.no_grad()
def likely(images):
    """Factor -> the reader's share for its likeliest answer, and that answer, (N,) each."""
    parts = [reader(part) for part in images.split(100)]
    return {name: torch.cat([part[name] for part in parts]).softmax(1).max(1) for name in FACTORS}


before_swap, where_sure = likely(pictures), {}
for level, images in ({"1 px to the right": pictures.roll(1, dims=3)} | made).items():
    after_swap = likely(images)
    for name in FACTORS:
        (sure, old), (still, now) = before_swap[name], after_swap[name]
        both = (sure >= 0.9) & (still >= 0.9)
        n_changed, n_sure = int((old != now)[both].sum()), max(int(both.sum()), 1)
        where_sure[level, name] = n_changed / n_sure, n_sure


# %% tags=["nbval-ignore-output"]
def in_per_cent(share, n):
    """A share and Wilson's interval, in per cent."""
    low, high = (100 * max(end, 0) for end in disentanglement.interval(share, n))
    return f"{100 * share:.0f} [{low:.0f}-{high:.0f}]"


compared = ["1 px to the right", *LEVELS]
print("changed, in %, of those of which the reader was sure before and after, the interval, and")
print("their number; in round brackets, of all")
print(f"{'':12}" + "".join(f"{level:>25}" for level in compared))
for k, (factor, name) in enumerate(zip(FACTORS, names, strict=True)):
    cells = [
        f"{in_per_cent(*where_sure[level, factor])} of {where_sure[level, factor][1]:3} "
        f"({100 * table[level][k]:.0f})"
        for level in compared
    ]
    print(f"{name:12}" + "".join(f"{cell:>25}" for cell in cells))

# %% [markdown]
# Read against the yardstick (even among the sure the move changes a fifth of the shapes and a third of tops and
# mouths), each factor hangs on these levels, in these weights:
#
# | factor | coarse | middle | fine |
# | --- | --- | --- | --- |
# | shape | yes | yes | no more than the yardstick: most of its cell was doubt |
# | texture | | some (18 % against the move's 8) | yes |
# | body colour | | | yes |
# | background | yes | | some (17 %) |
# | top | yes | yes | no more than the yardstick |
# | eyes | yes | yes | yes |
# | mouth | no more than the yardstick | perhaps: the intervals overlap | perhaps, the same |
#
# To count the sure is a choice, too: it leaves out those that a swap has spoilt.

# %% [markdown]
# ### And lighting?
#
# The sentence names lighting, too. The course's cats sit by daylight, or under a lamp at the left or at the right.
# `stylegan-cats64` learnt from them in a way of its own: G was **told** what to draw, eight values for a cat, its lamp
# among them, and D was told what had been asked for (lesson 02, *A kind that you ask for*). G reads them off the first
# eight numbers of $z$, so you draw from it as from any other. In this world every wish has a true picture. **Predict:** in
# which of body, fur, eyes, mouth and hat will G come near to it, and in which not?

# %% mystnb={"image": {"alt": "Two rows of eight painted cats. Above, those that were asked for; below, those that the generator drew: colours, grounds, shadows and eyes as asked; hats and scarves in their places, with softer edges; stripes and patches fainter."}}
from gan_course.data import cats

painter = stylegans.load_stylegan("stylegan-cats64")
cat_z = latents(range(500), painter.z_dim)
asked = painter.mapping.values(cat_z)
drawn = generate(painter, styles(painter, cat_z))
viz.show_rows({"asked for": cats.draw_cats(asked[:8]), "drawn by G": drawn[:8]}, zoom=2)

# %% tags=["nbval-ignore-output"]
cats_reader = readers.load_reader("cats")
seen, true = (features.read_answers(cats_reader, x) for x in (drawn, cats.draw_cats(asked)))
print("the feature network reads what was asked for:")
for k, name in enumerate(cats.FACTORS):
    shares = [(one[name] == asked[:, k]).double().mean() for one in (seen, true)]
    print(f"{name:11}{shares[0]:5.0%} of drawn cats, {shares[1]:4.0%} of true ones")

# %% [markdown]
# Colours, grounds and lamps come as asked, and nearly all eyes. Hats and scarves sit where they should, with soft
# edges: two in three are read as what they are. Stripes and patches are faint, and fewer than half of the furs are
# read; of the mouths, a few pixels each, a third (of true cats, 86 %).
#
# Now the light. Take six cats by day, and ask for the same six under a lamp: seven values of eight stay. Then give the
# first the styles of the second, a level at a time. **Predict:** which level moves the light?

# %% mystnb={"image": {"alt": "Five rows of six painted cats: by day; the same under a lamp, darker and with a shadow on the wall; by day with the coarse styles of the lamp, as by day; with the middle ones, the shadow and the dusk are there; with the fine ones, as by day."}}
by_day = cats.twin(asked[:6], "lamp", "day")
lit = torch.cat([cats.twin(by_day[:3], "lamp", "left"), cats.twin(by_day[3:], "lamp", "right")])
with torch.no_grad():
    cat_ws, lit_ws = (
        painter.mapping(cat_z[:6], values)[:, None].repeat(1, painter.num_ws, 1)
        for values in (by_day, lit)
    )
rows = {"by day": cat_ws, "under a lamp": lit_ws}
for level, numbers in LEVELS.items():
    mixed = cat_ws.clone()
    mixed[:, numbers] = lit_ws[:, numbers]
    rows[f"by day, {level} styles\nof the lamp"] = mixed
viz.show_rows({name: generate(painter, part) for name, part in rows.items()}, zoom=2)

# %% mystnb={"image": {"alt": "A table of five rows and eight factors of cats: how often each changes after a move by one pixel, and with the coarse, the middle, the fine and all styles exchanged. The lamp changes with the middle styles, and hardly with the others; the colour with the fine ones."}}
from gan_course.lessons.results import recorded

study = recorded("style_levels")["rows"]
counted = [row for row in study if row["weights"] == "stylegan-cats64"]
cat_factors = list(counted[0]["changed"])
broken = {"accessory": "acces-\nsory", "background": "back-\nground"}
cat_names = [broken.get(name, name) for name in cat_factors]
shares = [[row["changed"][name][0] for name in cat_factors] for row in counted]
title = f"the same count on {recorded('style_levels')['pairs']} cats, recorded"
viz.show_heat_map(torch.tensor(shares), [row["swap"] for row in counted], cat_names, title=title)

# %%
for weights in dict.fromkeys(row["weights"] for row in study if "lamp" in row["changed"]):
    lamp = {row["swap"]: row["changed"]["lamp"][0] for row in study if row["weights"] == weights}
    print(f"{weights}: lamp changes", ", ".join(f"{swap} {n:.0%}" for swap, n in lamp.items()))

# %% [markdown]
# The middle one: 65 % of the answers change, in 95 % intervals 60 to 70, as many as with all styles (66); under coarse
# and fine styles 0 and 2 % do. In the pictures the shadow and the dusk come with the middle styles, and the cat stays.
# So a style can control lighting. The colour hangs on the fine ones (84 %), as the critters' does.
#
# Had you said the coarse one, because the side of a shadow is a matter of large areas, or the fine one? Then look at the
# other lines: three networks that were told nothing, trained on the same cats and counted in the same way. In a narrower
# one the middle styles moved the lamp, too; in the others, as wide as this one, the fine ones did. Nothing in the world
# had changed; whether width, length, being told or chance decides, we cannot say. **A table belongs to one network.** Read
# the other columns with care, too: a move by one pixel alone changes nine in ten answers on the body.

# %% [markdown]
# The levels were fixed beforehand, so that nobody could move their borders afterwards. Now that the count is
# done, look closer: exchange a **single** slot at a time. **Predict:** do the slots of one level agree?

# %% tags=["nbval-ignore-output"] mystnb={"image": {"alt": "A table of ten slots and four factors: how often each factor changes when the style of a single slot is exchanged."}}
by_slot, some = {}, slice(min(128, cfg.n_swaps))
for k, side in enumerate(works_at):
    told = features.read_answers(reader, generate(G, swapped([k])[some]))
    by_slot[f"slot {k}, {side} px" if k < len(sides) else f"slot {k}, last ToRGB"] = torch.tensor(
        [(told[name] != answers[name][some]).double().mean() for name in FACTORS]
    )
viz.show_heat_map(
    torch.stack(list(by_slot.values()))[:, :4],
    list(by_slot),
    columns[:4],
    title=f"how often the answer changes: one slot ({some.stop} creatures)",
)

# %% [markdown]
# Slots of one level do not agree. Slot 2 alone changes the shape about as often as its whole level does, slot 0 in a
# third of that. "Fine" turns out to be two handles: texture sits mostly in the slots of 32 px, the body's colour in
# those of 64 px. The ground hangs on slots 1 and 2, and again on slot 5. Slots 1 and 5 drive a ToRGB each, but slot 2,
# which drives none, moves the ground most: ToRGBs are not the whole answer.
#
# Each factor shown has a slot that alone changes it in half of the cases or more; only for shape does one slot do as
# much as its whole level. The other slots still carry the old $w$, and may hold it back. (Mixing in training always
# changed all slots from some layer on, never one in the middle: single slots are the harder test.) Slot 7 drives the
# first layer of 64 px and the ToRGB of 32 px; which of the two sets the body's colour, this swap can't tell.

# %% [markdown]
# ## Reading a code
#
# "W is less entangled than Z" is often said and seldom checked. (Entangled: one direction changes several factors, or
# one factor bends through many.) One way to make it a number: give a **linear** reader the code, $z$ or $w$, and ask
# what is in the picture. If a factor lies along a straight direction, the reader finds it. The paper does this for
# faces with linear SVMs, classifiers that draw the plane with the widest margin ("separability"). Ours is plainer:
# least squares to one column per answer, the largest wins, and it is judged on codes that it was not fitted to.

# %% [markdown]
# **Exercise 4. A linear reader** (medium, 10 minutes: judged on its own training set, any code reads well)
#
# `codes` (N, d), `answers` (N,) whole numbers. Fit the first half, with a column of ones; return the share of right
# answers on the second half. `one_hot(answers)` and `torch.linalg.lstsq(X, Y).solution` help.


# %% tags=["exercise"]
from torch.nn.functional import one_hot


def readability(codes, answers):
    # your code
    ...


# hint("readability", 1)
exercises.check_readability(readability)

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# def readability(codes, answers):
#     half = len(codes) // 2
#     X = torch.cat([codes, torch.ones(len(codes), 1)], 1)
#     Y = one_hot(answers).to(X.dtype)
#     fit = torch.linalg.lstsq(X[:half], Y[:half]).solution
#     told = (X[half:] @ fit).argmax(1)
#     return (told == answers[half:]).double().mean().item()
# ```
#
# </details>
#
# **Predict:** by how many points will $w$ read better than $z$, on average over the factors? And here is a rival: $w$
# from a mapping network of the same shape that was **never trained**. Is it being a network that helps, or what was
# learnt?

# %%
from gan_course.models import stylegan


def by_hand(codes, answers):
    half = len(codes) // 2
    X = torch.cat([codes, torch.ones(len(codes), 1)], 1).double()
    fit = torch.linalg.lstsq(X[:half], one_hot(answers).double()[:half]).solution
    return ((X[half:] @ fit).argmax(1) == answers[half:]).double().mean().item()


z = latents(range(cfg.n_codes), G.z_dim)
w = styles(G, z)[:, 0]
torch.manual_seed(SEED)
fresh = stylegan.MappingNetwork(z_dim=G.z_dim, w_dim=w.shape[1], n_layers=len(G.mapping.layers))
with torch.no_grad():
    codes = {"z": z, "w, never trained": fresh(z), "w": w}
told = features.read_answers(reader, generate(G, styles(G, z)))
read = {name: torch.zeros(3, len(FACTORS)) for name in codes}
for seed in range(3):
    order = torch.randperm(len(z), generator=torch.Generator().manual_seed(SEED + seed))
    for name, code in codes.items():
        right = [by_hand(code[order], told[factor][order]) for factor in FACTORS]
        read[name][seed] = torch.tensor(right)

# %%
gap = (read["w"] - read["z"]).mean(1)
untrained = (read["w, never trained"] - read["z"]).mean(1)
text = "w reads better than z by more than ten points, mean of factors, in each of 3 splits"
claim(text, gap.min(), above=0.1, needs_training=True)
text = "a mapping that was never trained gains less than the trained one, in each split"
claim(text, (gap - untrained).min(), above=0, needs_training=True)

# %% tags=["nbval-ignore-output"] mystnb={"image": {"alt": "A table of four rows and seven factors: the share of right answers of a linear reader from z, from an untrained w and from w, and the share of the commonest answer."}}
commonest = torch.tensor([torch.bincount(told[factor]).max() / len(z) for factor in FACTORS])
rows = {f"from {name}": one.mean(0) for name, one in read.items()} | {
    "the commonest answer": commonest
}
viz.show_heat_map(
    torch.stack(list(rows.values())),
    list(rows),
    columns,
    title=f"how often a linear reader is right ({len(z) - len(z) // 2} codes, 3 splits)",
)
print("w over z, in points, for three splits:", [f"{100 * value:.1f}" for value in gap.tolist()])
print(
    "an untrained w over z:                ", [f"{100 * value:.1f}" for value in untrained.tolist()]
)

# %% [markdown]
# Why is this not automatic? Three things to hold on to.
#
# - **$w$ knows nothing that $z$ does not**: it is computed from $z$. Only the *form* can get better.
# - **No loss asks for it.** Question 2 above: D sees pictures. The paper's argument is indirect. $z$ has to fill a
#   sphere evenly; if some combinations are rare in the data, factors must bend in $z$ to avoid them. $w$ may have any
#   shape, and a generator is easier to learn from straight factors. It is pressure, not proof.
# - **Ours tests it in a hard case**: the critters' factors are independent and even, no combination is missing, so the
#   paper's own reason for bending does not apply. What may bend $z$ here is that 14 shapes or 8 colours have to share one
#   round sphere.
#
# Here $w$ gains about 20 points, and the untrained network *loses* 10 to 12 (why, we have not looked): it is what was
# learnt that helps. But mind the height of the figures, too. Texture and colours are read from $w$ in seven cases of
# ten; shapes in about a fifth, where the commonest would be right in an eighth. Less entangled is not untangled. (Part
# of the shortfall in shape is the reader's own wavering: its answer is the target here.)

# %% [markdown]
# ## The length of a path
#
# A second way: walk from one code to another, measure at a random place how fast the *picture* moves, and square that.
# A detour, through a creature that is in neither end, has to be covered in the same time, so the speed goes up.
# StyleGAN's perceptual path length (equations 2 and 3), despite its name, is a mean squared speed:
#
# $$\mathbb{E}\Big[\tfrac{1}{\epsilon^2}\, d\big(G(\mathrm{slerp}(z_1, z_2; t)),\ G(\mathrm{slerp}(z_1, z_2; t + \epsilon))\big)\Big]$$
#
# in Z, and the same with a straight line (lerp) in W. $t$ is drawn from [0, 1] ("full"), or is an end ("ends"; we take
# 0). Their $d$ is a squared distance in VGG16's features, and their $\epsilon$ is $10^{-4}$; ours uses the reader's
# features, with an $\epsilon$ of $10^{-2}$. **So no number below compares with a paper's**, only with its neighbours.

# %% [markdown]
# **Exercise 5. Along the sphere** (easy, 5 minutes: lesson 02's slerp, for many pairs at once, each at its own place)
#
# Our mapping normalises $z$, so a straight line would run the same arc, but slowly near the ends and fast in the
# middle. On the great circle the pace is even: with unit vectors $a$, $b$ and the angle $\theta$ between them,
#
# $$\mathrm{slerp}(a, b; t) = \frac{\sin((1 - t)\,\theta)\,a + \sin(t\,\theta)\,b}{\sin\theta}$$
#
# `a`, `b` are (N, d), of any length; `t` is (N,). Return unit vectors (N, d).


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
#     a, b = a / a.norm(dim=1, keepdim=True), b / b.norm(dim=1, keepdim=True)
#     angle, t = (a * b).sum(1, keepdim=True).acos(), t[:, None]
#     return (torch.sin((1 - t) * angle) * a + torch.sin(t * angle) * b) / torch.sin(angle)
# ```
#
# </details>

# %%
draw = torch.Generator().manual_seed(SEED)
n, epsilon = cfg.n_paths, 1e-2
first, second = z[:n], z[n : 2 * n]
share = {"full": torch.rand(n, generator=draw), "ends": torch.zeros(n)}


def from_z(z):
    return generate(G, styles(G, z))


def from_w(w):
    return generate(G, w[:, None].expand(-1, G.num_ws, -1))


def step(a, b, t):
    """How far the reader's features move, over epsilon, from t to t + epsilon between a and b."""
    here, there = (torch.lerp(a, b, at[:, None]) for at in (t, t + epsilon))
    return (reader.features(from_w(here)) - reader.features(from_w(there))).norm(dim=1) / epsilon


# %% [markdown]
# **Predict:** in which space does the picture move more slowly, and are the ends (near a real $z$ or $w$) any
# better than the middle?

# %%
how = {"features": reader.features, "epsilon": epsilon}
length = {}
for when, t in share.items():
    length[f"z, {when}"] = disentanglement.path_length(
        from_z, first, second, spherical=True, share=t, **how
    )
    length[f"w, {when}"] = disentanglement.path_length(
        from_w, w[:n], w[n : 2 * n], spherical=False, share=t, **how
    )
ours = step(w[:8], w[n : n + 8], share["full"][:8]).square()
same = torch.allclose(ours, length["w, full"][:8], rtol=0.01)
print("ours, squared, is the package's, to one per cent:", same)
geometric_mean = {name: values.log().mean().exp().item() for name, values in length.items()}
at_ends = geometric_mean["w, ends"] / geometric_mean["z, ends"]
text = "at the ends, squared speeds in w are under half of those in z, by the geometric mean"
claim(text, at_ends, below=0.5, needs_training=True)

# %% tags=["nbval-ignore-output"] mystnb={"image": {"alt": "Two rows of creatures: the walk from one to another through z along the sphere, and through w in a straight line."}}
print(f"squared speed, at {n} pairs: mean and geometric mean, with their standard errors")
for name, values in length.items():
    errors = f"{values.std() / n**0.5:5.0f}", f"{values.log().std() / n**0.5:.0%}"
    print(f"{name:8} mean {values.mean():6.0f} +- {errors[0]}", end="    ")
    print(f"geometric mean {geometric_mean[name]:5.0f} +- {errors[1]}")
steps, ones = torch.linspace(0, 1, 6), torch.ones(6, 1)
ratio = length["z, full"] / length["w, full"]
pair = ratio.argsort()[n // 2].item()  # neither the best for W nor the worst
walks = {
    "through z": from_z(disentanglement.slerp(first[pair] * ones, second[pair] * ones, steps)),
    "through w": from_w(torch.lerp(w[pair] * ones, w[n + pair] * ones, steps[:, None])),
}
viz.show_rows(walks, zoom=2)

# %% [markdown]
# At the ends $w$ is clearly smoother, over the whole path only a little. Mind the mean: it rests on a few steps across
# a border (a horn that appears), which are worth hundreds of smooth ones. (The official code leaves out the lowest and
# the highest 1 % for that reason.) The geometric mean asks by which *factor* speeds differ, and no single step can
# carry it away.
#
# On the great circle between two random points, every point is as random as the ends. So both rows of $z$ estimate the
# same number, and they differ by a factor of 1.25, by chance. $w$ is lower than $z$ in its own row by a factor of 1.4
# over the whole path, and of 2.7 at the ends; only the second is far beyond what chance did here. (These are squared
# speeds; of the speeds themselves, 1.2 and 1.6.) In $w$ the ends are, by the geometric mean, the slower part: perhaps
# because a straight line between two points of W leads through places where no $w$ comes from any $z$. The walk drawn
# is that of the pair with the median ratio.
#
# In the paper (Table 3), over the full path, W is the smoother one only *if* there is noise: 446.2 without it and 200.5
# with it, beside 412.0 for the Z of a traditional generator. And mixing, which helps control, made the paths longer again
# (234.0). Their Z and W are of two generators; ours are of one.

# %% [markdown]
# ## Directions
#
# If a factor lies along a line, walk along it. **With labels** there are two natural lines. The **normal** of the plane
# that best tells codes with the wanted value from those without (Shen et al. 2020, with an SVM; here by least squares,
# with a small ridge, a penalty on long weights). And the **difference of means**: from the middle of those without to
# the middle of those with. Say that you want *this* creature green, and nothing else about it changed. **Predict:**
# going equally far along both, which one brings the wanted value sooner, and which at the lower price in everything
# else?


# %%
def normal_of(codes, wanted, ridge=1e-2):
    """Where a linear fit to 0 and 1 rises, of length 1."""
    X, y = (codes - codes.mean(0)).double(), wanted.double() - wanted.double().mean()
    held = (ridge * len(X) * X.square().mean()).sqrt() * torch.eye(X.shape[1])
    X, y = torch.cat([X, held]), torch.cat([y, torch.zeros(len(held))])  # asks for weights of 0
    slope = torch.linalg.lstsq(X, y[:, None]).solution[:, 0]
    return (slope / slope.norm()).float()


def between_means(codes, wanted):
    """From the mean of those without to the mean of those with, of length 1."""
    way = codes[wanted].mean(0) - codes[~wanted].mean(0)
    return way / way.norm()


centre, size_of_w = w.mean(0), (w - w.mean(0)).square().mean().sqrt()
asked = ("shape", "texture", "body_colour", "background")
wished = {(factor, k): told[factor] == k for factor in asked for k in range(len(FACTORS[factor]))}
wished = {key: wanted for key, wanted in wished.items() if 0.03 * len(z) <= wanted.sum() < len(z)}
ways = {
    "normal": {key: disentanglement.labelled_direction(w, wanted) for key, wanted in wished.items()}
}
ways["means"] = {key: between_means(w, wanted) for key, wanted in wished.items()}
alike = min(ways["normal"][key] @ normal_of(w, wanted) for key, wanted in wished.items())
print("the package's normals are ours, to a cosine of 0.999:", bool(alike > 0.999))

# %% [markdown]
# Go four steps. A step is the root mean square of the 64 numbers by which a $w$ differs from the centre, so that a
# typical $w$ lies about $\sqrt{64} = 8$ steps from it. Count two things over new creatures: how often the **wanted**
# value is there afterwards, and how often each **other** factor has changed. And walk as far in a **random** direction,
# because a walk of that length changes something anyway.


# %%
def edit(ws, direction, steps=4.0, numbers=slice(None)):
    """Styles moved along a direction by so many standard deviations of w, in some slots of `ws`."""
    moved = ws.clone()
    moved[:, numbers] += steps * size_of_w * direction
    return moved


def outcome(key, edited):
    """Share with the wanted value after an edit; mean share of changed answers to the others."""
    after = features.read_answers(reader, generate(G, edited))
    moved = disentanglement.changed_shares(before, after)
    rest = [moved[name] for name in FACTORS if name != key[0]]
    return (after[key[0]] == key[1]).double().mean().item(), sum(rest) / len(rest)


new = styles(G, latents(range(200_000, 200_000 + cfg.n_edits), G.z_dim))
before = features.read_answers(reader, generate(G, new))
drawn = {key: torch.randn(w.shape[1], generator=draw) for key in wished}
ways["random"] = {key: torch.nn.functional.normalize(one, dim=0) for key, one in drawn.items()}
hit = {
    (kind, key): outcome(key, edit(new, one[key])) for kind, one in ways.items() for key in wished
}
colours = [key for key in wished if key[0] in ("body_colour", "background")]


# %%
def mean_of(kind, keys):
    """Mean over keys of both parts of the outcome."""
    return torch.tensor([hit[kind, key] for key in keys]).mean(0)


wanted = {kind: mean_of(kind, colours)[0].item() for kind in ways}
lead = wanted["means"] - max(wanted["normal"], wanted["random"])
text = "colours arrive more often along the difference of means than along the normal or at random"
claim(text, lead, above=0, needs_training=True)

# %% tags=["nbval-ignore-output"]
kinds = (*ways, "normal, 8 steps")
twice = {key: outcome(key, edit(new, way, 8)) for key, way in ways["normal"].items()}
hit |= {("normal, 8 steps", key): pair for key, pair in twice.items()}
print(f"in %, {cfg.n_edits} creatures towards each value: wanted [interval] / others changed")
heads = "".join(f"{kind:>18}" for kind in kinds)
print(f"{'':12}{'values':>6}{'before':>8}{heads}{'1 px: others':>14}")
by_a_pixel = dict(zip(FACTORS, table["1 px to the right"].tolist(), strict=True))
for factor in asked:
    keys = [key for key in wished if key[0] == factor]
    if keys:
        was = sum((before[factor] == k).double().mean().item() for _, k in keys) / len(keys)
        outcomes = [mean_of(kind, keys).tolist() for kind in kinds]
        cells = [f"{in_per_cent(a, cfg.n_edits * len(keys))} / {100 * b:.0f}" for a, b in outcomes]
        row = f"{factor.replace('_', ' '):12}{len(keys):6}{100 * was:8.0f}"
        doubt = sum(share for name, share in by_a_pixel.items() if name != factor) / 6
        print(row + "".join(f"{cell:>18}" for cell in cells) + f"{100 * doubt:14.0f}")
print("how far w itself varies along these lines, in steps:")
for kind, one in ways.items():
    spread = [((w - centre) @ way).std() / size_of_w for way in one.values()]
    print(f"{kind:8} {torch.stack(spread).mean():.1f}")

# %% [markdown]
# Equal steps are not equal walks. Along the means $w$ itself varies by more than four steps, along the normal by half
# of one. The normal is the best line to **read** along: least squares looks for the line that follows the answers most
# closely. In a formula, with $\Sigma$ for the covariance of the codes (and no ridge), normal $\propto \Sigma^{-1}$
# (difference of means): along a line in which the codes hardly spread, a small difference tells much, so the normal
# leans into directions in which hardly a $w$ goes. The difference of means stays among the codes, and takes along
# whatever goes together in $w$.
#
# At four steps (the claim's) the means bring colours more often, above all the body's, and change much more of the rest
# in every row. At eight steps, when it changes about as much of the rest, the normal is ahead in all but the body's
# colour. (The intervals take all edits as independent.) Now the last column: a move by one pixel alone changes about as
# many of the other answers as four steps along the normal, or a random walk (but for texture: 40 against 52 and 46). So
# nearly all that these two seem to change may be doubt; what the means change is not. And neither line is a good
# editor: the wanted shape comes hardly ever, the other values in a fifth to a half of the cases.
#
# The matrix suggests a remedy: move only the slots of the level that changes the factor most. We try it along the
# means, whose steps stay where $w$ lives.


# %%
def best_level(factor):
    """The level whose swap changes a factor most often."""
    return max(LEVELS, key=lambda level: table[level][list(FACTORS).index(factor)])


for name, kind in (("own level", "means"), ("random, own level", "random")):
    for key in colours:
        numbers = LEVELS[best_level(key[0])]
        hit[name, key] = outcome(key, edit(new, ways[kind][key], numbers=numbers))
everywhere, at_home = mean_of("means", colours), mean_of("own level", colours)
text = "colours edited at their own level alone change less of everything else"
claim(text, everywhere[1] - at_home[1], above=0, needs_training=True)

# %% tags=["nbval-ignore-output"] mystnb={"image": {"alt": "Four rows of five creatures, walked by zero to eight steps. Towards a green body at all levels: it turns yellow, then green, the stripes fade, the outline loses its notch, and the ground turns green. At its own level alone the notch and the purple ground stay. Towards a maroon ground at all levels: it is maroon after two steps, and the body turns square, without stripes, with two horns. At its own level alone it turns square, too, and keeps stripes and top."}}
print(f"in %, {len(colours)} colours: wanted [interval] / others changed")
for name, (share, rest) in {
    "means, all levels": everywhere,
    "means, own level": at_home,
    "random, own level": mean_of("random, own level", colours),
}.items():
    share = in_per_cent(share.item(), cfg.n_edits * len(colours))
    print(f"{name:18} {share} / {100 * rest:.0f}")

rows = {}
for factor in ("body_colour", "background"):
    key = max((key for key in colours if key[0] == factor), key=lambda key: hit["means", key][0])
    value = FACTORS[factor][key[1]]
    for levels, numbers in (("all", slice(None)), ("its own", LEVELS[best_level(factor)])):
        walk = [edit(new[:1], ways["means"][key], steps, numbers) for steps in (0, 2, 4, 6, 8)]
        name = f"{factor.replace('_', ' ')}: {value},\n{levels} level{'s' * (levels == 'all')}"
        rows[name] = generate(G, torch.cat(walk))
viz.show_rows(rows, zoom=2, quality=66)

# %% [markdown]
# At its own level alone the wanted colour arrives as often, and little more than half as much else changes: the level
# is the better part of the tool. The picture walks from zero to eight steps, and eight are about as far as a typical
# $w$ lies from the centre. Towards green the stripes go in both rows, but at the colour's own level the outline keeps
# its notch and the ground its purple. Towards maroon the body turns square in both: the ground is coarse, and so is the
# shape. At the ground's own level alone the stripes stay; the top changes in both rows.

# %% [markdown]
# In JupyterLab: the style mixer, with the normals as directions.

# %%
from gan_course.viz import explorers

named = {
    f"{factor}: {FACTORS[factor][k]}": size_of_w * direction
    for (factor, k), direction in ways["normal"].items()
}
explorers.explore_styles(G, named)

# %% [markdown]
# ## Inversion
#
# Give G a picture; which $w$ makes it? Nothing in a GAN answers that: G runs one way. So search, by gradient descent on
# $w$ through the frozen G: a picture from outside has no $w$ until somebody looks for one. **Predict:** how close will
# it come for a picture that G itself has made? And for a creature that it never saw? And for a photograph?
#
# Two spaces to search in: **W**, one $w$ for all slots; **W+**, a $w$ for each slot.

# %%
from gan_course.data import vangogh
from gan_course.data.batches import to_float
from gan_course.evaluation import paired

degrees = {"W": G.synthesis.w_dim, "W+": G.num_ws * G.synthesis.w_dim, "pixels": 3 * 64 * 64}
print("free numbers:", degrees)
n_each = cfg.n_projected
first_seed = 300_000 + n_each * SEED
own = generate(G, styles(G, latents(range(first_seed, first_seed + n_each), G.z_dim)))
real = to_float(load_critters("test", n=n_each, resolution=64, seed=SEED + 5)[0])
photos = to_float(
    vangogh.random_crops(vangogh.load_photos("test"), n_each, size=64, smallest=200, seed=SEED + 3)
)

# %% tags=["nbval-ignore-output"]
import time

from torch.nn.functional import l1_loss


def search(target, n_steps, lr=0.05):
    """W+ by hand: from the nearest of our creatures, Adam on the pixels, its rate falling to 0."""
    start = ws[paired.l1_error(pictures, target.expand_as(pictures)).argmin()][None]
    change = torch.zeros_like(start, requires_grad=True)
    optimizer = torch.optim.Adam([change], lr)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, n_steps)
    for _ in range(n_steps):
        optimizer.zero_grad()
        l1_loss(G.synthesis(start + size_of_w * change, noise="const"), target).backward()
        optimizer.step()
        schedule.step()
    return (start + size_of_w * change).detach()


began = time.perf_counter()
mine = search(own[:1], cfg.n_steps_project)
seconds = time.perf_counter() - began
mine_error = paired.l1_error(generate(G, mine), own[:1]).item()
told_error = f"error {mine_error:.4f} of the range from black to white"
print(f"one picture by hand, W+: {told_error}, in {seconds:.0f} s")

# %% [markdown]
# The package's `project` does the same for several pictures of each kind side by side, each from the nearest of 64
# random creatures. The error is the mean absolute difference of the pixels, as a share of the range from black to white
# (that is, half the difference in [-1, 1]). A picture counts as found below 0.04, about a quarter of the error of a
# flat picture in its mean colour; a face may still be wrong.

# %% tags=["nbval-ignore-output"]
from gan_course.inference import project

targets = {"its own": own, "real creatures": real, "photographs": photos}
everything, spaces, inverted = torch.cat(list(targets.values())), {"W": False, "W+": True}, {}
for space, per_layer in spaces.items():
    found_ws, found_pictures = project.project(
        G, everything, n_steps=cfg.n_steps_project, per_layer=per_layer, seed=SEED
    )
    for name, *part in zip(
        targets, found_ws.split(n_each), found_pictures.split(n_each), strict=True
    ):
        inverted[name, space] = part
error = {key: paired.l1_error(made, targets[key[0]]) for key, (_, made) in inverted.items()}
flat = {
    name: paired.l1_error(target.mean((2, 3), keepdim=True).expand_as(target), target)
    for name, target in targets.items()
}
print(f"{'':16}{'W':>8}{'W+':>8}   their own mean colour   W+ nearer than W")
for name in targets:
    nearer = int((error[name, "W+"] < error[name, "W"]).sum())
    in_w, in_rows = (error[name, space].mean() for space in ("W", "W+"))
    print(f"{name:16}{in_w:8.3f}{in_rows:8.3f}{flat[name].mean():24.3f}{nearer:14} of {n_each}")

# %%
found_own = max(error["its own", space].median() for space in spaces)
text = "of its own pictures the search finds half or more, in both spaces: the median error"
claim(text, found_own, below=0.04, needs_training=True)

# %% tags=["nbval-ignore-output"] mystnb={"image": {"alt": "Three grids side by side: targets, what the search in W found, and what the search in W+ found, for four of the network's own pictures, four real creatures and four photographs, from the top down."}}
n_shown = min(4, n_each) // 2 * 2
columns_of = {"target": targets} | {
    f"found in {space}": {name: inverted[name, space][1] for name in targets} for space in spaces
}
viz.show_grids(
    {
        title: torch.cat([one[name][:n_shown] for name in targets])
        for title, one in columns_of.items()
    },
    n_columns=2,
    zoom=2,
    quality=66,
    row_names=[label for name in targets for label in [name] + [""] * (n_shown // 2 - 1)],
)

# %% [markdown]
# Three readings.
#
# - **Its own** pictures are found almost to the pixel, in both spaces. They were drawn with the noise maps that G
#   keeps, and these stay fixed in the search: free ones could draw a good part of any picture by themselves. (A G that
#   drew freckles with fresh noise would leave an error that no $w$ can remove. Ours makes little of its noise: lesson
#   11, under "Further".)
# - **Real creatures** show what G has learnt: what the search does not find, G can hardly draw. (It is no proof: the
#   search goes downhill from where it began.) Most of their grounds, colours, textures and outlines are met in W
#   already. Look at them all the same: a ground has another colour, a top is a smear, some eyes and mouths came out
#   otherwise, and W+ mends only some of these. Eyes and mouths are few pixels, and a mean over pixels hardly sees them.
# - **Photographs** are not met in W. G answers with creatures, whole ones or some gone to pieces, and the error is
#   larger than that of one flat colour (the table). In W+, where 640 numbers are free, they become blurred patches of
#   about the right colours, with faces in them. No single $w$ gives such slots, so a find in W+ says less about what G
#   has learnt than one in W would. How far do the slots lie from their own mean?


# %%
def oddness(ws):
    """How far slots lie from the mean w, in units of a typical one; and how far from each other."""
    typical = (w - centre).norm(dim=1).mean()
    return ((ws - centre).norm(dim=2).mean() / typical).item(), (
        (ws - ws.mean(1, keepdim=True)).norm(dim=2).mean() / typical
    ).item()


odd = {key: oddness(found_ws) for key, (found_ws, _) in inverted.items()}
asunder = odd["photographs", "W+"][1] - odd["its own", "W+"][1]
text = "in W+ the slots of photographs lie farther apart than those of G's own pictures"
claim(text, asunder, above=0, needs_training=True)

# %% tags=["nbval-ignore-output"] mystnb={"image": {"alt": "Six columns of three pictures: the first of the network's own creatures, of the real ones and of the photographs; what was found in W+; and that, moved towards two body colours and two grounds, at the level that changes each most."}}
print(f"{'in lengths of a typical w':28}from the mean  from their own")
for (name, space), (from_mean, from_each_other) in odd.items():
    print(f"slots of {name + ', ' + space:19}{from_mean:13.2f}{from_each_other:18.2f}")
bodies, grounds = ([key for key in colours if key[0] == f] for f in ("body_colour", "background"))
starts = torch.cat([inverted[name, "W+"][0][:1] for name in targets])
shown = {"target": torch.cat([targets[name][:1] for name in targets])}
shown["found in W+"] = generate(G, starts)
for key in bodies[::4] + grounds[::3]:
    label = ("body: " if key[0] == "body_colour" else "ground: ") + FACTORS[key[0]][key[1]]
    numbers = LEVELS[best_level(key[0])]
    shown[label] = generate(G, edit(starts, ways["means"][key], 4, numbers))
viz.show_grids(
    shown, n_columns=1, zoom=2, quality=66, row_names=[f"first of\n{n}" for n in targets]
)

# %% [markdown]
# The slots of the photographs lie 1.11 from their own mean, farther than a typical $w$ from the mean of all. (Ten $w$
# that have nothing to do with each other would lie about $\sqrt{9 / 10} = 0.95$ from theirs.) So they agree no more
# than slots of as many strangers. And look at G's *own* pictures. Their true slots are all the same $w$, 0 apart; those
# that W+ found are 0.47 apart. The search met the picture almost to the pixel with *another code* than the one that had
# drawn it.
#
# Can what was found in W+ be edited? Each colour was moved four steps, at its own level, as the matrix advised. The
# first row is the control: G's own creature stays one in every move, and two of the four colours arrive. The same two
# arrive with the real creature; "body: cyan" turns its cyan body blue, and its face, mostly lost in the inversion,
# suffers further. With the photograph the body turns yellow-green and bluish where red and cyan were asked for, and the
# moves leave patches of colour. (One picture of each kind is an example, no statistic.)
#
# So an inversion is not a proof that "the network knows this picture", and a good likeness is not evidence that it was
# in the training data: these creatures were held out, and W+ meets them at 0.018. (Whether a picture was is another
# question, with other tests: lesson 04's nearest neighbours.) A word on use: what you have just done to a drawing can
# be done to a face. Editing a picture of a person without asking is the same wrong with a GAN as with a brush, only
# cheaper.

# %% [markdown]
# ## What came after, and what is open
#
# - **StyleGAN2** (2020): FID on FFHQ at 1024 px from 4.40 to 2.84. The repairs (in "Further") leave it at 4.34; output
#   skips (a ToRGB at every resolution) and a residual D in place of growing bring it to 3.31, larger networks to 2.84
#   (its Table 1).
# - **ADA** (2020): augmentation that does not leak, for small sets: on CIFAR-10 the record went from 5.59 to 2.42.
# - **StyleGAN3** (2021): aliasing. Details of StyleGAN2 stick to places of the picture, because aliasing in
#   its layers leaks pixel coordinates; the follow-up removes it, so that details move with what they belong to.
# - **R3GAN** (2025): a GAN with no tricks. Strip StyleGAN2 of styles, mixing, path lengths and the rest, and the FID on
#   FFHQ-256 after 5 million pictures rises from 7.52 to 12.46. A relativistic loss with R1 *and* R2 (lesson 03) and
#   modern blocks bring it to 7.05; trained to the end, to 2.75 against StyleGAN2's 3.78. On StackedMNIST it covers all
#   1,000 modes; a DCGAN covers 99.
# - **Diffusion** has taken over most of picture generation: its loss is a regression, and it needs no opponent, so
#   nothing tips over when one of two gets ahead. It pays in steps. Where one pass must do,
#   GANs, or adversarial losses on top of a diffusion model (CycleGAN-Turbo in lesson 08), are at home.
#
# Open, and near enough to try with what you have built:
#
# - Nothing *guarantees* disentanglement. What in the data, the architecture or the loss would?
# - A score for control that needs no labels. Path length is not one: a smooth map may still mix everything.
# - How to tell a generator that has *learnt* from one that *remembers* (lesson 04), and to prove it to someone who
#   doubts.
# - Control that holds outside the data: a shape that was never seen with these stripes.
#
# ## What you built
#
# In this lesson: a control matrix with its floor and its ceiling; two measures of entanglement with a rival; edits
# whose side effects are counted; an inversion, and what it doesn't prove; in "Further", demodulation and a path-length
# penalty by hand.
#
# In the course so far: GANs on a line, on clothes, on creatures and on the earth; a paired translator and two unpaired
# ones; the instruments to judge them; a progressive GAN, a StyleGAN and StyleGAN2's repairs. And, we hope, three
# habits: predict before you run; ask what chance would do; count what a method breaks, beside what it makes.
#
# **Where to go:** train on your own pictures, measure with lesson 04's instruments before you look, and steer the
# result:
#
# ```sh
# python -m gan_course train stylegan --data my-pictures --out runs/mine
# python -m gan_course generate --weights runs/mine/last.pt --kind mix --layers fine --out made
# python -m gan_course project --weights runs/mine/last.pt --input one.png --out found
# ```
#
# And read one of the papers below with its code beside it: most of the bugs that you have mended in this course were
# found by reading.
#
# **Three questions**
#
# 1. A colleague's matrix says: "coarse styles change the shape in 60 % of cases". Which two numbers do you ask for?
# 2. Her $w$ reads 20 points better than her $z$. She concludes that her generator draws better. Does it?
# 3. She inverts a portrait in W+ with an error of 0.01, and says that the network "contains" this person. Your answer?
#
# <details><summary>Answers</summary>
#
# 1. How often does it change when *all* styles are exchanged, and how often when none is: with new noise, or after a
#    move by one pixel? And $n$, for the interval.
# 2. It doesn't follow. The same pictures can come from any reparametrisation of $w$.
# 3. The more numbers are free, the less it says. Invert portraits that are certainly not in the data: if they are met as
#    well, the argument is gone.
#
# </details>
#
# ## What can go wrong
#
# | you see | look at |
# | --- | --- |
# | every factor changes at every level | no mixing in training; or the slots of `ws` off by one |
# | a share without an interval, or without a ceiling | exercises 2 and 3 |
# | a code that is read perfectly | the reader was judged on what it was fitted to |
# | directions that change nothing | `eigh` sorts upwards: you have the weakest ("Further") |
# | an edit that changes everything | all levels moved; try the factor's own |
# | an inversion like noise, and perfect | the noise maps were set free |
# | one very bright place in every feature map | a norm that measures: demodulate ("Further") |
# | a penalty that changes nothing | ask a weight for its gradient ("Further") |
#
# ## References
#
# - Karras, Laine, Aila (2019). A Style-Based Generator Architecture for Generative Adversarial Networks. CVPR 2019,
#   arXiv:1812.04948
# - Karras, Laine, Aittala, Hellsten, Lehtinen, Aila (2020). Analyzing and Improving the Image Quality of StyleGAN. CVPR
#   2020, arXiv:1912.04958
# - Abdal, Qin, Wonka (2019). Image2StyleGAN: How to Embed Images Into the StyleGAN Latent Space? arXiv:1904.03189
# - Shen, Gu, Tang, Zhou (2020). Interpreting the Latent Space of GANs for Semantic Face Editing. arXiv:1907.10786
# - Shen, Zhou (2021). Closed-Form Factorization of Latent Semantics in GANs. arXiv:2007.06600
# - Huang et al. (2025). The GAN is dead; long live the GAN! A Modern GAN Baseline. arXiv:2501.05441

# %% [markdown]
# ## Further
#
# What follows is needed by no later lesson: directions that nobody labelled, and what StyleGAN2 changed and why.

# %% [markdown]
# ### Without labels
#
# No labels, no pictures, not even a sample: Shen and Zhou (2021) look at the weights alone. A layer's styles are $y = A w
# + b$. A step $n$ in $w$ changes them by $A n$, so ask for the $n$ of length 1 with the largest $\lVert A n \rVert$: the
# first eigenvector of $A^\top A$; the next ones follow. It takes three lines. (Their code first scales every row of $A$
# to length 1; we take the rows as they are.)

# %% [markdown]
# **Exercise 6. Closed form** (medium, 10 minutes: `eigh` sorts the other way, and hands out columns)
#
# `weights` is (styles, w_dim). Return the `n` strongest directions, (n, w_dim), the strongest first.
# `torch.linalg.eigh(M)` gives eigenvalues, from small to large, and eigenvectors.


# %% tags=["exercise"]
def closed_form(weights, n):
    # your code
    ...


# hint("directions", 1)
exercises.check_directions(closed_form)

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# def closed_form(weights, n):
#     _, vectors = torch.linalg.eigh(weights.T @ weights)
#     return vectors.flip(1)[:, :n].T
# ```
#
# </details>


# %%
def affine_of(numbers):
    """The style weights of a level's layers, one below the other: (styles, w_dim)."""
    return torch.cat([G.synthesis.layers[k].conv.affine.weight for k in numbers if k < len(sides)])


with torch.no_grad():
    found = {
        name: disentanglement.closed_form_directions(affine_of(numbers), G.synthesis.w_dim)
        for name, numbers in LEVELS.items()
    }
    _, _, right = torch.linalg.svd(affine_of(LEVELS["coarse"]).double())
    cosines = (right[:3] * found["coarse"][:3]).sum(1).abs()
print("the coarse ones are A's singular vectors, but for the sign:", bool(cosines.min() > 0.999))

# %%
moves = {}
for name, numbers in LEVELS.items():
    for rank in (0, -1):
        told_after = [
            features.read_answers(reader, generate(G, edit(new, way, numbers=numbers)))
            for way in (found[name][rank], -found[name][rank])
        ]
        both = [
            list(disentanglement.changed_shares(before, told).values()) for told in told_after
        ]  # an eigenvector has no sign
        moves[name, "first" if rank == 0 else "last"] = torch.tensor(both).mean(0)
stronger = min((moves[name, "first"].mean() - moves[name, "last"].mean()).item() for name in LEVELS)
text = "at each level the first direction changes more answers than the last, as far walked"
claim(text, stronger, above=0, needs_training=True)

# %% tags=["nbval-ignore-output"] mystnb={"image": {"alt": "A table of six rows and seven factors: how often each factor changes along the first and the last closed-form direction of each level. Below it one creature at five places along the first direction of each level."}}
viz.show_heat_map(
    torch.stack(list(moves.values())),
    [f"{name}, {which}" for name, which in moves],
    columns,
    title=f"how often the answer changes, without labels ({cfg.n_edits} creatures)",
)
strips = {}
for steps in (-6, -3, 0, 3, 6):
    moved = [edit(new[:1], found[name][0], steps, numbers) for name, numbers in LEVELS.items()]
    strips[f"{steps:+} steps" if steps else "the creature"] = generate(G, torch.cat(moved))
viz.show_grids(
    strips, n_columns=1, zoom=2, quality=66, row_names=[f"{name}, first" for name in LEVELS]
)

# %% [markdown]
# The strong directions change much of what their level controls, and the small parts with it: the coarse one shape, top
# and ground, the fine one mouth, eyes and top beside texture and body colour. The weak ones change little. Some of what
# the fine row counts are wrecks: to the left its strip soon falls to pieces, where G has never been trained. And nobody
# tells you *what* they change: that is for you to look up, here in the table, elsewhere by eye. And one direction often
# moves several factors at once: largest effect is not the same as a single effect.

# %% [markdown]
# ### StyleGAN2's repairs

# %% [markdown]
# #### Droplets
#
# The authors of StyleGAN found a bright blob in their feature maps, in nearly every picture, from about 64 px on.
# Lesson 10 derived why one would pay: AdaIN divides by the *measured* spread, so one enormous pixel turns all the
# others down. A network that needs relative strengths can smuggle them through so.
#
# Our own StyleGANs with AdaIN are small, trained for minutes and end at 32 px: no place to look for droplets. But we can
# build the situation in which one pays, in one layer: a convolution with fixed weights, then AdaIN, and a target that
# AdaIN forbids, a disk whose spread is 0.2 where the style orders 1. Lesson 10 did this on pixels. Here the features
# *before* a convolution are free. And next to it the same layer with StyleGAN2's repair in place of AdaIN.

# %% [markdown]
# #### Demodulation
#
# The repair: put the style into the **weights**, $w'_{ijk} = s_i\,w_{ijk}$ (equation 1; $i$ input channel, $j$ output
# channel, $k$ place in the kernel), and then undo the strength that one *expects* of the output. If the inputs were
# independent with a spread of 1, the output's would be $\sigma_j = \sqrt{\sum_{i,k} {w'_{ijk}}^2}$ (equation 2). Divide
# by it (equation 3):
#
# $$w''_{ijk} = \frac{w'_{ijk}}{\sqrt{\sum_{i,k} {w'_{ijk}}^2 + \epsilon}}$$

# %% mystnb={"image": {"alt": "Two diagrams side by side. Left, StyleGAN: x goes through a convolution, noise, bias and LeakyReLU; then mean and spread are measured and taken out, and A of w sets y_s and y_b. Right, StyleGAN2: A of w gives s, which scales the weights; these are divided by sigma_j, and x goes through one convolution with them, then noise, bias and LeakyReLU."}}
viz.show_modulation()

# %% [markdown]
# The grey boxes are the difference. On the left the spread is *measured*, over all pixels of this picture. On the right
# it is *computed*, from weights that the style has scaled. The style has moved, too: it now scales the channels that go
# into the convolution, and there is one number for each of them, where AdaIN had two for each that comes out.

# %% [markdown]
# **Exercise 7. Demodulated weights** (medium, 10 minutes: which axes? The wrong ones run as well)
#
# `weight` is (out, in, k, k), `style` (N, in). Return each picture's own weights, (N, out, in, k, k), with an epsilon
# of $10^{-8}$ in the root.


# %% tags=["exercise"]
def demodulated(weight, style):
    # your code
    ...


# hint("demodulated", 1)
exercises.check_demodulated(demodulated)

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# def demodulated(weight, style):
#     w = weight * style[:, None, :, None, None]
#     return w / (w.square().sum((2, 3, 4), keepdim=True) + 1e-8).sqrt()
# ```
#
# </details>
#
# Weights of its own for every picture can be run as one grouped convolution. Or as a *common* convolution, with the
# input's channels scaled by $s$ before it and the output's by $1/\sigma_j$ behind it: so does the package, and so does
# NVIDIA's PyTorch code in training (to generate, it groups). In double precision:

# %%
from torch.nn.functional import conv2d

draw = torch.Generator().manual_seed(SEED)
x = torch.randn(3, 6, 8, 8, generator=draw, dtype=torch.float64)
style = (torch.randn(3, 6, generator=draw) + 1).double()
weight = torch.randn(5, 6, 3, 3, generator=torch.Generator().manual_seed(1), dtype=torch.float64)

w_style = weight * style[:, None, :, None, None]  # each picture's own weights, (3, 5, 6, 3, 3)
sigma = (w_style.square().sum((2, 3, 4)) + 1e-8).sqrt()
pairs = zip(x, w_style / sigma[:, :, None, None, None], strict=True)
own = torch.cat([conv2d(picture[None], own_weights, padding=1) for picture, own_weights in pairs])
scaled = x * style[:, :, None, None]  # before the common convolution, and 1 / sigma behind it
common = conv2d(scaled, weight, padding=1) / sigma[:, :, None, None]
agree = torch.allclose(own, common, rtol=0, atol=1e-12)
print("own weights and a common convolution agree, to 1e-12:", agree)

# %% [markdown]
# Now the experiment: the same free features, the same weights, 400 steps under the absolute error. **Predict** where in
# the picture the energy (the sum of squares) ends up.


# %%
def normal(x):
    """InstanceNorm by hand, with StyleGAN's epsilon."""
    variance, mean = torch.var_mean(x, (2, 3), correction=0, keepdim=True)
    return (x - mean) / (variance + 1e-8).sqrt()


down, across = torch.meshgrid(torch.linspace(-1, 1, 16), torch.linspace(-1, 1, 16), indexing="ij")
target = 0.2 * normal((down.square() + across.square() < 0.3).double()[None, None])
weight = torch.randn(1, 8, 3, 3, generator=draw, dtype=torch.float64)
layers = {
    "AdaIN": lambda x: normal(conv2d(x, weight, padding=1)),
    "demodulated": lambda x: conv2d(x, weight / weight.norm(), padding=1),
}

# %%
result, energy = {}, {}
for name, layer in layers.items():
    seeded = torch.Generator().manual_seed(SEED)
    x = torch.randn(1, 8, 16, 16, generator=seeded, dtype=torch.float64).requires_grad_()
    optimizer = torch.optim.Adam([x], 0.05)
    for _ in range(400):
        optimizer.zero_grad()
        (layer(x) - target).abs().mean().backward()
        optimizer.step()
    result[name] = layer(x).detach()
    squares = result[name].square()
    energy[name] = (squares.flatten().sort().values[-4:].sum() / squares.sum()).item()
drawn = all((y - target).abs().median() < 0.05 for y in result.values())
print("both drew the disk, to 0.05 in the median:", drawn)
text = "behind AdaIN four pixels of 256 hold over four fifths of the energy"
claim(text, energy["AdaIN"], above=0.8)
claim("behind the demodulated convolution, less than a fifth", energy["demodulated"], below=0.2)

# %% mystnb={"image": {"alt": "Three grey panels of 16 by 16 on one scale: the wanted faint disk; behind AdaIN the faint disk with a few glaring pixels; behind the demodulated convolution the faint disk alone."}}
_, axes = viz.figure(7.8, 2.8, n_axes=3)
for ax, (name, y) in zip(axes, ({"wanted": target} | result).items(), strict=True):
    ax.imshow(y[0, 0], cmap="gray", vmin=-1.5, vmax=1.5, interpolation="nearest")
    ax.set(xticks=[], yticks=[])
    ax.set_title(f"{name}\nlargest value {y.abs().max():.1f}", fontsize=9)
plt.show()

# %% [markdown]
# The droplet is there and gone. With demodulation nobody insists on a measured spread, so nobody needs to cheat it.

# %% [markdown]
# #### What demodulation assumes
#
# Nothing is measured, so something must be assumed: inputs that are independent, with a spread of 1.

# %% [markdown]
# **Exercise 8. Experiment: all channels alike** (medium, 15 minutes: what an assumption promises where it does not hold)
#
# Put the assumption to the test where it is most wrong. A demodulated convolution with weights (64, 32, 3, 3) reads
# noise with a spread of 1: once 32 channels that are "independent", once "one pattern" in all 32. What is the spread of
# its output? Plan: draw the weights from N(0, 1), divide those of each output by the root of their sum of squares,
# convolve noise of 64 x 64 pixels, and note the standard deviation of at least 16 output channels for each of the two
# inputs.
#
# First your prediction for one pattern: the spread is "1 in each channel", "1 on average, but not in each" (an average of
# squares), or "not even 1 on average". Then the figures, and what follows from them.

# %% tags=["exercise"]
alike = {
    "prediction": ...,
    "figures": ...,  # {"independent": [...], "one pattern": [...]}, one for each output channel
    "conclusion": ...,
}
# hint("alike", 1)
exercises.check_alike(alike)

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# from torch.nn.functional import conv2d
#
# generator = torch.Generator().manual_seed(0)
# weight = torch.randn(64, 32, 3, 3, generator=generator)
# weight = weight / weight.square().sum((1, 2, 3), keepdim=True).sqrt()
# noise = torch.randn(1, 32, 64, 64, generator=generator)
# inputs = {"independent": noise, "one pattern": noise[:, :1].expand(-1, 32, -1, -1)}
#
# alike = {
#     "prediction": "1 on average, but not in each",
#     "figures": {name: conv2d(x, weight)[0].std((1, 2)) for name, x in inputs.items()},
#     "conclusion": "1 on average, but not in each",
# }
# ```
#
# Ours: 0.97 to 1.02 with independent channels; 0.48 to 1.40, with a mean square of 0.99, with one pattern. There the
# weights add up before they are squared, $\sum_k (\sum_i w_{ik})^2$ in the place of $\sum_{i,k} w_{ik}^2$. Over many
# random weights the two have the same mean, so nothing explodes; but no single channel is held to it.
#
# </details>
#
# Three more inputs, and **predict** the spread of each: every style times 5; an input three times as strong; one pixel at
# 1000, and what is far from it.

# %%
weights = torch.randn(64, 32, 3, 3, generator=draw, dtype=torch.float64)
noise = torch.randn(1, 32, 64, 64, generator=draw, dtype=torch.float64)
lone = noise.clone()
lone[0, :, 8, 8] = 1000
inputs = {
    "as assumed": (noise, 1),
    "styles times 5": (noise, 5),
    "three times as strong": (3 * noise, 1),
    "far from a pixel at 1000": (lone, 1),
}
for name, (x, size) in inputs.items():
    w_size = weights * size
    y = conv2d(x, w_size / w_size.square().sum((1, 2, 3), keepdim=True).sqrt())
    spread = y[0, :, 32:, 32:].std((1, 2))
    print(f"{name:26} spread of 64 channels: {spread.min():.1f} to {spread.max():.1f}")

# %% [markdown]
# 1, 3 and 1 in each of 64 channels, give or take a tenth: the size of a style is undone, that of the input is not, and a
# spike turns nobody down.
#
# In a trained network features are not independent. How wrong is the assumption there? Measure it in the shipped one:
# the strength of what each demodulated convolution hands out, over that of its input. If all were as assumed, each ratio
# would be 1. (Where a layer doubles the resolution, we compare with its upsampled input.)

# %% tags=["nbval-ignore-output"]
from gan_course.models import progressive

passed = []


def watch(conv, given, out):
    passed.append((progressive.upsample(given[0]) if conv.up else given[0], out))


hooks = [layer.conv.register_forward_hook(watch) for layer in G.synthesis.layers]
some = latents(range(min(32, cfg.n_swaps)), G.z_dim)
generate(G, styles(G, some))
for hook in hooks:
    hook.remove()
for side, (a, b) in zip(sides, passed, strict=True):
    ratio = b.square().mean((0, 2, 3)).sqrt() / a.square().mean().sqrt()
    span = f"channels from {ratio.min():.2f} to {ratio.max():.2f}"
    print(f"{side:3} px   strength out over in: median {ratio.median():.2f}, {span}")

# %% [markdown]
# Where a ratio is far from 1, the assumption fails, and nothing breaks: the training chose weights that work with it. The
# gain of a norm, that no signal explodes at the start, needs the assumption for *new* weights only, where it holds
# roughly. What is given up is the guarantee for every single picture, which is the very thing that bred the droplets.

# %% [markdown]
# #### Path lengths, made even
#
# The authors of StyleGAN2 saw that pictures of generators with short paths look better, and asked for it in training.
# Their penalty (equation 4) wants a step in $w$ to move the picture as far wherever you are, in whatever direction:
#
# $$\mathbb{E}_{w,\, y \sim N(0, I)} \big(\lVert J_w^\top y \rVert_2 - a\big)^2, \qquad J_w = \partial G(w) / \partial w$$
#
# $a$ is the running mean of the lengths. $J_w^\top y$ is a gradient, that of $G(w) \cdot y$, so no Jacobian is written
# down.

# %% [markdown]
# **Exercise 9. Debug: a penalty that regularises nothing** (hard, 15 minutes: published in a widely taken course, here
# in essence, and it runs)
#
# ```python
# def path_penalty(images, ws, noise, mean):
#     (slopes,) = torch.autograd.grad((images * noise).sum(), ws)
#     return (slopes - mean).square().mean()
# ```
#
# Two mistakes are the published code's. Find and mend them. And take the official scaling: the images times the noise
# over $\sqrt{HW}$; the length of a picture is the root of the mean over the slots of `ws` (N, num_ws, w_dim) of their
# squared norms. Return one number.


# %% tags=["exercise"]
def path_penalty(images, ws, noise, mean):
    # your code
    ...


# hint("path_penalty", 1)
exercises.check_path_penalty(path_penalty)

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# def path_penalty(images, ws, noise, mean):
#     pixels = images.shape[2] * images.shape[3]
#     (slopes,) = torch.autograd.grad((images * noise).sum() / pixels**0.5, ws, create_graph=True)
#     lengths = slopes.square().sum(2).mean(1).sqrt()
#     return (lengths - mean).square().mean()
# ```
#
# Without `create_graph` the slopes are numbers without a history: the penalty has a value, is added to the loss, and no
# weight of G hears of it. And the mean is that of the *lengths*; a component of a gradient has no reason to be near it.
#
# </details>
#
# Does it reach G? Take the shipped G and ask for the gradient of the penalty with respect to a weight:

# %%
from gan_course.training.penalties import path_lengths

weight = G.synthesis.layers[0].conv.weight.requires_grad_()
few = styles(G, some[:4]).requires_grad_()
made_of = G.synthesis(few, noise="const")
noise = torch.randn(made_of.shape, generator=draw)
(slopes,) = torch.autograd.grad((made_of * noise).sum() / 64, few, retain_graph=True)
lengths = path_lengths(made_of, few, noise=noise)
by_hand_lengths = slopes.square().sum(2).mean(1).sqrt()
print("the package's lengths are ours:", torch.allclose(lengths, by_hand_lengths, rtol=1e-4))
penalty, reached = (lengths - lengths.mean().detach()).square().mean(), [None]
if penalty.requires_grad:
    reached = torch.autograd.grad(penalty, weight, retain_graph=True, allow_unused=True)
has_gradient = reached[0] is not None and bool(reached[0].abs().max() > 0)
(published,) = torch.autograd.grad((made_of * noise).sum(), few)
print("the penalty has a gradient at the first convolution of G:", has_gradient)
print("the published one has a graph:", (published - 1).square().mean().requires_grad)
_ = G.requires_grad_(False)

# %% [markdown]
# #### What it does
#
# A toy shows it in seconds. $w$ is a point of the plane from $N(0, I)$, and so is the "picture"; G, a small network, has
# to turn one Gaussian into another. Nothing is easier: any rotation will do. But so will endlessly many crooked maps. The
# loss is the energy distance of the two clouds (how far points of one lie from points of the other, less how far points
# of each lie from one another; 0 where they are alike), so there is no D to blame; one G is trained with the penalty and
# one without, with three seeds each. **Predict:** which is the truer cloud, and which is the straighter map?


# %%
from torch import nn


def energy_distance(x, y):
    return 2 * torch.cdist(x, y).mean() - torch.cdist(x, x).mean() - torch.cdist(y, y).mean()


def train_toy(pl_weight, seed):
    torch.manual_seed(seed)
    G = nn.Sequential(nn.Linear(2, 64), nn.Tanh(), nn.Linear(64, 64), nn.Tanh(), nn.Linear(64, 2))
    G[0].weight.data *= 3  # a start that is not smooth
    optimizer, mean = torch.optim.Adam(G.parameters(), 3e-3), torch.zeros(())
    for _ in range(cfg.n_steps_toy):
        ws = torch.randn(128, 1, 2).requires_grad_()
        x = G(ws[:, 0])
        loss = energy_distance(x, torch.randn(128, 2))
        if pl_weight:
            lengths = path_lengths(x[:, :, None, None], ws, noise=torch.randn(128, 2, 1, 1))
            mean = mean.lerp(lengths.mean().detach(), 0.05)
            loss = loss + pl_weight * (lengths - mean).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return G


# %%
toys = {"without": [train_toy(0.0, SEED + seed) for seed in range(3)]}
toys["with"] = [train_toy(0.1, SEED + seed) for seed in range(3)]

# %% [markdown]
# In the plane the whole Jacobian can be written down. Its two singular values are the longest and the shortest way that
# the picture goes for a step of 1: their ratio is 1 for a rotation.

# %%
torch.manual_seed(SEED)
points = torch.randn(1000, 2)
measured = {}
for name, nets in toys.items():
    for G_toy in nets:
        J = torch.func.vmap(torch.func.jacrev(G_toy))(points).detach()
        longest, shortest = torch.linalg.svdvals(J).unbind(1)
        size = J.square().sum((1, 2)).sqrt()
        with torch.no_grad():
            cloud = energy_distance(G_toy(points), torch.randn(1000, 2))
        measured.setdefault(name, []).append(
            torch.stack([(longest / shortest).median(), size.std() / size.mean(), cloud])
        )
measured = {name: torch.stack(one) for name, one in measured.items()}
excess = {name: one[:, 0].mean() - 1 for name, one in measured.items()}  # 0 for a rotation
text = "on average the penalty brings the map nearer to a rotation: excess, beside without it"
claim(text, excess["with"] / excess["without"], below=1, needs_training=True)
far_off = max(one[:, 2].max() for one in measured.values())
text = "and both clouds are nearly right, by their energy distance"
claim(text, far_off, below=0.06, needs_training=True)

# %% tags=["nbval-ignore-output"] mystnb={"image": {"alt": "Two panels with the square grid of w as each toy generator draws it: without the penalty its lines are bent and its squares stretched; with it they are nearly square."}}
for name, one in measured.items():
    print(
        f"{name:8} longest over shortest {one[:, 0].mean():.2f} · "
        f"unevenness {one[:, 1].mean():.2f} · energy distance {one[:, 2].mean():.3f}"
    )
between_true = energy_distance(*torch.randn(2, 1000, 2))
print(f"two true clouds of that many points: energy distance {between_true:.3f}")
lines = torch.stack(
    torch.meshgrid(torch.linspace(-2, 2, 13), torch.linspace(-2, 2, 81), indexing="ij"), 2
)
_, axes = viz.figure(5.6, 2.9, n_axes=2)
for ax, (name, nets) in zip(axes, toys.items(), strict=True):
    with torch.no_grad():
        for one in (nets[0](lines), nets[0](lines.flip(2))):
            for line in one:
                ax.plot(*line.T, color=viz.FAKE, lw=0.7)
    ax.set(aspect="equal")
    ax.set_title(f"the grid of w, {name} the penalty", fontsize=9)
    ax.axis("off")
viz.show_jpeg(quality=60)

# %% [markdown]
# Neither cloud is quite right, and both are wrong by as much. A D, or any distance between distributions, is as content
# with the one as with the other: **what the codes mean is nowhere in the loss**. The penalty puts it there. An even map
# should be easier to invert and to walk in; we did not test it. Mind what it does *not* do: it does not name factors,
# nor align them with axes. A rotation of $w$ is as good as any other.
#
# Nor is it free: it takes a gradient of a gradient, so the package computes it at every eighth step only, on half a
# batch. The weights that ship here were trained without it (`pl_weight` is 0 in their card).
