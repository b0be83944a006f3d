import errno
import json
import os
import pickle
import sys
from dataclasses import asdict, replace

import pytest
import torch
from official import Official
from safetensors.torch import load_file, save_file
from torch import nn

from gan_course.errors import CourseError
from gan_course.models.cyclegan import PatchDiscriminator, ResnetGenerator
from gan_course.runtime import choose_runtime
from gan_course.training.checkpoints import save_checkpoint
from gan_course.training.cyclegan import CycleGANConfig, build_cyclegan
from gan_course.weights.translators import load_official_cyclegan, load_translator

TINY = CycleGANConfig(
    n_steps=2,
    batch_size=1,
    img_resolution=16,
    base_channels=4,
    n_blocks=1,
    d_base_channels=4,
    n_layers=1,
)


def official_state(network, changes=lambda key: key):
    return {changes(key): value for key, value in network.state_dict().items()}


@pytest.mark.parametrize(
    ("ngf", "blocks", "switches"),
    [(64, 9, {}), (8, 6, {}), (8, 2, {"dropout": True}), (4, 9, {"statistics": True})],
    ids=["9 blocks", "6 blocks", "dropout", "old statistics"],
)
def test_an_official_generator_gives_the_same_pictures(tmp_path, ngf, blocks, switches):
    torch.manual_seed(0)
    theirs, path = Official(ngf, blocks, **switches), tmp_path / "latest_net_G_A.pth"
    # statistics in evaluation would be another network: the old code never used them
    for module in theirs.modules():
        if isinstance(module, nn.InstanceNorm2d):
            module.track_running_stats = False
    theirs.eval()
    torch.save(official_state(theirs), path)
    ours, x = load_official_cyclegan(path), torch.rand(1, 3, 32, 40) * 2 - 1
    running = [m for m in theirs.modules() if isinstance(m, nn.InstanceNorm2d)]
    for module in running:
        module.running_mean = module.running_var = None
    with torch.no_grad():
        assert torch.allclose(ours(x), theirs(x), atol=1e-5)
    assert not ours.training and str(load_translator(path)) == str(ours)


def test_files_of_several_gpus_and_of_the_old_format_are_read(tmp_path):
    theirs, path = Official(4, 1), tmp_path / "net.pth"
    state = official_state(theirs, lambda key: f"module.{key}")
    torch.save(state, path, _use_new_zipfile_serialization=False)
    assert torch.equal(load_official_cyclegan(path).model[1].weight, theirs.model[1].weight)


class Code:
    def __reduce__(self):
        return print, ("run",)


BAD = {
    "a discriminator": (
        PatchDiscriminator(base_channels=4).state_dict(),
        "not an official ResNet generator",
    ),
    "a U-Net": (
        {"model.model.0.weight": torch.ones(4, 3, 4, 4)},
        "not an official ResNet generator",
    ),
    "batch norm": (
        Official(4, 1).state_dict() | {"model.2.weight": torch.ones(4)},
        r"does not fit the official ResNet generator \(.*model.2.weight",
    ),
    "another network": (
        {"weight": torch.ones(2)},
        "neither a run of this course nor an official generator",
    ),
    "half a generator": (
        {k: v for k, v in Official(4, 2).state_dict().items() if "11.conv_block.5" not in k},
        "does not fit the official",
    ),
    "code": ({"model.1.weight": Code()}, "holds more than weights and was not opened"),
    "a list": ([1, 2], "holds a list"),
    "a short name": (
        {"model.1.weight": torch.ones(4, 3, 7, 7), "conv_block": 1},
        "not an official ResNet generator",
    ),
    "no last layer": (
        Official(4, 1).state_dict() | {"model.18.weight": torch.ones(())},
        r"does not fit the official ResNet generator \(",
    ),
    "not finite": (
        Official(4, 1).state_dict() | {"model.18.bias": torch.tensor([0.0, torch.nan, 0.0])},
        r"holds values that are not finite \(model.18.bias\): download or save it again",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_wrong_files_are_named(tmp_path, name, capsys):
    state, words = BAD[name]
    path = tmp_path / "net.pth"
    torch.save(state, path)
    with pytest.raises(CourseError, match=words) as caught:
        load_translator(path)
    assert str(path) in str(caught.value) and "\n" not in str(caught.value)
    assert capsys.readouterr().out == ""


def test_truncated_and_foreign_bytes_are_named(tmp_path, recwarn):
    path = tmp_path / "net.pth"
    torch.save(Official(4, 1).state_dict(), path)
    path.write_bytes(path.read_bytes()[:3_000])
    with pytest.raises(CourseError, match="damaged or not a file of weights"):
        load_translator(path)
    path.write_bytes(pickle.dumps({"a": 1}) + b"junk")
    with pytest.raises(CourseError, match=r"net\.pth"):
        load_translator(path)
    assert not recwarn.list
    with pytest.raises(CourseError, match="no file"):
        load_official_cyclegan(tmp_path / "none.pth")


@pytest.fixture
def run(tmp_path):
    images = torch.randint(0, 256, (4, 3, 16, 16), dtype=torch.uint8)
    training = build_cyclegan(
        TINY, images, images, seed=0, runtime=choose_runtime("cpu", "float32")
    )
    return training, save_checkpoint(tmp_path, training.state_dict())


def test_a_run_holds_both_directions(run):
    training, path = run
    for direction, G in (("AB", training.step.G_AB), ("BA", training.step.G_BA)):
        found = load_translator(path, direction=direction)
        assert torch.equal(found.model[1].weight, G.model[1].weight)
    with pytest.raises(CourseError, match="add --direction AB or --direction BA"):
        load_translator(path)
    with pytest.raises(CourseError, match="unknown direction 'A'"):
        load_translator(path, direction="A")
    del (state := training.state_dict())["step"]["G_AB"]
    torch.save(state, path)
    with pytest.raises(CourseError, match="holds no G_AB"):
        load_translator(path, direction="AB")


def test_a_run_gives_the_average_where_it_kept_one(tmp_path):
    images = torch.randint(0, 256, (4, 3, 16, 16), dtype=torch.uint8)
    config = replace(
        TINY, ema_decay=0.9, norm="none", padding="zeros", residual=True, coordinates=2
    )
    training = build_cyclegan(
        config, images, images, seed=0, runtime=choose_runtime("cpu", "float32")
    )
    training.step(next(training.batches))
    step, found = (
        training.step,
        load_translator(save_checkpoint(tmp_path, training.state_dict()), direction="AB"),
    )
    assert torch.equal(found.model[-1].weight, step.averages["G_AB"].model[-1].weight)
    assert not torch.equal(found.model[-1].weight, step.G_AB.model[-1].weight)
    with torch.no_grad():
        x = torch.rand(1, 3, 16, 16)
        assert torch.equal(found(x), step.best("G_AB")(x))


def test_a_run_of_another_family_is_named(tmp_path):
    path = save_checkpoint(
        tmp_path, {"family": "dcgan", "config": asdict(TINY), "step": {}, "batches": {}}
    )
    with pytest.raises(CourseError, match="is a dcgan run, not cyclegan"):
        load_translator(path, direction="AB")


@pytest.fixture
def own(tmp_path):
    G = ResnetGenerator(base_channels=4, n_blocks=1, residual=True)
    save_file(
        {key: value.half().contiguous() for key, value in G.state_dict().items()},
        tmp_path / "own.safetensors",
    )
    card = {
        "family": "cyclegan",
        "generator": {"base_channels": 4, "n_blocks": 1, "residual": True},
    }
    (tmp_path / "own.json").write_text(json.dumps(card))
    return tmp_path / "own.safetensors"


def test_a_file_of_one_s_own_needs_its_card(own):
    assert (
        load_translator(own).residual
        and load_translator(own).model[1].weight.dtype == torch.float32
    )
    with pytest.raises(CourseError, match="one direction only"):
        load_translator(own, direction="AB")
    card = own.with_suffix(".json")
    card.write_text(
        json.dumps({"family": "cyclegan", "generator": {"base_channels": 8, "n_blocks": 1}})
    )
    with pytest.raises(CourseError, match="does not fit the generator that its card describes"):
        load_translator(own)
    card.write_text(json.dumps({"family": "reader", "what": "feature network"}))
    with pytest.raises(CourseError, match="is not a translator but feature network"):
        load_translator(own)
    card.unlink()
    with pytest.raises(CourseError, match="no card"):
        load_translator(own)


def test_a_truncated_file_of_one_s_own_is_named(own):
    own.write_bytes(own.read_bytes()[:200])
    with pytest.raises(CourseError, match=r"own\.safetensors is damaged"):
        load_translator(own)


def test_shipped_weights_of_another_kind_are_refused():
    with pytest.raises(CourseError, match="fashion-reader is not a translator but feature network"):
        load_translator("fashion-reader")
    with pytest.raises(CourseError, match="no weights named 'monet', and no such file"):
        load_translator("monet")


def test_a_flipped_bit_is_found(run):
    _, path = run
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    with pytest.raises(
        CourseError, match=r"last.pt is damaged \(checksum of .*\): download or save it again"
    ):
        load_translator(path, direction="AB")


@pytest.mark.parametrize("averages", [None, [1], {}])
def test_a_run_whose_averages_are_none(run, averages):
    training, path = run
    (state := training.state_dict())["step"]["averages"] = averages
    torch.save(state, path)
    assert torch.equal(
        load_translator(path, direction="AB").model[1].weight, training.step.G_AB.model[1].weight
    )


@pytest.mark.parametrize(
    "tensors", [{1: torch.ones(2)}, {"model.1.weight": "x"}], ids=["a number", "a text"]
)
def test_a_run_with_odd_tensors_is_named(run, tensors):
    training, path = run
    (state := training.state_dict())["step"]["G_AB"] = tensors
    torch.save(state, path)
    with pytest.raises(CourseError, match=r"last.pt does not fit the generator"):
        load_translator(path, direction="AB")
    state["step"]["averages"] = {"G_AB": torch.ones(2)}
    torch.save(state, path)
    with pytest.raises(CourseError, match="holds no G_AB"):
        load_translator(path, direction="AB")


@pytest.mark.parametrize(
    "shape", [{"n_blocks": 10**30}, {"base_channels": 0}, {"n_blocks": None}, {"coordinates": []}]
)
def test_a_card_with_odd_values_is_named(own, shape, recwarn):
    card = {
        "family": "cyclegan",
        "generator": {"base_channels": 4, "n_blocks": 1, "residual": True} | shape,
    }
    own.with_suffix(".json").write_text(json.dumps(card))
    with pytest.raises(
        CourseError, match=r"own.safetensors does not fit the generator that its card describes \("
    ):
        load_translator(own)
    assert not recwarn.list


@pytest.mark.parametrize(
    "text", ["[" * 100_000, "1" * 5_000, "{", "[]"], ids=["deep", "long", "cut", "a list"]
)
def test_a_card_that_is_none_is_named(own, text):
    own.with_suffix(".json").write_text(text)
    with pytest.raises(CourseError, match=r"own\.json .*: copy it again"):
        load_translator(own)


@pytest.mark.parametrize("value", [torch.nan, torch.inf])
def test_weights_that_are_not_finite_are_named(own, value):
    tensors = load_file(own)
    tensors["model.1.bias"][0] = value
    save_file(tensors, own)
    with pytest.raises(
        CourseError, match=r"own.safetensors holds values that are not finite \(model.1.bias\)"
    ):
        load_translator(own)


def test_an_ending_in_capitals_is_the_same_ending(own):
    path = own.rename(own.with_name("own.SAFETENSORS"))
    assert load_translator(path).residual


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere names are text")
def test_a_folder_whose_name_is_no_text(own, run):
    (folder := own.with_name(os.fsdecode(b"\xff"))).mkdir()
    for path in (own, own.with_suffix(".json"), run[1]):
        path.rename(folder / path.name)
    assert load_translator(folder / own.name).residual
    assert load_translator(folder / run[1].name, direction="AB").model[1].weight.shape[0] == 4


@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() == 0, reason="the superuser may read everything"
)
def test_weights_that_may_not_be_read(own):
    own.chmod(0)
    with pytest.raises(CourseError, match="may not be read: change its permissions"):
        load_translator(own)


def test_weights_that_cannot_be_read(own, monkeypatch):
    def broken(path):
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(type(own), "read_bytes", broken)
    with pytest.raises(
        CourseError, match=r"own.safetensors cannot be read \(Input/output error\): copy it again"
    ):
        load_translator(own)
