"""The addresses of pages and of the API follow one law, and a page's name says where its view lies."""

import re
from pathlib import Path

import prewatt
from prewatt.server.api.routes import api
from tests.server.web.addresses import pages

WORD = "[a-z]+(-[a-z]+)*"
SOURCE = Path(prewatt.__file__).parent
NUMBER = "<(int|slug):[a-z_0-9]+>"
ADDRESS = re.compile(f"(me/)?({WORD}/({NUMBER}/)?)*")
# `n` is what an SMS has room for.


def test_a_pages_name_is_its_side_its_story_and_its_view():
    for page in pages():
        if page.view.startswith("prewatt."):
            place = re.sub(r"\.(\w+_)?views\.", ":", page.view.removeprefix("prewatt.server."))
            assert page.name == place.replace(".", ":")


def test_an_address_is_words_and_a_number_stands_behind_a_plural_or_a_verb():
    addresses = [page.address for page in pages()]
    called = [path.removeprefix("/api/v1/") + "/" for path in api.get_openapi_schema()["paths"]]
    addresses += [re.sub(r"{(\w+)}", r"<slug:\1>", path) for path in called]
    assert len(addresses) > 120
    for address in addresses:
        assert ADDRESS.fullmatch(address), address
        for word in re.findall(f"([a-z-]+)/{NUMBER}", address):
            assert word[0].endswith("s") or word[0] in ("new", "set-off", "join", "people", "n", "give"), address


def test_pages_and_calls_have_the_same_words_for_what_has_a_number():
    called = [path.removeprefix("/api/v1/") for path in api.get_openapi_schema()["paths"]]
    collections = {path.split("/")[0] for path in called if "/{" in path}
    assert len(collections) > 15
    assert collections <= {word for page in pages() for word in page.address.split("/")}


def test_every_page_that_is_named_exists():
    """Also in templates that are seldom shown."""
    called = re.compile(r"""(?:{% url |\breverse\(\s*|\bredirect\(\s*)["']([a-z_:-]+)["']""")
    sources = [path for path in SOURCE.rglob("*") if path.suffix in (".html", ".py")]
    named = {name for path in sources for name in called.findall(path.read_text())}
    assert len(named) > 80
    assert named - {page.name for page in pages()} == {"admin:index", "pay-callback"}
