import pytest
import torch

from gan_course.evaluation import readers
from gan_course.evaluation.features import (
    FeatureReader,
    answer_shares,
    features_of,
    read_answers,
    train_reader,
)
from gan_course.runtime import choose_runtime

QUESTIONS = {"bright": 2, "side": 2}


def squares(n, seed):
    """Grey pictures with a square that is dark or bright (first answer), on the left or right
    (second).
    """
    generator = torch.Generator().manual_seed(seed)
    answers = torch.randint(2, (n, 2), generator=generator)
    images = torch.full((n, 1, 16, 16), 100, dtype=torch.uint8)
    for image, (bright, side) in zip(images, answers.tolist(), strict=True):
        image[0, 4:12, 8 * side : 8 * side + 8] = 220 if bright else 140
    return images, answers


@pytest.fixture
def reader():
    images, answers = squares(400, 0)

    def draw(generator):
        chosen = torch.randint(400, (64,), generator=generator)
        return images[chosen], answers[chosen]

    reader = train_reader(
        QUESTIONS, draw, n_steps=40, img_channels=1, runtime=choose_runtime("cpu", "float32")
    )
    reader.set_scale(images)
    return reader


def test_a_reader_learns_its_questions(reader):
    images, answers = squares(100, 1)
    told = read_answers(reader, images)
    assert (told["bright"] == answers[:, 0]).double().mean() > 0.95
    shares = answer_shares(reader, images)
    assert shares.keys() == QUESTIONS.keys() and all(
        float(share.sum()) == pytest.approx(1) for share in shares.values()
    )


def test_every_depth_varies_alike(reader):
    """The scale makes the variances sum to n_features, an equal part from each depth."""
    features = features_of(reader, squares(400, 0)[0])
    by_depth = [float(part.sum()) for part in features.var(0).split([16, 32, 48, 64, 96])]
    assert sum(by_depth) <= 256 * 1.001  # channels that never change count for nothing
    assert max(by_depth) <= 256 / 5 * 1.001
    assert features.mean(0).abs().max() < 1e-3


def test_bytes_and_floats_are_read_alike(reader):
    images, _ = squares(10, 2)
    floats = images.float() / 127.5 - 1
    torch.testing.assert_close(features_of(reader, images), features_of(reader, floats))
    in_parts = features_of(reader, images, batch_size=3)
    torch.testing.assert_close(features_of(reader, images), in_parts, rtol=0, atol=1e-4)


def test_an_answer_that_nobody_knows_teaches_nothing():
    images, answers = squares(64, 0)
    answers[:, 1] = -1
    settings = {"n_steps": 3, "img_channels": 1, "runtime": choose_runtime("cpu", "float32")}
    trained = train_reader(QUESTIONS, lambda generator: (images, answers), **settings)
    assert all(torch.isfinite(value).all() for value in trained.state_dict().values())


@pytest.mark.parametrize(
    ("images", "message"),
    [
        (
            torch.zeros(0, 1, 16, 16),
            r"images are \(0, 1, 16, 16\): give \(N, 1, H, W\), at least one",
        ),
        (torch.zeros(4, 3, 16, 16), r"give \(N, 1, H, W\)"),
        (torch.zeros(16, 16), r"images are \(16, 16\)"),
        (
            torch.tensor([0.0, torch.nan]).reshape(2, 1, 1, 1).expand(2, 1, 16, 16),
            "picture 1 is the first",
        ),
    ],
    ids=["empty", "channels", "no batch", "nan"],
)
def test_pictures_that_cannot_be_read(images, message):
    with pytest.raises(ValueError, match=message):
        features_of(FeatureReader(QUESTIONS, img_channels=1).eval(), images)


@pytest.mark.parametrize("world", readers.WORLDS)
def test_every_world_has_pictures_and_answers_in_range(world):
    recipe = readers.WORLDS[world]
    for split in ("train", "test"):
        images, answers = readers.rotate_randomly(recipe, *recipe.load(split, 60, 3), seed=0)
        assert (
            images.dtype == torch.uint8 and len(images) == len(answers) and 40 <= len(images) <= 60
        )
        assert answers.shape[1] == len(recipe.questions) and answers.min() >= (
            -1 if split == "test" else 0
        )
        assert (answers < torch.tensor(list(recipe.questions.values()))).all()


def test_turned_pictures_say_by_how_much():
    images = torch.arange(4, dtype=torch.uint8).reshape(1, 1, 2, 2).expand(40, 3, 2, 2)
    answers = torch.zeros(40, 4, dtype=torch.int64)
    turned, told = readers.rotate_randomly(readers.WORLDS["earth"], images, answers, seed=0)
    assert set(told[:, 2].tolist()) == {0, 1, 2, 3} and not answers.any()
    for image, turns in zip(turned, told[:, 2].tolist(), strict=True):
        assert torch.equal(image, images[0].rot90(turns, (1, 2)))


@pytest.mark.parametrize("world", readers.WORLDS)
def test_every_shipped_reader_is_as_good_as_its_card_says(world):
    from gan_course.weights.cards import read_card
    from maintain.weights.readers import reader_metrics

    measured = reader_metrics(world)
    card = read_card(f"{world}-reader")["metrics"]
    assert measured == pytest.approx(card, abs=0.02)


def test_no_such_world():
    with pytest.raises(ValueError, match="world is 'mars': choose one of fashion"):
        readers.load_reader("mars")
