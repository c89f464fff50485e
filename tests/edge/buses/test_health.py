"""When a whole bus is in trouble, and not a meter on it."""

from prewatt.edge.buses.health import BROKEN_FAILS, PORT_FAILS, SILENT_FAILS, Health, Trouble


def test_one_silent_meter_is_not_a_silent_bus():
    health = Health()
    for _ in range(100):
        health.unanswered("a", broken=False)
    assert health.trouble is None
    for _ in range(SILENT_FAILS - 1):
        health.unanswered("b", broken=False)
    assert health.trouble is None, "the other one is asked again before the bus is blamed"
    health.unanswered("b", broken=False)
    assert health.trouble is Trouble.SILENT


def test_a_meter_that_answers_now_and_then_keeps_the_bus_out_of_it():
    health = Health()
    for _ in range(20):
        health.unanswered("a", broken=False)
        health.unanswered("b", broken=False)
        health.answered()
        assert health.trouble is None


def test_a_port_that_fails_now_and_then_is_not_gone():
    health = Health()
    for _ in range(PORT_FAILS - 1):
        health.port_failed("the adapter is gone")
    assert health.trouble is None
    health.unanswered("a", broken=False)
    health.port_failed("the adapter is gone")
    assert health.trouble is None and health.why == "the adapter is gone"
    for _ in range(PORT_FAILS):
        health.port_failed("there is no adapter")
    assert (health.trouble, health.why) == (Trouble.GONE, "there is no adapter")
    health.answered()
    assert (health.trouble, health.why) == (None, "")


def test_broken_answers_of_whichever_meters_are_the_lines():
    health = Health()
    for number in range(BROKEN_FAILS):
        assert health.trouble is None
        health.unanswered(f"m{number}", broken=True)
    assert health.trouble is Trouble.BROKEN
