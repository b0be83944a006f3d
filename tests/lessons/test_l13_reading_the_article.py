from gan_course.lessons.l13_reading_the_article import exercises as lesson

VERDICTS = {
    "A": "holds",
    "B": "fails",
    "C": "holds",
    "D": "says too little",
    "E": "fails",
    "F": "says too little",
}
LEARNERS = {
    "D's loss in B": {"D_B"},
    "G's adversarial loss in B": {"G_AB"},
    "cycle loss": {"G_AB", "G_BA"},
    "identity loss": {"G_AB", "G_BA"},
}
LOUD = {
    "a": "error",
    "b": "runs",
    "c": "error",
    "d": "error",
    "e": "runs",
    "f": "runs",
    "g": "runs",
}
CLAIMS = [
    ("the generator has 10 million weights", "count", "fails", "with its own code I count 2.1"),
    ("trained for 100 epochs", "source", "holds", "the paper says so in its section 4"),
    ("the losses are equal", "type check", "in part", "one is a mean and one is a sum"),
]
READING = {
    "page": "A tutorial, https://example.org/gan",
    "read on": "2026-03-01",
    "right": "The roles of both networks, as in section 3 of the paper.",
    "claims": CLAIMS,
    "unsure": "Whether the curves are of one run; a second seed would tell.",
    "marks": ["yes", "yes", "partly", "yes", "yes", "yes"],
}
IN_CHINESE = {
    "page": "一篇教程，第三章",
    "read on": "2026-03-01",
    "right": "生成器和判别器的分工与论文第三节一致。",
    "claims": [
        ("生成器有一千万个参数", "count", "fails", "按它自己的代码只有二百万个"),
        ("训练一百轮", "source", "holds", "论文第四节也是这样写的"),
        ("两个损失相等", "type check", "in part", "一个取平均，一个取总和"),
    ],
    "unsure": "曲线是否只来自一次训练，换一个种子就能知道。",
    "marks": ["yes", "no", "partly", "yes", "yes", "yes"],
}


def follow(layers, size):
    field, apart = 1, 1
    for kernel, stride in layers:
        size = (size + stride - 1) // stride
        field, apart = field + (kernel - 1) * apart, apart * stride
    return [size, field]


def floor(layers, size):
    for _, stride in layers:
        size //= stride
    return size, follow(layers, size)[1]


def with_claims(*claims):
    return READING | {"claims": list(claims)}


RIGHT = [
    (lesson.check_verdicts, VERDICTS),
    (lesson.check_verdicts, {key: word.upper() for key, word in VERDICTS.items()}),
    (lesson.check_learners, LEARNERS),
    (lesson.check_learners, {key: sorted(value) for key, value in LEARNERS.items()}),
    (lesson.check_loud, LOUD),
    (lesson.check_article_size, 1),
    (lesson.check_article_size, 1.0),
    (lesson.check_follow, follow),
    (lesson.check_reading, READING),
    (lesson.check_reading, IN_CHINESE),
    (lesson.check_reading, READING | {"claims": tuple(map(list, CLAIMS))}),
]

WRONG = [
    (lesson.check_verdicts, VERDICTS | {"D": "holds"}, "higher than what"),
    (lesson.check_verdicts, VERDICTS | {"E": "holds", "F": "fails"}, "2 of 6 are not right"),
    (lesson.check_verdicts, VERDICTS | {"B": "maybe"}, "each is one of"),
    (lesson.check_verdicts, VERDICTS | {"B": ...}, "still open"),
    (lesson.check_learners, LEARNERS | {"cycle loss": {"G_AB", "G_BA", "D_A"}}, "there and back"),
    (lesson.check_learners, LEARNERS | {"D's loss in B": {"D_B", "G_AB"}}, "detached"),
    (lesson.check_learners, LEARNERS | {"identity loss": {"G_AB"}}, "two terms"),
    (lesson.check_loud, LOUD | {"e": "error"}, "both are tensors"),
    (lesson.check_loud, LOUD | {"a": "runs", "c": "runs"}, "as many numbers"),
    (lesson.check_loud, LOUD | {"g": "error"}, "before it scores it"),
    (lesson.check_article_size, 16, "upsampling"),
    (lesson.check_article_size, 4, "stride 1"),
    (lesson.check_article_size, 2, "from a height of 8"),
    (lesson.check_article_size, 3, "one at a time"),
    (lesson.check_follow, floor, "rounded up"),
    (lesson.check_follow, lambda layers, size: follow(layers, size)[0], "return (size, field)"),
    (
        lesson.check_follow,
        lambda layers, size: (follow(layers, size)[0], 1 + sum(k - 1 for k, _ in layers)),
        "two pixels apart",
    ),
    (
        lesson.check_follow,
        lambda layers, size: (follow(layers, size)[0], follow(layers, size)[1] - 1),
        "before the first layer",
    ),
    (lesson.check_reading, {"page": "x"}, "answer with"),
    (lesson.check_reading, READING | {"unsure": ...}, "still open: unsure"),
    (lesson.check_reading, READING | {"read on": "yesterday"}, "pages change"),
    (lesson.check_reading, READING | {"page": "here"}, "somebody else"),
    (lesson.check_reading, READING | {"page": 3}, "page: answer with a text"),
    (lesson.check_reading, READING | {"right": "nothing"}, "looks again"),
    (lesson.check_reading, READING | {"unsure": "all fine"}, "what would settle it"),
    (lesson.check_reading, READING | {"unsure": READING["right"]}, "the same words"),
    (lesson.check_reading, with_claims(*CLAIMS[:2]), "three at least"),
    (lesson.check_reading, with_claims(*CLAIMS[:2], CLAIMS[0]), "twice"),
    (lesson.check_reading, with_claims(*CLAIMS[:2], CLAIMS[2][:3]), "claim 3: four texts"),
    (lesson.check_reading, with_claims(*CLAIMS, ("a b", "taste", "holds", "x")), "kind of test"),
    (lesson.check_reading, with_claims(*CLAIMS, ("a b", "count", "bad", "x")), "the verdict"),
    (lesson.check_reading, with_claims(*CLAIMS, ("a b", "count", "holds", "x")), "the number"),
    (lesson.check_reading, with_claims(*CLAIMS, ("a " * 90, *CLAIMS[0][1:])), "one sentence"),
    (
        lesson.check_reading,
        with_claims(*((quote, "source", *rest) for quote, _, *rest in CLAIMS)),
        "test at least one yourself",
    ),
    (lesson.check_reading, READING | {"marks": ["yes"]}, "6 marks"),
    (lesson.check_reading, READING | {"marks": ["good"] * 6}, "each mark is"),
]


def test_a_reader_s_own_no_is_named():
    assert lesson.check_reading(IN_CHINESE).reason == "complete; to work on: read kindly"
