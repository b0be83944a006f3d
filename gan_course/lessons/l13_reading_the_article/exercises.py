"""Checkers of lesson 13, on the article that the course grew out of, and their hints."""

from functools import partial

from gan_course.lessons.checking import Verdict, checker, judge_number, show_hint

HINTS = {
    "article_size": (
        "follow the height through the layers, one at a time",
        "'same' padding keeps a size at stride 1. What does it do at stride 2?",
    ),
}
hint = partial(show_hint, HINTS)


@checker
def check_article_size(answer: object) -> Verdict:
    """Exercise 1: the height at which the article's generator ends, from 4 by two strides of 2."""
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
