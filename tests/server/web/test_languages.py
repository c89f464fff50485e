"""Pages speak the language that a person chose, or their browser asks for; a language is a folder, and nothing else names it."""

import io
from gettext import GNUTranslations

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.forms import Field
from django.test import Client
from django.utils.translation import gettext, override

from prewatt.catalogues import Message, compile_stale, compiled, read_catalogue, read_messages, write_messages
from prewatt.server.core.languages import languages

HEAD = Message(
    "", translations={0: "Content-Type: text/plain; charset=UTF-8\nPlural-Forms: nplurals=2; plural=(n != 1);\n"}
)
LOGIN = "/login/"


@pytest.fixture
def norwegian(tmp_path, settings):
    """A language that nobody has heard of, by its folder alone."""
    folder = tmp_path / "nb" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    write_messages(folder / "django.po", [HEAD, Message("Log in", translations={0: "Logg på"})])
    compile_stale(tmp_path)
    settings.LOCALE_PATHS = [tmp_path]
    settings.LANGUAGES = languages(tmp_path)


def page(client, path=LOGIN, accepts=""):
    return client.get(path, headers={"Accept-Language": accepts}).content.decode()


def test_a_language_is_a_folder_and_speaks_at_once(norwegian, db):
    assert settings.LANGUAGES == [("en", "English"), ("nb", "norsk (bokmål)")]
    html = page(Client(), accepts="fr,nb;q=0.5,en;q=0.1")
    assert '<html lang="nb">' in html and "Logg på" in html
    # Each language is called as who speaks it calls it.
    assert "English" in html and "norsk (bokmål)" in html
    # What it lacks is said in English, and the library's own texts come from the library.
    assert "I have a paper with a code" in html


def test_who_wants_none_of_them_reads_english(norwegian, db):
    assert '<html lang="en">' in page(Client(), accepts="fr,it;q=0.5")


def test_a_choice_before_the_login_is_kept_in_the_browser_and_goes_before_what_it_asks_for(norwegian, db):
    client = Client()
    answer = client.post("/language/", {"language": "nb", "back": LOGIN})
    assert (answer.status_code, answer["Location"]) == (302, LOGIN)
    assert '<html lang="nb">' in page(client, accepts="en")


def test_a_choice_is_kept_with_the_login_and_speaks_in_the_next_browser(norwegian, db):
    user = User.objects.create_user("anna")
    client, other = Client(), Client()
    client.force_login(user)
    client.post("/language/", {"language": "nb"})
    other.force_login(user)
    assert '<html lang="nb">' in page(other, "/account/", "en")
    assert other.get("/account/").wsgi_request.LANGUAGE_CODE == "nb"


def test_a_language_that_is_not_there_changes_nothing_and_nobody_is_led_elsewhere(norwegian, db):
    client = Client()
    answer = client.post("/language/", {"language": "tlh", "back": "https://elsewhere.example/"})
    assert answer["Location"] == "/" and "language" not in client.cookies
    assert client.get("/language/").status_code == 405


def test_a_catalogue_is_read_and_written_without_loss_and_compiled_without_what_is_guessed(tmp_path):
    path = tmp_path / "django.po"
    messages = [
        HEAD,
        Message("one", "many", translations={0: "eins", 1: "viele"}, comments=["of flats"], places=["a.html"]),
        Message('a "quoted"\nline', context="menu", translations={0: "eine „Zeile“\n"}),
        Message("guessed", translations={0: "geraten"}, fuzzy=True),
        Message("lacking"),
    ]
    write_messages(path, messages)
    again = read_messages(path)
    assert [each.key for each in again] == [each.key for each in messages]
    assert again[1] == messages[1] and again[2].translations == messages[2].translations and again[3].fuzzy
    assert set(read_catalogue(path)) == {"one", 'a "quoted"\nline'}

    known = GNUTranslations(io.BytesIO(compiled(again)))
    assert (known.ngettext("one", "many", 1), known.ngettext("one", "many", 2)) == ("eins", "viele")
    assert known.pgettext("menu", 'a "quoted"\nline') == "eine „Zeile“\n"
    assert (known.gettext("guessed"), known.gettext("lacking")) == ("guessed", "lacking")


@pytest.mark.parametrize(
    ("code", "required", "taken"),
    [
        (
            "de",
            "Dieses Feld ist zwingend erforderlich.",
            "Es ist bereits jemand mit dieser E-Mail-Adresse registriert.",
        ),
        ("zh-hans", "这个字段是必填项。", "此电子邮件地址已被其他用户注册。"),
    ],
)
def test_the_texts_of_the_libraries_are_in_the_language_too(code, required, taken):
    """Django's, and those of the log-in."""
    with override(code):
        assert str(Field().error_messages["required"]) == required
        assert gettext("A user is already registered with this email address.") == taken


def test_a_program_is_refused_in_the_language_that_it_asks_for(db):
    refusal = Client().get("/api/v1/properties/7", headers={"Accept-Language": "de"})
    assert (refusal.status_code, refusal.json()["detail"][:25]) == (404, "Diese Seite gibt es nicht")
