"""Papers with an address that no phone can open are not printed without a word."""

import re

import msgspec
import pytest

SAID = "Only from this machine"


@pytest.fixture(params=["http://127.0.0.1:8721", "http://localhost:8721", "https://power.example.com"])
def address(request, settings):
    """The address of the pages, as the server is told it."""
    settings.CONFIG = msgspec.structs.replace(settings.CONFIG, public_url=request.param)
    return request.param


def test_papers_with_links_say_on_the_screen_that_their_address_leads_to_this_machine_alone(tenancy, log_in, address):
    manager, anna, home = log_in("manager"), log_in("flat1"), tenancy.unit.property_id
    made = anna.post("/me/gift-links/make/", {"note": "Grandma", "flat_name": "Anna's flat", "days": "90"})
    for page in (
        manager.post(f"/tenancies/{tenancy.pk}/invite/"),
        manager.post(f"/properties/{home}/batches/preview/", {"do": "labels", "unit": tenancy.unit_id}, follow=True),
        anna.get(made["Location"]),
    ):
        text = page.content.decode()
        assert address in text
        warning = re.search(rf'<p class="screen risk">\s*<b>{SAID}</b>', text)
        assert bool(warning) == ("example" not in address)
