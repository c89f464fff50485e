"""Rules of tokens that hold for any meter and any content."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prewatt.kernel.units import MINUTE
from prewatt.tokens import (
    LAST_TID,
    Algorithm,
    BaseDate,
    CodeError,
    CurrencyCredit,
    Dkga,
    Function,
    KeyType,
    Management,
    MeterKey,
    MeterTest,
    NumberError,
    Service,
    UnitCredit,
    account_number,
    carried,
    carried_at_most,
    cipher,
    currency_carried,
    decode,
    digits_of,
    encode,
    grouped,
    instant_of,
    is_typed,
    luhn,
    sections,
    tid_at,
    together,
)
from prewatt.tokens.sta import Sta

algorithms = st.sampled_from(list(Algorithm))
tids = st.integers(0, LAST_TID)


@st.composite
def meters(draw):
    algorithm = draw(algorithms)
    return cipher(algorithm, draw(st.binary(min_size=8, max_size=8)) * (1 if algorithm == Algorithm.STA else 2))


tokens = st.one_of(
    st.builds(
        UnitCredit, tids, st.integers(0, 18_201_624).map(carried), st.sampled_from(list(Service)), st.integers(0, 15)
    ),
    st.builds(CurrencyCredit, tids, st.integers(0, 10**20).map(currency_carried), st.sampled_from(list(Service))),
    st.builds(MeterTest, st.integers(0, (1 << 28) - 1), st.integers(0, 255), st.booleans()),
    st.builds(
        Management,
        st.sampled_from([Function.CLEAR_CREDIT, Function.CLEAR_TAMPER, Function.SET_TARIFF_RATE]),
        tids,
        st.integers(0, 65_535),
        st.integers(0, 15),
    ),
)


@given(tokens, meters())
def test_what_is_vended_is_what_the_meter_decodes(token, meter):
    code = encode(token, meter)
    assert len(code) == 20
    assert decode(code, meter) == token
    assert decode(grouped(code), meter) == token
    assert decode(grouped(code).replace(" ", "-"), meter) == token


@given(st.binary(min_size=8, max_size=8), st.integers(0, (1 << 64) - 1))
def test_sta_takes_back_what_it_gave(key, block):
    assert Sta(key).decrypt(Sta(key).encrypt(block)) == block


@given(st.integers(0, 10**12))
def test_a_code_for_money_carries_no_less_and_under_one_step_more(amount):
    token = CurrencyCredit(0, currency_carried(amount))
    assert 0 <= token.amount - amount < token.resolution


def test_a_slipped_digit_is_no_code_but_as_often_as_sixteen_bits_allow():
    meter = cipher(Algorithm.MISTY1, bytes(range(16)))
    code = encode(CurrencyCredit(5_000_000, 2_000_000), meter)
    slipped = {
        code[:place] + digit + code[place + 1 :]
        for place in range(20)
        for digit in "0123456789"
        if digit != code[place]
    }
    accepted = []
    for each in slipped:
        try:
            accepted.append(decode(each, meter))
        except CodeError as error:
            assert error.reason in ("check", "class")
    assert [each for each in accepted if not isinstance(each, MeterTest)] == []


CODE = "66475648316756821785"


@pytest.mark.parametrize(
    "typed",
    [
        CODE,
        "6647 5648 3167 5682 1785",
        "6647-5648-3167-5682-1785",
        "6647.5648.3167.5682.1785",
        "6647\u20115648\u20113167\u20115682\u20111785",
        "6647\u00a05648\u20033167\u00ad56821785",
        "6647\n5648\n3167\n5682\n1785\n",
        "６６４７ ５６４８ ３１６７ ５６８２ １７８５",
        "٦٦٤٧٥٦٤٨٣١٦٧٥٦٨٢١٧٨٥",
        f"{CODE}.",
        f"#{CODE}#",
        f"\u200e{CODE}\u202c",
        f"{CODE}\n{CODE}",
        f"Token: {CODE}",
        f"Token 1: {CODE}",
        "PW1-8 of 2026-11-25: 6647 5648 3167 5682 1785\n20.00 EUR",
        "6647 5648 3167 5682 1785. 20.00 EUR",
        "您的充值码：6647 5648 3167 5682 1785，请输入电表。",
    ],
)
def test_a_code_is_read_as_people_type_and_paste_it(typed):
    assert digits_of(typed) == CODE


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "1234",
        "1" * 21,
        "12345678901234567 8x9",
        "1" * 10 + "l" + "1" * 9,
        f"{CODE}\n{CODE[::-1]}",
        f"1 {CODE}",
        "x" * 10_000 + CODE,
    ],
)
def test_what_is_not_twenty_digits_is_told_so(typed):
    with pytest.raises(CodeError, match="20 digits"):
        decode(typed, cipher(Algorithm.STA, bytes(8)))


def test_a_short_code_is_read_in_any_digits_and_between_signs():
    assert all(is_typed(text, "811") for text in ("811", " 811\n", "８１１", "#811#", "\u200e811"))
    assert not any(is_typed(text, "811") for text in ("", "8111", "8 11", "x811", CODE))


def test_digits_beyond_sixty_six_bits_are_no_code():
    with pytest.raises(CodeError):
        decode("9" * 20, cipher(Algorithm.STA, bytes(8)))


@given(st.text("0123456789", min_size=10, max_size=10), st.integers(0, 9), st.integers(0, 10))
def test_the_check_digit_finds_every_single_slip(body, digit, place):
    number = f"{body}{luhn(body)}"
    assert account_number(number)[:6] == "600727"
    slipped = number[:place] + str(digit) + number[place + 1 :]
    if slipped != number:
        with pytest.raises(NumberError, match="check digit"):
            account_number(slipped)


def test_the_account_numbers_of_the_specification():
    assert account_number("00000000000") == "600727000000000009"
    assert account_number("0100000000008") == "000001000000000082"


@given(st.sampled_from(list(BaseDate)), tids)
def test_a_token_identifier_is_a_minute(base, tid):
    assert tid_at(base, instant_of(base, tid) + MINUTE - 1) == tid


def test_an_instant_without_identifier_is_refused():
    with pytest.raises(NumberError):
        tid_at(BaseDate.D2035, instant_of(BaseDate.D2014, 0))


OLD = MeterKey("600727000000000009", "123457")


@given(
    algorithms,
    st.integers(0, 99),
    st.integers(1, 9),
    st.integers(0, 255),
    st.integers(0, 999_999),
    st.sampled_from([KeyType.UNIQUE, KeyType.COMMON]),
    st.booleans(),
)
def test_a_key_cut_into_tokens_is_put_together_again(algorithm, index, revision, expiry, group, kind, rollover):
    old = replace(OLD, algorithm=algorithm)
    new = replace(
        old,
        tariff_index=index,
        revision=revision,
        expiry=expiry,
        key_type=kind,
        supply_group=f"{group:06}" if algorithm == Algorithm.MISTY1 else old.supply_group,
        base=BaseDate.D2035 if rollover else old.base,
    )
    key = new.decoder_key(bytes(range(20)))
    parts = {}
    meter = cipher(old.algorithm, old.decoder_key(bytes(20)))
    for section in sections(old, new, key):
        assert together(old, parts) is None
        found = decode(encode(section, meter), meter)
        parts[found.section] = found
    assert together(old, parts) == (new, key, rollover)


def test_common_keys_are_one_for_the_group_and_unique_ones_are_not():
    other = replace(OLD, pan="000001000000000082")
    vending = bytes(range(20))
    assert OLD.decoder_key(vending) != other.decoder_key(vending)
    common = replace(OLD, key_type=KeyType.COMMON)
    assert common.decoder_key(vending) == replace(common, pan="600727000000000017").decoder_key(vending)


def test_keys_that_can_not_be_are_refused_by_name():
    for wrong, said in [
        ({"supply_group": "12345"}, "supply_group"),
        ({"revision": 0}, "revision"),
        ({"tariff_index": 100}, "tariff_index"),
        ({"dkga": Dkga.DES}, "DKGA04"),
    ]:
        with pytest.raises(NumberError, match=said):
            replace(OLD, **wrong)
    with pytest.raises(NumberError, match="20 bytes"):
        OLD.decoder_key(bytes(8))


@given(st.integers(0, 10**8))
def test_the_largest_amount_that_a_token_carries_is_not_over_what_is_given_and_no_step_below(amount):
    most = carried_at_most(amount)
    assert carried(most) == most <= amount
    assert most == 18_201_624 or carried(most + 1) > amount
