"""What Hypothesis makes for several tests: tariffs, zones, instants."""

from datetime import UTC, date, datetime

from hypothesis import strategies as st

from prewatt.kernel.tariff import Dated, DayType, Period, Rate, Season, Switch, Tariff, Tax, Tiers
from prewatt.kernel.units import MINUTE, NANO, instant

ZONES = [
    "Australia/Sydney",
    "America/Toronto",
    "Asia/Shanghai",
    "Europe/Berlin",
    "America/Sao_Paulo",
    "Australia/Lord_Howe",
]
BEGIN = instant(datetime(2017, 1, 1, tzinfo=UTC))
END = instant(datetime(2025, 1, 1, tzinfo=UTC))

instants = st.integers(BEGIN, END)
prices = st.integers(0, 2_000_000)


@st.composite
def switches(draw, rates):
    minutes = sorted(draw(st.sets(st.integers(1, 1439), max_size=6)))
    return tuple(Switch(minute, draw(st.sampled_from(rates))) for minute in [0, *minutes])


thresholds = st.integers(1, 200_000)


def upto(count):
    return st.sets(thresholds, min_size=count, max_size=count).map(lambda found: tuple(sorted(found)))


@st.composite
def seasons(draw, rates, tiers=0):
    starts = draw(st.sets(st.tuples(st.integers(1, 12), st.integers(1, 28)), min_size=1, max_size=4))
    found = []
    for number, (month, day) in enumerate(sorted(starts)):
        split = draw(st.integers(0, 8))
        kinds = draw(st.permutations(range(8)))
        groups = [group for group in (tuple(kinds[:split]), tuple(kinds[split:])) if group]
        day_types = tuple(DayType(f"type {index}", group, draw(switches(rates))) for index, group in enumerate(groups))
        own = draw(upto(tiers)) if tiers and draw(st.booleans()) else ()
        found.append(Season(f"season {number}", month, day, day_types, own))
    return tuple(found)


@st.composite
def tariffs(draw, plain=False):
    """Any tariff; `plain` ones have rates and a calendar alone."""
    names = [f"rate {number}" for number in range(draw(st.integers(1, 4)))]
    count = 0 if plain else draw(st.integers(0, 3))
    tiers = Tiers(draw(st.sampled_from(Period)), draw(upto(count)), draw(st.booleans())) if count else None
    each = st.lists(prices, min_size=count + 1, max_size=count + 1) | st.lists(prices, min_size=1, max_size=1)
    more = {}
    if not plain:
        more = {
            "standing": draw(st.sampled_from([0, 1, NANO // 7, NANO])),
            "fee": draw(st.sampled_from([0, 1, 30_000])),
            "tax": draw(st.none() | st.builds(Tax, st.just("VAT"), st.integers(1, 250_000), st.booleans())),
            "minimum": draw(st.sampled_from([0, 5 * NANO, 31 * NANO + 1])),
        }
        if tiers is None and draw(st.booleans()):
            begin = draw(st.integers(BEGIN // MINUTE, END // MINUTE)) * MINUTE
            step = draw(st.sampled_from([15, 30, 60, 7])) * MINUTE
            more["dated"] = Dated("dynamic", begin, step, tuple(draw(st.lists(prices, min_size=1, max_size=60))))
    special = draw(st.sets(st.dates(date(2017, 1, 1), date(2025, 1, 1)), max_size=5))
    return Tariff(
        draw(st.text("abc", min_size=1, max_size=5)),
        "EUR",
        draw(st.sampled_from(ZONES)),
        tuple(Rate(name, tuple(draw(each))) for name in names),
        draw(seasons(names, count)),
        tuple(sorted(day.isoformat() for day in special)),
        tiers,
        **more,
    )
