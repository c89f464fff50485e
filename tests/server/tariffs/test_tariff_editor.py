"""The tariff editor: what is opened and saved stays as it is, what is painted is what holds, and it is told in words."""

import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import QueryDict
from hypothesis import given, settings
from hypothesis import strategies as st

from prewatt.kernel.tariff_document import tariff_from_document, tariff_to_document
from prewatt.processes import tasks as processes
from prewatt.server.console.tariffs.forms import SHAPES, document_of, fields_of, typed
from prewatt.server.console.tariffs.words import sentence
from prewatt.server.tariffs.models import Tariff, TariffVersion
from prewatt.server.tariffs.reading import examples
from prewatt.server.tasks.queueing import claim
from tests.building import FLAT
from tests.server.tariffs.editor import posted
from tests.strategies import tariffs

HOURS = {
    "name": "day and night", "rates": {"day": "0.4", "night": "0.1"},
    "seasons": [{"name": "year", "from": "01-01", "day_types": [
        {"name": "all", "days": ["weekday", "weekend", "special"], "switches": [["00:00", "night"], ["06:00", "day"]]}]}],
}  # fmt: skip


def sent(fields):
    """The fields as a browser sends them."""
    post = QueryDict(mutable=True)
    for name, value in posted(fields).items():
        post.setlist(name, value if isinstance(value, list) else [value])
    return post


@settings(deadline=None, max_examples=25)
@given(tariffs(), st.text("ab,.; 0:é\n", min_size=1, max_size=8), st.booleans())
def test_a_document_that_is_opened_and_saved_stays_the_same(tariff, name, with_texts):
    document = tariff_to_document(tariff)
    if with_texts:
        # Names with commas, dots and blanks, as files have them.
        old = next(iter(document["rates"]))
        if name not in document["rates"]:
            text = json.dumps(document["seasons"]).replace(json.dumps(old), json.dumps(name))
            document["seasons"] = json.loads(text)
            document["rates"] = {name if each == old else each: price for each, price in document["rates"].items()}
        document["source"] = name
    assert document_of(typed(sent(fields_of(document))), document) == document


@pytest.mark.parametrize("name", examples())
def test_an_example_that_is_opened_and_saved_stays_the_same(name):
    document = examples()[name]
    assert document_of(typed(sent(fields_of(document))), document) == document


@settings(deadline=None, max_examples=15)
@given(tariffs(), st.data())
def test_a_line_that_is_painted_changes_that_line_alone(tariff, data):
    document = tariff_to_document(tariff)
    fields = fields_of(document)
    row = data.draw(st.integers(0, len(fields["profiles"]) - 1))
    rates = [rate.name for rate in tariff.rates]
    cells = data.draw(st.lists(st.sampled_from(rates), min_size=48, max_size=48))
    clock = [f"{cell // 2:02}:{cell % 2 * 30:02}" for cell in range(48)]
    painted = [(at, rate) for at, rate, before in zip(clock, cells, [None, *cells], strict=False) if rate != before]
    fields["profiles"][row]["switches"] = ", ".join(f"{at} {rate}" for at, rate in painted)
    fields["shape"] = "all"
    again = document_of(typed(sent(fields)), document)
    expected = json.loads(json.dumps(document))
    lines = [day_type for season in expected["seasons"] for day_type in season["day_types"]]
    lines[row]["switches"] = [list(each) for each in painted]

    def whole(each):
        return tariff_from_document(each)

    def sorted_days(each):
        seasons = [[sorted(line.days) for line in season.day_types] for season in whole(each).seasons]
        switches = [[(line.name, line.switches) for line in season.day_types] for season in whole(each).seasons]
        return seasons, switches

    assert sorted_days(again) == sorted_days(expected)
    assert {**again, "seasons": 0} == {**expected, "seasons": 0}


def test_a_line_whose_text_could_be_read_otherwise_stays_when_another_is_painted():
    odd = [["00:00", "a, 12:00 b"], ["06:00", "c"]]
    lines = [
        {"name": "one", "days": ["weekday"], "switches": odd},
        {"name": "two", "days": ["weekend", "special"], "switches": [["00:00", "c"]]},
    ]
    season = {"name": "year", "from": "01-01", "day_types": lines}
    document = {"name": "odd", "rates": {"a, 12:00 b": "1", "c": "2"}, "seasons": [season]}
    fields = fields_of(document)
    fields["profiles"][1]["switches"] = "00:00 c, 12:00 c"
    again = document_of(typed(sent(fields)), document)["seasons"][0]["day_types"]
    assert again == [lines[0], {**lines[1], "switches": [["00:00", "c"], ["12:00", "c"]]}]


def test_what_a_shape_does_not_show_does_not_count():
    fields = fields_of({**HOURS, "tiers": {"per": "month", "up_to_kwh": ["100"]}})
    documents = {shape: document_of({**fields, "shape": shape}) for shape in SHAPES}
    assert documents["one"] == {"name": "day and night", "rates": {"electricity": "0.4"}}
    assert set(documents["hours"]) == {"name", "rates", "seasons"}
    assert set(documents["tiers"]) == {"name", "rates", "tiers"}
    assert set(documents["all"]) == {"name", "rates", "seasons", "tiers"}


@pytest.mark.parametrize(
    ("document", "shape"),
    [
        (tariff_to_document(FLAT), "one"),
        (HOURS, "hours"),
        ({"name": "t", "rates": {"a": ["1", "2"]}, "tiers": {"per": "day", "up_to_kwh": ["1"]}}, "tiers"),
        (examples()["ontario-tiered"], "all"),
        (examples()["shanghai-residential"], "all"),
    ],
)
def test_a_document_is_shown_in_the_simplest_shape_that_shows_all_of_it(document, shape):
    assert fields_of(document)["shape"] == shape


@pytest.mark.parametrize(
    ("said", "sentence_"),
    [
        ("price '' is not a decimal number such as 12.50", "Nothing is typed here yet."),
        ("price '0,x' is not a decimal number such as 12.50", "“0,x” is not a number such as 0.32."),
        ("is empty", "Nothing is typed here yet."),
        ("no profile for the day 'sun'", "No line applies on the day “sun”: each day must be in exactly one line."),
        ("'7' is not a time such as 07:00", "“7” is not a time such as 07:00."),
        ("price '9999999999999999' is too large", "“9999999999999999” is too large a number."),
        ("energy '0' is not over 0, or more than any meter shows", "“0” is not over 0, or more than any meter shows."),
        ("percentage '-1' is not over 0 and up to 100", "“-1” is not over 0 and up to 100."),
        (
            "with -2 a tier's price is under 0 or over 1000 per kWh",
            "With -2, a tier's price is under 0 or over 1000 per kWh.",
        ),
        (
            "'XX' is not known; it is a code such as CA, CN or DE",
            "“XX” is not known: write a code such as CA, CN or DE.",
        ),
        ("'BY' is not a region of CA; known: AB, BC", "“BY” is not a region of CA. These are known: AB, BC."),
        ("something new", "Something new."),
    ],
)
def test_the_readers_words_become_sentences(said, sentence_):
    assert sentence(said) == sentence_


def test_what_is_wrong_stands_beside_its_field(manager, building):
    path = f"/properties/{building.property.pk}/tariffs/new/"
    fields = fields_of(HOURS)
    fields["rates"].append({"name": "", "price": "0.3"})
    fields["profiles"][0]["switches"] = "06:00 day"
    answer = manager.post(path, {**posted(fields), "keep": ""})
    # A rate without a name is told when the calendar is right.
    assert "rates[" not in answer.content.decode()
    assert answer.context["fields"]["profiles"][0]["wrong"] == "The first time must be 00:00, when the day begins."
    fields["profiles"][0]["switches"] = "00:00 day"
    answer = manager.post(path, {**posted(fields), "keep": ""})
    assert answer.context["fields"]["rates"][2]["wrong"] == "Nothing is typed here yet."
    assert "rates[" not in answer.content.decode()
    assert not Tariff.objects.filter(name="day and night").exists()


@pytest.mark.parametrize(
    ("typed_into", "place", "says"),
    [
        ({"tiers_per": "month", "tiers_upto": "100,5"}, "tiers_upto", "can mean one number or several"),
        ({"tiers_per": "month", "tiers_upto": "100", "tiers_prices": "1,2"}, "tiers_prices", "can mean one number or several"),
        ({"tax_name": "VAT", "tax_percent": "1,234"}, "tax_percent", "can mean 1234 or 1.234"),
        ({"special_days": "2025-12-25, 06/10/2026"}, "special_days", "can be read in two ways"),
        ({"tiers_per": "month", "tiers_upto": "100", "upto": "100,5"}, "profiles.0", "can mean one number or several"),
        ({"standing": "1e5"}, "standing", "“1e5” is not a number such as 0.32."),
        ({"minimum": "-1"}, "minimum", "“-1” is not between 0 and"),
    ],
)  # fmt: skip
def test_nonsense_is_told_at_the_field_into_which_it_was_typed_and_kept_there(
    manager, building, typed_into, place, says
):
    fields = {**fields_of(HOURS), "shape": "all"}
    fields["profiles"][0] |= {name: text for name, text in typed_into.items() if name == "upto"}
    own = {name: text for name, text in typed_into.items() if name != "upto"}
    answer = manager.post(f"/properties/{building.property.pk}/tariffs/new/", {**posted({**fields, **own}), "keep": ""})
    assert list(answer.context["wrong"]) == [place]
    assert says in answer.context["wrong"][place]
    assert {name: answer.context["fields"][name] for name in own} == own
    assert answer.context["fields"]["profiles"][0]["upto"] == typed_into.get("upto", "")


def test_hours_of_one_digit_days_with_points_and_arabic_numbers_are_read():
    fields = {**fields_of(HOURS), "shape": "all", "special_days": "25.12.2026, 2027-01-01", "standing": "٠٫٢٥"}
    fields["profiles"][0]["switches"] = "0:00 night, 7:30 day"
    document = document_of(typed(sent(fields)))
    assert document["special_days"] == ["2026-12-25", "2027-01-01"]
    assert document["standing_charge_per_day"] == "0.25"
    assert document["seasons"][0]["day_types"][0]["switches"] == [["00:00", "night"], ["07:30", "day"]]


def test_one_form_keeps_a_tariff_and_lets_it_hold(manager, building, clock):
    path, before = f"/properties/{building.property.pk}/tariffs/new/", TariffVersion.objects.count()
    form = {**posted(fields_of(HOURS)), "keep": ""}
    refused = manager.post(path, {**form, "hold": "at", "effective": "2020-01-01T00:00"})
    assert "in the past" in refused.context["wrong"]["effective"]
    # Nothing of it is done by halves.
    assert not Tariff.objects.filter(name="day and night").exists()
    unclear = manager.post(path, {**form, "hold": "later", "effective": "2025-12-01T00:00"})
    assert "or leave the field empty" in unclear.context["wrong"]["effective"]
    assert manager.post(path, {**form, "hold": "at", "effective": "2025-12-01T00:00"}).status_code == 302
    assert TariffVersion.objects.count() == before + 1
    assert manager.post(path, {**form, "name": "at once", "hold": "now"}).status_code == 302
    assert TariffVersion.objects.order_by("-pk")[0].effective_at == clock.now()
    twice = manager.post(path, {**form, "rate_price": ["0.5", "0.1"], "hold": "later"})
    assert twice.context["wrong"]["name"] == "Another tariff has this name already. Choose another name."


def test_last_month_is_told_beside_the_form_at_once_or_as_a_task(manager, lived, building, monkeypatch):
    pk = building.property.pk
    path, form = f"/properties/{pk}/tariffs/new/", {**posted(fields_of(HOURS)), "look": ""}
    month = manager.post(path, form).context["month"]
    (present,) = {each.tariff.kernel().rates[0].prices[0] for each in building.property.tariff_versions.in_force(-1)}
    assert month["present"] == month["energy"] * present
    assert month["more"] == month["new"] - month["present"]
    assert month["dearer"] + month["cheaper"] <= len(month["homes"])
    monkeypatch.setattr("prewatt.server.tariffs.what_if_task.MANY", 1)
    waits = manager.post(path, form)
    processes._do(claim(1))
    page = manager.get(waits.url, follow=True)
    assert page.context["month"] == month
    assert page.context["fields"]["rates"] == fields_of(HOURS)["rates"]


def test_without_readings_last_month_says_so(manager, building):
    path = f"/properties/{building.property.pk}/tariffs/new/"
    page = manager.post(path, {**posted(fields_of(HOURS)), "look": ""})
    assert "no readings of last month" in page.content.decode()


@pytest.mark.parametrize("base", ["9" * 6000, "[]", "{", '{"name": 5}', '"text"', '{"name": "x", "rates": {"a": NaN}}'])
def test_a_base_that_the_page_has_not_sent_is_no_base(manager, building, base):
    path = f"/properties/{building.property.pk}/tariffs/new/"
    answer = manager.post(path, {**posted(fields_of(HOURS)), "base": base, "check": ""})
    assert (answer.context["base"], answer.context["wrong"]) == ("", {})
    file = SimpleUploadedFile("tariff.json", base.encode())
    assert "error" in [each.level_tag for each in manager.post(path, {"file": file}).context["messages"]]
