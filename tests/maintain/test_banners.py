"""The banners: every page that shows one has it, and they are drawn from what ships."""

import numpy as np
from PIL import Image

from gan_course.paths import NOTEBOOKS
from maintain.banners import PICTURES, SIZE, forty_cats, slanted_earth


def test_each_picture_is_shown_where_it_belongs():
    for name in PICTURES:
        place = NOTEBOOKS.parent / "README.md"
        if name.endswith("_banner"):
            (place,) = (NOTEBOOKS / "source").glob(f"{name.removesuffix('_banner')}_*.py")
        assert f"images/{name}.jpg)" in place.read_text(encoding="utf-8")
        assert (NOTEBOOKS / "images" / f"{name}.jpg").is_file()


def test_the_cats_of_the_readme_are_those_that_ship():
    stored = Image.open(NOTEBOOKS / "images" / "12_cats.jpg").convert("RGB")
    drawn = forty_cats()
    assert stored.size == drawn.size
    apart = np.asarray(stored, dtype=float) - np.asarray(drawn, dtype=float)
    assert abs(apart).mean() < 6  # of 255: JPEG alone


def test_the_earth_is_drawn_at_its_size_in_two_views():
    picture = slanted_earth()
    assert picture.size == SIZE
    sea, map_sea = picture.getpixel((560, 250)), picture.getpixel((800, 300))
    assert sum(sea) < 250 < sum(map_sea)  # the satellite's sea is dark, the map's pale
