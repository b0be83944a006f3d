"""The first signal is noted, a second one acts, and what somebody else handles is left alone."""

import os
import signal
import threading

import pytest

from gan_course.training import stopping
from gan_course.training.stopping import stop_requests

pytestmark = pytest.mark.skipif(os.name == "nt", reason="signals are others there")


@pytest.fixture(autouse=True)
def usual_handlers():
    """As a shell leaves them, whatever it did to this process."""
    numbers = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP]
    before = [signal.getsignal(number) for number in numbers]
    for number, handler in zip(
        numbers, (signal.default_int_handler, signal.SIG_DFL, signal.SIG_DFL), strict=True
    ):
        signal.signal(number, handler)
    yield
    for number, handler in zip(numbers, before, strict=True):
        signal.signal(number, handler)


@pytest.fixture
def clock(monkeypatch):
    now = [100.0]
    monkeypatch.setattr(stopping.time, "monotonic", lambda: now[0])
    return now


@pytest.mark.parametrize("name", stopping.SIGNALS)
def test_the_first_signal_is_noted(name, capfd):
    before = signal.getsignal(getattr(signal, name))
    with stop_requests() as request:
        assert not request.came()
        signal.raise_signal(getattr(signal, name))
        assert request.came() and request.signal == getattr(signal, name)
    assert signal.getsignal(getattr(signal, name)) == before
    assert "once more to stop at once" in capfd.readouterr().err


def test_a_second_one_stops_at_once(clock):
    done = []
    with pytest.raises(KeyboardInterrupt), stop_requests():
        signal.raise_signal(signal.SIGINT)
        done.append("first")
        clock[0] += 1
        signal.raise_signal(signal.SIGINT)
        done.append("second")
    assert done == ["first"]


def test_the_same_one_delivered_twice_is_one(clock):
    with stop_requests() as request:
        signal.raise_signal(signal.SIGTERM)
        clock[0] += 0.5
        signal.raise_signal(signal.SIGTERM)
        assert request.signal == signal.SIGTERM


def test_what_is_ignored_stays_ignored():
    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # nohup
    with stop_requests() as request:
        signal.raise_signal(signal.SIGHUP)
        assert not request.came()
    assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN


def test_another_s_handler_stays():
    seen = []
    signal.signal(signal.SIGTERM, lambda *_: seen.append("mine"))
    with stop_requests() as request:
        signal.raise_signal(signal.SIGTERM)
    assert seen == ["mine"] and not request.came()


def test_outside_the_main_thread_nothing_is_touched():
    before, inside = signal.getsignal(signal.SIGTERM), []

    def work():
        with stop_requests() as request:
            inside.append((signal.getsignal(signal.SIGTERM), request.came()))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert inside == [(before, False)]
