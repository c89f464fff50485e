"""The meters on a bus are found though nobody knows their addresses, and they all answer at once."""

import pytest

from prewatt.edge.protocols.conversation import converse
from prewatt.edge.protocols.dlt645.codes import Edition
from prewatt.edge.protocols.dlt645.frame import Frame, FrameParser
from prewatt.edge.protocols.dlt645.search import MOST, search
from prewatt.edge.protocols.errors import NoAnswer, WrongAnswer
from tests.edge.protocols.test_dlt645_meter import Wire


def found(responders, edition=Edition.OF_2007, noise=b"", apart=False):
    """What a search finds. Meters that answer at once pull the line down together, unless they answer one after the
    other (`apart`).
    """
    questions = 0
    ask = asking(responders, noise, apart)

    def count(exchange):
        nonlocal questions
        questions += 1
        return ask(exchange)

    meters = converse(search(edition), count)
    assert not meters.doubled
    return meters.addresses, questions


def asking(responders, noise=b"", apart=False):
    """The line, as `converse` asks it."""

    def ask(exchange):
        answers = [frame for responder in responders for frame in responder.feed(exchange.request)]
        if apart:
            sent = b"".join(answers)
        else:
            longest = max(map(len, answers), default=0)
            sent = b""
            for at in range(longest):
                byte = 0xFF
                for answer in answers:
                    byte &= answer[at] if at < len(answer) else 0xFF
                sent += bytes((byte,))
        assert exchange.feed(sent + noise) is None
        if (answer := exchange.end()) is None:
            raise NoAnswer(exchange.seen())
        return answer.value

    return ask


@pytest.fixture
def meter(tmp_path):
    def hung(address, edition=Edition.OF_2007, **more):
        folder = tmp_path / f"{len(list(tmp_path.iterdir()))}"
        folder.mkdir()
        return Wire(folder, "dlt645-2007", address=address, edition=edition, **more).responder

    return hung


def test_a_meter_alone_is_found_by_one_question(meter):
    assert found([meter("202411110002")]) == ({"202411110002"}, 1)


def test_meters_that_answer_at_once_are_found_one_by_one(meter):
    addresses = {"202411110002", "202411110003", "202411119902", "000000000161"}
    seen, questions = found([meter(address) for address in addresses])
    assert seen == addresses and questions == 1 + 100 + 100


def test_meters_that_answer_one_after_the_other_are_found_by_one_question(meter):
    assert found([meter("000000000161"), meter("000000000162")], apart=True) == ({"000000000161", "000000000162"}, 1)


def test_meters_of_1997_are_found_by_their_own_question(meter):
    both = [meter("000000000161"), meter("000000000297", Edition.OF_1997)]
    assert found(both)[0] == {"000000000161"}
    assert found(both, Edition.OF_1997)[0] == {"000000000297"}


def test_a_meter_that_answers_as_the_wildcard_is_found_as_it_answers(meter):
    assert found([meter("202411110002", answers_wild=True)])[0] == {"AA" * 6}


def test_an_empty_bus_is_empty():
    assert found([]) == (frozenset(), 1)


def test_on_a_line_with_noise_the_search_ends():
    with pytest.raises(WrongAnswer, match="bad contact"):
        found([], noise=b"\x01\x02")
    assert MOST < 10_000


def test_a_question_to_some_digits_reaches_those_meters_alone(meter):
    responder = meter("202411110002")
    for address, answers in (("AAAAAAAAAA02", True), ("AAAAAAAAAA03", False), ("AAAAAA110002", True)):
        sent = b"".join(responder.feed(Frame(address, 0x11, b"\0\0\1\0").encode()))
        assert [frame.address for frame in FrameParser().feed(sent)] == ["202411110002"] * answers


def test_two_meters_with_one_address_are_told(meter):
    one, two = meter("202411110002"), meter("202411110002")
    two.meter.faults.says = 9_999_990
    seen = converse(search(), asking([one, two]))
    assert (seen.addresses, seen.doubled) == (frozenset(), frozenset({"202411110002"}))
