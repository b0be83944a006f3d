from dataclasses import replace

from gan_course.lessons import results
from maintain.studies import pix2pix_longer, strips


def test_an_objective_is_measured_and_its_tiles_kept(tmp_path, monkeypatch):
    monkeypatch.setattr(strips, "RUNS", tmp_path)
    monkeypatch.setattr(results, "RESULTS", tmp_path)
    small = replace(pix2pix_longer.CONFIG, n_steps=2, base_channels=4, d_base_channels=4)
    monkeypatch.setattr(pix2pix_longer, "CONFIG", small)
    monkeypatch.setattr(pix2pix_longer, "N_PAIRS", 16)
    monkeypatch.setattr(pix2pix_longer, "N_HIDDEN", 16)
    found = pix2pix_longer.train_and_measure({"arm": "unconditional GAN", "seed": 0})
    assert 0 < found["L1 error"] < 1
    assert found["detail"] > 0
    assert -1 <= found["edge correlation"] <= 1
    pix2pix_longer.save_sheet(pix2pix_longer.NAME, ["unconditional GAN"])
    assert results.recorded_strips(pix2pix_longer.NAME, side=64).shape == (1, 6, 3, 64, 64)


def test_the_record_is_of_these_arms_and_steps():
    table = results.recorded(pix2pix_longer.NAME)
    assert [row["arm"] for row in table["rows"]] == list(pix2pix_longer.ARMS)
    assert table["n_steps"] == pix2pix_longer.CONFIG.n_steps == 6_000
    assert results.recorded_strips(pix2pix_longer.NAME, side=64).shape == (4, 6, 3, 64, 64)
