import numpy as np
import pytest
import torch
from torch.nn.functional import mse_loss, pad, relu

from gan_course.lessons.l07_cyclegan import exercises as lesson
from gan_course.training.image_pool import ImagePool
from gan_course.training.optim import lr_at


def block(x, conv1, conv2, norm, *, end=lambda y: y, mode="reflect", second=True, inner=relu):
    y = inner(norm(conv1(pad(x, (1, 1, 1, 1), mode=mode))))
    y = conv2(pad(y, (1, 1, 1, 1), mode=mode))
    return x + end(norm(y) if second else y)


def instance_norm(x):
    return torch.nn.functional.instance_norm(x, eps=1e-5)


def norm_behind_relu(x, conv1, conv2, norm):
    return block(x, conv1, conv2, lambda y: norm(relu(y)), inner=lambda y: y)


def block_in_place(x, *parts):
    x += block(x, *parts) - x
    return x


def frozen(x, conv1, *parts):
    conv1.requires_grad_(False)
    return block(x, conv1, *parts)


class Block:
    """The block with a padding layer, as an object that can be called."""

    mirror = torch.nn.ReflectionPad2d(1)

    def __call__(self, x, conv1, conv2, norm):
        return x + norm(conv2(self.mirror(norm(conv1(self.mirror(x))).clamp_min(0))))


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


def never_old(kept, images, size, generator):
    kept.extend(images.detach()[: max(0, size - len(kept))])
    return images.detach()


def one_coin(kept, images, size, generator):
    """All pictures of a batch are new, or all are old."""
    if len(kept) < size or not size or torch.rand(1, generator=generator) < 0.5:
        kept.extend(images.detach()[: max(0, size - len(kept))])
        return images.detach()
    return query(kept, images, size, generator, swap=1.0)


def one_place(kept, images, size, generator):
    """All pictures of a batch take one place of the pool."""
    place = int(torch.randint(max(size, 1), (1,), generator=generator))
    return query(kept, images, size, generator, slot=lambda: place)


def local_pool(kept, images, size, generator):
    kept = kept + list(images.detach())
    return query(kept, images, size, generator)


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


def one_of_B(n_A, n_B, n_epochs, generator):
    """One picture of B is drawn for each epoch."""
    pairs = []
    for _ in range(n_epochs):
        b = int(torch.randint(n_B, (1,), generator=generator))
        pairs += [(a, b) for a in torch.randperm(n_A, generator=generator).tolist()]
    return pairs


def one(D, real, fake):
    return ((D(real) - 1).square().mean() + D(fake).square().mean()) / 2


def d_objective(D_A, D_B, real_A, real_B, fake_A, fake_B):
    return one(D_A, real_A, fake_A.detach()) + one(D_B, real_B, fake_B.detach())


def behind_D(D, real, fake):
    """Detached too late: D learns nothing from fakes."""
    return ((D(real) - 1).square().mean() + D(fake).detach().square().mean()) / 2


def by_batches(D_A, D_B, real_A, real_B, fake_A, fake_B):
    """Real and fake pictures in one batch, and mse_loss."""
    total = 0
    for D, real, fake in ((D_A, real_A, fake_A), (D_B, real_B, fake_B)):
        on_real, on_fake = D(torch.cat([real, fake.detach()])).chunk(2)
        for scores, label in ((on_real, 1.0), (on_fake, 0.0)):
            total += 0.5 * mse_loss(scores, torch.full_like(scores, label))
    return total


def detaches_in_place(D_A, D_B, real_A, real_B, fake_A, fake_B):
    return one(D_A, real_A, fake_A.detach_()) + one(D_B, real_B, fake_B.detach())


def published(D_A, D_B, real_A, real_B, fake_A, fake_B):
    loss_A = 0.5 * (D_A(real_A).mean() - D_A(fake_A).mean())
    return loss_A + 0.5 * (D_B(real_B).mean() - D_B(fake_B).mean())


HALVING, LOST = dict(lesson.HALVING), dict(lesson.LOST)
SWING = {
    "prediction": "wilder",
    "figures": {0: [0.167, 0.186, 0.19], 20: np.array([0.678, 0.619, 0.671])},
    "conclusion": "wilder",
}
SWAPPED = {0: SWING["figures"][20], 20: SWING["figures"][0]}

RIGHT = [
    (lesson.check_block, block),
    (lesson.check_block, Block()),
    (lesson.check_query, query),
    (lesson.check_query, package_query),
    (lesson.check_query, lambda *parts: list(query(*parts))),
    (lesson.check_query, lambda *parts: query(*parts).numpy()),
    (lesson.check_rate, lambda lr, done, n: lr * min(1, 2 * (n - done) / n)),
    (lesson.check_rate, lr_at),
    (lesson.check_rate, lambda lr, done, n: np.float32(lr_at(lr, done, n))),
    (lesson.check_rate, lambda lr, done, n: torch.tensor([lr_at(lr, done, n)])),
    (
        lesson.check_rate,
        lambda lr, done, n: lr if done < n // 2 else lr * (n - done) / (n - n // 2),
    ),
    (lesson.check_partners, partners),
    (lesson.check_partners, two_streams),
    (lesson.check_partners, begun_anew),
    (lesson.check_partners, lambda *parts: iter(partners(*parts))),
    (lesson.check_partners, lambda *parts: np.array(partners(*parts))),
    (lesson.check_partners, lambda *parts: torch.tensor(partners(*parts))),
    (lesson.check_d_objective, d_objective),
    (lesson.check_d_objective, by_batches),
    (lesson.check_swing, SWING),
    (lesson.check_swing, SWING | {"prediction": "Calmer"}),
    (lesson.check_halving, HALVING),
    (lesson.check_halving, {"SGD": " Half", "Adam": "THE  SAME"}),
    (lesson.check_lost, LOST),
]

WRONG = [
    (lesson.check_block, lambda *parts: block(*parts, end=relu), "published bug"),
    (lesson.check_block, lambda *parts: relu(block(*parts)), "after the sum"),
    (lesson.check_block, lambda x, *parts: block(x, *parts) - x, "adds it to its input"),
    (lesson.check_block, lambda *parts: block(*parts, mode="constant"), "pads with zeros"),
    (lesson.check_block, lambda *parts: block(*parts, second=False), "its norm too"),
    (
        lesson.check_block,
        lambda *parts: block(*parts, inner=lambda y: y),
        "two convolutions are one",
    ),
    (
        lesson.check_block,
        lambda x, conv1, conv2, norm: norm(conv2(relu(norm(conv1(x))))),
        "of shape (2, 4, 5, 7)",
    ),
    (lesson.check_block, lambda x, *parts: x, "values are off"),
    (lesson.check_block, lambda *parts: block(*parts).detach(), "carries no graph"),
    (lesson.check_block, torch.no_grad()(block), "carries no graph"),
    (lesson.check_block, lambda *parts: block(*parts, mode="replicate"), "repeats the border"),
    (lesson.check_block, lambda x, c1, c2, n: block(x, c2, c1, n), "are exchanged"),
    (lesson.check_block, lambda x, c1, c2, n: block(x, c1, c1, n), "used twice"),
    (lesson.check_block, lambda x, c1, c2, n: block(x, c1, c2, instance_norm), "handed in"),
    (lesson.check_block, norm_behind_relu, "first the norm"),
    (lesson.check_block, block_in_place, "you changed `x` itself"),
    (lesson.check_block, frozen, "no longer take gradients"),
    (lesson.check_query, no_pool, "holds 0"),
    (lesson.check_query, never_old, "that is not a pool"),
    (lesson.check_query, lambda *parts: query(*parts, keep=False), "takes the place"),
    (lesson.check_query, lambda *parts: query(*parts, swap=1.0), "old pictures only"),
    (lesson.check_query, lambda *parts: query(*parts, swap=0.1), "the coin says one half"),
    (lesson.check_query, lambda *parts: query(*parts, detach=False), "generator's graph"),
    (lesson.check_query, lambda *parts: query(*parts)[:1], "as many pictures as came in"),
    (lesson.check_query, queue, "one age"),
    (lesson.check_query, grows, "a pool of 8 holds"),
    (lesson.check_query, own_coin, "global random generator: draw with `generator`"),
    (lesson.check_query, own_place, "draw with `generator`"),
    (lesson.check_query, reseeded, "you seeded torch's global generator"),
    (lesson.check_query, copies, "came back twice"),
    (lesson.check_query, lambda *parts: query(*parts, slot=lambda: 0), "one age"),
    (
        lesson.check_query,
        lambda kept, images, size, g: query(kept, images, max(size, 8), g),
        "a pool of size 0 holds",
    ),
    (lesson.check_query, one_coin, "one coin"),
    (lesson.check_query, lambda *parts: query(*parts).flip(3), "came back changed"),
    (lesson.check_query, one_place, "share one place"),
    (lesson.check_query, local_pool, "change the list itself"),
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
        "be at 0",
    ),
    (lesson.check_rate, lambda lr, done, n: lr_at(lr, done, 40), "and 40 steps"),
    (lesson.check_rate, lambda lr, done, n: lr_at(2e-4, done, n), "and 40 steps"),
    (
        lesson.check_rate,
        lambda lr, done, n: lr if done < n / 2 else lr * (n - done) / n,
        "not through",
    ),
    (lesson.check_rate, lambda lr, done, n: str(lr), "one number"),
    (lesson.check_partners, same_index, "same index"),
    (lesson.check_partners, fixed_shuffle, "fixed pairs"),
    (lesson.check_partners, first_of_B, "never shown"),
    (lesson.check_partners, unshuffled, "shuffle it"),
    (lesson.check_partners, own_seed, "draw with"),
    (lesson.check_partners, lambda a, b, n, g: partners(a, b, n, None), "draw with"),
    (lesson.check_partners, global_B, "draw with"),
    (lesson.check_partners, shuffled_once, "each time anew"),
    (lesson.check_partners, one_of_B, "for a whole epoch"),
    (lesson.check_partners, lambda a, b, n, g: partners(12, b, n, g), "9 pictures of A"),
    (lesson.check_partners, lambda a, b, n, g: partners(a, 5, n, g), "never shown"),
    (lesson.check_partners, lambda a, b, n, g: partners(a, b, 40, g), "30 epochs"),
    (lesson.check_partners, zipped, "B has only 5 here"),
    (lesson.check_partners, indexed, "IndexError"),
    (lesson.check_partners, lambda *parts: partners(*parts)[:-1], "pairs, yours are"),
    (lesson.check_partners, lambda a, b, n, g: [(0, 0)] * (a * n), "every picture of A once"),
    (
        lesson.check_partners,
        lambda a, b, n, g: [(j, i) for i, j in partners(b, a, n, g)][: a * n],
        "every picture of A",
    ),
    (lesson.check_d_objective, published, "difference of means"),
    (
        lesson.check_d_objective,
        lambda A, B, a, b, fa, fb: d_objective(A, A, a, b, fa, fb),
        "one discriminator",
    ),
    (
        lesson.check_d_objective,
        lambda A, B, a, b, fa, fb: d_objective(A, B, a, b, fa, fa),
        "of one domain in both halves",
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
    (
        lesson.check_d_objective,
        lambda A, B, a, b, fa, fb: one(A, a, fa.detach()),
        "only one domain",
    ),
    (
        lesson.check_d_objective,
        lambda A, B, a, b, fa, fb: one(B, b, fb.detach()),
        "only one domain",
    ),
    (
        lesson.check_d_objective,
        lambda A, B, a, b, fa, fb: one(A, a, fa) + one(B, b, fb),
        "the graph of the fakes",
    ),
    (
        lesson.check_d_objective,
        lambda *parts: d_objective(*parts) + 1,
        "too large",
    ),
    (
        lesson.check_d_objective,
        lambda A, B, a, b, fa, fb: behind_D(A, a, fa) + behind_D(B, b, fb),
        "the cut is behind D",
    ),
    (lesson.check_d_objective, torch.no_grad()(d_objective), "carries no graph"),
    (lesson.check_d_objective, detaches_in_place, "cut `fake_A` itself"),
    (
        lesson.check_d_objective,
        lambda A, *parts: d_objective(A.requires_grad_(False), *parts),
        "no longer take gradients",
    ),
    (lesson.check_d_objective, lambda *parts: d_objective(*parts).item(), "carries no graph"),
    (lesson.check_swing, SWING | {"conclusion": "calmer"}, "does not follow"),
    (lesson.check_swing, SWING | {"conclusion": "no clear difference"}, "does not follow"),
    (lesson.check_swing, SWING | {"figures": SWAPPED}, "should have shrunk"),
    (
        lesson.check_swing,
        SWING | {"figures": {0: [0.2, 0.1, 0.3], 20: [0.2, 0.1, 0.3]}},
        "any digit",
    ),
    (lesson.check_swing, SWING | {"figures": {0: [-0.2, 0.1, 0.1], 20: [1, 2, 3]}}, "not negative"),
    (lesson.check_swing, SWING | {"figures": ...}, "prediction is noted"),
    (lesson.check_halving, HALVING | {"Adam": "half"}, "what cancels"),
    (lesson.check_halving, HALVING | {"SGD": "the same"}, "SGD's step"),
    (lesson.check_halving, HALVING | {"SGD": "a bit"}, "each is one of"),
    (lesson.check_halving, "half", "answer with"),
    (lesson.check_lost, LOST | {"the pools": "kept"}, "lists of pictures"),
    (lesson.check_lost, LOST | {"Adam's moments": "kept"}, "two numbers for each weight"),
    (lesson.check_lost, LOST | {"the step number": "kept"}, "schedule"),
    (lesson.check_lost, LOST | {"the place in the data": "kept"}, "shown already"),
    (lesson.check_lost, LOST | {"the weights": "lost"}, "what is in the files"),
    (lesson.check_lost, LOST | {"the weights": "?"}, "each is one of"),
    (lesson.check_lost, {"the weights": "kept"}, "answer with"),
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
