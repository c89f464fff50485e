"""What comes and goes on a bad line stands once on the flat's page, so that it hides nothing else."""

from prewatt.kernel.events import EventKind, words_of
from prewatt.server.web.happenings import Happening, _folded

LOST, BACK = words_of(EventKind.METER_LOST), words_of(EventKind.METER_BACK)


def test_what_comes_and_goes_stands_once_with_its_number_and_all_else_stays():
    clock = Happening(50, words_of(EventKind.METER_CLOCK), "60 minutes behind")
    happened = [
        Happening(100, BACK, ""),
        Happening(99, LOST, "a damaged frame, 20 bytes that are no frame"),
        Happening(90, BACK, ""),
        Happening(89, LOST, "a damaged frame, 7 bytes that are no frame"),
        clock,
        clock,
        Happening(40, BACK, ""),
        Happening(39, LOST, "the meter refuses: no such data"),
    ]
    assert _folded(happened) == [
        Happening(100, BACK, "3 times"),
        Happening(99, LOST, "a damaged frame, 20 bytes that are no frame · 2 times"),
        clock,
        clock,
        Happening(39, LOST, "the meter refuses: no such data"),
    ]
