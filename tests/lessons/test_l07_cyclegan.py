import pytest
import torch
from torch.nn.functional import pad, relu

from gan_course.lessons.l07_cyclegan import exercises as lesson
from gan_course.training.image_pool import ImagePool
from gan_course.training.optim import lr_at


def block(x, conv1, conv2, norm, *, end=lambda y: y, mode="reflect", second=True, inner=relu):
    y = inner(norm(conv1(pad(x, (1, 1, 1, 1), mode=mode))))
    y = conv2(pad(y, (1, 1, 1, 1), mode=mode))
    return x + end(norm(y) if second else y)


def query(kept, images, size, generator, *, swap=0.5, keep=True, detach=True, slot=None):
    shown = []
    for image in images.detach() if detach else images:
        if len(kept) < size:
            kept.append(image)
            shown.append(image)
        elif size and torch.rand(1, generator=generator) < swap:
            place = int(torch.randint(size, (1,), generator=generator)) if slot is None else slot()
            shown.append(kept[place])
            if keep:
                kept[place] = image
        else:
            shown.append(image)
    return torch.stack(shown)


def package_query(kept, images, size, generator):
    pool = ImagePool(size, generator=generator)
    pool.images = kept
    return pool.query(images)


def queue(kept, images, size, generator):
    shown = []
    for image in images.detach():
        kept.append(image)
        if len(kept) <= size or torch.rand(1, generator=generator) < 0.5:
            shown.append(image)
            if len(kept) > size:
                kept.pop()
        else:
            shown.append(kept.pop(0))
    return torch.stack(shown)


def grows(kept, images, size, generator):
    shown = query(list(kept[:size]), images, size, generator)
    kept.extend(images.detach())
    return shown


def no_pool(kept, images, size, generator):
    """As in a widely taken course: D is trained on the fakes of this step."""
    return images.detach()


def copies(kept, images, size, generator):
    """Every new picture also goes into the pool, even one that is handed back."""
    shown = []
    for image in images.detach():
        if len(kept) < size:
            kept.append(image)
            shown.append(image)
        else:
            place = int(torch.randint(size, (1,), generator=generator))
            shown.append(kept[place] if torch.rand(1, generator=generator) < 0.5 else image)
            kept[place] = image
    return torch.stack(shown)


def own_coin(kept, images, size, generator):
    return query(kept, images, size, None)


def own_place(kept, images, size, generator):
    """Of two draws one is the generator's."""
    return query(kept, images, size, generator, slot=lambda: int(torch.randint(size, (1,))))


def reseeded(kept, images, size, generator):
    """Torch's global state, seeded by the number of the picture: the same for each generator."""
    torch.manual_seed(int(images[0, 0, 0, 0]))
    return query(kept, images, size, None)


def partners(n_A, n_B, n_epochs, generator):
    pairs = []
    for _ in range(n_epochs):
        for a in torch.randperm(n_A, generator=generator).tolist():
            pairs.append((a, int(torch.randint(n_B, (1,), generator=generator))))
    return pairs


def two_streams(n_A, n_B, n_epochs, generator):
    def stream(n):
        while True:
            yield from torch.randperm(n, generator=generator).tolist()

    A, B = stream(n_A), stream(n_B)
    return [(next(A), next(B)) for _ in range(n_A * n_epochs)]


def zipped(n_A, n_B, n_epochs, generator):
    """An epoch ends with the smaller domain."""
    pairs = []
    for _ in range(n_epochs):
        order_A, order_B = (torch.randperm(n, generator=generator).tolist() for n in (n_A, n_B))
        pairs += zip(order_A, order_B, strict=False)
    return pairs


def indexed(n_A, n_B, n_epochs, generator):
    pairs = []
    for _ in range(n_epochs):
        order_A, order_B = (torch.randperm(n, generator=generator).tolist() for n in (n_A, n_B))
        pairs += [(a, order_B[k]) for k, a in enumerate(order_A)]
    return pairs


def begun_anew(n_A, n_B, n_epochs, generator):
    pairs = []
    for _ in range(n_epochs):
        order_A, order_B = (torch.randperm(n, generator=generator).tolist() for n in (n_A, n_B))
        pairs += [(a, order_B[k % n_B]) for k, a in enumerate(order_A)]
    return pairs


def shuffled_once(n_A, n_B, n_epochs, generator):
    order = torch.randperm(n_A, generator=generator).tolist()
    return [
        (a, int(torch.randint(n_B, (1,), generator=generator)))
        for _ in range(n_epochs)
        for a in order
    ]


def global_B(n_A, n_B, n_epochs, generator):
    return [(a, int(torch.randint(n_B, (1,)))) for a, _ in partners(n_A, n_B, n_epochs, generator)]


def same_index(n_A, n_B, n_epochs, generator):
    """As published: one index for both, in whatever order."""
    return [
        (k, k) for _ in range(n_epochs) for k in torch.randperm(n_A, generator=generator).tolist()
    ]


def fixed_shuffle(n_A, n_B, n_epochs, generator):
    B = torch.randperm(n_B, generator=generator)[:n_A].tolist()
    return [
        (k, B[k])
        for _ in range(n_epochs)
        for k in torch.randperm(n_A, generator=generator).tolist()
    ]


def first_of_B(n_A, n_B, n_epochs, generator):
    return [(a, b % n_A) for a, b in partners(n_A, n_B, n_epochs, generator)]


def unshuffled(n_A, n_B, n_epochs, generator):
    return [
        (a, int(torch.randint(n_B, (1,), generator=generator)))
        for _ in range(n_epochs)
        for a in range(n_A)
    ]


def own_seed(n_A, n_B, n_epochs, generator):
    return partners(n_A, n_B, n_epochs, torch.Generator().manual_seed(5))


def one(D, real, fake):
    return ((D(real) - 1).square().mean() + D(fake).square().mean()) / 2


def d_objective(D_A, D_B, real_A, real_B, fake_A, fake_B):
    return one(D_A, real_A, fake_A.detach()) + one(D_B, real_B, fake_B.detach())


def article(D_A, D_B, real_A, real_B, fake_A, fake_B):
    loss_A = 0.5 * (D_A(real_A).mean() - D_A(fake_A).mean())
    return loss_A + 0.5 * (D_B(real_B).mean() - D_B(fake_B).mean())


HALVING, LOST = dict(lesson.HALVING), dict(lesson.LOST)

RIGHT = [
    (lesson.check_block, block),
    (lesson.check_query, query),
    (lesson.check_query, package_query),
    (lesson.check_rate, lambda lr, done, n: lr * min(1, 2 * (n - done) / n)),
    (lesson.check_rate, lr_at),
    (
        lesson.check_rate,
        lambda lr, done, n: lr if done < n // 2 else lr * (n - done) / (n - n // 2),
    ),
    (lesson.check_partners, partners),
    (lesson.check_partners, two_streams),
    (lesson.check_partners, begun_anew),
    (lesson.check_d_objective, d_objective),
    (lesson.check_halving, HALVING),
    (lesson.check_halving, {"SGD": " Half", "Adam": "THE  SAME"}),
    (lesson.check_lost, LOST),
]

WRONG = [
    (lesson.check_block, lambda *parts: block(*parts, end=relu), "published bug"),
    (lesson.check_block, lambda *parts: relu(block(*parts)), "after the sum"),
    (lesson.check_block, lambda x, *parts: block(x, *parts) - x, "adds it to its input"),
    (lesson.check_block, lambda *parts: block(*parts, mode="constant"), "mirror the border"),
    (lesson.check_block, lambda *parts: block(*parts, second=False), "its InstanceNorm too"),
    (
        lesson.check_block,
        lambda *parts: block(*parts, inner=lambda y: y),
        "two convolutions are one",
    ),
    (
        lesson.check_block,
        lambda x, conv1, conv2, norm: norm(conv2(relu(norm(conv1(x))))),
        "takes one pixel off",
    ),
    (lesson.check_block, lambda x, *parts: x, "the values are not"),
    (lesson.check_query, no_pool, "that is not a pool"),
    (lesson.check_query, lambda *parts: query(*parts, keep=False), "takes the place"),
    (lesson.check_query, lambda *parts: query(*parts, swap=1.0), "old pictures only"),
    (lesson.check_query, lambda *parts: query(*parts, swap=0.1), "the coin says one half"),
    (lesson.check_query, lambda *parts: query(*parts, detach=False), "generator's graph"),
    (lesson.check_query, lambda *parts: query(*parts)[:1], "as many pictures as came in"),
    (lesson.check_query, queue, "one age"),
    (lesson.check_query, grows, "a pool of 8 holds"),
    (lesson.check_query, own_coin, "draw with `generator`"),
    (lesson.check_query, own_place, "draw with `generator`"),
    (lesson.check_query, reseeded, "draw with `generator`"),
    (lesson.check_query, copies, "came back twice"),
    (lesson.check_query, lambda *parts: query(*parts, slot=lambda: 0), "one age"),
    (
        lesson.check_query,
        lambda kept, images, size, g: query(kept, images, max(size, 8), g),
        "size 0",
    ),
    (lesson.check_rate, lambda lr, done, n: lr, "never falls"),
    (lesson.check_rate, lambda lr, done, n: lr * (1 - done / n), "first half"),
    (lesson.check_rate, lambda lr, done, n: lr * min(1, 2 * (n - done - 1) / n), "it is wasted"),
    (
        lesson.check_rate,
        lambda lr, done, n: lr if done < n / 2 else lr * (2 * (n - 1 - done) / n),
        "it is wasted",
    ),
    (lesson.check_rate, lambda lr, done, n: lr if done < n / 2 else lr / 2, "staircase"),
    (
        lesson.check_rate,
        lambda lr, done, n: lr if done < n / 2 else lr * 0.95 ** (done - n / 2),
        "not a line",
    ),
    (
        lesson.check_rate,
        lambda lr, done, n: lr if done < n / 2 else lr * (1.5 - done / n),
        "end at 0",
    ),
    (lesson.check_rate, lambda lr, done, n: lr_at(lr, done, 200), "right for 200 steps"),
    (lesson.check_partners, same_index, "same index"),
    (lesson.check_partners, fixed_shuffle, "fixed pairs"),
    (lesson.check_partners, first_of_B, "never shown"),
    (lesson.check_partners, unshuffled, "shuffle it"),
    (lesson.check_partners, own_seed, "draw with the generator"),
    (lesson.check_partners, lambda a, b, n, g: partners(a, b, n, None), "draw with the generator"),
    (lesson.check_partners, global_B, "draw with the generator"),
    (lesson.check_partners, shuffled_once, "each time anew"),
    (lesson.check_partners, zipped, "B has only 5 here"),
    (lesson.check_partners, indexed, "IndexError"),
    (lesson.check_partners, lambda *parts: partners(*parts)[:-1], "pairs, yours are"),
    (lesson.check_partners, lambda a, b, n, g: [(0, 0)] * (a * n), "every picture of A once"),
    (
        lesson.check_partners,
        lambda a, b, n, g: [(j, i) for i, j in partners(b, a, n, g)][: a * n],
        "every picture of A",
    ),
    (lesson.check_d_objective, article, "difference of means"),
    (
        lesson.check_d_objective,
        lambda A, B, a, b, fa, fb: d_objective(A, A, a, b, fa, fb),
        "one discriminator",
    ),
    (
        lesson.check_d_objective,
        lambda A, B, a, b, fa, fb: d_objective(A, B, a, b, fa, fa),
        "gan_loss_B",
    ),
    (
        lesson.check_d_objective,
        lambda A, B, a, b, fa, fb: d_objective(B, A, a, b, fa, fb),
        "letters are exchanged",
    ),
    (
        lesson.check_d_objective,
        lambda A, B, a, b, fa, fb: d_objective(A, B, a, b, fb, fa),
        "other domain",
    ),
    (
        lesson.check_d_objective,
        lambda A, B, a, b, fa, fb: d_objective(A, B, fa, fb, a, b),
        "labels are exchanged",
    ),
    (lesson.check_d_objective, lambda *parts: 2 * d_objective(*parts), "halved"),
    (lesson.check_d_objective, lambda A, B, a, b, fa, fb: one(A, a, fa), "only D_A"),
    (
        lesson.check_d_objective,
        lambda A, B, a, b, fa, fb: one(A, a, fa) + one(B, b, fb),
        "Detach the fakes",
    ),
    (
        lesson.check_d_objective,
        lambda *parts: d_objective(*parts) + 1,
        "for the checker's pictures",
    ),
    (lesson.check_d_objective, lambda *parts: d_objective(*parts).item(), "one number"),
    (lesson.check_halving, HALVING | {"Adam": "half"}, "what cancels"),
    (lesson.check_halving, HALVING | {"SGD": "the same"}, "SGD's step"),
    (lesson.check_halving, HALVING | {"SGD": "a bit"}, "each answer is"),
    (lesson.check_halving, "half", "answer with"),
    (lesson.check_lost, LOST | {"the pools": "kept"}, "lists of pictures"),
    (lesson.check_lost, LOST | {"Adam's moments": "kept"}, "two numbers for each weight"),
    (lesson.check_lost, LOST | {"the step number": "kept"}, "schedule"),
    (lesson.check_lost, LOST | {"the place in the data": "kept"}, "begins anew"),
    (lesson.check_lost, LOST | {"the weights": "lost"}, "one thing that is in it"),
    (lesson.check_lost, LOST | {"the weights": "?"}, "each answer"),
    (lesson.check_lost, {"the weights": "kept"}, "for each of"),
]


@pytest.mark.parametrize(
    ("check", "empty"), [(lesson.check_halving, HALVING), (lesson.check_lost, LOST)]
)
def test_an_empty_table_is_not_attempted(check, empty):
    assert check(dict.fromkeys(empty, ...)).status == "not attempted yet"
    assert check(empty | {next(iter(empty)): ...}).status == "not yet"


@pytest.mark.parametrize(
    ("check", "right"), [(lesson.check_query, query), (lesson.check_partners, partners)]
)
def test_checking_a_draw_leaves_the_global_random_state(check, right):
    before = torch.get_rng_state()
    assert check(right).status == "passed"
    assert torch.equal(torch.get_rng_state(), before)
