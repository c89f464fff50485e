"""Static files: names that change with their content, kept for a year, compressed."""

import gzip
import re
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders
from django.templatetags.static import static

PACKED = {"Accept-Encoding": "gzip"}


def whole(answer):
    return b"".join(answer.streaming_content)


def test_a_page_names_its_files_by_their_content_and_a_browser_keeps_them(client):
    name = static("web/pages.css")
    assert re.fullmatch(r"/static/web/pages\.[0-9a-f]{12}\.css", name)
    plain, packed = client.get(name), client.get(name, headers=PACKED)
    assert "max-age=315360000, public, immutable" in plain["Cache-Control"] and "immutable" in packed["Cache-Control"]
    assert packed["Content-Encoding"] == "gzip" and "Accept-Encoding" in packed["Vary"]
    content = whole(plain)
    assert gzip.decompress(whole(packed)) == content == Path(finders.find("web/pages.css")).read_bytes()
    again = client.get(name, headers={"If-None-Match": plain["ETag"]})
    assert again.status_code == 304


@pytest.mark.django_db
@pytest.mark.parametrize(
    "name", ["web/pages.0123456789ab.css", "web/none.0123456789ab.css", "../pages.0123456789ab.css"]
)
def test_a_hash_of_other_content_is_no_file(client, name):
    assert client.get(f"/static/{name}").status_code == 404


@pytest.mark.django_db
def test_pages_are_compressed(client):
    page = client.get("/login/", headers=PACKED)
    assert page["Content-Encoding"] == "gzip" and b"<form" in gzip.decompress(page.content)
