"""What Hypothesis makes for several tests: tariffs, zones, instants."""

from datetime import UTC, date, datetime

from hypothesis import strategies as st

from prewatt.kernel.tariff import DayType, Rate, Season, Switch, Tariff
from prewatt.kernel.units import instant

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


@st.composite
def seasons(draw, rates):
    starts = draw(st.sets(st.tuples(st.integers(1, 12), st.integers(1, 28)), min_size=1, max_size=4))
    found = []
    for number, (month, day) in enumerate(sorted(starts)):
        split = draw(st.integers(0, 8))
        kinds = draw(st.permutations(range(8)))
        groups = [group for group in (tuple(kinds[:split]), tuple(kinds[split:])) if group]
        day_types = tuple(DayType(f"type {index}", group, draw(switches(rates))) for index, group in enumerate(groups))
        found.append(Season(f"season {number}", month, day, day_types))
    return tuple(found)


@st.composite
def tariffs(draw):
    names = [f"rate {number}" for number in range(draw(st.integers(1, 4)))]
    special = draw(st.sets(st.dates(date(2017, 1, 1), date(2025, 1, 1)), max_size=5))
    return Tariff(
        draw(st.text("abc", min_size=1, max_size=5)),
        "EUR",
        draw(st.sampled_from(ZONES)),
        tuple(Rate(name, draw(prices)) for name in names),
        draw(seasons(names)),
        tuple(sorted(day.isoformat() for day in special)),
    )
