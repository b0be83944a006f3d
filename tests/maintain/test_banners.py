"""The banners: every lesson that shows one has it, and they are drawn from what ships."""

from gan_course.paths import NOTEBOOKS
from maintain.banners import BANNERS, SIZE, slanted_earth


def test_each_banner_heads_its_lesson():
    for lesson in BANNERS:
        (source,) = (NOTEBOOKS / "source").glob(f"{lesson}_*.py")
        assert f"(images/{lesson}_banner.jpg)" in source.read_text(encoding="utf-8")
        assert (NOTEBOOKS / "images" / f"{lesson}_banner.jpg").is_file()


def test_the_earth_is_drawn_at_its_size_in_two_views():
    picture = slanted_earth()
    assert picture.size == SIZE
    sea, map_sea = picture.getpixel((560, 250)), picture.getpixel((800, 300))
    assert sum(sea) < 250 < sum(map_sea)  # the satellite's sea is dark, the map's pale
