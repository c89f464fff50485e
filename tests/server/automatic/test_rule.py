"""When an automatic top-up is due: never twice for the same, never more than agreed."""

from hypothesis import given
from hypothesis import strategies as st

from prewatt.kernel.units import NANO
from prewatt.server.automatic.rule import Facts, Terms, Verdict, verdict

AMOUNTS = st.integers(1, 10**13)
TERMS = st.builds(Terms, AMOUNTS, st.integers(1, 14), AMOUNTS)
FACTS = st.builds(
    Facts,
    st.integers(-(10**13), 10**13),
    st.none() | st.integers(0, 400),
    st.booleans(),
    st.booleans(),
    st.booleans(),
    st.integers(0, 10**13),
    st.booleans(),
)


@given(TERMS, FACTS)
def test_it_is_due_only_if_little_is_left_and_nothing_is_open_or_was_paid_today_and_the_month_allows_it(terms, facts):
    is_due = verdict(terms, facts) is Verdict.DUE
    few_days = facts.is_low if facts.days_left is None else facts.days_left < terms.under_days
    little = facts.room <= 0 or facts.is_cut or few_days
    assert is_due == (
        little and not facts.is_open and not facts.was_today and facts.in_month + terms.amount <= terms.most_a_month
    )


def test_what_keeps_it_is_said():
    terms, low = Terms(20 * NANO, 3, 40 * NANO), Facts(NANO, 2, True, False, False, 0)
    assert verdict(terms, low) is Verdict.DUE
    assert verdict(terms, Facts(NANO, 3, True, False, False, 0)) is Verdict.ENOUGH
    assert verdict(terms, Facts(NANO, 2, True, True, False, 0)) is Verdict.OPEN
    assert verdict(terms, Facts(NANO, 2, True, False, True, 0)) is Verdict.TODAY
    assert verdict(terms, Facts(NANO, 2, True, False, False, 21 * NANO)) is Verdict.MONTH
