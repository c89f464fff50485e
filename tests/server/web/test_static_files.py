"""Static files: names that change with their content, kept for a year, compressed."""

import gzip
import re
from pathlib import Path

import brotli
import pytest
from django.contrib.staticfiles import finders
from django.templatetags.static import static

from prewatt.server.web.bundles import BUNDLES, SHEETS, lean

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


@pytest.mark.parametrize("name", ["web/pages.css", "web/all.css"])
def test_by_tls_browsers_say_that_they_read_brotli_which_is_smaller(client, name):
    by_both = client.get(static(name), headers={"Accept-Encoding": "gzip, deflate, br, zstd"})
    by_gzip, plain = client.get(static(name), headers=PACKED), client.get(static(name))
    packed, whole_ = b"".join(by_both), b"".join(plain)
    assert by_both["Content-Encoding"] == "br" and brotli.decompress(packed) == whole_
    assert len(packed) < len(b"".join(by_gzip)) < len(whole_)


def files_of(page):
    """The style sheets and scripts that a page names."""
    return re.findall(r'<(?:link rel="stylesheet" href|script src)="([^"]+)"', page.content.decode())


@pytest.mark.parametrize("name", BUNDLES)
def test_several_files_come_as_one_in_their_order(client, name):
    address = static(name)
    plain, packed = client.get(address), client.get(address, headers=PACKED)
    assert "max-age=315360000, public, immutable" in plain["Cache-Control"] and "Accept-Encoding" in packed["Vary"]
    assert gzip.decompress(packed.content) == plain.content and len(packed.content) < len(plain.content) / 2
    parts = [lean(Path(finders.find(part)).read_bytes(), Path(name).suffix) for part in BUNDLES[name]]
    places = [plain.content.index(part) for part in parts]
    assert places == sorted(places)
    assert client.get(address, headers={"If-None-Match": plain["ETag"]}).status_code == 304


def test_comments_are_left_out_and_nothing_else():
    script = b'// Why.\n  // So.\nconst at = "https://x//y"; // here\n'
    assert lean(script, ".js") == b'const at = "https://x//y"; // here\n'
    assert lean(b"/* Why,\n and how. */\na { color: red } /* so */\nb { }", ".css") == b"\na { color: red } \nb { }"


def test_no_style_sheet_of_all_pages_is_left_out():
    folder = Path(finders.find("web/tokens.css")).parent
    assert {each.stem for each in folder.glob("*.css")} - set(SHEETS) == {"batch", "flats", "paper", "tariff"}


def test_a_first_visit_asks_for_one_sheet_and_one_script_and_weighs_little(client, tenancy, log_in):
    manager = log_in("manager")
    for browser, path, script, most_kb in (
        (client, "/login/", "web/page.", 20),
        (manager, "/properties/", "web/live-page.", 60),
    ):
        page = browser.get(path, headers=PACKED)
        weight = len(page.content)
        page = browser.get(path)
        files = [each for each in files_of(page) if "/web/" in each]
        weight += sum(len(b"".join(browser.get(each, headers=PACKED))) for each in files_of(page))
        assert len(files) == 2 and "/static/web/all." in files[0] and script in files[1]
        assert weight < most_kb * 1000, (path, weight)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "name",
    [
        "web/pages.0123456789ab.css",
        "web/all.0123456789ab.css",
        "web/none.0123456789ab.css",
        "../pages.0123456789ab.css",
    ],
)
def test_a_hash_of_other_content_is_no_file(client, name):
    assert client.get(f"/static/{name}").status_code == 404


@pytest.mark.django_db
def test_pages_are_compressed(client):
    page = client.get("/login/", headers=PACKED)
    assert page["Content-Encoding"] == "gzip" and b"<form" in gzip.decompress(page.content)
