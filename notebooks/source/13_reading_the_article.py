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
# ![A page with four Chinese sentences, their English in small print below; in each some words are underlined in colour,
# and a question mark stands in the margin. Beside it, under CycleGAN, a view of the Earth becomes a map; under
# StyleGAN, grey random numbers become a drawn creature.](images/13_banner.jpg)
#
# | you will be able to | 你将能够 |
# | --- | --- |
# | find, for a sentence, the test that could prove it wrong | 为一句话找到能推翻它的检验 |
# | follow code that cannot run, by its shapes and names | 顺着形状和名字读懂无法运行的代码 |
# | tell mistakes that raise an error from those that run in silence | 区分会报错的错误和不报错、却悄悄给出错误结果的错误 |
# | read a page critically and fairly | 批判而公正地读一篇材料 |
# | needs | lessons 01, 04 to 08 and 10 to 12 (第 01、04–08、10–12 课); Chinese is not needed |
# | time | study 90 min; computing: 8 s on a newer processor, 8 s on an older one |
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
runtime = choose_runtime("cpu", "float32", threads=1)  # nothing is trained here
seed_everything(SEED)

# %% [markdown]
# ## Two machines
#
# The article introduces “一种名为CycleGAN的人工智能大模型，以及它如何发展至StyleGAN”: *a large AI model named CycleGAN, and how it developed
# into StyleGAN*. It is a page like many: pleasant to read, without a measurement, and with code that cannot run as
# printed. Worse than what cannot run is what would: the best answer to one of its lines, as printed, is the
# same murky blur for every input, and no error says so. You will see that blur. You will go on meeting such pages, and the question is always the same: what may I keep of it? (We have the
# article's text, without author or address. So you cannot look up the context of our quotations; numbers in brackets
# are its sections.) You have trained both models by now. A paragraph of it whole, so that you hear its voice:
#
# > “StyleGAN是CycleGAN的进一步发展，它可以生成更高质量的图像。StyleGAN使用了一种名为AdaIN的技术，可以控制图像的样式，例如颜色、纹理和光照等。这使得StyleGAN能够生成更加真实和高质量的图像。”
# > *StyleGAN is a further development of CycleGAN; it can generate pictures of higher quality. StyleGAN uses a technique
# > named AdaIN, which can control the style of a picture, such as colour, texture, lighting and so on. This lets StyleGAN
# > generate more realistic pictures, of higher quality.* (1)
#
# Start with what goes into the two, and what comes out. (The course ships StyleGAN2, so it stands in for StyleGAN here.)
#
# 文章介绍“一种名为CycleGAN的人工智能大模型，以及它如何发展至StyleGAN”。这样的网页很多：读来顺畅，没有一个测量数据，代码照原样无法运行。比不能运行更糟的是能运行的错：其中有一行，照印出来的样子，最好的答案就是对每张图像都画同一片浑浊的模糊，而且不报错。后面你会看到它。以后你还会遇到，问题总是：哪些可以留下？（我们只有它的正文，没有作者和网址，引文的上下文你无从核对；括号里是它的节号。）现在两个模型你都训练过了。下面整段引用一段，听听它的口气；然后看看它们各自输入什么，输出什么。（课程发布的是 StyleGAN2，这里由它代表 StyleGAN。）

# %% tags=["nbval-ignore-output", "best-picture"] mystnb={"image": {"alt": "Four rows of pictures. Satellite views of coasts; the maps that a CycleGAN made of them; grey tiles of random numbers; drawn creatures that a StyleGAN made of them."}}
from gan_course.data.batches import to_float
from gan_course.data.domains import load_domain
from gan_course.inference import generate
from gan_course.weights import stylegans, translators

draw_map = translators.load_translator("earth-satellite2map")
G = stylegans.load_stylegan("stylegan-critters64")
views = to_float(load_domain("earth-satellite", "test", n=13, resolution=64, seed=SEED))
views = views[[0, 1, 2, 3, 12, 5]]  # two more of them show the same coast
z = generate.latents(range(6), G.z_dim)
tiles = z.view(6, 1, 8, 8).repeat_interleave(8, 2).repeat_interleave(8, 3)  # 64 numbers, as greys
with torch.no_grad():
    maps = draw_map(views)
rows = {
    "into CycleGAN": views,
    "out of it": maps,
    "into StyleGAN2": (tiles / 3).clamp(-1, 1).expand(-1, 3, -1, -1),
    "out of it ": generate.generate(G, generate.styles(G, z)),
}
viz.show_rows(rows, zoom=2, quality=80)

# %% [markdown]
# A picture in, a picture out; numbers in, a picture out. 一个输入图像、输出图像；一个输入数字、输出图像。
#
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
# - E: “StyleGAN是CycleGAN的进一步发展” *StyleGAN is a further development of CycleGAN*
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
# - A: section 3 of Goodfellow et al. has it. 原论文第 3 节就是这样写的。
# - B: "A census", below. 见下文“A census”（清点）。
# - C: "can" asks for one example, and there are some: section 5.2 of the paper, lesson 08. “可以”只要一个例子，论文 5.2 节和第 08 课都有。
# - D: higher than CycleGAN's, presumably; but by which measure, on which pictures, when the two do different tasks? 大概是比
#   CycleGAN 更高；但两者任务不同，用什么衡量，在哪些图像上？
# - E: the next section. 见下一节。
# - F: whoever stops can say that it was expected. 谁停下来都可以说已“达到预期”。
#
# </details>
#
# %% [markdown]
# ## What a record says
#
# Each sentence that we test below gets a **record**, in the form that Exercise 5 will ask of you: quote, kind of test,
# verdict, what we found. There are four kinds of test and four verdicts:
#
# | kind 检验 | asks 问的是 | verdict 判断 | means 意思是 |
# | --- | --- | --- | --- |
# | type check 类型检查 | can these be equal, or fit, at all? 两边可能相等、相配吗？ | holds 成立 | as it stands, where it stands 照原句、在原处成立 |
# | count 计数 | how many are there? 有多少个？ | in part 部分成立 | in its kindest sense alone, or one half of it 只按最善意的理解，或只有一半 |
# | experiment 实验 | what happens if we try? 试一试会怎样？ | fails 不成立 | not even in its kindest sense 按最善意的理解也不成立 |
# | source 文献 | what does the paper say? 论文怎么说？ | says too little 说得太少 | no test could make it fail 没有检验能推翻它 |
#
# Before each record we write down two things: the *kindest* sense that the sentence can have, and what we would have to
# find to say that it holds. "It would hold if" tests the
# sentence as it stands; if its kindest sense alone passes, the verdict is "in part". Kindness takes each word at its
# best, and mends slips of the pen where the page itself shows what was meant. It adds as little as it can. Here is one whole, of a sentence that you
# have judged, E:
#
# 下面每句受检验的话都有一份**记录**，格式就是练习 5 要你写的：引文、检验方式、判断、查到什么。检验有四种，判断也有四种，见上表。每份记录之前先写两点：这句话最善意的理解；查到什么就算成立。“便成立”检验的是原句；若只有最善意的理解通过，判断就是“部分成立”。善意是：每个词取最好的意思；文中看得出本意的笔误可以改正；尽量不添加文中没有的东西。先看一份完整的，就是你判断过的 E：
#
# > “StyleGAN是CycleGAN的进一步发展” *StyleGAN is a further development of CycleGAN* (1, 3.4)
#
# *Kindest:* some part of StyleGAN comes from CycleGAN. *It would hold if* its paper named that part.
#
# 最善意的理解：StyleGAN 有一部分来自 CycleGAN。若论文里写着是哪一部分，它便成立。
#
# **Record 记录.** *further development* “进一步发展” · source · **fails** · StyleGAN starts from the progressive GAN (Table 1 of its paper,
# row A) and borrows AdaIN from style transfer; CycleGAN builds on pix2pix. Beyond the adversarial game they share
# neither task nor data nor loss.
#
# 文献 · **不成立** · StyleGAN 从渐进式 GAN（progressive GAN，表 1 的配置 A）出发，并从风格迁移借来 AdaIN；CycleGAN 建立在 pix2pix 之上。除了对抗博弈，两者的任务、数据和损失都不同。
#
# Most other records are folded. **Predict** the verdict before you open one. 其他记录大多是折叠的：打开之前，先**预测**判断。
#
# > “图像转换是CycleGAN和StyleGAN的主要应用场景。” *Image translation is the main use of CycleGAN and StyleGAN.* (2.2)
#
# *Kindest:* one of the two, or each if one forces it a little. *It would hold if* both generators took a picture. (That tests
# whether it is a use of each at all; which use is the main one, we did not count.)
#
# 最善意的理解：至少其中之一如此，或者勉强可用。若两者的生成器都以图像为输入，它便成立。（这只检验是不是一种用途；哪种用途最主要，我们没有统计。）
#
# <details><summary>Record 记录</summary>
#
# *main use* “主要应用场景” · source · **in part** · true of CycleGAN; StyleGAN's generator gets random numbers and no
# picture (section 2), though it can be bent to translate (lesson 12).
#
# 文献 · **部分成立** · 对 CycleGAN 成立；StyleGAN 的生成器只得到随机数，没有图像（第 2 节），虽然也能勉强用于转换（第 12 课）。
#
# </details>
#
# > “将黑白照片转换为彩色照片” *(CycleGAN can) turn black-and-white photographs into colour photographs* (1)
#
# *Kindest:* it adds plausible colours. *It would hold if* they were the true ones: a painting has no truth to miss, a
# photograph has.
#
# 最善意的理解：加上可信的颜色。若加上的就是真实的颜色，它便成立：画作无所谓真假，照片有。
#
# <details><summary>Record 记录</summary>
#
# *grey to colour* “黑白照片转换为彩色照片” · experiment · **in part** · lesson 08 trained one on views of the Earth: 17.0
# from the true colours, in the plane of a* and b*, where grey left as it is has 24.2 and the mean colour 22.9. Colours
# come out, better than none; they are a guess.
#
# 实验 · **部分成立** · 第 08 课在地球影像上训练过一个：在 a*、b* 平面上离真实颜色 17.0，保持灰色是 24.2，一律用平均颜色是 22.9。有颜色了，比没有好，但只是猜测。
#
# </details>
#
# (Three sentences that no test could settle, on quality, on medical diagnosis and on "the expected level", stand in the
# table at the end.) Who came from whom, simplified, after what each paper says it starts from; dotted, the article's
# arrow. 按各篇论文自述的出发点画出的谱系（简化）；虚线是文章的说法：

# %% mystnb={"image": {"alt": "A family tree on an axis of years, 2014 to 2020. From GAN one branch leads to pix2pix and CycleGAN, another to the progressive GAN, StyleGAN and StyleGAN2. AdaIN joins StyleGAN from below. A dotted arrow from CycleGAN to StyleGAN is crossed out."}}
papers = {  # year and month on arXiv, height in the picture, on which side of its dot the name ends
    "GAN": (2014, 6, 1, "center"),
    "pix2pix": (2016, 11, 2, "right"),
    "CycleGAN": (2017, 3, 2, "left"),
    "progressive GAN": (2017, 10, 1, "center"),
    "StyleGAN": (2018, 12, 1, "center"),
    "StyleGAN2": (2019, 12, 1, "center"),
    "AdaIN": (2017, 3, 0, "center"),
}
viz.show_family_tree(
    papers,
    ["GAN", "pix2pix", "CycleGAN"],
    ["GAN", "progressive GAN", "StyleGAN", "StyleGAN2"],
    ["AdaIN", "StyleGAN"],
    denied=("CycleGAN", "StyleGAN"),
)

# %% [markdown]
# No path leads from CycleGAN to StyleGAN. 没有一条路从 CycleGAN 通向 StyleGAN。
#
# **What it gets right** is worth saying before the rest: seven times "holds". 先说它说对的：七个“成立”。
#
# | the article 文章 | here 课程 |
# | --- | --- |
# | two networks, of which one makes and one judges, improve by competing 两个网络竞争，互相促进 | 01 |
# | two generators, one each way, and the idea of going there and back 两个方向各一个生成器，有去有回 | 06 |
# | photographs to paintings 照片变画作 | 08: the paper has it (section 5.2), and so have we |
# | the cycle lets generator G and generator F learn from each other (3.3) 循环让生成器 G 和 F 相互学习（3.3） | 06 |
# | the first StyleGAN uses AdaIN 初代 StyleGAN 用 AdaIN | 11 |
# | LeakyReLU(0.2), strided 4 x 4 convolutions in D, tanh at the end of G | 02, 05: as in pix2pix |
# | the arXiv numbers of its three references 三条参考文献的 arXiv 编号 | each leads to the paper meant |

# %% [markdown]
# ## A census
#
# > “CycleGAN中的循环训练机制就是基于RNN的。” *CycleGAN's cycle training is based on RNNs.* (2.3)
#
# (Sentence B.) *Kindest:* somewhere in it a state goes round through the same weights. *It would hold if* the paper's list of layers
# (section 7.2) had a recurrent one.
#
# （句子 B。）最善意的理解：某处有一个状态反复经过同一组权重。若论文列出的层（第 7.2 节）里有循环层（recurrent layer），它便成立。
#
# **Record 记录.** *based on RNNs* “基于RNN” · source · **fails** · the list has convolutions and residual blocks, and no recurrent layer.
# The slip is easy in Chinese: 循环神经网络 is a *recurrent* network, 循环一致性 is *cycle* consistency, and 循环 is one word for two things.
# In the one a state goes round; in the other a picture, through two convolutional networks that remember nothing.
#
# 文献 · **不成立** · 清单里有卷积和残差块，没有循环层。这个误会在中文里很自然：循环神经网络的“循环”是 recurrent，循环一致性的“循环”是 cycle，一个词指两件事。前者是隐状态在时间步之间循环传递；后者是图像转过去再转回来，经过两个没有记忆的卷积网络。
#
# > “人工智能大模型” *a large AI model* (1, of CycleGAN)
#
# *Kindest:* large for March 2017. *It would hold if* networks well known by then were smaller. We take three (there
# were smaller ones, too, such as lesson 02's DCGAN): the U-Net
# of pix2pix (2016), and two classifiers, VGG16 (2014) and ResNet-152 (2015). They can be counted, built from the papers'
# lists on PyTorch's *meta* device, which knows shapes and stores no numbers. **Predict:** how many of the three are
# larger than the four networks of CycleGAN together?
#
# 最善意的理解：就 2017 年 3 月而言算大。若当时有名的网络更小，它便成立。取三个（也有更小的，如第 02 课的 DCGAN）：pix2pix 的 U-Net（2016）、分类网络 VGG16（2014）和 ResNet-152（2015）。这可以数：在 PyTorch 的 meta 设备上按论文搭建，只有形状，没有数值。**预测**：三个里有几个比 CycleGAN 的四个网络加起来还大？

# %%
from torchvision.models import resnet152, vgg16

from gan_course.models.cyclegan import PatchDiscriminator, ResnetGenerator
from gan_course.models.pix2pix import UnetGenerator

with torch.device("meta"):
    one_way = [ResnetGenerator(n_blocks=9), PatchDiscriminator()]
    counted = {
        "VGG16": [vgg16()],
        "ResNet-152": [resnet152()],
        "pix2pix, its U-Net": [UnetGenerator()],
        "CycleGAN, all four": 2 * one_way,
    }
millions = {
    name: sum(p.numel() for network in networks for p in network.parameters()) / 1e6
    for name, networks in counted.items()
}
for name, count in millions.items():
    print(f"{name:20}{count:6.1f} million weights")

# %% [markdown]
# <details><summary>Record 记录</summary>
#
# *large* “大模型” · count · **fails** · CycleGAN's four networks have 28 million weights; the one generator of pix2pix, four
# months older, has 54, and the two classifiers 138 and 60.
#
# 计数 · **不成立** · CycleGAN 的四个网络共 2800 万个权重；早四个月的 pix2pix，一个生成器就有 5400 万；两个分类网络是 1.38 亿和 6000 万。
#
# </details>

# %% [markdown]
# ## Two lines that do not fit
#
# > $G: A \rightarrow B, \qquad F: B \rightarrow A, \qquad G(F(B)) \approx A, \qquad F(G(A)) \approx B$ (3.2, CycleGAN's 数学模型公式, *mathematical model*)
#
# The first two say where each map starts and arrives, and that is enough to check the others. *Kindest:* the letters
# stand for whole domains, and $\approx$ for "arrives in". *It would hold if* each left side arrived in the domain at its
# right. **Predict** where each does. (Lesson 06, Exercise 6.)
#
# 前两行说明每个映射从哪里到哪里，凭此就能检查后两行。最善意的理解：字母指整个域，$\approx$ 指“落在其中”。若左边落在右边所写的域里，它便成立。**预测**：每一行的左边落在哪个域？（参见第 06 课练习 6。）

# %%
arrives = {"G": "B", "F": "A"}  # of two maps, the one written first is applied last
lines = {"G(F(B)) ~ A": ("G", "A"), "F(G(A)) ~ B": ("F", "B")}
for line, (last, target) in lines.items():
    print(f"{line}: the left side arrives in {arrives[last]}, the right side is {target}")

# %% [markdown]
# Swap the two left sides, or the two right ones, and both lines fit. And
# capital letters are too weak: "$F(G(A))$ is $A$" also holds if $F$ after $G$ merely shuffles the pictures of $A$. The
# paper says it of every single picture, $F(G(a)) \approx a$.
#
# 把左边对调，或者把右边对调，两行都对。大写字母也太弱：若先 G 后 F 只是把 A 里的图像打乱重排，“$F(G(A))$ 等于 $A$”照样成立。论文说的是每一张图像：$F(G(a)) \approx a$。
#
# **Record 记录.** *G(F(B)) ≈ A, F(G(A)) ≈ B* · type check · **fails** · in both lines the two sides lie in different domains; and nowhere does the page say
# that the way leads home, so kindness cannot mend them.
#
# 类型检查 · **不成立** · 两行的两边都不在同一个域里；而且文中没有一处说往返要回到起点，所以善意也改正不了。

# %% [markdown]
# ## Formulas without a judge
#
# > “训练两个生成对抗网络…分别称为生成器G和生成器F” *train two GANs ... called generator G and generator F* (3.1)
#
# *Kindest:* a GAN brings its discriminator along, as the article's 2.1 says. *It would hold if* section 3, which
# describes the training, had anything that measures whether an output lies in B.
#
# It asks that G turn A into B (3.3), but names no discriminator; only its round trips can be measured. So try them alone, with the mistake above mended, on
# critters that are to become striped: a trained CycleGAN against *nothing*, which returns each picture as it is. The
# *twin* of each creature, the same one redrawn with stripes, is the true answer, and a shipped classifier, the reader,
# names the texture. **Predict:** which of the two do the article's formulas prefer, and what share of each will the reader call striped?
#
# 最善意的理解：说 GAN 就已包含判别器，文章 2.1 也是这么说的。若描述训练的第 3 节里有什么能衡量输出是否属于 B，它便成立。
#
# 它要求 G 把 A 变成 B（3.3），却没有提到判别器；写下来的东西里，能测量的只有往返。就只取改正后的往返，数据是要变成条纹的小怪物（critters）：训练好的 CycleGAN，对照“什么都不做”（原样返回）。每只都有一个只改纹理的孪生作正确答案，另有一个分类器（reader）报告它看到的纹理。**预测**：文章的公式偏向哪一个？两者各有多少会被读作条纹？

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
    shares = f"read as striped {striped[name]:.0%} of {len(there)}"
    print(f"{name:9} round trip {pays[name]:.4f}   {shares}")

# %% tags=["nbval-ignore-output"] mystnb={"image": {"alt": "Three rows of six drawn creatures: plain ones; the same with stripes, by a CycleGAN; and the true striped twins, which look the same as the row above."}}
twins = critters.twin(factors[:6], "texture", "stripes")
rows = {
    "nothing done": real_A[:6],
    "CycleGAN": fake_B[:6],
    "the truth": to_float(critters.draw_critters(twins, resolution=64)),
}
viz.show_rows(rows, zoom=2, quality=80)

# %%
text = "of what CycleGAN made, the share that is read as striped"
claim(text, striped["CycleGAN"], above=0.8, needs_training=True)  # not on a handful of pictures
text = "of what was left alone, the share that is read as striped"
claim(text, striped["nothing"], below=0.2, needs_training=True)

# %% [markdown]
# Doing nothing has the smaller round trip, exactly 0. It breaks the article's own $G: A \to B$, but none of its formulas
# measures that. What makes an output look like B is the adversarial loss, and it takes a $D_B$; and another for A. (All
# these together would not single out the truth either: lesson 06.)
#
# 什么都不做，往返误差更小，恰好是 0。它违背了 $G: A \to B$，但没有一个公式衡量这一点。让输出看起来像 B 的是对抗损失，为此要有 $D_B$，A 那边也要一个。（即使全都齐备，也不能确定哪个是正确的翻译：第 06 课。）
#
# **Record 记录.** *two GANs* “训练两个生成对抗网络” · experiment · **in part** · it holds if a GAN brings its discriminator along; what section
# 3 writes down does not ask for one: there *doing nothing* beats the CycleGAN, and it is never read as striped.
#
# 实验 · **部分成立** · 若说 GAN 就已包含判别器，则成立；第 3 节写下来的式子却不需要判别器：按它们，什么都不做胜过 CycleGAN，却没有一张被读作条纹。

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
# D's loss sees fakes that are detached, so no generator moves. In the generators' turn the D's stand still. A round trip
# passes through both generators, and each has an identity loss of its own. D 的损失里假图像已切断梯度；生成器那一步里 D 不动；往返经过两个生成器；恒等损失各有一项。
#
# </details>
#
# - *learn from each other* (2.3). *Kindest:* "the cycle" is CycleGAN's whole training, in which G and D do learn from each other. *It would
#   hold if* a D stood in the cycle loss (equation 2).
# - *train G, train F, use the cycle* (3.3). *Kindest:* steps 2 to 4 are one turn of a loop. *It would hold if* a turn named all that moves, and in this
#   order.
#
# Our own step, half by half (an illustration, not evidence):
#
# 最善意的理解：“循环”指 CycleGAN 的整个训练，其中 G 和 D 确实相互学习；步骤 2 到 4 合起来是一轮。若循环损失（式 2）里有 D，若一轮里更新的都说到了、顺序也对，它们便成立。看看我们自己的训练步骤，分两半（只是例示，不是证据）：

# %%
from gan_course.training.cyclegan import CycleGANConfig, build_cyclegan

narrow = CycleGANConfig(n_steps=1, base_channels=4, n_blocks=1, d_base_channels=4, n_layers=1)
step = build_cyclegan(narrow, plain[:4], plain[4:8], seed=SEED, runtime=runtime).step


def weights_now():
    networks = {name: getattr(step, name) for name in ("G_AB", "G_BA", "D_A", "D_B")}
    return {
        name: torch.cat([weight.detach().flatten() for weight in network.parameters()])
        for name, network in networks.items()
    }


before, real = weights_now(), (real_A[:1], real_A[4:5])
_, *fakes = step.update_G(*real)  # its losses, and the fakes of both domains
between = weights_now()
step.update_D(*real, *fakes)
for half, old, new in (("G", before, between), ("D", between, weights_now())):
    print(f"update_{half} moves", *[name for name in old if not torch.equal(old[name], new[name])])

# %% [markdown]
# The cycle joins the two *generators*, as the article itself says in 3.3 (“让生成器G和生成器F相互学习”, *lets generator G and generator F learn from each
# other*); no D ever sees a
# round trip. And there are no three phases: both generators move
# together, from one sum of losses, then both discriminators. Left out of the article's recipe, besides the
# discriminators: least squares, $\lambda = 10$, the pool of 50 pictures, the falling learning rate (lesson 07).
#
# 循环损失连接的是两个**生成器**，文章 3.3 自己也这么说（“让生成器G和生成器F相互学习”）；判别器从来看不到往返的图像。也没有三个阶段：两个生成器按同一个总损失一起更新，然后是两个判别器。文章的步骤里除判别器外还缺：最小二乘损失、$\lambda = 10$、50 张图像的缓存池、递减的学习率（第 07 课）。
#
# <details><summary>Records 记录</summary>
#
# - *learn from each other* “让生成器和判别器相互学习” · source · **in part** · true of the adversarial losses; the cycle loss,
#   equation 2, holds G and F and no D.
# - *G, then F, then the cycle* “训练生成器G … 训练生成器F … 使用循环训练机制” · source · **in part** · as one turn of a loop it names the
#   two generators and what ties them; but both move at once, on one sum (equations 3 and 4), and the article moves no D.
# - 文献 · **部分成立** · 对抗损失确实如此；循环损失（式 2）里只有 G 和 F，没有 D。
# - 文献 · **部分成立** · 作为一轮，两个生成器和连接它们的循环都有了；但 G 和 F 是按同一个总和同时更新的（式 3、4），而且文章没有更新判别器。
#
# </details>

# %% [markdown]
# ## StyleGAN in two lines
#
# > “G(A, S) = B … F(B, T) = A … S是输入图像的样式，T是输出图像的样式” *S is the style of the input picture, T that of the
# > output* (3.5)
#
# > “为每个输入图像A和输出图像B分配一个样式向量” *a style vector is assigned to each input and output picture* (3.6)
#
# *Kindest:* S stands for styles, B for what comes out; and "assigned" says that each picture has its style. *They would
# hold if* the paper had an input picture and a second generator.
#
# 最善意的理解：S 指样式，B 指生成的图像，“分配”是说每张图像有一个。若论文里有输入图像，又有第二个生成器，它们便成立。
#
# <details><summary>Records 记录</summary>
#
# - *G(A, S) = B, F(B, T) = A* · source · **fails** · no input $A$, no second generator; a style is computed from a random
#   $w$ "instead of an example image" (section 2).
# - *assigned* “分配一个样式向量” · source · **in part** · a picture that comes out has the $w$ from which it was drawn; an
#   input picture, which the sentence names first, does not exist.
# - 文献 · **不成立** · 没有输入 $A$，没有第二个生成器；样式由随机的 $w$ 算出，论文第 2 节说“而不是来自示例图像”。
# - 文献 · **部分成立** · 生成的图像各有画出它的那个 $w$；句中先提到的输入图像并不存在。
#
# Of the article's letters only $G$ survives; its $B$ is the paper's $x = G(z)$. Inside of $G$ the mapping network
# $f$ makes $w$, an affine map $A_i$ (not the article's $A$) makes the style of layer $i$, and the synthesis network $g$ draws:
#
# $$w = f(z), \qquad y_i = A_i(w), \qquad x = g(\mathit{const};\ y_1, \dots, y_L,\ \mathit{noise})$$
#
# The training is a GAN's: draw $z$, and let D judge. A style for a given picture has to be searched for (lesson 12).
#
# 这些符号里留下来的只有 $G$；它的 $B$ 就是论文的 $x = G(z)$。$G$ 内部，映射网络 $f$ 算出 $w$，仿射变换 $A_i$（不是文章的 $A$）给出第 $i$ 层的样式，合成网络 $g$ 画图。训练就是普通 GAN 的训练：抽取 $z$，由判别器评判。要为某张给定的图像找样式，只能搜索（第 12 课）。
#
# </details>

# %% [markdown]
# ## What AdaIN is said to do
#
# > “AdaIN…可以控制图像的样式，例如颜色、纹理和光照等” *AdaIN ... can control the style of a picture, such as colour, texture,
# > lighting and so on* (1, 3.4, 6)
#
# *Kindest:* "AdaIN" means StyleGAN's styles. The list is open (等), so "shape" does not refute it. *It would hold if* each
# of the three were seen to follow the styles. (Lesson 12 showed that for light, on cats; here are the
# other two.) Take three pairs of creatures of the shipped StyleGAN2, and give the one of a pair the coarse
# styles of the other (4 and 8 px), or its fine ones (32 and 64 px). **Predict:** with which of the two does the texture
# come along? And the colour of the body?
#
# 最善意的理解：“AdaIN”指 StyleGAN 的样式。清单是开放的（“等”），所以“形状”推翻不了它。若看得到三者都随样式而变，它便成立。（光照第 12 课在猫上展示过，这里看另外两样。）取课程发布的 StyleGAN2 画的三对小怪物，把一对里另一只的粗层样式（4、8 像素）或细层样式（32、64 像素）换给它。**预测**：纹理跟着哪一级走？身体的颜色呢？

# %% tags=["nbval-ignore-output"] mystnb={"image": {"alt": "Four rows of three drawn creatures: this one; the other; this one with the coarse styles of the other, which keeps its texture and body colour; and with the fine ones: the first, green and striped, is blue and dotted as the other; the second, orange and striped, is pink and violet without stripes; the third stays blue and dotted."}}
ws = generate.styles(G, z)
rows = {"this one": ws[[1, 3, 4]], "the other": ws[[4, 0, 3]]}
for level, slots in (("coarse", slice(0, 3)), ("fine", slice(5, 10))):  # 4 and 8 px; 32 and 64 px
    mixed = rows["this one"].clone()
    mixed[:, slots] = rows["the other"][:, slots]
    rows[f"{level} styles\nof the other"] = mixed
viz.show_rows({name: generate.generate(G, w) for name, w in rows.items()}, zoom=3, quality=80)

# %% [markdown]
# With the coarse styles all three keep texture and body colour; outline, horns or eyes change, and twice the
# background. With the fine ones the first takes both from the
# other, the second loses its stripes and turns pink and violet, and the third keeps its own: examples show what can happen. Lesson
# 12 counted what mostly does: fine styles change the texture in 76 % and the body's colour in 84 %, coarse ones each in
# 3 %. So the sentence lacks *at which level*. And this network has no AdaIN (StyleGAN2 took it out), so what acts here
# are styles, however they are applied.
#
# 换粗层样式，三只都保住了纹理和身体的颜色；轮廓、角或眼睛变了，其中两只的背景也变了；换细层样式，第一只两样都换成了另一只的，第二只没了条纹、变成粉紫色，第三只没变。例子只说明可能怎样；第 12 课数过多半怎样：换细层，纹理有 76 %、身体颜色有 84 % 变了，换粗层各只有 3 %。所以这句话缺的是“在哪个层级”。而且这个网络里没有 AdaIN（StyleGAN2 去掉了它），起作用的是样式，不论用什么方式加进去。
#
# **Record 记录.** *colour, texture, lighting* “颜色、纹理和光照等” · experiment · **in part** · of StyleGAN2's styles it is true, lighting seen on
# cats alone (lesson 12). AdaIN by itself changed colours and no texture in lesson 10's experiment; its own paper argues
# that with a decoder trained for it strokes come along as well (Huang & Belongie, section 5). Whether the styles decide or a decoder
# trained with them, we did not test.
#
# 实验 · **部分成立** · 对 StyleGAN2 的样式成立，光照只在猫上见过（第 12 课）。单独的 AdaIN 在第 10 课的实验里改了颜色，没有改纹理；它自己的论文认为，用专门训练的解码器也能迁移笔触（Huang 和 Belongie，第 5 节）。关键在样式，还是在与之一同训练的解码器，我们没有检验。

# %% [markdown]
# > “这使得StyleGAN能够生成更加真实和高质量的图像” *this (AdaIN) lets StyleGAN generate more realistic pictures* (1, 3.4, 6)
#
# Unlike sentence D of Exercise 1, this one says *what* made the difference, and so has a rival: the same network without
# AdaIN. *Kindest:* AdaIN is one reason among others. *It would hold if* two networks of the paper differed in AdaIN
# alone, and the one with it were better. Table 1 of the paper goes in five steps, B to F, from the progressive GAN (A) to
# StyleGAN (F). Step B changes filters and training; step C adds the mapping network *and* the styles. **Predict:** which
# share of the gain from A to F came with step B, before there was any style: a quarter, a half, or more?
#
# 与练习 1 的 D 不同，这句话说出了原因，也就有了对照：没有 AdaIN 的同一网络。最善意的理解：AdaIN 是原因之一。若论文里有两个网络只差一个 AdaIN，而有它的更好，它便成立。论文表 1 从渐进式 GAN（A）到 StyleGAN（F）分 B 到 F 五步；B 换了滤波和训练方式，C 同时加入映射网络**和**样式。**预测**：从 A 到 F 的改进，有多少在 B 步，也就是出现样式之前：四分之一、一半，还是更多？

# %%
# Fréchet distances (lower is better) of A (progressive GAN), B (tuned), C (mapping and styles), F (all)
table_1 = {
    "FFHQ": (8.04, 5.25, 4.85, 4.40),
    "CelebA-HQ": (7.79, 6.11, 5.34, 5.17),
}
before_styles = {}
for name, (start, tuned, styled, end) in table_1.items():
    before_styles[name] = (start - tuned) / (start - end)
    in_c = (tuned - styled) / (start - end)
    print(f"{name:10}{before_styles[name]:.0%} of the gain before any style, {in_c:.0%} in step C")
text = "share of the paper's gain that came before any style, on either set at least"
claim(text, min(before_styles.values()), above=1 / 2)

# %% [markdown]
# More than half, on both sets. AdaIN alone was never tested here; and StyleGAN2 took it out without loss (lesson 10).
#
# 两个数据集上都超过一半。表里从未单独检验 AdaIN；StyleGAN2 去掉了它，质量并没有下降（第 10 课）。
#
# **Record 记录.** *this lets StyleGAN …* “这使得…高质量的图像” · count · **in part** · one reason it may be: step C, which adds it with the mapping
# network, brings 11 % of the gain on FFHQ and 29 % on CelebA-HQ; 77 % and 64 % came before any style.
#
# 计数 · **部分成立** · 可能是原因之一：C 步连同映射网络加入样式，带来 FFHQ 上 11 %、CelebA-HQ 上 29 % 的改进；77 % 和 64 % 出现在样式之前。

# %% [markdown]
# ## The code, as far as it goes
#
# Section 4 of the article is a program for Keras. Here are all its imports and the other lines that matter, word for
# word, as a *text*; a comment in brackets stands where we cut. We never run it: much can be said about a program from
# its names and its shapes alone. If you know PyTorch only, read it so: `Input(shape)` is a place for an input, without
# the batch; `layer(...)(x)` makes a layer and applies it at once; `padding='same'` keeps the size at stride 1, and
# halves it, rounded up, at stride 2; `Model(inputs, outputs)` makes a network of what lies between; `compile` names
# optimiser and loss. (The two Chinese comments say *define generator G* and *define generator F*.)
#
# 文章第 4 节是一段 Keras 程序。下面是它的全部导入和其他要紧的几行，一字未改；方括号注释处有删节。它只作为**文本**，从不执行：单凭名字和形状就能说出很多。只懂 PyTorch 的读法：`Input(shape)` 是输入的占位，不含批；`layer(...)(x)` 建一层并立即作用；`padding='same'` 在步幅 1 时保持大小，步幅 2 时减半（向上取整）；`Model(inputs, outputs)` 把中间的一切做成网络；`compile` 指定优化器和损失。

# %%
NETWORKS = """
import tensorflow as tf
from tensorflow.keras.layers import Input, Conv2D, BatchNormalization, LeakyReLU, \
Concatenate, Reshape, Dense, Flatten
from tensorflow.keras.models import Model

# 定义生成器G
def define_generator(latent_dim):
    model = Input(shape=(latent_dim,))
    model = Dense(8 * 8 * 256, use_bias=False)(model)
    # [LeakyReLU]
    model = Reshape((4, 4, 256))(model)
    model = Conv2D(128, kernel_size=3, strides=2, padding='same')(model)
    # [BatchNormalization and LeakyReLU, here and after each convolution but the last]
    model = Conv2D(128, kernel_size=3, strides=2, padding='same')(model)
    # [three more Conv2D with strides=1, and a last one with 3 channels]
    model = Activation('tanh')(model)
    return model

# 定义生成器F
def define_discriminator(input_shape):
    model = Input(shape=input_shape)
    # [eight Conv2D, kernel_size=4, strides=2, 2, 2, 1, 1, 1, 1, 1; the last: 1 channel, sigmoid]
    return model
"""

# %%
MODEL = """
def define_cyclegan_model(latent_dim, input_shape):
    generator = define_generator(latent_dim)
    discriminator = define_discriminator(input_shape)
    # [cut here and below: comments and empty lines]
    z = Input(shape=(latent_dim,))
    img_A = generator(z)
    img_B = Input(shape=input_shape)
    img_A_ = generator(discriminator(img_B))
    d_real_A = discriminator(img_A)
    d_real_B = discriminator(img_B)
    d_fake_A = discriminator(img_A_)
    gan_loss_A = 0.5 * (tf.reduce_mean(d_real_A) - tf.reduce_mean(d_fake_A))
    gan_loss_B = 0.5 * (tf.reduce_mean(d_real_B) - tf.reduce_mean(d_fake_A))
    cycle_loss = tf.reduce_mean(tf.pow(img_A - img_B, 2))
    total_loss = gan_loss_A + gan_loss_B + cycle_loss
    model = Model(z=z, img_A=img_A, img_B=img_B, d_real_A=d_real_A, \
d_real_B=d_real_B, d_fake_A=d_fake_A)
    model.compile(optimizer='adam', loss=total_loss)
    return model
"""

# %% [markdown]
# **Exercise 3. Loud or silent?** (medium, 5 minutes: a loud mistake costs a minute, a silent one a week)
#
# Which of these would end in an "error", and which "runs" and is wrong? Suppose for each:
#
# - all the others have been mended, and both functions return models that can be called;
# - what we cut stands in its place; D's eight layers make of 64 x 64 px a map of 8 x 8 scores;
# - this is Keras 2. (Keras 3 refuses `tf.reduce_mean` here.)
#
# - a: 8 * 8 * 256 numbers are reshaped to (4, 4, 256)
# - b: two `Conv2D` layers of the generator have `strides=2` (within `define_generator`; what later gets a picture of the
#   wrong size is not asked)
# - c: `Activation('tanh')`
# - d: `generator(discriminator(img_B))`
# - e: the cycle loss compares `img_A` with `img_B`
# - f: one `discriminator` judges both domains
# - g: `d_real_A` is the score of `img_A`
#
# 哪些会报错（`"error"`），哪些能运行但是错的（`"runs"`）？每一条都假设：其余各条已经改好，两个函数返回的都是可以调用的模型；删去的都还在原处，D 的八层把 64 像素的图像变成 8 x 8 的分数图；b 只看 `define_generator` 本身；用的是 Keras 2（Keras 3 在这里还会拒绝 `tf.reduce_mean`）。

# %% tags=["exercise"]
loud = {"a": ..., "b": ..., "c": ..., "d": ..., "e": ..., "f": ..., "g": ...}
# hint("loud", 1)
exercises.check_loud(loud)

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# loud = {
#     "a": "error",
#     "b": "runs",
#     "c": "error",
#     "d": "error",
#     "e": "runs",
#     "f": "runs",
#     "g": "runs",
# }
# ```
#
# - a: 16,384 numbers do not fit into 4,096 places. 16384 个数放不进 4096 个位置。
# - b: a convolution takes any size, and does not know that it stands in a generator. 卷积接受任何尺寸，也不知道自己在生成器里。
# - c: the name is not among the imports. 这个名字没有导入。
# - d: D gives a map of scores, G takes a vector. D 输出一张分数图，G 要的是向量。
# - e: two tensors of pictures can be subtracted, whoever they show. 两个图像张量总能相减，不管画的是谁。
# - f: D is never told which domain a picture is from. 没有人告诉 D 图像来自哪个域。
# - g: D scores what it is handed; "real" is only a name here, of a picture that G made of noise. D 只管打分；这里的 real 只是个名字，图像是 G 从噪声生成的。
#
# The silent four are the ones to fear. 最该怕的是不报错的那四个。
#
# </details>
#
# Python's own parser finds names that nothing defines; the shapes are arithmetic. `ast.walk` visits every part of the
# program: a name that is read has the context `Load`; names are bound by assignments, arguments, imports and
# functions. Python 自带的语法解析器就能找出没有定义的名字；形状只需算术。`ast.walk` 走遍程序的每一处：被读取的名字是 `Load`；赋值、参数、导入和函数定义使名字有了定义。

# %%
import ast
import builtins

tree = ast.walk(ast.parse(NETWORKS + MODEL))
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
    side = -(-side // stride)  # divided, and rounded up
print(f"D makes of 64 x 64 pixels a map of {side} x {side}; G takes a vector of latent_dim numbers")

# %% [markdown]
# In the order in which Python would meet all of them: the reshape; `Activation`; then `generator(z)`, because both functions
# return a tensor and not a model; `generator(discriminator(img_B))`; `Model(z=...)`, which takes `inputs` and `outputs`;
# and a tensor as `loss`. Each hides the next. (And F, which a comment announces over the discriminator, is defined nowhere.) We
# keep no record of what Python itself would report.
#
# 按 Python 遇到的先后：reshape；`Activation`；`generator(z)`，因为两个函数返回的是张量而不是模型；`generator(discriminator(img_B))`；`Model(z=...)`，它只接受 `inputs` 和 `outputs`；把张量当作 `loss`。前一个错误掩盖后一个。（注释标在判别器上面的 F，始终没有定义。）Python 自己会报告的错误，我们不记录。

# %% [markdown]
# **Exercise 4. A published generator** (easy, 3 minutes: it never ran)
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
# It strides the wrong way: 4, 2, 1. A generator has to upsample, for example with `Conv2DTranspose` where it has
# `Conv2D`: 4, 8, 16; for more, more such layers. 方向反了：4、2、1。生成器应当上采样，例如把 `Conv2D` 换成 `Conv2DTranspose`：4、8、16；要更大就再加几层。
#
# ```python
# ends_at = 1
# ```
#
# </details>
#
# Beside it, the generator of CycleGAN's paper: a picture goes in, not a latent vector, and a picture of that size comes
# out. 旁边是 CycleGAN 论文的生成器：进去的不是隐向量，而是图像；出来的图像同样大小。

# %% mystnb={"image": {"alt": "The height of the features behind each layer, on a logarithmic scale. The paper's generator: from 128 pixels down to 32, level through six blocks, and up to 128. The article's: from 4 to 2 to 1, and level."}}
from torch import nn

from gan_course.models.cyclegan import ResnetBlock

heights = {"CycleGAN's paper": [128], "the article": [4, 2, 1, 1, 1, 1, 1]}
x = torch.zeros(1, 3, 128, 128)
for layer in ResnetGenerator(base_channels=4, n_blocks=6).model:  # six for 128 px; narrow
    x = layer(x)
    if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d | ResnetBlock):
        heights["CycleGAN's paper"].append(x.shape[2])

_, (ax,) = viz.figure(8, 2.8)
for (name, values), colour in zip(heights.items(), (viz.REAL, viz.FAKE), strict=True):
    ax.plot(values, "o-", color=colour, label=name, ms=4)
ax.set_yscale("log", base=2)
ax.set(
    xlabel="layers passed (a residual block counts as one)",
    ylabel="height",
    yticks=[1, 2, 4, 8, 16, 32, 64, 128],
)
ax.yaxis.set_major_formatter("{x:.0f}")
ax.legend(frameon=False, loc="center left", bbox_to_anchor=(1, 0.5))
plt.show()

# %% [markdown]
# ## Its losses
#
# > `gan_loss_A = 0.5 * (tf.reduce_mean(d_real_A) - tf.reduce_mean(d_fake_A))`
#
# > `gan_loss_B = 0.5 * (tf.reduce_mean(d_real_B) - tf.reduce_mean(d_fake_A))`
#
# > `cycle_loss = tf.reduce_mean(tf.pow(img_A - img_B, 2))`
#
# One at a time.
#
# **`gan_loss_A`.** As printed, `d_real_A` scores `img_A`, which G made of noise, and `d_fake_A` scores `img_A_`, which G
# made as well. What is called real is fake; going down asks D to score the one lower and the other higher, for no reason.
# *Kindest:* by their names, a real picture of A and a fake of A were meant. *It would hold if* a real picture of A
# entered the line, and if it taught both G and D their task.
#
# 逐一来看。`gan_loss_A`：照印出来的样子，`d_real_A` 打分的是 `img_A`，`d_fake_A` 打分的是 `img_A_`，两张都是 G 生成的：名为 real，其实是假的；下降是要 D 给一张低分，给另一张高分，没有道理。最善意的理解：按名字，本来指的是 A 的真图像和 A 的假图像。若 A 的真图像进入了它，而且它教会 G 和 D 各自的任务，它便成立。

# %% [markdown]
# **`gan_loss_B`.** As printed, a real picture of B is set against a fake of **A**. *Kindest:* `d_fake_A` is a slip for
# the score of a fake of B, and G and D take turns. *It would hold if* going down taught both of them their task. But
# `total_loss`, the sum of all three, is **one** scalar, and one optimiser lowers it over the weights of G and D alike;
# nobody maximises. What does that ask of D? The smallest case: $D(x)=\sigma(wx)$, real samples at 1, fakes at -1. If the
# slope in $w$ is positive, descending makes $w$ smaller, and D rates what is *real* lower.
#
# `gan_loss_B`：照印出来的样子，B 的真图像是和 **A** 的假图像相比。最善意的理解：`d_fake_A` 是笔误，应为 B 的假图像的分数，而且 G 和 D 轮流训练。若下降教会两者各自的任务，它便成立。可是三项之和 `total_loss` 是**一个**标量，一个优化器对所有网络的权重一起下降，没有 min 与 max 的对抗。这要求 D 做什么？最小的例子：$D(x) = \sigma(wx)$，真样本在 1，假样本在 -1。若对 $w$ 的斜率为正，下降会使 $w$ 变小，D 就会给**真**样本打更低的分。

# %%
w = torch.tensor(1.0, dtype=torch.float64, requires_grad=True)
gan_loss = 0.5 * (torch.sigmoid(w * 1.0) - torch.sigmoid(w * -1.0))
(slope,) = torch.autograd.grad(gan_loss, w)
claim("the slope of gan_loss_B in the weight of the smallest D", slope, above=0)

# %% [markdown]
# The slope is positive: whoever goes down `gan_loss_B`, or a mended `gan_loss_A`, teaches D to score the real pictures of B low. For G the sign is
# right, since going down raises the score of its fakes. (Where a low score means "real", it is the other way round:
# right for D, wrong for G.) One scalar cannot serve both.
#
# **`cycle_loss`.** *Kindest:* `img_A` is a slip for `img_A_`, which is G(F(B)) if `discriminator` is read as the generator
# F of the comment above it; that is one of the paper's two round trips, squared. (Two mends; and `discriminator` is F here and D above.) *It would hold if* the other one were
# there, too. But what does the line ask as it is printed? There `img_B` is a picture that has nothing to do with
# `img_A`. **Predict:** what does one and the same picture, the mean of B, pay there, as a share of what the true
# translations of creatures pay?
#
# 斜率为正：沿 `gan_loss_B`（或改正后的 `gan_loss_A`）下降，就是教 D 给 B 的真图像打低分。对 G 来说符号是对的：下降会提高假图像的分数。（若约定低分表示真，就反过来：对 D 对，对 G 错。）一个标量不能同时满足两者。`cycle_loss`，最善意的理解：`img_A` 是 `img_A_` 的笔误；按注释把 `discriminator` 读作生成器 F，`img_A_` 就是 G(F(B))，正是论文两个往返中的一个（取平方）。（这要改两处，而且同一个 `discriminator` 在这里是 F，在上面是 D。）若另一个往返也在，它便成立。可是照印出来的样子，这一行要求什么？`img_B` 是与 `img_A` 毫不相干的真图像。**预测**：永远输出 B 的平均图像，损失是正确翻译的几分之几？


# %%
def creatures(texture, seed):
    """Creatures of one texture, and their factors."""
    return critters.load_critters(
        "train", n=cfg.n_unpaired, resolution=32, seed=seed, texture=texture
    )


_, of_plain = creatures("plain", seed=11)
twins = critters.twin(of_plain, "texture", "stripes")
truth = to_float(critters.draw_critters(twins, resolution=32))
real_B = to_float(creatures("stripes", seed=12)[0])  # drawn on their own: nobody's twins

# %% tags=["nbval-ignore-output"] mystnb={"image": {"alt": "Three rows. True translations, eight striped creatures; below each the real picture that the loss compares it with, another striped creature; and below each the same blurred picture, the mean of all striped creatures."}}
mean_B = real_B.mean(0)
loss_true, loss_mean = (truth - real_B).square().mean(), (mean_B - real_B).square().mean()
print(f"the true translations pay {loss_true:.2f}, the mean picture {loss_mean:.2f}:"
      f" {loss_mean / loss_true:.2f} of it")  # fmt: skip
rows = {
    "the truth": truth[:8],
    "compared with": real_B[:8],
    "what the loss\nlikes best": mean_B.expand(8, -1, -1, -1),
}
viz.show_rows(rows, zoom=3, quality=80)

# %%
off = abs(loss_mean / loss_true - 1 / 2)
text = "loss of the mean picture over that of the truth: distance from 1/2"
claim(text, off, below=0.1, needs_training=True)  # not on a handful of pictures

# %% [markdown]
# The blurred mean pays half, because two independent pictures differ by twice the variance, a picture and the mean by the
# variance once. A cycle loss compares a picture **with its own round trip**.
#
# 模糊的平均图损失约为一半：两张独立的图像相差两倍方差，一张图像与平均图像只差一倍。循环损失应当把一张图像**和它自己往返后的样子**比较。
#
# **Records 记录**
#
# - `gan_loss_A` · count · **in part** · real pictures of A that enter it as printed: none. In its kindest sense as the next.
# - `gan_loss_B` · experiment · **in part** · in its kindest sense, with a fake of B and G and D in turn, the sign is right
#   for one of the two networks and wrong for the other.
# - `cycle_loss` · experiment · **in part** · read in its kindest sense it is the round trip of B alone; as printed, says the
#   experiment, one mean picture
#   pays half as much as the true translations.
# - 计数 · **部分成立** · 照印出来的样子，其中 A 的真图像：一张也没有。按最善意的理解与下一条相同。
# - 实验 · **部分成立** · 按最善意的理解（B 的假图像，轮流训练），符号对两个网络中的一个是对的，对另一个是反的。
# - 实验 · **部分成立** · 按最善意的理解只有 B 的往返；照印出来的样子，一张平均图的损失只有正确翻译的一半。

# %% [markdown]
# ## Its references
#
# > “Zhu, X., Zhou, J., Tao, D., …”; “Karras, T., Laine, S., Aila, T., Karhunen, J., …”; “…, Larochelle, H., ... & Courville, A.”
#
# Compare the surnames that it prints with those on the papers. *Kindest:* a slip in an initial or in the order.
# *They would hold if* every surname stood on its paper.
#
# 把它印出的姓氏和论文上的作者比一比。最善意的理解：首字母或顺序的笔误。若每个姓氏都在相应的论文上，它们便成立。

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
# The second title is wrong as well: "... Stability, and Variation*al Inference*" for "... Stability, and Variation".
# And the paper on StyleGAN (Karras, Laine, Aila; arXiv:1812.04948) is not cited at all. A reference takes a minute to
# check.
#
# 第二条的题目也错了：应为 *... Stability, and Variation*，印成了 *Variational Inference*。而 StyleGAN 的论文（arXiv:1812.04948）根本没有引用。核对一条文献只要一分钟。
#
# <details><summary>Record 记录</summary>
#
# the three lists of authors · source · **fails** · each names somebody who did not write the paper.
#
# 文献 · **不成立** · 每份都列了没有写过该论文的人。
#
# </details>

# %% [markdown]
# ## The verdicts, gathered 判断汇总
#
# With the seven of "What it gets right": seven hold, eleven hold in part, six fail, and three say too little (these have no
# record: no test could settle them). We chose most of these sentences because they can be tested, not at random,
# so they give no rate of mistakes.
#
# 加上“说对的”七条：七条成立，十一条部分成立，六条不成立，三条说得太少（这三条没有记录，因为没有检验能判定）。这些句子多半是因为能够检验才选的，不是随机抽取的，所以不能由此推算错误率。
#
# | section 节 | the sentence 句子 | kind 检验 | verdict 判断 | more in 另见 |
# | --- | --- | --- | --- | --- |
# | 1 | “大模型” *large* | count 计数 | fails 不成立 | 05 |
# | 1 | “更高质量” *higher quality* | – | says too little 说得太少 | 04 |
# | 1 | “黑白照片转换为彩色照片” *grey to colour* | experiment 实验 | in part 部分成立 | 08 |
# | 1, 3.4 | “进一步发展” *further development* | source 文献 | fails 不成立 | 09, 10 |
# | 2.2 | “主要应用场景” *main use* of both | source 文献 | in part 部分成立 | 11 |
# | 2.2, 5 | “医疗诊断” *medical diagnosis* | – | says too little 说得太少: of what, judged how? A translation may invent what it shows 诊断什么？怎样评判？翻译出来的可能是编造的 | 08 |
# | 2.3 | “基于RNN” *based on RNNs* | source 文献 | fails 不成立 | 07 |
# | 2.3 | “相互学习” *learn from each other* | source 文献 | in part 部分成立 | 06 |
# | 3.1 | “两个生成对抗网络” *two GANs* | experiment 实验 | in part 部分成立 | 06 |
# | 3.2 | $G(F(B)) \approx A$, $F(G(A)) \approx B$ | type check 类型检查 | fails 不成立 | 06 |
# | 3.3 | G, then F, then the cycle 先 G，再 F，再循环 | source 文献 | in part 部分成立 | 07 |
# | 3.3 | “达到预期水平” *as expected* | – | says too little 说得太少 | 04 |
# | 3.4 | “颜色、纹理和光照等” AdaIN controls them | experiment 实验 | in part 部分成立 | 10, 12 |
# | 3.4 | “这使得…” AdaIN is why | count 计数 | in part 部分成立 | 10, 11 |
# | 3.5 | $G(A, S) = B$, $F(B, T) = A$ | source 文献 | fails 不成立 | 11 |
# | 3.6 | “分配一个样式向量” *assigned* | source 文献 | in part 部分成立 | 12 |
# | 4 | `gan_loss_A` | count 计数 | in part 部分成立 | 01 |
# | 4 | `gan_loss_B` | experiment 实验 | in part 部分成立 | 01 |
# | 4 | `cycle_loss` | experiment 实验 | in part 部分成立 | 06 |
# | ref. | three lists of authors 三份作者名单 | source 文献 | fails 不成立 | |

# %% [markdown]
# ## Your turn
#
# **Exercise 5. Read a page** (hard, 30 minutes: it is what you will do for the rest of your working life)
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
# (This lesson would mark itself "no" on the last: its article has no address. 这一课在最后一项只能给自己“no”：那篇文章没有地址。)
#
# Texts in any language; each claim is a record, `(quote, kind, verdict, what you found)`, the kind one of "type check",
# "count", "experiment", "source", the verdict one of "holds", "fails", "in part", "says too little". The checker sees
# whether it is complete. Whether it is good, only you and the author can say.
#
# 用任何语言写都可以；每个论断写成一份记录。检查器只看是否完整；好不好，要由你和作者来说。

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
#     "right": "The roles of G and D, and Goodfellow's loss: both as in section 3 of the paper.",
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
#             "G takes z, not x; and the expression is that probability's logarithm",
#         ),
#         (
#             "the output is a 3x64x64 RGB image",
#             "count",
#             "holds",
#             "transposed convolutions take 1 to 4, 8, 16, 32, 64: n becomes 2n by kernel 4, stride 2",
#         ),
#     ],
#     "unsure": "All but these easy ones: does it run, do its figures come out? CelebA would tell.",
#     "marks": ["yes", "yes", "partly", "yes", "yes", "partly"],
# }
# ```
#
# </details>

# %% [markdown]
# ## What you built
#
# - A verdict on each quoted sentence, with the check that gave it, and a record of both.
# - A way to read code without running it, by undefined names and by shapes.
# - A critical reading of a page of your own choice.
#
# 你得到了：对每句引文的判断、依据和记录；不运行就读懂代码的办法；一份自己的批判性阅读。
#
# **Three questions 三个问题**
#
# 1. A page has ten mistakes that raise errors and one that does not. Which do you report first?
# 2. “它可以生成更高质量的图像” (sentence D of Exercise 1): turn it into a sentence that can fail.
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

# %% [markdown]
# ## Further
#
# ### Published mistakes elsewhere
#
# Good people make mistakes in good work; most of these pages taught thousands. Read in their files in 2026; some may be
# mended by now. Each but the last is measured in the lesson named.
#
# 好作品里也有错误，下面这些大多教会过成千上万的人。2026 年在原文件中读到，有些也许已经改了。除最后一条外，每一条都在所列的课里测过。
#
# | where 出处 | what 错在哪里 | lesson |
# | --- | --- | --- |
# | Dive into Deep Learning, [gan.md](https://github.com/d2l-ai/d2l-en/blob/master/chapter_generative-adversarial-networks/gan.md) | says that the loss is flat at $D \approx 1$ and starves D; it is flat at $D \approx 0$ and starves G 饱和发生在 $D \approx 0$，得不到梯度的是 G | 01, ex. 6 |
# | PyTorch-GAN, 22 files, such as [dcgan.py](https://github.com/eriklindernoren/PyTorch-GAN/blob/master/implementations/dcgan/dcgan.py) | `BatchNorm2d(n, 0.8)`: a Keras momentum became eps 动量写成了 eps | 02, ex. 6 |
# | labml, [wasserstein](https://github.com/labmlai/annotated_deep_learning_paper_implementations/blob/master/labml_nn/gan/wasserstein/__init__.py) | the code is the hinge loss 实为 hinge 损失 | 03, ex. 7 |
# | Keras examples, [stylegan.py](https://github.com/keras-team/keras-io/blob/master/examples/generative/stylegan.py) | keeps the checkpoint with the smallest absolute sum of losses as "balanced"; that is no measure of quality 以损失之和的绝对值最小选权重，而它不衡量质量 | 03, ex. 8 |
# | PyTorch-GAN, CycleGAN's [models.py](https://github.com/eriklindernoren/PyTorch-GAN/blob/master/implementations/cyclegan/models.py) | one stride too many: each score sees 94 pixels, where its paper says 70 步幅多了一层：感受野 94 而非 70 | 05, ex. 8 |
# | this course | a claim of ours may be next: please open an issue 下一个也许是我们：请提 issue | any |

# %% [markdown]
# ### Any stack of layers 任意一叠层
#
# **Exercise 6. Follow a stack** (medium, 10 minutes: with this you can check any network on paper)
#
# In lesson 05 you computed receptive fields; now compute the height, too. `layers` is a list of (kernel, stride), all
# with 'same' padding; `size` is the height that goes in. Return the height that comes out, and the **receptive field**:
# how many pixels of the input one output can depend on, in height (it may be more than the picture has).
#
# 第 05 课顺着层算过感受野，这里连高度一起算。`layers` 是 (kernel, stride) 的列表，都用 'same' 填充；`size` 是输入高度。返回输出的高度，以及**感受野**（receptive field）：一个输出在高度方向上最多依赖输入的多少个像素（可以超过图像本身）。


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
# The article's D has eight layers with kernels of 4, three of stride 2 and then five of stride 1: a score sees 142
# pixels, the paper's 70 (lesson 05). That is no mistake but another choice: the article promises no size. 文章的 D 有八层，核都是
# 4：三层步幅 2，五层步幅 1，一个分数看到 142 个像素；论文的看到 70 个（第 05 课）。这不算错，只是另一种选择：文章没有承诺过大小。

# %% [markdown]
# ### Side by side 对照
#
# | | the article 文章 | the papers 论文 |
# | --- | --- | --- |
# | GAN | “竞争” *competition*, no loss 没有损失 | $\min_G \max_D\ \mathbb{E} \log D(x) + \mathbb{E} \log(1 - D(G(z)))$ |
# | cycle 循环 | $G(F(B)) \approx A$, $F(G(A)) \approx B$ | $\mathbb{E}\lVert F(G(a)) - a\rVert_1 + \mathbb{E}\lVert G(F(b)) - b\rVert_1$ |
# | whole objective 总目标 | in its formulas none 公式里没有 | $L_{GAN}(G, D_B) + L_{GAN}(F, D_A) + \lambda L_{cyc}$, min over G, F, max over D |
# | StyleGAN | $G(A, S) = B$, $F(B, T) = A$ | $w = f(z)$, $y_i = A_i(w)$, $x = g(\mathit{const}; y, \mathit{noise})$ |
# | AdaIN | a word 一个词 | $y_{s}\,(x - \mu(x)) / \sigma(x) + y_{b}$, channel by channel 逐通道 |
