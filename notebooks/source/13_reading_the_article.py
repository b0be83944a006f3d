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
# # 13 · Reading the article
#
# Read the Chinese article that this course grew out of, and settle what it says with a type check, a count
# or a small experiment; then read a page of your own choice in the same way.
#
# 本课精读催生这门课程的那篇中文文章：用类型检查、计数或小实验来判断其中的句子；然后用同样的方法读一篇你自己选的材料。
#
# ![Four rows of pictures. Satellite views of coasts; the maps that a CycleGAN made of them; grey tiles of random numbers; drawn creatures that a StyleGAN made of them.](images/13_reading_the_article.jpg)
#
# | you will be able to | 你将能够 |
# | --- | --- |
# | find, for a sentence, the test that could prove it wrong | 为一句话找到能推翻它的检验 |
# | follow code that cannot run, by its shapes and names | 顺着形状和名字读懂无法运行的代码 |
# | tell mistakes that raise an error from those that run in silence | 区分会报错的错误和不报错、却悄悄给出错误结果的错误 |
# | read a page critically and fairly | 批判而公正地读一篇材料 |
# | needs | lessons 01, 06, 07 and 11 (第 01、06、07、11 课); Chinese is not needed |
# | time | study 90 min; computing: fast 16 s (bfloat16), fast 16 s (float32) |
# | papers | Goodfellow et al. 2014; Zhu et al. 2017 (CycleGAN); Karras et al. 2019 (StyleGAN) |

# %% tags=["parameters"]
PROFILE = ""  # "" takes GAN_COURSE_PROFILE, else fast
SEED = 0

# %% tags=["imports"]
import torch
from matplotlib import pyplot as plt

from gan_course import viz
from gan_course.lessons import claim, config_for
from gan_course.lessons.l13_reading_the_article import exercises
from gan_course.lessons.l13_reading_the_article.config import PROFILES
from gan_course.runtime import choose_runtime, seed_everything

hint = exercises.hint
cfg = config_for(PROFILES, PROFILE)
choose_runtime("cpu", "float32", threads=1)  # nothing is trained here
seed_everything(SEED)

# %% [markdown]
# ## Two machines
#
# The article introduces “一种名为CycleGAN的人工智能大模型，以及它如何发展至StyleGAN”: *a large AI model named CycleGAN, and how
# it developed into StyleGAN*. (We have its text, without author or address, and name its sections by their numbers.) It is a
# page like many: pleasant to read, without a measurement, and with code that
# cannot run as printed. You have trained both models by now. Start with what goes into them, and what comes out.
#
# 文章介绍“一种名为CycleGAN的人工智能大模型，以及它如何发展至StyleGAN”。这样的网页很多：读来顺畅，没有一个测量数据，代码照原样无法运行。现在两个模型你都训练过了。先看看它们各自输入什么，输出什么。

# %% tags=["nbval-ignore-output", "best-picture"] mystnb={"image": {"alt": "Four rows of pictures. Satellite views of coasts; the maps that a CycleGAN made of them; grey tiles of random numbers; drawn creatures that a StyleGAN made of them."}}
from gan_course.data.batches import to_float
from gan_course.data.domains import load_domain
from gan_course.inference import generate
from gan_course.weights import stylegans, translators

draw_map = translators.load_translator("earth-satellite2map")
G = stylegans.load_stylegan("stylegan-critters64")
views = to_float(load_domain("earth-satellite", "test", n=6, resolution=64, seed=SEED))
z = generate.latents(range(6), G.z_dim)
tiles = z.view(6, 1, 8, 8).repeat_interleave(8, 2).repeat_interleave(8, 3)  # 64 numbers, as greys
with torch.no_grad():
    maps = draw_map(views)
rows = {
    "into CycleGAN": views,
    "out of it": maps,
    "into StyleGAN": (tiles / 3).clamp(-1, 1).expand(-1, 3, -1, -1),
    "out of it ": generate.generate(G, generate.styles(G, z)),
}
viz.show_rows(rows, zoom=2, quality=80)

# %% [markdown]
# > “图像转换是CycleGAN和StyleGAN的主要应用场景。” *Image translation is the main use of CycleGAN and StyleGAN.* (2.2)
#
# > “StyleGAN是CycleGAN的进一步发展。” *StyleGAN is a further development of CycleGAN.* (1, 3.4: the article's section numbers)
#
# One translates a picture. The other is given random numbers and no picture at all, so it has nothing to translate. They
# share neither task nor data nor loss. Nor do they descend from one another: CycleGAN builds on pix2pix, as its paper
# says (section 2); StyleGAN is a new generator for the *progressive GAN* (the paper's baseline, configuration A, is the progressive GAN), and
# borrows AdaIN from style transfer.
#
# 一个翻译图像；另一个只拿到随机数，根本没有输入图像，谈不上“转换”。两者的任务、数据和损失都不同，也没有继承关系：CycleGAN 的论文（第 2 节）说它建立在 pix2pix 之上；StyleGAN 是为渐进式 GAN（progressive GAN）重新设计的生成器（论文里的配置 A 就是它），并从风格迁移借来 AdaIN。

# %% mystnb={"image": {"alt": "A family tree from 2014 to 2020, each box with its month. From GAN one branch leads to pix2pix, CycleGAN and CUT, another to the progressive GAN, StyleGAN and StyleGAN2. AdaIN stands below and joins StyleGAN."}}
from itertools import pairwise

family = {  # where it stands, and when it came out on arXiv
    "GAN": (2014, 1, "June 2014"),
    "pix2pix": (2015.9, 2, "Nov. 2016"),
    "CycleGAN": (2017.3, 2, "March 2017"),
    "CUT": (2020, 2, "July 2020"),
    "progressive GAN": (2017.3, 1, "Oct. 2017"),
    "StyleGAN": (2018.7, 1, "Dec. 2018"),
    "StyleGAN2": (2020, 1, "Dec. 2019"),
    "AdaIN": (2017, 0.2, "March 2017"),
}
branches = [["GAN", "pix2pix", "CycleGAN", "CUT"], ["AdaIN", "StyleGAN"]]
branches.append(["GAN", "progressive GAN", "StyleGAN", "StyleGAN2"])
_, (ax,) = viz.figure(8, 2.6)
for branch in branches:
    for older, newer in pairwise(branch):
        arrow = {"arrowstyle": "-|>", "color": viz.SCORE, "shrinkA": 28, "shrinkB": 28}
        ax.annotate("", family[newer][:2], family[older][:2], arrowprops=arrow)
for name, (x, height, date) in family.items():
    box = {"boxstyle": "round", "fc": "white", "ec": viz.REAL}
    ax.text(x, height, f"{name}\n{date}", ha="center", va="center", bbox=box, fontsize=8)
ax.set(xlim=(2013.4, 2020.6), ylim=(-0.2, 2.5), xticks=[], yticks=[])
ax.spines[:].set_visible(False)
plt.show()

# %% [markdown]
# ## Sort first
#
# Before any test: what kind of sentence is it? Some can be right or wrong. Some can't even be wrong, because they don't
# say what would count against them.
#
# 检验之前先分类。有的句子可对可错；有的根本无从证伪，因为没有说什么情况算错。
#
# **Exercise 1. Six sentences** (easy, 5 minutes: a sentence that cannot fail tells you nothing by holding)
#
# - A: “由两个子网络组成：生成器和判别器” *(a GAN) consists of two sub-networks, generator and discriminator*
# - B: “循环训练机制就是基于RNN的” *(CycleGAN's) cycle training is based on RNNs*
# - C: “可以将照片转换为画作” *(CycleGAN) can turn photographs into paintings*
# - D: “可以生成更高质量的图像” *(StyleGAN) can generate pictures of higher quality*
# - E: “图像转换是CycleGAN和StyleGAN的主要应用场景” *image translation is the main use of both*
# - F: “重复步骤2-4，直到模型性能达到预期水平” *repeat steps 2 to 4 until the performance is as expected*
#
# Answer each with "holds", "fails" or "says too little".
#
# 每句回答 `"holds"`（成立）、`"fails"`（不成立）或 `"says too little"`（说得太少，无法检验）。

# %% tags=["exercise"]
verdicts = {"A": ..., "B": ..., "C": ..., "D": ..., "E": ..., "F": ...}
# hint("verdicts", 1)
exercises.check_verdicts(verdicts)

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# verdicts = {
#     "A": "holds",
#     "B": "fails",
#     "C": "holds",
#     "D": "says too little",
#     "E": "fails",
#     "F": "says too little",
# }
# ```
#
# D: higher than what, by which measure, on which pictures? F: whoever stops can say that it was expected.
#
# D：比什么更高，用什么衡量，在哪些图像上？F：谁停下来都可以说已“达到预期”。
#
# </details>
#
# **What it gets right** is worth saying before the rest. 先说它说对了什么。
#
# | the article 文章 | here 课程 |
# | --- | --- |
# | two networks, of which one makes and one judges, improve by competing 两个网络竞争，互相促进 | 01 |
# | two generators, one each way, and the idea of going there and back 两个方向各一个生成器，有去有回 | 06 |
# | photographs to paintings 照片变画作 | 08: the paper has it (section 5.2), and so have we |
# | the first StyleGAN uses AdaIN, and its styles control how a picture looks 初代 StyleGAN 用 AdaIN，样式可以控制外观 | 11, 12 |
# | LeakyReLU(0.2), strided 4 x 4 convolutions in D, tanh at the end of G | 02, 05: as in pix2pix |
# | the arXiv numbers of its three references 三条参考文献的 arXiv 编号 | each leads to the paper meant |
# | open: quality, speed of training 展望：质量与训练速度 | 12: later work was on both |

# %% [markdown]
# ## A census
#
# > “CycleGAN中的循环训练机制就是基于RNN的。” *CycleGAN's cycle training is based on RNNs.* (2.3)
#
# > “它们的循环训练机制和AdaIN技术” *their cycle training and AdaIN* (6, said of both models)
#
# These can be counted. Build the networks at the papers' sizes, on PyTorch's *meta* device, which knows shapes and
# stores no numbers. **Predict:** how many recurrent layers has each? Which has AdaIN? And how many million weights has
# a "large model" (大模型) of 2017?
#
# 这些可以数。在 PyTorch 的 meta 设备上按论文的尺寸搭建网络，只有形状，没有数值。**预测**：各有多少循环层（recurrent layer）？谁有 AdaIN？2017 年的“大模型”有多少百万个权重？

# %%
from torch import nn

from gan_course.models.cyclegan import PatchDiscriminator, ResnetGenerator
from gan_course.models.stylegan import StyleGANGenerator, SynthesisLayer, SynthesisNetwork

with torch.device("meta"):
    synthesis = SynthesisNetwork(
        img_resolution=1_024, w_dim=512, channel_base=16_384, channel_max=512
    )
    papers = {
        "CycleGAN, a generator": ResnetGenerator(n_blocks=9),
        "CycleGAN, a discriminator": PatchDiscriminator(),
        "StyleGAN, the generator": StyleGANGenerator(synthesis, z_dim=512),
        "the shipped StyleGAN": G,
    }
RECURRENT = (nn.RNNBase, nn.RNNCellBase)
print(f"{'':27}million weights   recurrent layers   layers with AdaIN")
weights, recurrent = {}, 0
for name, network in papers.items():
    weights[name] = sum(p.numel() for p in network.parameters()) / 1e6
    found = [
        sum(isinstance(m, kind) for m in network.modules()) for kind in (RECURRENT, SynthesisLayer)
    ]
    recurrent += found[0]
    print(f"{name:27}{weights[name]:15.1f}{found[0]:19}{found[1]:20}")

# %%
claim("recurrent layers in all of these networks", recurrent, below=1)
share = weights["CycleGAN, a generator"] / weights["StyleGAN, the generator"]
claim("CycleGAN's generator has less than half the weights of StyleGAN's", share, below=1 / 2)

# %% [markdown]
# No recurrence anywhere. The slip is easy to understand in Chinese: 循环神经网络 is a *recurrent* network, 循环一致性 is
# *cycle* consistency, and 循环 is one word for two things. In a recurrent network a state goes round. In CycleGAN a
# picture goes there and back, through two convolutional networks that remember nothing.
#
# Neither of the article's two models has both a cycle and AdaIN; the last row has neither, because the weights that ship are a StyleGAN2, which
# gave AdaIN up. Whatever styles control there, AdaIN does not do it. And 11 million weights are small: 26 million in
# the StyleGAN paper (Figure 1), and ours agrees with it.
#
# 没有任何循环层。这个误会在中文里很自然：循环神经网络的“循环”是 recurrent，循环一致性的“循环”是 cycle，一个词指两件事。前者是隐状态在时间步之间循环传递；后者是图像转过去再转回来，经过两个没有记忆的卷积网络。
#
# 文章讲的两个模型，没有一个同时有循环和 AdaIN；最后一行两样都没有，因为随课程发布的权重是 StyleGAN2，它已放弃 AdaIN。那里的样式控制不是 AdaIN 完成的。1100 万个权重并不大；StyleGAN 论文（图 1）写的是 2600 万，与我们数的一致。

# %% [markdown]
# ## Two lines that do not fit
#
# Section 3.2 gives four lines as CycleGAN's mathematical model (数学模型公式):
#
# $$G: A \rightarrow B, \qquad F: B \rightarrow A, \qquad G(F(B)) \approx A, \qquad F(G(A)) \approx B$$
#
# The first two say where each map starts and arrives, and that is enough to check the others. **Predict** which side of
# each is wrong.
#
# 第 3.2 节给出这四行。前两行说明每个映射从哪里到哪里，凭此就能检查后两行。**预测**：每一行错在哪一边？


# %%
def check_types(names, start, target):
    """Does a formula such as G(F(b)) arrive in the domain that it is compared with?"""
    arrows, domain = {"G": ("A", "B"), "F": ("B", "A")}, start
    for name in reversed(names):  # the map written last is applied first
        source, arrived = arrows[name]
        if source != domain:
            return f"{name} cannot take a point of {domain}"
        domain = arrived
    return "fits" if domain == target else f"lies in {domain}, compared with {target}"


lines = {
    "article: G(F(B)) ~ A": ("GF", "B", "A"),
    "article: F(G(A)) ~ B": ("FG", "A", "B"),
    "paper:   F(G(a)) ~ a": ("FG", "A", "A"),
    "paper:   G(F(b)) ~ b": ("GF", "B", "B"),
}
found = {line: check_types(*parts) for line, parts in lines.items()}
print("\n".join(f"{line}   {verdict}" for line, verdict in found.items()))
fitting = sum(verdict == "fits" for line, verdict in found.items() if "article" in line)
claim("lines of the article that fit its own arrows", fitting, below=1)

# %% [markdown]
# The left sides are fine, the right sides are exchanged. And capital letters are too weak: "$F(G(A))$ is $A$" also holds
# for maps that shuffle all pictures of $A$ among themselves. The paper says it of every single picture.
#
# 左边没错，右边写反了。大写字母也太弱：若先 G 后 F 只是把 A 里的图像打乱重排，“$F(G(A))$ 等于 $A$”照样成立。论文说的是每一张图像。

# %% [markdown]
# ## A model without a judge
#
# Grant the correction. Section 3 then asks for a round trip, and for nothing else: no discriminator occurs in it.
# **Predict:** of a trained CycleGAN and a "translator" that hands its picture back unchanged, which satisfies the
# corrected lines better?
#
# Take the course's critters: plain creatures, to be made striped. The *twin* of each, drawn from the same factors, is
# the true answer, and a shipped classifier, the reader, says which texture it sees.
#
# 就按改正后的公式来。第 3 节只要求往返，通篇没有判别器。**预测**：训练好的 CycleGAN，和原样交还图像的“翻译器”，谁更符合改正后的公式？数据是课程里的小怪物（critters）：把纯色的变成条纹的。每只都有一个只改纹理的孪生作正确答案，另有一个分类器（reader）报告它看到的纹理。

# %% tags=["nbval-ignore-output"]
from torch.nn.functional import l1_loss

from gan_course.data import critters
from gan_course.evaluation import features, readers

G_AB = translators.load_translator("critters-plain2striped")
G_BA = translators.load_translator("critters-striped2plain")
reader = readers.load_reader("critters").requires_grad_(False)
plain, factors = critters.load_critters(
    "test", n=cfg.n_translated, resolution=64, seed=SEED, texture="plain"
)
real_A = to_float(plain)
with torch.no_grad():
    fake_B = G_AB(real_A)
    rec_A = G_BA(fake_B)
STRIPES = critters.FACTORS["texture"].index("stripes")
pays, striped = {}, {}
for name, there, home in (("nothing", real_A, real_A), ("CycleGAN", fake_B, rec_A)):
    pays[name] = l1_loss(home, real_A).item()
    answers = features.read_answers(reader, there)["texture"]
    striped[name] = (answers == STRIPES).double().mean().item()
    print(f"{name:9} round trip {pays[name]:.4f}   read as striped {striped[name]:.0%}")

# %% tags=["nbval-ignore-output"] mystnb={"image": {"alt": "Three rows of six drawn creatures: plain ones; the same with stripes, by a CycleGAN; and the true striped twins, which look the same as the row above."}}
twins = critters.twin(factors[:6], "texture", "stripes")
rows = {
    "nothing done": real_A[:6],
    "CycleGAN": fake_B[:6],
    "the truth": to_float(critters.draw_critters(twins, resolution=64)),
}
viz.show_rows(rows, zoom=2, quality=80)

# %%
gap = pays["CycleGAN"] - pays["nothing"]
claim("doing nothing pays less for the round trip than the CycleGAN", gap, above=0)
claim(
    "of what CycleGAN made, the share that is read as striped",
    striped["CycleGAN"],
    above=0.8,
    needs_training=True,
)
claim(
    "of what was left alone, the share that is read as striped",
    striped["nothing"],
    below=0.2,
    needs_training=True,
)

# %% [markdown]
# Doing nothing satisfies both of the article's round trips exactly, and translates nothing: none of its formulas measures
# whether an output lies in B. What makes an output look like B is the
# adversarial loss, and it takes a $D_B$; and another for A. (Nor would the round trips and both adversarial losses single out the truth: lesson 06 counts the maps that satisfy them
# all.)
#
# 什么都不做，就完全满足文章里的两个往返，却什么也没翻译：它的公式里没有一个衡量输出是否属于 B。让输出看起来像 B 的是对抗损失，为此要有 $D_B$，A 那边也要一个。（即使三者齐备，也不能确定哪个是正确的翻译：第 06 课数过满足它们的映射有多少。）

# %% [markdown]
# ## Who learns from what
#
# > “让生成器和判别器相互学习” *lets generators and discriminators learn from each other* (2.3, of the cycle)
#
# > “训练生成器G … 训练生成器F … 使用循环训练机制” *train G ... train F ... use the cycle* (3.3, as steps 2, 3 and 4)
#
# **Exercise 2. Four networks, four losses** (medium, 5 minutes: updating the wrong network raises no error)
#
# Which of `G_AB`, `G_BA`, `D_A` and `D_B` learn from each loss, in CycleGAN as published? Answer with sets. The identity
# loss asks that each generator leave a picture alone that is already in the domain where it arrives.
#
# 按论文的 CycleGAN，四个网络中哪些从哪个损失学习？用集合作答。恒等损失（identity loss）要求：已经在目标域里的图像，生成器不要改动。

# %% tags=["exercise"]
learners = {
    "D's loss in B": ...,
    "G's adversarial loss in B": ...,
    "cycle loss": ...,
    "identity loss": ...,
}
# hint("learners", 1)
exercises.check_learners(learners)

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# learners = {
#     "D's loss in B": {"D_B"},
#     "G's adversarial loss in B": {"G_AB"},
#     "cycle loss": {"G_AB", "G_BA"},
#     "identity loss": {"G_AB", "G_BA"},
# }
# ```
#
# </details>
#
# Ask autograd about the cycle. 让自动求导来回答。

# %%
networks = {
    "G_AB": ResnetGenerator(base_channels=4, n_blocks=1),
    "G_BA": ResnetGenerator(base_channels=4, n_blocks=1),
    "D_A": PatchDiscriminator(base_channels=4, n_layers=1),
    "D_B": PatchDiscriminator(base_channels=4, n_layers=1),
}
there_A, there_B = 2 * torch.rand(2, 1, 3, 32, 32) - 1
loss_cycle = l1_loss(networks["G_BA"](networks["G_AB"](there_A)), there_A)
loss_cycle = loss_cycle + l1_loss(networks["G_AB"](networks["G_BA"](there_B)), there_B)
taught = []
for name, network in networks.items():
    slopes = torch.autograd.grad(
        loss_cycle, list(network.parameters()), retain_graph=True, allow_unused=True
    )
    if any(slope is not None and slope.any() for slope in slopes):
        taught.append(name)
print("the cycle loss has a gradient for", *taught)
claim("discriminators that the cycle loss teaches", sum(n.startswith("D") for n in taught), below=1)

# %% [markdown]
# The cycle joins the two *generators*. No D ever sees a round trip. And there are no three phases: in each iteration
# both generators move together, from one sum of losses; then both discriminators do. Left out of the article's recipe,
# besides the discriminators: least squares, $\lambda = 10$, the pool of 50 pictures, the falling learning rate
# (lesson 07).
#
# 循环损失连接的是两个**生成器**，判别器从来看不到往返的图像。也没有三个阶段：每次迭代里，两个生成器按同一个总损失一起更新，然后是两个判别器。文章的步骤里除判别器外还缺：最小二乘损失、$\lambda = 10$、50 张图像的缓存池、递减的学习率（第 07 课）。

# %% [markdown]
# ## StyleGAN in two lines
#
# > “G(A, S) = B … F(B, T) = A … S是输入图像的样式，T是输出图像的样式” *S is the style of the input picture, T that of the
# > output* (3.5)
#
# > “为每个输入图像A和输出图像B分配一个样式向量” *a style vector is assigned to each input and output picture* (3.6)
#
# No letter survives. There is no input picture $A$, no second generator $F$; a style is computed from a random $w$
# "instead of an example image", as the paper puts it (section 2), one for each layer:
#
# $$w = f(z), \qquad y_i = A_i(w), \qquad x = g(\mathit{const};\ y_1, \dots, y_L,\ \mathit{noise})$$
#
# The training is a GAN's: draw $z$, and let D judge. A style for a given picture has to be searched for (lesson 12).
#
# 这些符号没有一个成立。没有输入图像 $A$，没有第二个生成器 $F$；样式由随机的 $w$ 算出，论文（第 2 节）说“而不是来自示例图像”，每层一个。训练就是普通 GAN 的训练：抽取 $z$，由判别器评判。要为某张给定的图像找样式，只能搜索（第 12 课）。
#
# > “AdaIN…可以控制图像的样式，例如颜色、纹理和光照” *AdaIN can control the style of a picture, such as colour, texture and
# > lighting* (1, 3.4, 6)
#
# Nearly right, and so worth an experiment: *styles* control these and more, and *what* they control depends on the
# resolution at which they enter. Exchange the styles of two creatures, only up to 8 pixels, or only from 32 on, in the
# shipped network, which has no AdaIN. **Predict:** which exchange changes the shape, and which the colour of the body?
#
# 这句差一点就对了，值得做实验：控制这些（以及更多）的是**样式**，控制**什么**取决于样式在哪个分辨率进入。在没有 AdaIN 的网络里交换两只小怪物的样式，只换 8 像素及以下，或只换 32 像素及以上。**预测**：哪种交换改变形状，哪种改变身体的颜色？

# %% tags=["nbval-ignore-output"] mystnb={"image": {"alt": "Four rows of six drawn creatures: some, others, the first with the coarse styles of the others, which take on other shapes, and the first with the fine styles of the others, most of which keep their shapes while all take on other colours or textures."}}
ws = generate.styles(G, generate.latents(range(cfg.n_swaps), G.z_dim))
others = generate.styles(G, generate.latents(range(50_000, 50_000 + cfg.n_swaps), G.z_dim))
works_at = torch.tensor(generate.style_resolutions(G))


def exchanged(which):
    """Pictures of `ws` with the rows `which` taken from `others`."""
    return generate.generate(G, torch.where(which[:, None], others, ws))


pictures = {
    "these": exchanged(works_at < 0),
    "the others": exchanged(works_at > 0),
    "coarse from\nthe others": exchanged(works_at <= 8),
    "fine from\nthe others": exchanged(works_at >= 32),
}
viz.show_rows({name: part[:6] for name, part in pictures.items()}, zoom=2, quality=80)

# %% tags=["nbval-ignore-output"]
read = {name: features.read_answers(reader, part) for name, part in pictures.items()}
changed = {}
print(f"{'':13}{'coarse':>8}{'fine':>8}")
for factor in critters.FACTORS:
    before = read["these"][factor]
    coarse, fine = (
        (read[f"{level} from\nthe others"][factor] != before).double().mean().item()
        for level in ("coarse", "fine")
    )
    changed[factor] = coarse, fine
    print(f"{factor:13}{coarse:8.0%}{fine:8.0%}")

# %%
coarse, fine = changed["shape"]
claim(
    "the shape changes with the coarse styles more often than with the fine: by",
    coarse - fine,
    above=0.2,
    needs_training=True,
)
coarse, fine = changed["body_colour"]
claim(
    "the body's colour changes with the fine styles more often: by",
    fine - coarse,
    above=0.2,
    needs_training=True,
)

# %% [markdown]
# Shape goes with the coarse styles most of all, texture and the body's colour with the fine. So "shape" is missing in the
# article's list, and "at which level" is the answer it lacks. (Lighting is the same on all
# creatures and can't be counted here; the paper names it among what styles change.) Lesson 12 has the whole matrix, with
# its floor and its intervals.
#
# > “这使得StyleGAN能够生成更加真实和高质量的图像” *this (AdaIN) lets StyleGAN generate more realistic pictures* (1, 3.4, 6)
#
# The paper has the numbers: Fréchet distances on FFHQ, its Table 1. The progressive GAN 8.04; with filters, another loss and longer training 5.25;
# with the mapping and the styles 4.85; at the end 4.40. How much of the gain came before any style?
#
# 形状主要跟着粗层的样式走，纹理和身体颜色跟着细层。所以文章的清单里少了“形状”，而它没有回答的是“在哪个层级”。（所有小怪物的光照相同，这里数不了；论文确实提到样式会改变光照。）完整的表在第 12 课。AdaIN 是不是图像更好的原因？论文表 1（FFHQ 上的 Fréchet 距离）：渐进式 GAN 8.04，加入滤波、换损失并延长训练后 5.25，加入映射网络和样式 4.85，最终 4.40。有多少改进发生在样式出现之前？

# %%
before_styles = (8.04 - 5.25) / (8.04 - 4.40)
claim("share of the paper's gain on FFHQ that came before any style", before_styles, above=2 / 3)

# %% [markdown]
# ## The code, as far as it goes
#
# The article ends in a program for Keras. Here are the lines that matter, shortened, as a *text*: we never run it. Much
# can be said about a program from its names and its shapes alone.
#
# 文章最后是一段 Keras 程序。下面是其中要紧的几行（有删节），只作为**文本**，从不执行。单凭名字和形状就能说出很多。

# %%
EXCERPT = """
import tensorflow as tf
from tensorflow.keras.layers import Input, Conv2D, BatchNormalization, LeakyReLU
from tensorflow.keras.layers import Concatenate, Reshape, Dense, Flatten
from tensorflow.keras.models import Model
def define_generator(latent_dim):
    model = Input(shape=(latent_dim,))
    model = Dense(8 * 8 * 256, use_bias=False)(model)
    model = Reshape((4, 4, 256))(model)
    model = Conv2D(128, kernel_size=3, strides=2, padding='same')(model)
    model = Activation('tanh')(model)
    return model
def define_discriminator(input_shape): ...
def define_cyclegan_model(latent_dim, input_shape):
    generator = define_generator(latent_dim)
    discriminator = define_discriminator(input_shape)
    z, img_B = Input(shape=(latent_dim,)), Input(shape=input_shape)
    img_A = generator(z)
    img_A_ = generator(discriminator(img_B))
    cycle_loss = tf.reduce_mean(tf.pow(img_A - img_B, 2))
    model = Model(z=z, img_A=img_A, img_B=img_B)
"""

# %% [markdown]
# **Exercise 3. Loud or silent?** (medium, 5 minutes: a loud mistake costs a minute, a silent one a week)
#
# Which of these would end in an "error", and which "runs" and is wrong? For each, suppose that all the others have been
# mended, and that both functions return models that can be called.
#
# - a: 8 * 8 * 256 numbers are reshaped to (4, 4, 256)
# - b: the generator goes down with `strides=2` and never up
# - c: `Activation('tanh')`
# - d: `generator(discriminator(img_B))`
# - e: the cycle loss compares `img_A` with `img_B`
# - f: one discriminator judges both domains
#
# 哪些会报错（`"error"`），哪些能运行但是错的（`"runs"`）？每一条都假设其余各条已经改好，而且两个函数返回的都是可以调用的模型。

# %% tags=["exercise"]
loud = {"a": ..., "b": ..., "c": ..., "d": ..., "e": ..., "f": ...}
# hint("loud", 1)
exercises.check_loud(loud)

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# loud = {"a": "error", "b": "runs", "c": "error", "d": "error", "e": "runs", "f": "runs"}
# ```
#
# Three are silent, and these are the ones to fear: a generator that shrinks, a cycle loss between strangers, a judge who
# does not know which set it judges for.
#
# 不报错的有三个，最该怕的正是它们：越做越小的生成器，拿互不相干的图像比较的循环损失，不知道自己替哪个域评判的判别器。
#
# </details>
#
# Python's own parser finds names that nothing defines; the shapes are arithmetic. Python 自带的语法解析器就能找出没有定义的名字；形状只需算术。

# %%
import ast
import builtins

tree = ast.walk(ast.parse(EXCERPT))
used, bound = set(), set(dir(builtins))
for node in tree:
    if isinstance(node, ast.Name):
        (used if isinstance(node.ctx, ast.Load) else bound).add(node.id)
    elif isinstance(node, ast.arg):
        bound.add(node.arg)
    elif isinstance(node, ast.alias):
        bound.add(node.asname or node.name)
    elif isinstance(node, ast.FunctionDef):
        bound.add(node.name)
print("used, and nowhere defined:", *sorted(used - bound))
print("numbers into the reshape:", 8 * 8 * 256, "· out of it:", 4 * 4 * 256)
STRIDES_D = [2, 2, 2, 1, 1, 1, 1, 1]  # all kernels are 4
side = 64
for stride in STRIDES_D:
    side = -(-side // stride)
print(f"D makes of 64 x 64 pixels a map of {side} x {side}; G takes a vector of latent_dim numbers")

# %% [markdown]
# In the order in which Python would meet them: the reshape; `Activation`; then `generator(z)`, because both functions
# return a tensor and not a model; `generator(discriminator(img_B))`; `Model(z=...)`, which takes `inputs` and `outputs`;
# and a tensor as `loss`. Each hides the next. And F, in the comments a “生成器F” (generator F), is never defined; the
# name stands over the discriminator.
#
# 按 Python 遇到的先后：reshape；`Activation`；`generator(z)`，因为两个函数返回的是张量而不是模型；`generator(discriminator(img_B))`；`Model(z=...)`，它只接受 `inputs` 和 `outputs`；把张量当作 `loss`。前一个错误掩盖后一个。至于注释里的“生成器F”，始终没有定义，这个名字标在判别器上面。

# %% [markdown]
# **Exercise 4. Debug: a published generator** (easy, 5 minutes: it never ran)
#
# Suppose that it does start from `(4, 4, 256)`. Then come two `Conv2D` layers with `strides=2` and `padding='same'`, and
# four with stride 1. What height does it end at?
#
# 假设它真的从 `(4, 4, 256)` 开始，随后是两个 `strides=2`、`padding='same'` 的 `Conv2D`，再加四个步幅为 1 的。最后高度是多少？

# %% tags=["exercise"]
ends_at = ...
# hint("article_size", 1)
exercises.check_article_size(ends_at)

# %% [markdown]
# <details><summary>Solution</summary>
#
# It strides the wrong way: 4, 2, 1. A generator has to upsample. 方向反了：4、2、1。生成器应当上采样。
#
# ```python
# ends_at = 1
# ```
#
# </details>
#
# Beside it, the generator of CycleGAN's paper: a picture goes in, not a latent vector, and a picture of that size comes
# out. 旁边是 CycleGAN 论文的生成器：进去的不是隐向量，而是图像；出来的图像同样大小。

# %% mystnb={"image": {"alt": "The height of the features behind each layer, on a logarithmic scale. The paper's generator: from 128 pixels down to 32, level through nine blocks, and up to 128. The article's: from 4 to 2 to 1, and level."}}
from gan_course.models.cyclegan import ResnetBlock

heights = {"CycleGAN's paper": [128], "the article": [4, 2, 1, 1, 1, 1, 1]}
x = torch.zeros(1, 3, 128, 128)
for layer in ResnetGenerator(base_channels=4, n_blocks=9).model:  # narrow: heights are the same
    x = layer(x)
    if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d | ResnetBlock):
        heights["CycleGAN's paper"].append(x.shape[2])

_, (ax,) = viz.figure(8, 2.8)
for (name, values), colour in zip(heights.items(), (viz.REAL, viz.FAKE), strict=True):
    ax.plot(values, "o-", color=colour, label=name, ms=4)
ax.set_yscale("log", base=2)
ax.set(
    xlabel="layers passed (a residual block counts as one)", ylabel="height", yticks=[1, 4, 32, 128]
)
ax.set_yticklabels(["1", "4", "32", "128"])
ax.legend(frameon=False, loc="center left", bbox_to_anchor=(1, 0.5))
plt.show()

# %% [markdown]
# **Exercise 5. Follow a stack** (medium, 10 minutes: with this you can check any network on paper)
#
# `layers` is a list of (kernel, stride), all with 'same' padding; `size` is the height that goes in. Return the height
# that comes out, and the **receptive field**: how many pixels of the input one output can depend on, in height (it may be
# more than the picture has).
#
# `layers` 是 (kernel, stride) 的列表，都用 'same' 填充；`size` 是输入高度。返回输出的高度，以及**感受野**（receptive field）：一个输出在高度方向上最多依赖输入的多少个像素（可以超过图像本身）。


# %% tags=["exercise"]
def follow(layers, size):
    # your code
    ...


# hint("follow", 1)
exercises.check_follow(follow)

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# def follow(layers, size):
#     field, apart = 1, 1
#     for kernel, stride in layers:
#         size = -(-size // stride)
#         field += (kernel - 1) * apart
#         apart *= stride
#     return size, field
# ```
#
# </details>
#
# The article's D has eight layers with kernels of 4, three of stride 2 and then five of stride 1. The paper's has three
# and two, and sees 70 pixels (lesson 05). 文章的 D 有八层，核都是 4：三层步幅 2，五层步幅 1。论文的是三层加两层，看到 70 个像素（第 05 课）。

# %%
fields = {}
for name, strides in (("the paper's D", [2, 2, 2, 1, 1]), ("the article's D", STRIDES_D)):
    field, apart = 1, 1
    for stride in strides:
        field, apart = field + 3 * apart, apart * stride
    fields[name] = field
    print(f"{name:16} one score sees {field} pixels")
twice = 2 * fields["the paper's D"]
text = "pixels that one score of the article's D sees: more than twice those of the paper's D"
claim(text, fields["the article's D"], above=twice)

# %% [markdown]
# ## Its losses
#
# > `gan_loss_A = 0.5 * (tf.reduce_mean(d_real_A) - tf.reduce_mean(d_fake_A))`
#
# > `cycle_loss = tf.reduce_mean(tf.pow(img_A - img_B, 2))`
#
# Their sum is **one** scalar, and one optimiser takes it down over the weights of everybody. There is no min and max in
# it. What does it ask of D? The smallest case: $D(x) = \sigma(wx)$, real samples at 1, fakes at -1. If the slope in
# $w$ is positive, descending makes $w$ smaller, and D rates what is *real* lower.
#
# And the cycle loss: `img_A` is what G makes of noise, `img_B` a real picture that has nothing to do with it.
# **Predict** which pays less: the true translation of a creature, or always the same picture, the mean of B?
#
# 它们的和是**一个**标量，一个优化器对所有网络的权重一起下降，没有 min 与 max 的对抗。它要求 D 做什么？最小的例子：$D(x) = \sigma(wx)$，真样本在 1，假样本在 -1。若对 $w$ 的斜率为正，下降会使 $w$ 变小，D 就会给**真**样本打更低的分。再看循环损失：`img_A` 是 G 从噪声生成的，`img_B` 是与它毫不相干的真实图像。**预测**谁的损失更小：正确的翻译，还是永远输出 B 的平均图像？

# %%
w = torch.tensor(1.0, dtype=torch.float64, requires_grad=True)
gan_loss = 0.5 * (torch.sigmoid(w * 1.0) - torch.sigmoid(w * -1.0))
(slope,) = torch.autograd.grad(gan_loss, w)
claim("the article's scalar has a slope that lowers D's scores of real samples", slope, above=0)


def creatures(texture, seed):
    """Creatures of one texture, and their factors."""
    return critters.load_critters(
        "train", n=cfg.n_unpaired, resolution=32, seed=seed, texture=texture
    )


_, of_plain = creatures("plain", seed=11)
twins = critters.twin(of_plain, "texture", "stripes")
truth = to_float(critters.draw_critters(twins, resolution=32))
real_B = to_float(creatures("stripes", seed=12)[0])  # drawn on their own: nobody's twins

# %% tags=["nbval-ignore-output"] mystnb={"image": {"alt": "Two rows of ten pictures. The true translations, striped creatures, each different; and ten times the same grey blur, the mean of all striped creatures."}}
mean_B = real_B.mean(0)
loss_true, loss_mean = (truth - real_B).square().mean(), (mean_B - real_B).square().mean()
print(f"the true translations pay {loss_true:.2f}, the mean picture {loss_mean:.2f}")
viz.show_rows(
    {"the truth": truth[:10], "what the loss\nlikes best": mean_B.expand(10, -1, -1, -1)},
    zoom=3,
    quality=80,
)

# %%
off = abs(loss_mean / loss_true - 1 / 2)
claim("one grey blur pays half as much as the truth; off by", off, below=0.1, needs_training=True)

# %% [markdown]
# The slope is positive: whoever goes down this scalar teaches D to score real pictures low. And the blur pays half,
# because two independent pictures differ by twice the variance, a picture and the mean by the variance once. A
# cycle loss compares a picture **with its own round trip**.
#
# 斜率为正：沿这个标量下降，就是教 D 给真实图像打低分。而模糊的平均图损失约为一半：两张独立的图像相差两倍方差，一张图像与平均图像只差一倍。循环损失应当把一张图像**和它自己往返后的样子**比较。
#
# ## Side by side 对照
#
# | | the article 文章 | the papers 论文 |
# | --- | --- | --- |
# | GAN | “竞争”, no loss 没有损失 | $\min_G \max_D\ \mathbb{E} \log D(x) + \mathbb{E} \log(1 - D(G(z)))$ |
# | cycle 循环 | $G(F(B)) \approx A$, $F(G(A)) \approx B$ | $\mathbb{E}\lVert F(G(a)) - a\rVert_1 + \mathbb{E}\lVert G(F(b)) - b\rVert_1$ |
# | whole objective 总目标 | none 无 | $L_{GAN}(G, D_B) + L_{GAN}(F, D_A) + \lambda L_{cyc}$, min over G, F, max over D |
# | in its code 代码 | one scalar, squares between strangers 一个标量，互不相干的图像之间的平方差 | two turns (least squares); L1 to the own round trip 两方轮流；与自身往返的 L1 |
# | StyleGAN | $G(A, S) = B$, $F(B, T) = A$ | $w = f(z)$, $y_i = A_i(w)$, $x = g(\mathit{const}; y, \mathit{noise})$ |
# | AdaIN | a word 一个词 | $y_{s}\,(x - \mu(x)) / \sigma(x) + y_{b}$, channel by channel 逐通道 |

# %% [markdown]
# ## Its references
#
# The article cites three papers. Compare the surnames that it prints with those on the papers.
#
# 文章引了三篇论文。把它印出的姓氏和论文上的作者比一比。

# %%
printed = {
    "1703.10593 CycleGAN": "Zhu Zhou Tao Huang Mao Huang Yu",
    "1710.10196 progressive GAN": "Karras Laine Aila Karhunen Lehtinen Veit",
    "1406.2661 GAN": "Goodfellow Pouget-Abadie Mirza Xu Warde-Farley Larochelle Courville",
}
authors = {
    "1703.10593 CycleGAN": "Zhu Park Isola Efros",
    "1710.10196 progressive GAN": "Karras Aila Laine Lehtinen",
    "1406.2661 GAN": "Goodfellow Pouget-Abadie Mirza Xu Warde-Farley Ozair Courville Bengio",
}
fewest = 99
for paper, names in printed.items():
    strangers = sorted(set(names.split()) - set(authors[paper].split()))
    fewest = min(fewest, len(strangers))
    print(f"{paper:28} not among the authors: {', '.join(strangers)}")
claim("people in each reference who did not write the paper, at least", fewest, above=0)

# %% [markdown]
# The second title is wrong as well: "... Stability, and Variation*al Inference*" for "... Stability, and Variation". And
# the paper on StyleGAN (Karras, Laine, Aila; arXiv:1812.04948) is not cited at all. A reference takes a minute to check,
# and tells you whether somebody had the paper open.
#
# 第二条的题目也错了：应为 *... Stability, and Variation*，印成了 *Variational Inference*。而 StyleGAN 的论文（arXiv:1812.04948）根本没有引用。核对一条文献只要一分钟，却能看出写的人是否打开过论文。

# %% [markdown]
# ## What it promises, and where the course keeps it
#
# A page that gets things wrong can still ask for the right things. 说错了的文章，目标也可能是对的。
#
# | the article promises 文章的承诺 | kept in 在哪里兑现 |
# | --- | --- |
# | core concepts and formulas of both 两者的核心概念和公式 | 06, 07; 09, 10, 11 |
# | code for both that helps to understand “一些代码实例” | all lessons: code that runs, and is measured 能运行、有测量 |
# | photographs to paintings 照片变画作 | 08, against a cheap rival 与简单方法比较 |
# | black-and-white to colour 黑白变彩色 | 08: not in the paper, and a task for pairs; tried all the same 论文没有，本是成对任务，仍然试了 |
# | control of style 控制样式 | 10, 12, level by level 逐层计数 |
# | quality 质量 | 04: how one measures it 如何衡量 |
# | “视觉定位、医疗诊断” visual localisation, medical diagnosis | 08: why not 为什么不行: a translation may invent what it shows 翻译出来的可能是编造的 |
# | faster training, “潜在空间的不稳定性” unstable latent spaces | 03; 12: path length, which the StyleGAN paper had measured already 论文早已测过 |

# %% [markdown]
# ## Published mistakes elsewhere
#
# Good people make mistakes in good work; most of these pages taught thousands. The list was read in their files in 2026,
# and some may be mended by now. Each is measured in the lesson named.
#
# 好作品里也有错误，下面这些大多教会过成千上万的人。2026 年在原文件中读到，有些也许已经改了。每一条都在所列的课里测过。
#
# | where 出处 | what 错在哪里 | lesson |
# | --- | --- | --- |
# | Dive into Deep Learning, GAN chapter | the flat loss put at $D \approx 1$, and D said to starve; it is $D \approx 0$, and G 饱和发生在 $D \approx 0$，得不到梯度的是 G | 01, ex. 6 |
# | PyTorch-GAN, 22 files | `BatchNorm2d(n, 0.8)`: a Keras momentum became eps 动量写成了 eps | 02, ex. 6 |
# | labml, "Wasserstein" | the code is the hinge loss 实为 hinge 损失 | 03, ex. 7 |
# | Keras examples, StyleGAN | keeps the checkpoint with the smallest sum of losses as "balanced" 以损失之和最小选权重 | 03, ex. 8 |
# | many evaluations | shrinking without a low-pass filter 缩小前不做低通滤波 | 04, ex. 7 |
# | PyTorch-GAN, labml | a D of 94 pixels for 70 感受野 94 而非 70 | 05, ex. 8 |
# | a specialisation on GANs, CycleGAN | a D of 28 pixels; no pool 感受野 28；没有缓存池 | 05; 07, ex. 3 |
# | labml, CycleGAN | ReLU inside the residual sum; A and B drawn by one index 残差支路多一个 ReLU；A、B 用同一个下标 | 07, ex. 1, 5 |
# | labml, CycleGAN | `Image.new(...).paste(...)` is None: grey pictures are lost 灰度图变成 None | 08, ex. 6 |
# | official CycleGAN and StyleGAN2 code | a checkpoint of weights alone; counters begin anew 存档只有权重，计数重来 | 07, ex. 8 |
# | labml, StyleGAN notes | "He's constant" without $\sqrt 2$ 缺 $\sqrt 2$ | 09, ex. 3 |
# | Hugging Face vision course, StyleGAN | $y_s$, $y_b$ as mean and deviation of $y$ 把 $y_s$、$y_b$ 当成 $y$ 的均值和标准差 | 10, ex. 3 |
# | the same specialisation, StyleGAN | truncates $z$, which a normalised mapping cannot see; noise at full strength 截断 $z$ 而不是 $w$；噪声一开始就全强度 | 11 |
# | rosinality's StyleGAN | one noise map for both layers of a block 一个块的两层共用噪声 | 11, ex. 6 |
# | Keras examples, StyleGAN | a "learned" constant that is fixed at ones 本应学习的常数固定为 1 | 11, ex. 7 |
# | labml, StyleGAN | LeakyReLU on the colours 颜色输出加了 LeakyReLU | 11 |
# | ai-engineering-from-scratch | noise *behind* AdaIN; droplets "because the mean is zeroed" 噪声放在 AdaIN 之后；把水滴伪影只归咎于均值 | 11, ex. 3; 12 |
# | the same specialisation, StyleGAN2 | a path length penalty without `create_graph`: no gradient 路径惩罚没有梯度 | 12, ex. 9 |
# | this course | a claim of ours may be next: please open an issue 下一个也许是我们：请提 issue | any |

# %% [markdown]
# ## Your turn
#
# **Exercise 6. Read a page** (hard, 25 minutes: it is what you will do for the rest of your working life)
#
# Choose one page: a chapter, a blog, a notebook, a lesson of this course. Take three of its claims, and test them. Mark
# yourself "yes", "partly" or "no", in this order:
#
# 任选一页：一章书、一篇博客、一个 notebook，或本课程的一课。取三个论断，逐一检验。然后按下面的顺序给自己打分：`"yes"`、`"partly"` 或 `"no"`。
#
# | | the mark asks 自评标准 |
# | --- | --- |
# | word for word | Are quotes exact, short, and in their context? 引文是否准确、简短、不断章取义？ |
# | read kindly | Did you test the best sense that a sentence has? 是否按最合理的意思来检验？ |
# | could have come out otherwise | Could each test have gone against you? 检验的结果本来可能相反吗？ |
# | first source | Did you look into the paper or the code itself? 是否查了论文或代码本身？ |
# | limits said | Does "unsure" say what you could not settle? 没能确定的有没有说明？ |
# | fit to send | Would you send it to the author, by name? 愿意署名寄给作者吗？ |
#
# Texts in any language; each claim is `(quote, kind, verdict, what you found)`, the kind one of "type check", "count",
# "experiment", "source", the verdict one of "holds", "fails", "in part", "says too little". The checker sees whether it is
# complete. Whether it is good, only you and the author can say.
#
# 用任何语言写都可以。检查器只看是否完整；好不好，要由你和作者来说。

# %% tags=["exercise"]
reading = {
    "page": ...,  # its title and where it is
    "read on": ...,  # a date: pages change
    "right": ...,  # what it gets right, and how you know
    "claims": ...,  # three at least
    "unsure": ...,  # what you could not settle, and what would
    "marks": ...,  # six, in the order of the rubric
}
# hint("reading", 1)
exercises.check_reading(reading)

# %% [markdown]
# <details><summary>Solution</summary>
#
# One of ours, of a page from which many have learnt. 我们的一份，读的是一页让很多人学会了 DCGAN 的教程。
#
# ```python
# reading = {
#     "page": "PyTorch's DCGAN tutorial, beginner_source/dcgan_faces_tutorial.py in pytorch/tutorials",
#     "read on": "2026-11-29",
#     "right": "The roles of G and D, and Goodfellow's loss, as in section 3 of the paper; all of it runs.",
#     "claims": [
#         (
#             "to mean=0, stdev=0.2",
#             "count",
#             "fails",
#             "normal_(m.weight.data, 0.0, 0.02) stands in the code, as the prose above it has it",
#         ),
#         (
#             "the probability that D will predict its outputs are fake (log(1-D(G(x))))",
#             "type check",
#             "in part",
#             "G takes z, not x: the formula below it has D(G(z)); and it is the log of one",
#         ),
#         (
#             "the output is a 3x64x64 RGB image",
#             "count",
#             "holds",
#             "transposed convolutions take 1 to 4, 8, 16, 32, 64: n becomes 2n by kernel 4, stride 2",
#         ),
#     ],
#     "unsure": "Whether five epochs look as in its figures; a run on CelebA would tell.",
#     "marks": ["yes", "yes", "yes", "yes", "yes", "partly"],
# }
# ```
#
# </details>

# %% [markdown]
# ## What you built
#
# - A verdict on each sentence that could have one, with the check that gave it.
# - A way to read code without running it: names by the parser, shapes and fields by arithmetic.
# - A critical reading of a page of your own choice.
#
# 你得到了：对每个可判断句子的判断及其依据；不运行就读懂代码的办法；一份自己的批判性阅读。
#
# **Three questions 三个问题**
#
# 1. A page has ten mistakes that raise errors and one that does not. Which do you report first?
# 2. “StyleGAN能够生成更加真实和高质量的图像”: turn it into a sentence that can fail.
# 3. A page is right in all that you tested. What do you know about the rest?
#
# <details><summary>Answers</summary>
#
# 1. The silent one. The others will be found by whoever runs it. 不报错的那个；别的一运行就知道。
# 2. For example: on FFHQ at 1024 px, with 50,000 samples, its Fréchet distance is below the progressive GAN's. It says
#    which pictures, which rival, which measure. 例如：在 FFHQ 1024 像素、5 万个样本上，它的 Fréchet 距离低于渐进式 GAN。
# 3. Something, if you drew the claims at random; next to nothing, if you took those that are easy to test.
#    如果论断是随机抽的，知道一些；如果专挑好验证的，几乎一无所知。
#
# </details>
#
# ## What can go wrong
#
# | you see | look at |
# | --- | --- |
# | everything on a page seems wrong | read it more kindly: perhaps a word means something else there |
# | everything on a page seems right | choose a claim with a number |
# | a paper seems to contradict itself | two versions of it; the dataset and the protocol of each number |
# | code that "should" fail, and runs | broadcasting, defaults, a newer version of the library |
#
# ## References
#
# - Goodfellow, Pouget-Abadie, Mirza, Xu, Warde-Farley, Ozair, Courville, Bengio (2014). Generative Adversarial Networks.
#   arXiv:1406.2661
# - Zhu, Park, Isola, Efros (2017). Unpaired Image-to-Image Translation using Cycle-Consistent Adversarial Networks.
#   ICCV 2017, arXiv:1703.10593
# - Karras, Aila, Laine, Lehtinen (2018). Progressive Growing of GANs for Improved Quality, Stability, and Variation.
#   ICLR 2018, arXiv:1710.10196
# - Huang, Belongie (2017). Arbitrary Style Transfer in Real-time with Adaptive Instance Normalization. ICCV 2017,
#   arXiv:1703.06868
# - Karras, Laine, Aila (2019). A Style-Based Generator Architecture for Generative Adversarial Networks. CVPR 2019,
#   arXiv:1812.04948
