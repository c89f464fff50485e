"""The languages of notices. Each is a folder here: its name is the code of the language, `language.toml` in it holds the words,
and `<event>.txt` the text of each notice. Nothing lists the folders; a further language is a further folder.

What a folder lacks is said in English, so that a tenant is never left without a notice.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import msgspec
from django.template import Context, Engine, Template
from django.utils.translation import get_language

FOLDER = Path(__file__).parent
ENGLISH, CHINESE = "en", "zh"
"""English stands in for what another language lacks. Some fields of WeChat are Chinese, whatever the language."""
FILE = "language.toml"


class Acts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the tenant can do about a limit that was passed, each in at most 20 characters.

    `person`: somebody must come. `outside`: the cause is in the grid. `ask`: the manager may know the cause. `less`: the flat
    uses too much.
    """

    person: str
    outside: str
    ask: str
    less: str


class Samples(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Names and words of a made-up building, for the examples of notices (`samples.py`). `currency` is a code of ISO 4217.

    `urges`: words that tell a person what to do. An urgent SMS holds at least one of them.
    """

    currency: str
    property: str
    unit: str
    room: str
    tenant: str
    tariff: str
    shared_cost: str
    held: str
    note_title: str
    note_text: str
    refusal: str
    report: str
    answer: str
    urges: tuple[str, ...]


class Words(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What `language.toml` holds.

    `name` is the language as its speakers write it, `locale` its code in Django. `called`: the names that people type for it in a
    list, in small letters. In the countries `countries` (codes of ISO 3166) it is the first language of a new tenant.
    `currencies`: the unit that stands behind an amount, by the code of ISO 4217, if it is not the code itself.

    By the journal's codes: `events` says what happened, `brief` says it in at most 20 characters, and `advice` says what to do
    about a safety limit. A code such as `arc-trip` says that a limit has switched off. If it has no words of its own, they are
    `tripped` or `tripped_brief` with the words of the limit in the place of `{what}`. `details` translates the whole detail of
    an entry; `detail_parts` translates parts of it. `reports` has the categories and states of a fault report.
    """

    name: str
    locale: str
    called: tuple[str, ...]
    acts: Acts
    samples: Samples
    tripped: str
    tripped_brief: str = "{what}"
    countries: tuple[str, ...] = ()
    currencies: dict[str, str] = {}
    events: dict[str, str] = {}
    brief: dict[str, str] = {}
    advice: dict[str, str] = {}
    details: dict[str, str] = {}
    detail_parts: dict[str, str] = {}
    reports: dict[str, str] = {}


@dataclass(frozen=True)
class Language:
    """A language of notices: its code (the name of its folder), its words, and what reads the texts in its folder."""

    code: str
    words: Words
    engine: Engine

    def render(self, event: str, context: Mapping[str, object]) -> str:
        """Return the text of `<event>.txt` with the values of `context`, as plain text."""
        text: Template = self.engine.get_template(f"{event}.txt")
        return str(text.render(Context(dict(context), autoescape=False)))


def languages() -> Mapping[str, Language]:
    """Return the languages by their codes. ValueError names the file that can't be read."""
    return _read(FOLDER)


def language_of(code: str) -> Language:
    """Return the language with a code; English if it is unknown, so that nobody is left without notices."""
    known = languages()
    return known.get(code, known[ENGLISH])


def language_choices() -> list[tuple[str, str]]:
    """Return (code, name) of each language, as a field of a form takes them."""
    return [(code, language.words.name) for code, language in languages().items()]


def spoken() -> str:
    """Return the code of the language in which the page is; English if there are no notices in it."""
    return next((code for code, each in languages().items() if each.words.locale == get_language()), ENGLISH)


def language_of_country(country: str) -> str:
    """Return the code of the language of notices for a new tenant in a country (`CN`); empty if no language names it."""
    return next((code for code, each in languages().items() if country in each.words.countries), "")


def report_word(key: str, language: str) -> str:
    """Return the word for a category or a state of a fault report."""
    return language_of(language).words.reports.get(key) or language_of(ENGLISH).words.reports.get(key, key)


@cache
def _read(folder: Path) -> Mapping[str, Language]:
    languages = {}
    for file in sorted(folder.glob(f"*/{FILE}")):
        try:
            words = msgspec.toml.decode(file.read_bytes(), type=Words)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise ValueError(f"{file} can't be read: {error}") from None
        engine = Engine(dirs=[str(file.parent), str(folder / ENGLISH)])
        languages[file.parent.name] = Language(file.parent.name, words, engine)
    return languages
