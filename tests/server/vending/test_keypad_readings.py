"""A keypad meter that does not speak to prewatt: what people read from it, and what is known between two readings."""

from io import BytesIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from prewatt.kernel.units import DAY, HOUR
from prewatt.server.estate.models import Organisation, Property, Unit
from prewatt.server.estate.wall_clock import shown
from prewatt.server.vending.keypad_models import KeypadReading
from prewatt.server.vending.keypad_places import place
from prewatt.server.vending.keypad_readings import readings, sold
from prewatt.server.vending.keypad_spans import spans
from prewatt.server.vending.meter_numbers import register
from prewatt.server.vending.sold_codes import vend_units
from prewatt.server.vending.supply_groups import add_group
from prewatt.server.vending.typed_readings import Implausible, ReadingRefused, take_reading, withdraw
from tests.recorded import recorded_once

pytestmark = pytest.mark.database


@pytest.fixture
@recorded_once
def kiosk(building, clock):
    group = add_group(Organisation.objects.get(), "123456", bytes(range(20)))
    return register(group, "00000000018", "Kiosk")


def picture():
    buffer = BytesIO()
    Image.new("RGB", (40, 30), "grey").save(buffer, "JPEG")
    return SimpleUploadedFile("display.jpg", buffer.getvalue(), "image/jpeg")


def test_between_two_readings_it_is_known_what_was_used_and_sold_and_what_is_not_typed_in_yet(kiosk, clock):
    take_reading(kiosk, clock.now(), 100_000, "kim", left=5_000)
    clock.at += DAY
    vend_units(kiosk, 250)
    clock.at += DAY
    take_reading(kiosk, clock.now(), 112_000, "kim", left=8_000)
    clock.at += DAY
    vend_units(kiosk, 100)
    take_reading(kiosk, clock.now(), 114_000, "kim")
    first, second, third = spans(kiosk)
    assert (first.used, first.sold, first.untyped) == (None, 0, None)
    assert (second.used, second.sold, second.untyped) == (12_000, 25_000, 5_000 + 25_000 - 12_000 - 8_000)
    assert (third.used, third.sold, third.untyped) == (2_000, 10_000, None)
    assert sold(kiosk) == 35_000


@pytest.mark.parametrize(
    ("shows", "says"), [(90_000, "lower than at the last reading"), (900_000, "This much energy can't")]
)
def test_what_no_meter_can_show_is_asked_about_and_then_never_counted_as_used(kiosk, clock, shows, says):
    take_reading(kiosk, clock.now(), 100_000, "kim")
    clock.at += HOUR
    with pytest.raises(Implausible, match=says):
        take_reading(kiosk, clock.now(), shows, "kim")
    assert readings(kiosk).count() == 1
    take_reading(kiosk, clock.now(), shows, "kim", sure=True)
    assert spans(kiosk)[1].used is None and spans(kiosk)[1].reading.doubt
    clock.at += HOUR
    take_reading(kiosk, clock.now(), shows + 1_000, "kim")
    assert spans(kiosk)[2].used == 1_000


def test_readings_come_in_their_order_and_the_last_can_be_withdrawn(kiosk, clock):
    first = take_reading(kiosk, clock.now(), 100_000, "kim")
    with pytest.raises(ReadingRefused, match="in the future"):
        take_reading(kiosk, clock.now() + HOUR, 100_000, "kim")
    with pytest.raises(ReadingRefused, match="There is a later reading"):
        take_reading(kiosk, clock.now() - HOUR, 99_000, "kim")
    clock.at += HOUR
    wrong = take_reading(kiosk, clock.now(), 100_700, "kim")
    with pytest.raises(ReadingRefused, match="Only the last"):
        withdraw(kiosk, first.pk, "lee")
    withdraw(kiosk, wrong.pk, "lee")
    assert list(readings(kiosk)) == [first]
    assert KeypadReading.objects.get(pk=wrong.pk).withdrawn_by == "lee", "what was typed is kept"
    take_reading(kiosk, clock.now(), 100_070, "kim")
    assert spans(kiosk)[1].used == 70


def test_a_manager_types_what_a_photo_shows_and_the_page_says_what_nobody_knows(kiosk, clock, client, admin_user):
    home, page = Property.objects.get(), f"/keypad-meters/{kiosk.pk}/"
    client.force_login(admin_user)
    typed = {"do": "reading", "at": shown(clock.now(), home)[:16], "kwh": "100.5", "left": "5", "photos": picture()}
    assert "First choose the unit" in client.post(page, typed, follow=True).content.decode()
    unit = Unit.objects.filter(property=home).first()
    client.post(page, {"do": "place", "unit": unit.pk})
    typed["photos"] = picture()
    text = client.post(page, typed, follow=True).content.decode()
    assert "100.5" in text and unit.name in text
    assert "it is not known here what it shows now" in text
    reading = readings(kiosk).get()
    clock.at += HOUR
    lower = {"do": "reading", "at": shown(clock.now(), home)[:16], "kwh": "90"}
    asked = client.post(page, lower, follow=True).content.decode()
    assert "I have looked again" in asked and readings(kiosk).count() == 1
    assert "in doubt" in client.post(page, lower | {"sure": "on"}, follow=True).content.decode()
    client.post(page, {"do": "withdraw", "reading": readings(kiosk).last().pk})
    photo = client.get(f"/keypad-readings/{reading.pk}/photo/")
    assert photo["Content-Type"] == "image/jpeg" and photo.content[:2] == b"\xff\xd8"
    assert "withdrawn" in client.post(page, {"do": "withdraw", "reading": reading.pk}, follow=True).content.decode()
    assert not readings(kiosk).exists()
    for wrong in ({"do": "place", "unit": "x"}, {"do": "withdraw", "reading": "x"}, {"do": "reading", "at": "x"}, {}):
        assert client.post(page, wrong, follow=True).status_code == 200


def test_a_meter_hangs_at_a_unit_of_its_own_landlord(kiosk):
    other = Property.objects.create(
        organisation=Organisation.objects.create(name="Other"), name="Elsewhere", zone="Europe/Berlin", currency="EUR"
    )
    with pytest.raises(ReadingRefused, match="no such choice"):
        place(kiosk, Unit.objects.create(property=other, name="1"))
