"""In which language people are told as long as nobody has chosen one."""

from django.utils.translation import override

from prewatt.server.commissioning.additions import add
from prewatt.server.commissioning.typed_units import typed_apartments
from prewatt.server.estate.models import Organisation, Property, Unit
from prewatt.server.notices.models import Recipient
from prewatt.server.notices.recipients import add_tenants, manager_of
from tests.building import ZONE, set_up

GERMAN = {"HTTP_ACCEPT_LANGUAGE": "de"}


def languages():
    return {each.tenancy.tenant: each.language for each in Recipient.objects.exclude(tenancy=None)}


def test_who_moves_in_is_told_in_the_language_of_the_page_on_which_it_was_recorded(building, clock, log_in):
    flat = Unit.objects.get(name="Flat 3")
    typed = {"tenant": "Cem", "begins": "2025-10-06T12:00", "language": ""}
    log_in("manager").post(f"/units/{flat.pk}/move-in/", typed, **GERMAN)
    # The worker, which has no language of its own, adds nobody who is there.
    add_tenants()
    assert languages() == {"Anna": "en", "Ben": "en", "Cem": "de"}


def test_a_list_that_a_landlord_brings_in_german_makes_tenants_who_are_told_in_german(db, clock):
    with override("de"):
        set_up(clock)
        home = Property.objects.get()
        add(home, typed_apartments("Top 9; 99; Dora", "EUR", ZONE).apartments)
    assert languages() == {"Anna": "de", "Ben": "de", "Dora": "de"}


def test_in_a_country_whose_language_is_known_tenants_are_told_in_it_whoever_types(db, clock):
    set_up(clock)
    Property.objects.update(zone="Asia/Shanghai")
    with override("de"):
        add(Property.objects.get(), typed_apartments("Top 9; 99; Dora", "EUR", ZONE).apartments)
    assert languages()["Dora"] == "zh"


def test_a_landlord_is_told_in_the_language_of_the_page_on_which_notices_were_first_asked_for(db, clock):
    set_up(clock)
    with override("de"):
        assert manager_of(Organisation.objects.get()).language == "de"
