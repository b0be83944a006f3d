"""The live display: what it keeps, what it shows, and how much of a training's time it takes."""

import base64
import io
import re

import torch
from PIL import Image

from gan_course import viz
from gan_course.viz import live


class Handle:
    """A notebook's output, of which the last state is kept."""

    def __init__(self):
        self.frames = []

    def update(self, html):
        self.frames.append(html.data)


class Clock:
    """Seconds that pass when told to."""

    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now


def displayed(monkeypatch, *, n_steps=100, cost=0.0, handle=True):
    clock, out = Clock(), Handle()
    monkeypatch.setattr(live.time, "perf_counter", clock)
    monkeypatch.setattr(live, "_handle", lambda: out if handle else None)

    def sample():
        clock.now += cost
        return torch.zeros(10, 3, 8, 8)

    return viz.LiveDisplay(sample, n_steps=n_steps, batch_size=4), clock, out


def run(display, clock, n_steps, *, seconds=1.0, first=0, every=1):
    for n_done in range(first + every, n_steps + 1, every):
        clock.now += seconds * every
        display(n_done, [{"step": n_done - k, "loss_D": 0.5} for k in reversed(range(every))])


def test_the_strip_has_the_first_and_the_last_moment(monkeypatch):
    display, clock, _ = displayed(monkeypatch, handle=False)
    run(display, clock, 100)
    assert list(display.film) == [0, 20, 40, 60, 80, 100]


def test_moments_between_two_readings_come_with_the_next(monkeypatch):
    display, clock, _ = displayed(monkeypatch, handle=False)
    run(display, clock, 100, every=25)
    assert list(display.film) == [0, 25, 50, 75, 100]


def test_without_a_reader_nothing_is_drawn_between_the_moments(monkeypatch):
    display, clock, out = displayed(monkeypatch, handle=False)
    drawn = []
    display.sample = lambda: drawn.append(1) or torch.zeros(1, 3, 8, 8)
    run(display, clock, 100)
    assert len(drawn) == 5 and not out.frames


def test_a_frame_every_few_seconds_and_a_last_one(monkeypatch):
    display, clock, out = displayed(monkeypatch)
    run(display, clock, 100)
    assert len(out.frames) == 34
    assert "step 100 of 100" in out.frames[-1] and "0 s left" in out.frames[-1]
    assert "step 51 of 100 · 4 pictures a second · 49 s left · loss_D 0.50" in out.frames[16]


def test_frames_take_a_small_share_of_the_time(monkeypatch):
    display, clock, out = displayed(monkeypatch, n_steps=1_000, cost=2.0)
    begun = clock.now
    run(display, clock, 1_000)
    assert display.spent <= 0.03 * (clock.now - begun) + 2 * 2.0
    assert len(out.frames) < 25


def test_a_resumed_run_counts_its_own_steps_for_the_rate(monkeypatch):
    display, clock, out = displayed(monkeypatch)
    run(display, clock, 100, first=90)
    assert "4 pictures a second" in out.frames[-1]


def test_a_frame_is_a_jpeg_at_its_zoom(monkeypatch):
    display, clock, out = displayed(monkeypatch)
    run(display, clock, 10)
    (data,) = re.findall(r"base64,([^\"]+)", out.frames[-1])
    picture = Image.open(io.BytesIO(base64.b64decode(data)))
    assert picture.format == "JPEG"
    assert picture.size == (3 * (8 * 9 + 1), 3 * (2 * 9 + 1))


def test_headless_has_no_place_to_write():
    assert live._handle() is None
