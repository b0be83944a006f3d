from gan_course.evaluation.readers import load_reader
from gan_course.weights.stylegans import load_stylegan
from maintain.studies import style_levels


def test_a_swap_is_counted_with_its_interval_and_shown(monkeypatch):
    monkeypatch.setattr(style_levels, "N_PAIRS", 24)
    G, reader = load_stylegan("stylegan-critters64"), load_reader("critters")
    fine, everything = (
        {"weights": "stylegan-critters64", "swap": swap}
        | style_levels.count(G, reader, {"swap": swap})
        for swap in ("fine", "all")
    )
    for row in (fine, everything):
        assert all(low <= share <= high for share, low, high in row["changed"].values())
    assert everything["changed"]["shape"][0] > fine["changed"]["shape"][0]  # lesson 12
    table = {"rows": [fine], "pairs": 24, "interval": "Wilson", "command": "c", "commit": "abc"}
    page = style_levels.page(table)
    share, low, high = (round(100 * value) for value in fine["changed"]["texture"])
    assert "## stylegan-critters64" in page and f"{share} ({low}-{high})" in page


def test_no_swap_changes_nothing(monkeypatch):
    monkeypatch.setattr(style_levels, "N_PAIRS", 8)
    monkeypatch.setitem(style_levels.SWAPS, "none", (5, 5))  # no style works at 5 px
    row = style_levels.count(
        load_stylegan("stylegan-critters64"), load_reader("critters"), {"swap": "none"}
    )
    assert all(share == 0 for share, _, _ in row["changed"].values())
