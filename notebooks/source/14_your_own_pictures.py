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
# # 14 · Your own pictures
#
# Train a GAN on pictures of your own, however few; measure what came of it, and write down what others must know before
# they use it.
#
# ![Two rows of eight cats of 32 pixels, enlarged. Above, smooth cats that a GAN drew which had learnt from two hundred pictures: teal, blue, green, violet, orange and yellow, some with a red flower or a headband. Below each, the nearest of the two hundred, sharp: alike in colour, often not in what they wear.](images/14_your_own_pictures.jpg)
#
# | you will be able to | |
# | --- | --- |
# | say | how many pictures a GAN needs, from measurements |
# | write | the two losses of a GAN whose D sees augmented pictures |
# | train | on 200 pictures, from the weights of another world |
# | catch | a D that learns by heart, and an augmentation that harms |
# | write | a model card |
# | needs | lessons 01, 02 (DCGAN), 04 (Fréchet distance, copies); for "Further" also 03 |
# | time | study 85 min; computing: 34 s on a newer processor, 51 s on an older one |
# | papers | Zhao et al. 2020 (DiffAugment); Karras et al. 2020 (ADA); Ho et al. 2020 (diffusion); Huang et al. 2025 (R3GAN) |

# %% tags=["parameters"]
PROFILE = ""  # "" takes GAN_COURSE_PROFILE, else fast
SEED = 0

# %% tags=["imports"]
import torch

from gan_course import viz
from gan_course.lessons import claim, config_for, results
from gan_course.lessons.l14_your_own_pictures import exercises
from gan_course.lessons.l14_your_own_pictures.config import PROFILES
from gan_course.runtime import choose_runtime, seed_everything

hint = exercises.hint
cfg, runtime = config_for(PROFILES, PROFILE), choose_runtime()
seed_everything(SEED)

# %% [markdown]
# ## Before you start
#
# 1. What does the Fréchet distance of lesson 04 compare, and in which space?
# 2. Why is a GAN that repeats its training pictures judged well by precision and recall?
# 3. Which of the two networks sees the real pictures?
#
# <details><summary>Answers</summary>
#
# 1. Means and covariances of two sets of pictures, as a feature network sees them.
# 2. Both ask whether pictures lie near real ones, and a copy lies exactly on one.
# 3. D alone. G learns of them by D's gradient.
#
# </details>
#
# ## Fifty, and as many as you like
#
# Suppose all that you have are fifty pictures. The last answer says where to look for trouble: D sees each of the fifty
# again and again. Below are four trainings of lesson 02's DCGAN, in colour and at 32 pixels, on drawn cats. They differ
# in nothing but the number of pictures: 50, 200, 1,000, and 48,000, of which no one is ever seen twice. Each took 1,500
# steps of 32 pictures, two minutes on one core.
#
# **Predict:** with few pictures the cats could be drawn worse, or there could be fewer kinds of them, or they could
# repeat the pictures learnt from. Which of the three do you expect with fifty?

# %%
COUNTS = (50, 200, 1_000, 5_000, 48_000)
REMEDIES = ("nothing", "mirrored", "augmented", "from critters")
table = results.recorded("few-pictures")["rows"]
short = [row for row in table if row["steps"] == 1_500]
sheet = results.recorded_strips("few-pictures")  # eight pictures of each training
strips = {
    (count, remedy): sheet[len(REMEDIES) * i + k]
    for i, count in enumerate(COUNTS)
    for k, remedy in enumerate(REMEDIES)
}

# %% mystnb={"image": {"alt": "Five rows of six drawn cats of 32 pixels: real ones, among them one with a bow, one with glasses and one with a scarf; and cats by generators that learnt from 50, 200, 1,000 and 48,000 pictures, all of them grainy. Of 50, some faces are smeared, and some cats are alike."}}
from gan_course.data.batches import to_float
from gan_course.data.cats import load_cats

real, _ = load_cats(n=1_000, resolution=32, seed=SEED)
held_out, _ = load_cats("test", n=1_000, resolution=32)
rows = {"real": to_float(real[:6])}
rows |= {f"{count:,}": strips[count, "nothing"][:6] for count in COUNTS if count != 5_000}
viz.show_rows(rows, zoom=4, quality=65)

# %% [markdown]
# All four draw cats, and none would pass for real: all are grainy, the row of 50 a little more. Fewer kinds? Perhaps:
# the first and the fourth are nearly twins, in the row of 50 and in that of 200. Copies? For that one has to see the
# fifty; they come under "Two trainings on 200 cats". Six pictures a row cannot settle it. So count.
#
# ## How many do I need?
#
# The study behind these pictures (recorded in `docs/results/few-pictures.md`) trained from five numbers of pictures in
# four ways:
#
# - with **nothing** else;
# - **mirrored**: half of the pictures, by chance, are shown as in a mirror;
# - **augmented**: all that D sees, real and fake, is changed at random, which we build below;
# - **from critters**: starting from the weights of a DCGAN that had learnt to draw another world, upright creatures
#   with stripes, spots and horns.
#
# The figure shows the Fréchet distance from 1,000 held-out cats, as the feature network of cats sees them. To read it
# one needs a scale: what do 1,000 *real* training cats get?
#
# **Predict:** from how many pictures on do more of them bring little? And does a remedy bring 200 pictures down to
# where 5,000 stand without one?

# %%
from torch.nn.functional import interpolate

from gan_course.evaluation.features import features_of
from gan_course.evaluation.frechet import frechet_distance
from gan_course.evaluation.readers import load_reader

reader = load_reader("cats").requires_grad_(False)


def see(images):
    """What the feature network of cats sees in pictures (N, 3, 32, 32) in [-1, 1]."""
    return features_of(reader, interpolate(images, size=64))


known = see(to_float(held_out))
of_real = frechet_distance(known, see(to_float(real)))
print(f"1,000 real training cats, against the held-out ones: {of_real:.1f}")

# %% mystnb={"image": {"alt": "The distance to held-out cats against the number of pictures, in four colours, each seed a dot: all fall from 50 to 200 pictures and, but for the augmented one, little after that; the augmented one lies far above the others and goes up and down. A dotted line near zero is what real cats get."}}
import matplotlib.pyplot as plt

COLOURS = dict(zip(REMEDIES, ("0.35", "tab:orange", "tab:blue", "tab:green"), strict=True))
_, (ax,) = viz.figure(7.4, 3.6)
for remedy, colour in COLOURS.items():
    found = [row for row in short if row["remedy"] == remedy]
    ax.scatter(
        [row["pictures"] for row in found], [row["distance"] for row in found], color=colour, s=14
    )
    means = []
    for count in COUNTS:
        distances = [row["distance"] for row in found if row["pictures"] == count]
        means.append(sum(distances) / len(distances))
    ax.plot(COUNTS, means, color=colour, label=remedy)
ax.axhline(of_real, color="black", linestyle=":", label="real cats")
ax.set(xscale="log", xlabel="pictures", ylabel="Fréchet distance", ylim=0)
ax.set_xticks(COUNTS, [f"{count:,}" for count in COUNTS], minor=False)
ax.legend(frameon=False)
plt.show()

# %% [markdown]
# Without help the distance is 68 with 50 pictures, 47 with 200, 50 with 1,000, 41 with 5,000 and 38 with 48,000. Each
# dot is one training, each line a mean. How far can you trust one dot? At 200 pictures each way was run three times,
# and repeats differ by up to seven units; the zigzag of the blue line says that elsewhere it may be more. So read
# nothing into a difference of less than ten. What is left: fifty pictures cost much, and from two hundred on more of
# them bring little *here*, where two minutes of training leave every row far from real cats. One hears "ten thousand at
# least"; but mind the conditions: drawn cats in one pose, at 32 pixels. Harder pictures may need more; the study did
# not try them. What longer trainings do with 50 and with 200 stands under "When to stop".
#
# And the remedies? At the end of these 1,500 steps none has clearly helped, at 200 pictures or elsewhere. A start from
# critters ends about where new weights end, and so does mirroring, but for 48,000 pictures (ten units higher, one run).
# Augmentation is far worse. Each gets a second look below: the start under "Two trainings on 200 cats", mirroring under
# "Real pictures alone", augmentation under "When to stop".
#
# **Exercise 1. How many?** (easy, 8 minutes: the question that everybody asks, put so that it has an answer)
#
# `rows` is such a table: each row a dict with "pictures", "remedy" and "distance"; of some numbers of pictures there
# are several rows (seeds), of which the mean counts. Return the fewest pictures with which a remedy comes down to
# `limit` or below.


# %% tags=["exercise"]
def needed(rows, remedy, limit):
    # your code
    ...


# hint("needed", 1)
exercises.check_needed(needed)

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# def needed(rows, remedy, limit):
#     for count in sorted({row["pictures"] for row in rows}):
#         found = [
#             row["distance"]
#             for row in rows
#             if row["remedy"] == remedy and row["pictures"] == count
#         ]
#         if found and sum(found) / len(found) <= limit:
#             return count
# ```
#
# For this study `needed(short, "nothing", 50)` is 200, and `needed(short, "nothing", 45)` is 5,000.
#
# </details>

# %% [markdown]
# ## What D learns by heart
#
# Fifty pictures are one batch and a half. In 1,500 steps D meets each of them nearly a thousand times, and D is a
# network of 167,841 weights: it can learn by heart which fifty pictures are real, instead of what cats look like. It
# then takes *new* cats for fakes. What would G learn from such a D? That every picture but those fifty is wrong.
#
# New real pictures show it, because D has never seen them. Compare three mean scores: of the training pictures, of the
# held-out ones, of fakes.
#
# **Exercise 2. A number for it** (easy, 5 minutes: D cannot tell us; its scores can)
#
# From D's scores of training pictures, held-out pictures and fakes (three tensors of any lengths), return a number that
# is 0 if D scores new cats as it scores those it has learnt from, and 1 if it scores them as fakes.


# %% tags=["exercise"]
def overfitting(of_train, of_held_out, of_fake):
    # your code
    ...


# hint("overfitting", 1)
exercises.check_overfitting(overfitting)

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# def overfitting(of_train, of_held_out, of_fake):
#     train = of_train.mean()
#     return (train - of_held_out.mean()) / (train - of_fake.mean())
# ```
#
# Karras et al. (2020), equation 1, call it $r_v$. (Their method, ADA, turns augmentation up and down by such a number.)
#
# </details>
#
# The study took it at the end of each training, from the pictures as they are.
#
# **Predict:** how does it change with more pictures? And which of the three remedies keeps D from learning by heart?


# %%
def mean_of(count, remedy, name):
    """The mean of a column over the seeds of one cell of the table."""
    asked = {"pictures": count, "remedy": remedy}
    values = [row[name] for row in short if row.items() >= asked.items()]
    return sum(values) / len(values)


print(f"{'pictures':10}" + "".join(f"{remedy:>16}" for remedy in REMEDIES))
for count in COUNTS:
    cells = [f"{mean_of(count, remedy, 'overfitting'):16.2f}" for remedy in REMEDIES]
    print(f"{count:<10,}" + "".join(cells))

# %% [markdown]
# Without help: 1.49 with fifty pictures, 0.31 with two hundred, next to nothing from a thousand on. Above 1, D even
# takes new cats for worse than fakes; near 0, on either side, it treats new cats like those that it knows.
#
# Augmentation brings the number down most, to 0.40 and 0.09. Mirroring, which doubles the pictures, brings it to 0.92
# and 0.24; a start from critters to 0.99, and at 200 pictures to what may be chance (0.28): it changes what D knows at
# first and not what it sees. So augmentation seems to do what it is for, and yet after these 1,500 steps its distance
# was the worst. Before you believe the number, two cautions. If the fakes are bad, D scores them very low and the
# denominator is large; then the ratio is small, even though D has learnt just as much by heart. And the number was
# taken on pictures as they are, which a D under augmentation never saw.
#
# ## Show D more than there is
#
# D learns the fifty by heart because it meets the *same* fifty. So change them each time: other colours, shifted, a
# square cut out. Three small functions do it (Zhao et al. 2020), for a batch in [-1, 1]. `shift` lays each picture on a
# grey canvas that is wider by `far` on each side, and cuts a window out of it at a random place: first its rows, then
# its columns.


# %%
def change_colours(x, draw):
    """Brightness, saturation and contrast, of each picture on its own."""
    brightness, saturation, contrast = torch.rand(3, len(x), 1, 1, 1, generator=draw)
    x = x + brightness - 0.5
    grey = x.mean(1, keepdim=True)
    x = grey + 2 * saturation * (x - grey)
    mean = x.mean((1, 2, 3), keepdim=True)
    return mean + (contrast + 0.5) * (x - mean)


def shift(x, draw):
    """By up to an eighth of the side, both ways; grey comes in."""
    n, side = len(x), x.shape[-1]
    far = side // 8
    right, down = (torch.rand(2, n, 1, 1, 1, generator=draw) * (2 * far + 1)).long()
    canvas = torch.nn.functional.pad(x, [far] * 4)
    rows = torch.arange(side)[:, None] + 2 * far - down  # (n, 1, side, 1): of the canvas
    columns = torch.arange(side) + 2 * far - right
    canvas = canvas.gather(2, rows.expand(n, 3, side, side + 2 * far))
    return canvas.gather(3, columns.expand(n, 3, side, side))


# %%
def cut_out(x, draw):
    """A square of half the side becomes grey; its middle is any pixel."""
    side = x.shape[-1]
    across, down = (torch.rand(2, len(x), 1, 1, 1, generator=draw) * (side + 1)).long()
    place = torch.arange(side) + 0.5
    rows = (place[:, None] - down).abs() < side / 4
    columns = (place - across).abs() < side / 4
    return x * ~(rows & columns)


def augment(x, draw):
    """All three: what D will see, of real and fake alike."""
    return cut_out(shift(change_colours(x, draw), draw), draw)


# %% mystnb={"image": {"alt": "Five rows of ten versions of one cat: unchanged; paler, darker, greyer or gaudier; shifted by up to four pixels, with a grey rim; with a grey square cut out; and all three at once."}}
draw = torch.Generator().manual_seed(SEED)
once = to_float(real[:1]).expand(10, -1, -1, -1)
changed = {
    "the same cat": once,
    "light, grey, contrast": change_colours(once, draw),
    "shifted": shift(once, draw),
    "cut out": cut_out(once, draw),
    "all three": augment(once, draw),
}
viz.show_rows({name: x.clamp(-1, 1) for name, x in changed.items()}, zoom=2, quality=70)

# %% [markdown]
# Every operation here is *differentiable* in the picture: a fake goes through it on its way to D, and D's gradient
# comes back through it to G. The package's `augment` does the same, on any device. Are they equal?

# %%
from gan_course.training import augment as package

same_draws = [torch.Generator().manual_seed(3) for _ in range(2)]
x = to_float(real[:64])
far = (augment(x, same_draws[0]) - package.augment(x, same_draws[1])).abs().max()
claim("our augmentation and the package's, from one seed: largest difference", far, below=1e-5)

# %% [markdown]
# **Exercise 3. Where does it belong?** (medium, 10 minutes: Zhao et al. 2020 try the wrong places, too)
#
# D and G play the logistic game of lesson 01. `real` (N, 3, H, W); `fake` is what G made, its graph attached; `augment`
# is called as `augment(pictures)` and draws new random changes at every call. Return loss_D and loss_G so that D never
# sees a picture as it is, and both networks can learn.


# %% tags=["exercise"]
def losses(D, real, fake, augment):
    # your code
    ...


# hint("losses", 1)
exercises.check_losses(losses)

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# def losses(D, real, fake, augment):
#     softplus = torch.nn.functional.softplus
#     logits_real, logits_fake = D(augment(real)), D(augment(fake.detach()))
#     loss_D = softplus(-logits_real).mean() + softplus(logits_fake).mean()
#     loss_G = softplus(-D(augment(fake))).mean()
#     return loss_D, loss_G
# ```
#
# What `augment` on the real pictures alone does, "Real pictures alone" shows. With `augment` in loss_D alone, G asks D
# about fakes as they are, which D has never judged.
#
# </details>
#
# ## Two trainings on 200 cats
#
# Now yourself: 200 cats, 200 steps, twice, once as in lesson 02 and once from critters. To start from critters means to
# copy three sets of weights, those of G, of D and of the averaged G; Adam starts fresh. The first cell below says how a
# training is made, the second runs both.
#
# **Predict:** after how many of the 200 steps will each of the two draw something that you would call a cat?

# %%
from dataclasses import replace

from gan_course.lessons import resumable
from gan_course.training.dcgan import build_dcgan
from gan_course.weights.starts import load_start

pictures, _ = load_cats(n=cfg.n_pictures, resolution=32, seed=SEED)
start = load_start("dcgan-critters32", "dcgan")


def make_training(begin, augment=False):
    """A training on the 200 cats, from new weights or from others."""
    config = replace(cfg.dcgan, augment=augment)
    training = build_dcgan(config, pictures, seed=SEED, runtime=runtime, n_preview=8)
    if begin is not None:
        begin.load_into(training)
    return training


# %% tags=["nbval-ignore-output"]
trainings, displays = {}, {}
for name, begin in (("new weights", None), ("from critters", start)):
    training = trainings[name] = make_training(begin)
    steps = {"n_steps": cfg.dcgan.n_steps, "batch_size": cfg.dcgan.batch_size}
    displays[name] = viz.LiveDisplay(training.preview, **steps, n_moments=4)
    folder = resumable.lesson_folder(f"14_your_own_pictures/{name}", PROFILE)
    resumable.fit_resumable(
        training, n_steps=steps["n_steps"], folder=folder, hook=displays[name], hook_every=10
    )

# %% tags=["nbval-ignore-output"] mystnb={"image": {"alt": "Eight rows of cats in training, four moments, each of both trainings: from new weights, from plain grey over noise to a mist in the shape of a cat; from critters, from creatures, torn apart at step 70, to cats at steps 140 and 200."}}
stops = list(displays["new weights"].film)
film = {
    f"{name}, {n_done}": display.film[n_done]
    for n_done in stops
    for name, display in displays.items()
}
viz.show_rows(film, zoom=3, quality=60)

# %% [markdown]
# New weights are grey or noise at step 70, and a mist in the shape of a cat from step 140 on, to the end. From
# critters, the creatures are torn apart first, and cats stand there at step 140; most keep something of their
# creature's colour: the third stays orange. Now measure both. As in lesson 04, a fake is a **copy** if it lies nearer
# to a training picture than 99 of 100 held-out pictures do.

# %%
from gan_course.evaluation.memorisation import copied_share
from gan_course.inference import generate


def sample(training):
    """Pictures of the averaged G: (n_samples, 3, 32, 32)."""
    z = generate.latents(range(cfg.n_samples), cfg.dcgan.z_dim).to(runtime.device)
    return torch.cat([training.step.preview(part).float().cpu() for part in z.split(250)])


# %%
learnt = see(to_float(pictures))
distances, copies = {}, {}
for name, training in trainings.items():
    seen = see(sample(training))
    distances[name] = frechet_distance(known, seen)
    copies[name] = copied_share(learnt, known, seen)
text = "200 cats, 200 steps: the distance from critters, over that from new weights"
claim(text, distances["from critters"] / distances["new weights"], below=0.8, needs_training=True)

# %% tags=["nbval-ignore-output"]
print(f"{'':14}{'distance':>9}{'copies':>9}")
for name in trainings:
    print(f"{name:14}{distances[name]:9.1f}{copies[name]:9.3f}")
for remedy in ("nothing", "from critters"):
    found = [row for row in short if row["remedy"] == remedy and row["pictures"] == 200]
    means = [sum(row["distances"][step] for row in found) / len(found) for step in ("300", "1500")]
    print(f"study, {remedy}: {means[0]:.0f} after 300 steps, {means[1]:.0f} after 1,500")

# %% [markdown]
# In the stored run the start leaves a sixth of the distance, after the same 200 steps. (The other is still a mist, for
# which a distance only says "far off".) So it is worth much, *early*. In the study it was the same: after 300 steps 64
# against 265, the mean of three seeds, and after 1,500 no difference that counts (50 against 47). It saved part of two
# minutes here; where a training takes days, it may save part of those.
#
# No fake counts as a copy, here as in all of the study (its page has the column). Do not rest on that: the grain of
# these pictures may be what keeps them away from everything real. So look, as the beginning promised: the row of 50,
# and below each picture the nearest of the fifty that its D had seen. **Predict:** the same picture, a related one, or
# none?

# %% mystnb={"image": {"alt": "Two rows of eight cats. Above, grainy ones that a GAN drew which learnt from fifty; below each, the nearest of the fifty, sharp: alike in colour, and often in what they wear, such as glasses; none is the same picture."}}
from gan_course.evaluation.memorisation import nearest


def beside(drawn, learnt_from):
    """Each drawn picture above the nearest one that its D had seen."""
    _, places = nearest(see(to_float(learnt_from)), see(drawn))
    viz.show_rows({"drawn": drawn, "nearest": to_float(learnt_from[places])}, zoom=4, quality=70)


beside(strips[50, "nothing"], load_cats(n=50, resolution=32, seed=0)[0])

# %% [markdown]
# Related, and none the same: the second has the glasses of its nearest, and not the bow; the third has no hat. So what
# fifty pictures cost here is quality more than honesty, as far as eight pictures tell. A count of copies needs pictures
# that are good enough to be copies.
#
# ## Real pictures alone
#
# Many a program augments where it reads its pictures: the *real* ones alone. For a classifier that is right.
#
# Take the training from critters and go on for 150 steps in three ways: with real and fake augmented, as in Exercise 3;
# with the real pictures alone augmented, by `cut_out` and nothing else; and with the real pictures alone augmented by
# all three. **Predict:** what will G draw in the second and in the third?

# %% tags=["nbval-ignore-output"]
import copy


def go_on(change=None):
    """The training from critters, continued; `change` augments the real pictures alone."""
    training = make_training(None, augment=change is None)
    training.step.load_state_dict(copy.deepcopy(trainings["from critters"].step.state_dict()))
    draw = torch.Generator().manual_seed(SEED)
    for _ in range(cfg.n_steps_leak):
        real = next(training.batches)
        training.step(change(real.cpu(), draw) if change else real)
    return training


continued = {"both augmented": go_on(), "real alone": go_on(augment)}
continued["real alone, cut out"] = go_on(cut_out)
drawn = {name: sample(training) for name, training in continued.items()}

# %% tags=["nbval-ignore-output"] mystnb={"image": {"alt": "Three rows of six drawn cats after the training went on: with both augmented, cats; with squares cut out of the real pictures alone, cats with grey patches; with all three changes on the real pictures alone, mostly grey, with patches of red, pink and blue, and hardly a cat."}}
shown = ("both augmented", "real alone, cut out", "real alone")
viz.show_rows({name: drawn[name][:6] for name in shown}, zoom=4, quality=70)
after = {name: frechet_distance(known, see(images)) for name, images in drawn.items()}
print({name: round(value, 1) for name, value in after.items()})

# %%
text = "a leak, seen by the feature network: distance over that without a leak"
claim(text, after["real alone"] / after["both augmented"], above=1.5, needs_training=True)

# %% [markdown]
# With both augmented they are still cats. With squares cut out of the real pictures alone, G has begun to draw grey
# patches, most plainly in the third and in the fourth: D takes pictures with a grey hole for real, so G makes some. The
# augmentation **leaks**. With all three on the real pictures alone, 150 steps have left hardly a cat, and a distance
# several times as large. (Among pictures so unlike any cat such a number only says "far off", and mush does not show
# what leaked.) A torchvision transform in the data loader is enough to do this to you.
#
# Does D's seeing both alike always prevent a leak? No. Karras et al. (2020) say when. Ask: from the augmented pictures
# alone, could you work out how the true ones were distributed? If only one answer fits, G is safe; if two fit, G may draw
# either. Turn every picture by 0, 90, 180 or 270 degrees, each as likely: upright cats and cats that lie on their heads
# then give D the very same augmented pictures, and nothing tells G which of the two to draw. Turn one picture in ten
# only, and most of what D sees is still upright.
#
# **Exercise 4. Six augmentations** (medium, 8 minutes: two of them are at work in the figure above)
#
# Answer each with "leaks" (G may draw what the real pictures are not), "safe" (D sees both alike, and G is still told
# what is real) or "harmless" (the real ones alone are changed, but every changed one could itself be real).

# %% tags=["exercise"]
leaks = {
    "colours changed, on the real pictures alone": ...,
    "colours changed, on real and fake": ...,
    "real pictures mirrored or not, by a coin, fakes never; all cats look right": ...,
    "the same with photographs of buildings seen from the front": ...,
    "turned by 0, 90, 180 or 270 degrees, each as likely, on real and fake": ...,
    "turned by such an angle one time in ten, on real and fake": ...,
}
# hint("leaks", 1)
exercises.check_leaks(leaks)

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# leaks = {
#     "colours changed, on the real pictures alone": "leaks",
#     "colours changed, on real and fake": "safe",
#     "real pictures mirrored or not, by a coin, fakes never; all cats look right": "leaks",
#     "the same with photographs of buildings seen from the front": "harmless",
#     "turned by 0, 90, 180 or 270 degrees, each as likely, on real and fake": "leaks",
#     "turned by such an angle one time in ten, on real and fake": "safe",
# }
# ```
#
# A cat that looks left is not among the real ones; a mirrored front of a house could be. Where every angle is as likely,
# the upright cats are no more frequent than the others; where nine of ten stay upright, they are.
#
# </details>
#
# The third is the study's remedy *mirrored*. Real cats, and six of a G whose D saw 200 pictures mirrored by a coin:

# %% mystnb={"image": {"alt": "Two rows of six drawn cats: real ones, which all look to the right; and those of a generator trained on mirrored pictures, some of which look to the left, with their tails on the right, and some have a tail on both sides."}}
viz.show_rows({"real": to_float(real[:6]), "mirrored": strips[200, "mirrored"][:6]}, zoom=4)

# %% [markdown]
# Several look left, as no real one does, and some, like the first, have a tail on both sides. At 200 pictures the
# distance could not tell this from chance; your eye sees it at once. With pictures that have a side, a mirror leaks.

# %% [markdown]
# ## When to stop
#
# Nothing says that the last step is the best one. You can measure on the way, on pictures that D has never seen: keep a
# fifth of your folder for that. The study trained longer in two ways, without help and augmented: on 50 pictures for
# 4,000 steps, once each; on 200 pictures for 12,000 steps, with three seeds each.
#
# **Predict:** after 1,500 steps augmentation was far behind. Is it still behind at the end of these, with 50 pictures
# and with 200?

# %% mystnb={"image": {"alt": "Two panels, the distance over the steps, without help and augmented. With 50 pictures, one run each: the line without help rises to 113 at the last reading, and the augmented one falls to 75. With 200, three runs each: those without help rise from about 48 to between 69 and 80, and the augmented ones fall from about 72 to about 40; they cross between 4,500 and 6,500 steps. Real cats lie near zero."}}
_, axes = viz.figure(9.6, 3.2, n_axes=2)
for ax, (count, n_steps) in zip(axes, ((50, 4_000), (200, 12_000)), strict=True):
    for remedy in ("nothing", "augmented"):
        asked = {"pictures": count, "remedy": remedy, "steps": n_steps}
        for row in (row for row in table if row.items() >= asked.items()):
            steps = [int(step) for step in row["distances"]]
            label = remedy if row["seed"] == 0 else None
            line = {"color": COLOURS[remedy], "label": label, "marker": "."}
            ax.plot(steps, [*row["distances"].values()], **line)
    ax.axhline(of_real, color="black", linestyle=":", label="real cats")
    ax.set(title=f"{count:,} pictures", xlabel="steps", ylim=(0, 160))
axes[0].set(ylabel="Fréchet distance")
axes[1].legend(frameon=False, fontsize=8)
plt.show()

# %%
long = [row for row in table if row["steps"] == 12_000]
ends, least = {}, {}
for remedy in ("nothing", "augmented"):
    found = [row for row in long if row["remedy"] == remedy]
    ends[remedy] = sum(row["distance"] for row in found) / len(found)
    least[remedy] = sum(min(row["distances"].values()) for row in found) / len(found)
    print(f"{remedy:10} mean at the end {ends[remedy]:5.1f}, mean of the best {least[remedy]:5.1f}")
text = "recorded, 200 cats, 12,000 steps: the distance augmented, over that without help"
claim(text, ends["augmented"] / ends["nothing"], below=0.8)

# %% mystnb={"image": {"alt": "Three rows of eight cats of 32 pixels: real ones; by the training of 12,000 steps without help, grainy ones, a green and a pink one twice, two others with a scarf; by the augmented one, smoother ones, none of which comes twice, some with a red bow or band."}}
strips_long = results.recorded_strips("few-pictures-long")
rows = {"real": to_float(real[:8])} | dict(zip(ends, strips_long, strict=True))
viz.show_rows(rows, zoom=3, quality=70)

# %% [markdown]
# They change places. With two hundred cats it happens in every seed, between 4,800 and 7,200 steps: without help the
# distance rises from its first reading on, augmented it falls, and at the end stands at just over half of the other, 40
# against 73. With fifty the lines cross, too, but each is one run, and a single reading jumps by thirty: a hint, no
# more.
#
# So less overfitting and a worse distance after 1,500 steps need not contradict each other. An explanation that fits
# both: augmentation makes D's task harder, so learning is slower, which is all that one sees in 1,500 steps, and it
# pays where learning would otherwise spoil. And stopping early? Without help the best reading, after 2,400 steps, is 48
# on average; augmented it is 39, just at the limit of what we count, and takes five times as long. The pictures, of one
# seed, are plainer: without help the eight are grainy, and a green and a pink one come twice; with it they are
# smoother, and all different. What did they learn from?

# %% tags=["best-picture"] mystnb={"image": {"alt": "Two rows of eight cats of 32 pixels, enlarged. Above, smooth cats that a GAN drew which had learnt from two hundred pictures: teal, blue, green, violet, orange and yellow, some with a red flower or a headband. Below each, the nearest of the two hundred, sharp: alike in colour, often not in what they wear."}}
beside(strips_long[1], load_cats(n=200, resolution=32, seed=0)[0])

# %% [markdown]
# Above what G drew from two hundred pictures, augmented; below each the nearest of the two hundred. The same world, not
# the same pictures: the second has a flower where its nearest has headphones.
#
# What the study supports, and no more:
#
# | you have | do | because |
# | --- | --- | --- |
# | two hundred | start from other weights if there are any | 64 against 265 at step 300; no harm at 1,500 |
# | few | measure on the way and keep the best checkpoint | 200: 48 at step 2,400, 73 at step 12,000; 50, one run: 70 at step 800, 113 at step 4,000 |
# | two hundred, for 1,500 steps | leave augmentation out | 47 against 81, the mean of three seeds |
# | two hundred, for 12,000 steps | augment | 40 at the end, against 48 at the best moment without; three seeds |
# | pictures with a left and a right | never mirror | tails on both sides |
#
# **Exercise 5. Which checkpoint?** (easy, 4 minutes: the one that you keep)
#
# `distances` maps steps, as texts, to Fréchet distances, in order: {"500": 80.0, "1000": 61.5, ...}. Return the step of
# the checkpoint to keep, as a whole number.


# %% tags=["exercise"]
def best_step(distances):
    # your code
    ...


# hint("best_step", 1)
exercises.check_best_step(best_step)

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# def best_step(distances):
#     return int(min(distances, key=distances.get))
# ```
#
# And one honest word more: the least of several noisy figures flatters itself. Measure the one that you keep once more,
# on pictures that had no say in the choice.
#
# </details>
#
# ## Your own folder
#
# The whole way, as you would go it with pictures of yours: put a fifth aside, train from borrowed weights, draw, and
# measure. Here a folder is made of the 200 cats, so that you can see what each command says; the functions are those
# behind the command line, and nothing but `--reader cats` is special to cats. A real training would have thousands of
# steps, not 150: this one is too short to go well, and you will see how that looks.

# %% tags=["nbval-ignore-output"]
import contextlib
import io
import tempfile
from pathlib import Path

from PIL import Image

from gan_course.cli import main

mine = Path(tempfile.mkdtemp()) / "mine"
kept_back = torch.arange(len(pictures)) % 5 == 0
for part, images in (("train", pictures[~kept_back]), ("held-out", pictures[kept_back])):
    (mine / part).mkdir(parents=True)
    for k, image in enumerate(images):
        Image.fromarray(image.permute(1, 2, 0).numpy()).save(mine / part / f"{k:03}.png")


def run_command(command):
    """Run what stands behind `python -m gan_course` in a terminal; progress is left out."""
    print("$ python -m gan_course", command)
    said, heard = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(heard):
        code = main(command.replace("mine/", f"{mine}/").split())
    print(said.getvalue().replace(str(mine), "mine"))
    assert code == 0, heard.getvalue()


# %% tags=["nbval-ignore-output"]
begin = "--data mine/train --init dcgan-critters32"
run_command(f"train dcgan {begin} --steps {cfg.n_steps_leak} --out mine/run")
run_command("generate --weights mine/run --seeds 0-199 --out mine/drawn")
sides = "--real mine/train --held-out mine/held-out --fake mine/drawn"
run_command(f"measure {sides} --reader cats --resolution 32")

# %% [markdown]
# Read the last table from its right column: that is what the held-out *real* cats get, and no generator can be asked
# for more. With forty of them there is no Fréchet distance, because a covariance of 256 features needs more than 256
# pictures; the kernel distance (lesson 04) needs no covariance, and is about 0 between two sets of one kind. After 150
# steps the training is not there yet: its kernel distance is well above the right column's, its recall less than half.
# (Precision, 0.7, is kinder than your eye will be. `rarest`: lesson 04.) Forty are few for all of these figures, and
# ten, a fifth of fifty, far too few: there your eye decides. To measure on the way, train in parts, and keep
# `mine/run/last.pt` under another name after each: `--steps 500`, then the same with `--steps 1000 --resume`, and so
# on.
#
# And look. The question that no figure settles: beside each picture drawn, the nearest one that D learnt from.

# %% tags=["nbval-ignore-output"] mystnb={"image": {"alt": "Two rows of six cats: drawn ones, grainy, and under each the training picture that the feature network finds nearest, mostly of a like colour and always of the same pose, but another picture."}}
from gan_course.data.folder import left_out, load_folder

fakes = load_folder(mine / "drawn", resolution=32)[0][:6]
learnt_from = load_folder(mine / "train", resolution=32)[0]
beside(to_float(fakes), learnt_from)

# %% [markdown]
# It went **well** if the kernel distance, precision and recall are near the right column's, if `copied` is not above it
# (which says nothing as long as pictures are grainy), and if the two rows show related pictures and never the same one.
# It went **wrong** if the lower row could be the upper one (the same picture twice: stop earlier, or augment), or if
# many drawn pictures share one neighbour (few kinds: lesson 03).
#
# With photographs, `--reader photos` compares by a network that has seen landmarks and paintings. None of this was tried
# on photographs of one cat: they vary more than these drawings, in place, light and pose, so 200 of them may take you
# less far. Two more options: `--augment` is the function above, and `--mirror` mirrors half of your pictures, which is
# right for faces seen from the front and wrong for text and for cats that all look right.
#
# What goes wrong with folders, and what the course does about it? The cell makes a folder as people have them.

# %% tags=["nbval-ignore-output"]
from gan_course.errors import CourseError

folder = mine / "as people have them"
(folder / "holidays").mkdir(parents=True)
cat = Image.fromarray(pictures[0].permute(1, 2, 0).numpy()).resize((240, 160))
cat.save(folder / "a.jpg")
cat.convert("L").save(folder / "grey.png")
turned = Image.Exif()
turned[0x0112] = 6  # as a phone held upright writes it
cat.rotate(90, expand=True).save(folder / "phone.jpg", exif=turned)
see_through = cat.convert("RGBA")
see_through.putalpha(cat.convert("L"))
see_through.save(folder / "see-through.png")
cat.save(folder / "holidays" / "b.jpg")
(folder / "notes.txt").write_text("not a picture")
read, names = load_folder(folder, resolution=64)
print(names)
print(left_out(folder).replace(str(folder), "mine"))

# %% tags=["nbval-ignore-output"] mystnb={"image": {"alt": "Four small pictures of one cat, as read from the folder: in colour, grey, upright, and on white where it was see-through."}}
viz.show_rows({"as read": to_float(read)}, zoom=2, quality=75)
(folder / "cut off.png").write_bytes((folder / "grey.png").read_bytes()[:300])
try:
    load_folder(folder, resolution=64)
except CourseError as error:
    print(str(error).replace(str(folder), "mine"))

# %% [markdown]
# The four pictures stand in the order of the names above, each cut to its central square. The phone's stands upright:
# the camera's rotation is the one piece of metadata that is read. The grey one has three equal channels now, and
# see-through places lie on white. The folder inside and the text were left alone, and `left_out` says so. A file that
# was cut off stops the reading and is named: nothing is skipped in silence.
#
# | in the folder | what happens | before you train |
# | --- | --- | --- |
# | the thing not in the middle | the central square is cut out, the rest is lost | crop yourself |
# | small pictures | refused by name if smaller than the resolution | a smaller `--resolution`, not enlarged pictures |
# | the same picture twice, bursts of one scene | D meets it more often; a twin held out makes copies look like learning | remove twins |
# | borders, captions, watermarks | G learns them first: they are the same everywhere | crop them away |
# | two kinds of thing | 200 of two kinds are 100 of each | train on one, or condition on the kind (lesson 02, "Further") |
# | folders inside, odd endings | left alone; the command says how many | move the pictures up, or save them as PNG |
# | other people's faces or works | | ask; whatever G memorises it publishes |
#
# ## A model card
#
# Whoever gets your weights sees pictures, not where they come from. A **card** says it: each weight that ships with
# this course has one.

# %%
from gan_course.weights.cards import read_card

card = read_card("dcgan-critters32")
for entry in ("what", "data", "steps", "pictures", "metrics", "licence", "command"):
    print(f"{entry:9}", card[entry])

# %% [markdown]
# Here `pictures` counts what D was shown, 3,000 batches of 32. The metrics carry their own scale: what other real
# critters get.
#
# **Exercise 6. Your card** (easy, 8 minutes: for the training from critters above, or for one of your own)
#
# Fill in: what it is; of which data (whose are they?); under which licence you give it away; how many different pictures;
# what it started from (or "new weights"); what you measured, at least two figures by name, one of which says
# whether it copies; and what it is not for.

# %% tags=["exercise"]
my_card = {
    "what": ...,
    "data": ...,
    "licence": ...,
    "pictures": ...,
    "started from": ...,
    "measured": ...,  # {"name": number, ...}
    "not for": ...,
}
# hint("card", 1)
exercises.check_card(my_card)

# %% [markdown]
# <details><summary>Solution</summary>
#
# Ours, with the figures of a run here; yours will differ.
#
# ```python
# my_card = {
#     "what": "DCGAN generator, cats at 32 px",
#     "data": "200 of the drawn cats that ship with the course (David Revoy)",
#     "licence": "CC BY 4.0",
#     "pictures": 200,
#     "started from": "dcgan-critters32",
#     "measured": {"frechet distance to held-out cats": 80.4, "copies (grain hides them)": 0.0},
#     "not for": "anything but drawn cats in this one pose, and nothing larger than 32 px",
# }
# ```
#
# </details>
#
# ## What you built
#
# You now have:
#
# - An answer to "how many pictures?", with its conditions: this world, this size, this network.
# - Augmentation that D sees and G does not draw; D's overfitting and a held-out distance, which tell whether it was
#   needed.
# - A folder trained, drawn and measured with three commands, from borrowed weights, and a card that says so.
#
# **Three questions**
#
# 1. A friend has 80 photographs of her dog and wants "a StyleGAN of it". What do you tell her to do first?
# 2. The Fréchet distance to the 80 training photographs falls to almost nothing. Is that good?
# 3. Why does a start from critters help cats early on, though they look nothing like them?
#
# <details><summary>Answers</summary>
#
# 1. Put a fifth aside, crop all alike, start from other weights, look and measure on the way and keep the best
#    checkpoint; try augmentation if pictures get worse. And expect variations of those 80, not the dog.
# 2. Not by itself: a G that copies them gets there, too. Only pictures that took no part tell copying from learning.
# 3. Perhaps because what is borrowed is not critters but how a drawing is made: flat areas, edges, a thing before a
#    ground; and a D that has learnt to look for them. To test it one would start with G alone, or with D alone.
#
# </details>
#
# ## What can go wrong
#
# | you see | look at |
# | --- | --- |
# | samples ever nearer to training pictures | copies; the overfitting of D; fewer steps, `--augment` |
# | grey squares, odd colours, shifted pictures in the samples | a leak: augmentation on the real pictures alone |
# | the distance falls, then rises | keep the best checkpoint, not the last; `--augment`, and train longer |
# | `--init` is refused | another resolution, or `--set` changed the networks' size |
# | the first samples are critters, then broken, then cats | the start at work: G moves away from what it knew |
#
# ## References
#
# - Zhao, Liu, Lin, Zhu, Han (2020). Differentiable Augmentation for Data-Efficient GAN Training. arXiv:2006.10738
# - Karras, Aittala, Hellsten, Laine, Lehtinen, Aila (2020). Training Generative Adversarial Networks with Limited Data.
#   arXiv:2006.06676
# - Ho, Jain, Abbeel (2020). Denoising Diffusion Probabilistic Models. arXiv:2006.11239
# - Song, Meng, Ermon (2021). Denoising Diffusion Implicit Models. arXiv:2010.02502
# - Dhariwal, Nichol (2021). Diffusion Models Beat GANs on Image Synthesis. arXiv:2105.05233
# - Huang, Gokaslan, Kuleshov, Tompkin (2025). The GAN is dead; long live the GAN! A Modern Baseline GAN. arXiv:2501.05441

# %% [markdown]
# ## Further
#
# Needed by nothing else: the GAN's rival, and how much a D can learn by heart.
#
# ### Where GANs stand in 2026
#
# For pictures of everything, GANs lost the first place to **diffusion models** in about 2021. Such a model learns one
# thing: to find the noise in a noisy picture. Take a picture $x$, normal noise $\epsilon$ of the same shape, and a time
# $t$ between 0 (all picture) and 1 (all noise); a network sees the mixture $x_t$ and guesses the noise,
# $\hat\epsilon$:
#
# $$x_t = \cos\!\tfrac{\pi t}{2}\; x + \sin\!\tfrac{\pi t}{2}\; \epsilon, \qquad
# L = \lVert \hat\epsilon(x_t, t) - \epsilon \rVert^2$$
#
# There is no D, so nothing to balance. To draw, start from pure noise at a $t$ just below 1; guess the noise, and with
# it the picture, $\hat x = (x_t - \sin\!\tfrac{\pi t}{2}\, \hat\epsilon) / \cos\!\tfrac{\pi t}{2}$ (which at 1 would
# divide by 0); mix the two again for a slightly smaller $t$; and so on, here in 20 steps down to 0.
#
# So which would you take for a folder of cats and a laptop? The study `diffusion` gave both the same 20,000 cats and
# the same minutes: this lesson's DCGAN, and a small U-Net.
#
# **Predict:** which is nearer to real cats after one minute? After three? And which draws faster, by how much?

# %% mystnb={"image": {"alt": "Four rows of six cats: of the GAN and of the diffusion model, after one minute each and after three. The GAN's are cats, a little grainy, and clearer after three minutes. The diffusion model's are coloured noise with hardly a cat in it after one minute, and gaudy cats under noise after three."}}
minutes = results.recorded("diffusion")
shown = results.recorded_strips("diffusion")
names = [f"{row['model']}, {row['minutes']} min" for row in minutes["rows"]]
viz.show_rows({name: row[:6] for name, row in zip(names, shown, strict=True)}, zoom=4)
for name, row in zip(names, minutes["rows"], strict=True):
    drawing = f"{row['milliseconds a picture']:6.2f} ms a picture"
    print(f"{name:18} distance {row['distance']:6.1f}   {drawing}")

# %% [markdown]
# In these minutes the GAN is far ahead, by eye as by distance, and it draws a picture in a third of a millisecond where
# the other takes 46: twenty calls of a network that is about seven times as slow. The diffusion model is on its way.
# After three minutes there are cats behind its noise, which were hardly there after one; the distance rose all the
# same, from 177 to 360. The feature network has never met such pictures, and among them its distances may mean little
# (lesson 04). Give both far more computing and pictures of everything, and the order of the distances turns round:
# Dhariwal and Nichol (2021) measured it.
#
# GANs have not gone. One network call draws a picture, so they stand where speed counts: in real-time upscaling, and as
# the adversarial loss that makes a diffusion model draw in a few steps, or an autoencoder's pictures sharp. And the old
# complaint that they cannot be trained has grown weak: R3GAN (Huang et al. 2025) needs no tricks but lesson 03's
# relativistic loss with R1 and R2, which is what trained every StyleGAN that ships here.
#
# ### By heart, in the plane
#
# **Exercise 7. Experiment: twenty points and two thousand** (medium, 15 minutes: overfitting in seconds)
#
# Real points come from a standard normal distribution in the plane, the fakes from the same one unit to the right.
# Train a D (two hidden layers of 64, LeakyReLU, Adam at 0.01, 300 steps on all points, the logistic loss) to tell
# `n_points` real ones from 2,000 fakes. Then take Exercise 2's number, with 2,000 held-out real points and the fakes.
#
# First your prediction, then three runs each of 20 and of 2,000 points: with 2,000, is the number "lower", "higher", or
# is there "no clear difference"?


# %% tags=["exercise"]
def run(n_points, seed):
    # your code: one number
    ...


points = {
    "prediction": ...,
    "figures": {20: ..., 2_000: ...},  # three numbers each
    "conclusion": ...,
}
# hint("points", 1)
exercises.check_points(points)

# %% [markdown]
# <details><summary>Solution</summary>
#
# What we found; your figures will be others.
#
# ```python
# points = {
#     "prediction": "lower",
#     "figures": {20: [0.4, 0.49, 0.53], 2_000: [0.06, 0.04, 0.0]},
#     "conclusion": "lower",
# }
# ```
#
# The run behind it:
#
# ```python
# def run(n_points, seed):
#     torch.manual_seed(seed)
#     real, held_out, fake = (torch.randn(n, 2) for n in (n_points, 2_000, 2_000))
#     fake[:, 0] += 1
#     D = torch.nn.Sequential(
#         torch.nn.Linear(2, 64),
#         torch.nn.LeakyReLU(0.2),
#         torch.nn.Linear(64, 64),
#         torch.nn.LeakyReLU(0.2),
#         torch.nn.Linear(64, 1),
#     )
#     optimizer, softplus = torch.optim.Adam(D.parameters(), 0.01), torch.nn.functional.softplus
#     for _ in range(300):
#         loss = softplus(-D(real)).mean() + softplus(D(fake)).mean()
#         optimizer.zero_grad()
#         loss.backward()
#         optimizer.step()
#     with torch.no_grad():
#         scores = D(real), D(held_out), D(fake)
#     return ((scores[0].mean() - scores[1].mean()) / (scores[0].mean() - scores[2].mean())).item()
#
#
# for n_points in (20, 2_000):
#     print([round(run(n_points, seed), 2) for seed in range(3)])
# ```
#
# With twenty points D can put a fence around each, and half of what it says of them is not true of new ones. With two
# thousand it has to find what they have in common.
#
# </details>
