"""Checkers of lesson 13, on the article that the course grew out of, and their hints."""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from functools import partial

from gan_course.lessons.checking import (
    NOT_ATTEMPTED,
    PASSED,
    Verdict,
    checker,
    judge,
    judge_number,
    judge_table,
    not_yet,
    show_hint,
)

HINTS = {
    "verdicts": (
        "for each sentence, imagine the measurement that would prove it wrong",
        "'better' needs a second thing to be better than, and a measure",
        "two of the six hold, two fail, two say too little",
    ),
    "learners": (
        "a loss teaches the networks whose weights its optimiser moves",
        "in D's turn the fakes are detached; in the generators' turn D's weights stay",
        "which networks does a round trip pass through?",
    ),
    "loud": (
        "an error needs a name, a shape or a type that does not fit",
        "a difference of two pictures needs sizes that fit or can be broadcast",
    ),
    "article_size": (
        "follow the height through the layers, one at a time",
        "'same' padding keeps a size at stride 1. What does it do at stride 2?",
    ),
    "reading": (
        "take a page that you have learnt something from: it deserves the hour",
        "begin with what can be counted: shapes, parameters, authors, years",
        "a claim that you could not settle belongs under 'unsure', with what would settle it",
    ),
    "follow": (
        "keep three numbers: the size, the field, and how far apart neighbours lie in the picture",
        "a layer adds its kernel less one, each step as wide as the strides before it make it",
        "with 'same' padding 65 positions at stride 2 give 33",
    ),
}
hint = partial(show_hint, HINTS)


@checker
def check_verdicts(verdicts: Mapping[str, str]) -> Verdict:
    """Exercise 1: six sentences of the article: which hold, which fail, which say too little."""
    return judge_table(
        verdicts,
        {
            "A": "holds",
            "B": "fails",
            "C": "holds",
            "D": "says too little",
            "E": "fails",
            "F": "says too little",
        },
        {
            "A": "A: lesson 01 has this sentence, in other words",
            "B": "B: look for a network that remembers its last picture",
            "C": "C: is there a weight in this repository that does it?",
            "D": "D: higher than what, and measured by what?",
            "E": "E: what does StyleGAN's paper start from, in row A of its Table 1?",
            "F": "F: which performance, which level? Would two people stop at the same time?",
        },
        words=("holds", "fails", "says too little"),
    )


@checker
def check_learners(learners: Mapping[str, set[str]]) -> Verdict:
    """Exercise 2: which of CycleGAN's four networks learn from which of its losses."""
    return judge_table(
        learners,
        {
            "D's loss in B": {"D_B"},
            "G's adversarial loss in B": {"G_AB"},
            "cycle loss": {"G_AB", "G_BA"},
            "identity loss": {"G_AB", "G_BA"},
        },
        {
            "D's loss in B": "whose turn is it, and are the fakes detached?",
            "G's adversarial loss in B": "who made the fakes that are judged in B? D stays",
            "cycle loss": "follow a picture there and back: through which networks does it pass?",
            "identity loss": "it is one sum with two terms: who is shown a picture of B, who of A?",
        },
        words=("G_AB", "G_BA", "D_A", "D_B"),
    )


@checker
def check_loud(loud: Mapping[str, str]) -> Verdict:
    """Exercise 3: which of the article's mistakes raise an error, and which run and are wrong."""
    return judge_table(
        loud,
        {
            "a": "error",
            "b": "runs",
            "c": "error",
            "d": "error",
            "e": "runs",
            "f": "runs",
            "g": "runs",
        },
        {
            "a": "a: are there as many numbers before as after?",
            "b": "b: does a layer know whether it stands in a generator?",
            "c": "c: look for the name among the imports",
            "d": "d: D gives a map of scores. What does this generator take?",
            "e": "e: both are tensors of pictures",
            "f": "f: does a discriminator know which domain a picture is from?",
            "g": "g: what does a discriminator need to know of a picture before it scores it?",
        },
        words=("error", "runs"),
    )


@checker
def check_article_size(answer: object) -> Verdict:
    """Exercise 4: the height at which the article's generator ends, from 4 by two strides of 2."""
    return judge_number(
        answer,
        1,
        {
            "that would be from a height of 8; start from 4": 2,
            "16 would need upsampling; look at which layer the article strides with": 16,
            "'same' padding keeps the size only at stride 1": 4,
        },
        "follow the height through the layers, one at a time",
    )


def _follow(layers: Sequence[tuple[int, int]], size: int) -> tuple[int, int]:
    field, apart = 1, 1
    for kernel, stride in layers:
        size = -(-size // stride)
        field += (kernel - 1) * apart
        apart *= stride
    return size, field


def _rounded_down(layers: Sequence[tuple[int, int]], size: int) -> tuple[int, int]:
    for _, stride in layers:
        size //= stride
    return size, _follow(layers, size)[1]


def _stride_first(layers: Sequence[tuple[int, int]], size: int) -> tuple[int, int]:
    field, apart = 1, 1
    for kernel, stride in layers:
        apart *= stride
        field += (kernel - 1) * apart
    return _follow(layers, size)[0], field


@checker
def check_follow(follow: Callable[[list, int], tuple[int, int]]) -> Verdict:
    """Exercise 6: the size that a stack of convolutions ends at, and its receptive field."""
    return judge(
        follow,
        _follow,
        {
            "for three layers of stride 2 on 64 pixels": ([(4, 2), (4, 2), (4, 2)], 64),
            "for kernels of several sizes on 65 pixels": ([(7, 1), (3, 2), (5, 3), (3, 1)], 65),
            "for one layer of stride 1 on 10 pixels": ([(3, 1)], 10),
        },
        names=("size", "field"),
        mistakes={
            "with 'same' padding a size that does not divide is rounded up": _rounded_down,
            "a layer's stride spreads the layers behind it, not itself": _stride_first,
            "behind a stride of 2, neighbours lie two pixels apart": lambda layers, size: (
                _follow(layers, size)[0],
                1 + sum(kernel - 1 for kernel, _ in layers),
            ),
            "a field of one pixel is there before the first layer": lambda layers, size: (
                _follow(layers, size)[0],
                _follow(layers, size)[1] - 1,
            ),
            "a kernel of 3 reaches one pixel further to each side: it adds 2, not 3": (
                lambda layers, size: (
                    _follow(layers, size)[0],
                    _follow([(kernel + 1, stride) for kernel, stride in layers], size)[1],
                )
            ),
        },
    )


KINDS = ("type check", "count", "experiment", "source")
VERDICTS = ("holds", "fails", "in part", "says too little")
RUBRIC = (
    "word for word",
    "read kindly",
    "could have come out otherwise",
    "first source",
    "limits said",
    "fit to send",
)
ENTRIES = ("page", "read on", "right", "claims", "unsure", "marks")


@checker
def check_reading(reading: Mapping[str, object]) -> Verdict:
    """Exercise 5: whether a critical reading of a page is complete; how good, the reader marks."""
    if not isinstance(reading, Mapping) or set(reading) != set(ENTRIES):
        return not_yet("answer with {" + ", ".join(f'"{name}": ...' for name in ENTRIES) + "}")
    open_ = [name for name in ENTRIES if reading[name] is ... or reading[name] is None]
    if len(open_) == len(ENTRIES):
        return NOT_ATTEMPTED
    if open_:
        return not_yet("still open: " + ", ".join(open_))
    gap = _gap_in_texts(reading) or _gap_in_claims(reading["claims"])
    if gap:
        return not_yet(gap)
    marks = reading["marks"]
    if not isinstance(marks, list | tuple) or len(marks) != len(RUBRIC):
        return not_yet(f"give {len(RUBRIC)} marks, in the order of the rubric")
    if not set(marks) <= {"yes", "partly", "no"}:
        return not_yet('each mark is "yes", "partly" or "no"')
    weak = [name for name, mark in zip(RUBRIC, marks, strict=True) if mark == "no"]
    return Verdict(PASSED.status, "complete; to work on: " + ", ".join(weak)) if weak else PASSED


def _gap_in_texts(reading: Mapping) -> str:
    """What is missing in the entries that are texts; "" where nothing is."""
    texts = {name: reading[name] for name in ("page", "read on", "right", "unsure")}
    for name, text in texts.items():
        if not isinstance(text, str) or not text.strip():
            return f"{name}: answer with a text"
    try:
        date.fromisoformat(texts["read on"])
    except ValueError:
        return "read on: a date such as 2026-03-01, because pages change"
    if len(set(texts.values())) < len(texts):
        return "two entries have the same words: page, read on, right and unsure say four things"
    if _n_words(texts["page"]) < 2:
        return "page: its title and where it is, so that somebody else finds it"
    if _n_words(texts["right"]) < 8:
        return "right: a whole sentence on what the page gets right. Who finds nothing looks again"
    if _n_words(texts["unsure"]) < 8:
        return "unsure: a whole sentence on what you could not settle, and on what would settle it"
    return ""


def _gap_in_claims(claims: object) -> str:
    """What is missing in the claims; "" where nothing is."""
    if not isinstance(claims, list | tuple) or len(claims) < 3:
        return "claims: three at least, each as (quote, kind of test, verdict, what you found)"
    for number, claim in enumerate(claims, 1):
        if (
            not isinstance(claim, list | tuple)
            or len(claim) != 4
            or not all(isinstance(part, str) for part in claim)
        ):
            return f"claim {number}: four texts, (quote, kind of test, verdict, what you found)"
        quote, kind, verdict, found = claim
        if not 2 <= _n_words(quote) <= 60:
            return f"claim {number}: quote the page's own words, one sentence at most"
        if kind not in KINDS:
            return f"claim {number}: the kind of test is one of: {', '.join(KINDS)}"
        if verdict not in VERDICTS:
            return f"claim {number}: the verdict is one of: {', '.join(VERDICTS)}"
        if _n_words(found) < 6:
            return f"claim {number}: say what you found, with the number or the place"
    if len({claim[0] for claim in claims}) < len(claims):
        return "claims: the same quote stands there twice"
    if all(claim[1] == "source" for claim in claims):
        return "claims: test at least one yourself, by a type check, a count or an experiment"
    return ""


def _n_words(text: str) -> int:
    """Words of a text; a Chinese character counts as one."""
    return len(re.findall(r"[\u4e00-\u9fff]|[^\W\u4e00-\u9fff]+", text))
