"""Files that are chosen on pages: as large as the page says, they come through the bound of the pages' process."""

import asyncio

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test.client import encode_multipart

from prewatt.processes.pages.bodies import Body, Room
from prewatt.processes.pages.refusals import Refusal
from prewatt.server.core.uploads import LARGEST_FILE, LARGEST_PHOTO, LARGEST_UPLOAD, PHOTOS_AT_ONCE
from prewatt.server.estate.models import Property

UNITS, CONTACTS = "/properties/{pk}/units/add/", "/properties/{pk}/contacts/"
PRICES, TARIFF = "/properties/{pk}/tariffs/prices/", "/properties/{pk}/tariffs/new/"
LISTS = {UNITS: "unit,meter,tenant\nFlat 9,m9,Zoe\n", CONTACTS: "unit,tenant,e-mail\nFlat 1,Anna,zoe@example.com\n"}


def padded(address, size):
    """A list of `size` bytes for a page: the lines behind the first are blank."""
    lines, rest = divmod(size - len(LISTS[address]), 100_000)
    return LISTS[address].encode() + (b" " * 99_999 + b"\n") * lines + b" " * rest


def sent(browser, address, field, *contents, **more):
    """Send files as a browser does: first through the bound of the body, then to the page."""
    files = [SimpleUploadedFile("list.csv", each, "text/csv") for each in contents]
    body = encode_multipart("b", {field: files, **more})
    scope = {"path": address, "headers": [(b"content-length", str(len(body)).encode())]}

    async def receive():
        return {"type": "http.request", "body": body}

    with Body(scope, "203.0.113.7", Room()) as taken:
        assert asyncio.run(taken.read(receive))
        return browser.post(address, taken.file.read(), content_type="multipart/form-data; boundary=b", follow=True)


@pytest.mark.parametrize(("address", "shown"), [(UNITS, "Zoe"), (CONTACTS, "zoe@example.com")])
def test_a_file_as_large_as_its_page_says_is_read(manager, address, shown):
    answer = sent(manager, address.format(pk=Property.objects.get().pk), "file", padded(address, LARGEST_FILE))
    assert answer.status_code == 200
    assert shown in answer.content.decode()


@pytest.mark.parametrize(
    ("address", "field"),
    [(UNITS, "file"), (CONTACTS, "file"), (PRICES, "file"), (TARIFF, "file"), ("/bank-lines/", "statement")],
)
def test_a_file_that_is_larger_is_refused_in_words(manager, address, field):
    property_ = Property.objects.get()
    path, tariff = address.format(pk=property_.pk), property_.tariff_versions.get().tariff_id
    answer = sent(manager, path, field, b" " * (LARGEST_FILE + 1), tariff=tariff)
    assert "Choose a file of at most 5 MB." in answer.content.decode()
    with pytest.raises(Refusal, match="too large: at most 6 MB") as refused:
        sent(manager, path, field, b" " * LARGEST_UPLOAD)
    assert refused.value.status == 413


def test_as_many_photos_as_large_as_they_may_be_come_through_and_a_larger_one_is_refused_in_words(tenant):
    path, largest = "/me/reports/", bytes(LARGEST_PHOTO)
    asked = {"asked": "1", "category": "wiring", "text": "The socket is warm."}
    assert f"Photos, at most {PHOTOS_AT_ONCE}" in tenant.get(path).content.decode()
    read = sent(tenant, path, "photos", *[largest] * PHOTOS_AT_ONCE, **asked)
    assert "This photo can&#x27;t be read." in read.content.decode()
    refused = sent(tenant, path, "photos", *[largest] * (PHOTOS_AT_ONCE - 1), largest + b"x", **asked)
    assert "A photo is too large: at most 15 MB" in refused.content.decode()
