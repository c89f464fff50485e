"""This module chooses the encoding of a text that is not in Unicode, by what the text then says.

The bytes are read in the encodings of many languages. Each reading has a cost: a letter costs less the more often the
language has it, and what people do not write costs much, such as a sign or a capital within a word. The reading with the
lowest cost is the text, unless another one, in other letters, is almost as likely.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice

from .languages import DOS, LANGUAGES, Language, languages_of

_WORD = re.compile(r"[^\s,;|\"]*[^\x00-\x7f][^\s,;|\"]*")
LOST = "\ufffd"
"""What stands in the place of a letter that was lost."""
_LINE = re.compile(rb"[^\r\n]*[\x80-\xff][^\r\n]*")
_ENCODINGS = tuple(dict.fromkeys(each for language in LANGUAGES.values() for each in language.encodings))
_USUAL = ("de", "fr", "es", "it", "pt", "zh", "ja", "ko")
"""The languages that are likely without a hint."""
_MOST_LINES = 500
"""The most different lines by which an encoding is chosen."""
_USUAL_SIGNS = "\u00a0€£¥§°«»·№“”„‘’‚–—…´"
_WITHIN_WORDS = "\u00a0’‘´·-–"
"""Signs that may stand between two letters of a word."""
_BEHIND_WORDS = "²³µ®©™ºª"
"""Further signs that may stand beside a letter, as in m²."""
_CUT = re.compile(rb"[\xc3-\xc5][\x80-\xbf]")
"""A letter in UTF-8, which would be two odd ones in Windows-1252: Ã¼."""
_KATAKANA = "ﾝｲｽﾙﾄｼｱﾘｶﾀｸｺﾏﾅﾔﾐｷﾗﾞﾛｳﾃｻｵﾊﾌﾋﾕﾖﾓﾁﾂﾆﾉﾈﾜｴｹｿﾎﾍﾑﾒﾇﾚｰｭｮｬｯﾟｾｦｧｨｩｪｫ"
"""The letters of one byte in which Japanese banks write names, the most frequent first."""
# The costs, in tenths of the logarithm of how seldom something is.
_FIRST, _NEXT = 20, 2
_OTHER_LETTER, _OTHER_SIGN, _SIGN = 60, 90, 40
_BESIDE, _THIRD = 15, 60
_JUNCTION = 60
_ODD = 120
_COMMON, _FREQUENT, _KANA, _RARE, _NEVER = 60, 75, 45, 110, 150
_ALSO, _STRANGE = 25, 60
"""What a language costs that a hint does not name at first, or not at all."""
_LATER = 10
"""What an encoding costs more than the one before it of its language."""
_MARGIN = 30
"""So much less must a reading cost than one in other letters."""
_ODD_OF = 20
"""Of so many letters one may be odd."""


@dataclass(frozen=True)
class _Reading:
    """Bytes read in an encoding, as a text of a language. `odd` counts what people do not write."""

    text: str
    language: str
    cost: int
    odd: int
    letters: int

    @property
    def is_sound(self) -> bool:
        """Return whether people may have written the text so."""
        return self.odd * _ODD_OF <= self.letters


def likeliest(content: bytes, hint: str) -> str | None:
    """Return the text of bytes that are not in Unicode; None if no reading makes sense, or if two in different letters
    are almost as likely. `hint`: the code of a currency or language.
    """
    readings = sorted(_readings(content, hint), key=lambda reading: reading.cost)
    if not readings or not readings[0].is_sound:
        return None
    best = readings[0]
    near = (each for each in readings[1:] if each.cost < best.cost + _MARGIN and each.is_sound)
    return None if any(_differ(best, each) for each in near) else best.text


def same_bytes(one: str, two: str) -> bool:
    """Return whether two different texts can be the same bytes, read in two encodings."""
    if one == two or one.isascii() or two.isascii():
        return False
    return not _encoded(one).isdisjoint(_encoded(two))


def lost_letters(one: str, two: str) -> bool:
    """Return whether two texts may be one, of which letters were lost: each run of � stands for other letters than ASCII's."""
    return any(
        LOST in lost and re.fullmatch(re.sub(f"{LOST}+", r"[^\\x00-\\x7f]+", re.escape(lost)), other) is not None
        for lost, other in ((one, two), (two, one))
    )


@lru_cache(10_000)
def _encoded(text: str) -> frozenset[bytes]:
    found = set()
    for encoding in _ENCODINGS:
        with suppress(UnicodeEncodeError):
            found.add(text.encode(encoding))
    return frozenset(found)


def _differ(one: _Reading, two: _Reading) -> bool:
    """Return whether two readings are of other letters. Two with Latin letters differ in accents only, by which neither a
    payment nor a flat is told apart.
    """
    is_latin = LANGUAGES[one.language].is_latin and LANGUAGES[two.language].is_latin
    return not is_latin and one.text != two.text


def _readings(content: bytes, hint: str) -> Iterable[_Reading]:
    first, also = languages_of(hint)
    sample = b"\n".join(islice(dict.fromkeys(match[0] for match in _LINE.finditer(content)), _MOST_LINES))
    is_cut = _CUT.search(sample) is not None
    decoded: dict[str, tuple[str, set[str]]] = {}
    for code, language in LANGUAGES.items():
        home = 0 if code in (first or _USUAL) else _ALSO if code in also or not first else _STRANGE
        for place, encoding in enumerate(language.encodings):
            if encoding not in decoded:
                decoded[encoding] = _decoded(content, sample, encoding)
            text, words = decoded[encoding]
            is_strange = (is_cut and language.is_latin) or (encoding in DOS and code not in first)
            if text and not is_strange:
                yield _read(text, words, code, home + _LATER * place, encoding)


def _decoded(content: bytes, sample: bytes, encoding: str) -> tuple[str, set[str]]:
    """Return the text of the bytes, and the words of a part of them that are not ASCII; empty if the bytes are not in this
    encoding.
    """
    try:
        return content.decode(encoding), set(_WORD.findall(sample.decode(encoding)))
    except UnicodeDecodeError:
        return "", set()


def _read(text: str, words: Iterable[str], code: str, cost: int, encoding: str) -> _Reading:
    language, odd, letters = LANGUAGES[code], 0, 0
    cost_of = _IDEOGRAPHS.get(code)
    for word in words:
        if cost_of is not None:
            each, strange = _cost_of_signs(word, language, encoding, cost_of)
        else:
            each, strange = _cost_of_letters(word, language)
        cost, odd = cost + each, odd + strange
        letters += sum(not sign.isascii() for sign in word)
    return _Reading(text, code, cost, odd, letters)


# -- letters ------------------------------------------------------------------------------------------------------------


def _cost_of_letters(word: str, language: Language) -> tuple[int, int]:
    """Return (the cost of a word in a language that has letters, how many odd signs it has)."""
    cost = odd = beside = 0
    for place, sign in enumerate(word):
        before, after = word[place - 1 : place], word[place + 1 : place + 2]
        if sign.isascii():
            beside = 0
            continue
        beside = beside + 1 if _is_letter(sign) else 0
        cost += _cost_of(sign, language) + (_THIRD if beside > 2 else _BESIDE if beside == 2 else 0) * language.is_latin
        is_foreign = not language.is_latin and _is_letter(sign) and _is_among_ascii(before, after, word)
        if is_foreign or _is_odd(before, sign, after):
            cost, odd = cost + _ODD, odd + 1
    return cost, odd


def _is_among_ascii(before: str, after: str, word: str) -> bool:
    """Return whether a letter of another script than Latin stands beside one of ASCII, or alone in a word that has such or
    a digit: there, people write the sign of a currency.
    """
    if before.isalpha() or after.isalpha():
        return _is_ascii_letter(before) or _is_ascii_letter(after)
    return any(sign.isascii() and sign.isalnum() for sign in word)


def _cost_of(sign: str, language: Language) -> int:
    index = language.letters.find(sign.lower()[:1])
    if index >= 0:
        return _FIRST + _NEXT * index
    if _is_letter(sign):
        return _OTHER_LETTER
    return _SIGN if sign in _USUAL_SIGNS else _OTHER_SIGN


def _is_odd(before: str, sign: str, after: str) -> bool:
    """Return whether a sign stands in or at a word, or a capital within a word of small letters, or a small letter between
    two capitals.
    """
    if not _is_letter(sign):
        is_within = before.isalpha() and after.isalpha()
        if sign in _WITHIN_WORDS:
            return False
        if sign in _USUAL_SIGNS or sign in _BEHIND_WORDS:
            return is_within or (sign in "£¥" and after.isalpha())
        return before.isalpha() or after.isalpha()
    if sign.isupper():
        return before.islower() or (before.isalpha() and after.islower())
    return sign.islower() and before.isupper() and after.isupper() and sign not in "ßºª"


def _is_letter(sign: str) -> bool:
    """Return whether a sign is a letter, or a vowel of Thai, Hebrew or Arabic above or below one."""
    return sign.isalpha() or unicodedata.category(sign) == "Mn"


def _is_ascii_letter(text: str) -> bool:
    return text.isascii() and text.isalpha()


# -- ideographs ---------------------------------------------------------------------------------------------------------


def _cost_of_signs(
    word: str, language: Language, encoding: str, cost_of: Callable[[str, bytes], int]
) -> tuple[int, int]:
    """Return (the cost of a word in a language of two bytes for a sign, how many odd signs it has)."""
    cost = odd = 0
    for place, sign in enumerate(word):
        if sign.isascii():
            continue
        before, after = word[place - 1 : place], word[place + 1 : place + 2]
        each = _COMMON if sign in language.letters else cost_of(sign, sign.encode(encoding))
        is_within = _is_ascii_letter(before) and _is_ascii_letter(after) and after.islower()
        # Banks write a name in letters of one byte, or in signs.
        is_mixed = before != "" and before in _KATAKANA and sign not in _KATAKANA and _is_letter(sign)
        cost += each + _JUNCTION * (is_within or is_mixed)
        odd += is_within or is_mixed or each >= _NEVER
    return cost, odd


def _chinese(sign: str, code: bytes) -> int:
    if "\u3040" <= sign <= "\u30ff":
        return _NEVER
    if len(code) != 2 or code[1] < 0xA1 or 0xA4 <= code[0] <= 0xAF:
        return _NEVER
    return _FREQUENT if 0xB0 <= code[0] <= 0xD7 else _KANA if code[0] <= 0xA3 else _RARE


def _traditional(_sign: str, code: bytes) -> int:
    return _KANA if code[0] <= 0xA3 else _FREQUENT if 0xA4 <= code[0] <= 0xC6 else _RARE if code[0] <= 0xF9 else _NEVER


def _japanese(sign: str, code: bytes) -> int:
    if sign in _KATAKANA:
        return _FIRST + _KATAKANA.index(sign)
    if sign in "｡｢｣､･":
        return _RARE
    if "\u3000" <= sign <= "\u30ff" or "\uff00" <= sign <= "\uffef":
        return _KANA
    if not "\u4e00" <= sign <= "\u9fff":
        return _NEVER
    is_first = 0x88 <= code[0] <= 0x98 if code[0] < 0xA0 else 0xB0 <= code[0] <= 0xCF and len(code) == 2
    return _FREQUENT if is_first else _RARE


def _korean(sign: str, code: bytes) -> int:
    if "\uac00" <= sign <= "\ud7a3":
        return _FREQUENT if 0xB0 <= code[0] <= 0xC8 and code[1] >= 0xA1 else _NEVER
    return _KANA if 0xA1 <= code[0] <= 0xA3 else _NEVER


_IDEOGRAPHS: dict[str, Callable[[str, bytes], int]] = {
    "zh": _chinese,
    "zh-hant": _traditional,
    "ja": _japanese,
    "ko": _korean,
}
