"""The languages in which tables are written: their letters, the encodings of their computers, and the currencies of the
countries that write them.

Of each language the letters stand in the order of how often they are written, the most frequent first; of a language
with Latin letters only those that ASCII lacks.
"""

from __future__ import annotations

from typing import NamedTuple


class Language(NamedTuple):
    """A language: its `letters`, and the `encodings` in which its texts are found, the most usual first. `is_latin`:
    most of its letters are those of ASCII.
    """

    letters: str
    encodings: tuple[str, ...]
    is_latin: bool = True


_WESTERN = ("cp1252", "iso8859-15")
_CENTRAL = ("cp1250", "iso8859-2", "cp852")
_CYRILLIC = ("cp1251", "cp866")
DOS = ("cp852", "cp866")
"""Encodings that are so rare that only a hint makes them likely."""
_RUSSIAN = "оеаинтсрвлкмдпуяыьгзбчйхжшюцщэфъё"

LANGUAGES = {
    "de": Language("üäößé", _WESTERN),
    "fr": Language("éèàêçôûîùïâœëÿæü", _WESTERN),
    "es": Language("óíáñéúüºª¿¡", _WESTERN),
    "pt": Language("ãçáéíóõêâúàôºª", _WESTERN),
    "it": Language("àèòùìé", _WESTERN),
    "nl": Language("ëéïèöüê", _WESTERN),
    "sv": Language("äöåé", _WESTERN),
    "da": Language("øåæéö", _WESTERN),
    "is": Language("áíðúéóþöæý", _WESTERN),
    "pl": Language("łóążęśćńź", _CENTRAL),
    "cs": Language("íáéěýčžřšůúťóďňľôĺŕä", _CENTRAL),
    "hu": Language("áéóöőíüúű", _CENTRAL),
    "ro": Language("ăîţâşțș", _CENTRAL),
    "hr": Language("čšžćđ", _CENTRAL),
    "tr": Language("ıüşğçöiâîû", ("cp1254",)),
    "et": Language("äõüöšž", ("cp1257",)),
    "lv": Language("āīēšūņļžčģķ", ("cp1257",)),
    "lt": Language("ėšųįžūčąę", ("cp1257",)),
    "ru": Language(_RUSSIAN, _CYRILLIC, is_latin=False),
    "uk": Language(_RUSSIAN.replace("ы", "і").replace("ъ", "ї").replace("э", "є").replace("ё", "ґ"), _CYRILLIC, False),
    "sr": Language("аоиенсрјутдквмплгзбјчшцжћђљњхџфѓќѕ", _CYRILLIC, is_latin=False),
    "el": Language("αοιετσνηυρπκμλςάόίωέδγήθχύφβώξζψϊΐϋΰ", ("cp1253", "iso8859-7"), is_latin=False),
    "he": Language("יוהלאתרמשבנכקעדחפגםןטסזצךףץ", ("cp1255",), is_latin=False),
    "ar": Language("الينمرتدوبهعفقسكحجصىةطشخضأئذغزثظإآءؤـپچژگ", ("cp1256",), is_latin=False),
    "th": Language("าน่รอกเ้งัมิยลีวดทสตะื์ปบคุแหูพชข็ใจโำไถซศธณผภฟษฝฉฐญฏฎฬฑฆ๊๋", ("cp874",), is_latin=False),
    "zh": Language(
        "的一是在不了有和人这中大为上个国我以要他时来用们生到作地于出就分对成会可主发年动同工也能下过子说产种面而方"
        "日期金额余摘支收入交易对户名账号银行款转付备注类型状态姓电费房租水单元室号楼月份手机微信宝卡码流时间本期初末合计"
        "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎余潘杜戴夏钟汪田任姜范"
        "明华文红建国军平志伟东海强晓丽芳娜静敏燕玲秀英霞小安五三二四六七八九十公司有限市区路街门店无",
        ("gb18030",),
        is_latin=False,
    ),
    "zh-hant": Language(
        "的一是在不了有和人這中大為上個國我以要他時來用們生到作地於出就分對成會可主發年動同工也能下過子說產種面而方"
        "日期金額餘摘支收入交易對戶名帳號銀行款轉付備註類型狀態姓電費房租水單元室號樓月份手機卡碼流時間本期初末合計"
        "王李張劉陳楊趙黃周吳徐孫胡朱高林何郭馬羅梁宋鄭謝韓唐馮董蕭程曹袁鄧許傅沈曾彭呂蘇盧蔣蔡賈丁魏薛葉潘杜戴夏鍾汪田任姜范"
        "明華文紅建軍平志偉東海強麗芳娜靜敏燕玲秀英霞小安五三二四六七八九十公司有限市區路街門店無台灣臺北幣匯存提現",
        ("cp950",),
        is_latin=False,
    ),
    "ja": Language(
        "日本年月金額取引振込入出残高銀行支店口座番号名義人様備考摘要種別手数料水道電気代家賃部屋田中山川木村井上小大林"
        "佐藤鈴高橋伊渡辺加吉松清池阿森石原子美一二三四五六七八九十円現預払受付内容合計",
        ("cp932", "euc_jp"),
        is_latin=False,
    ),
    "ko": Language(
        "이다는의에하고을가로지기사도리대인자시한나아어서정해수일보전부과제장원들그상국장주성조신안여세관계경금액거래잔은행입출내용"
        "적요날짜일시좌번호명김박최강윤임오송류홍전기료월세관리비동층호실",
        ("cp949",),
        is_latin=False,
    ),
}
"""The languages by their codes. `cs` stands for Slovak too, `sv` for Finnish, `da` for Norwegian, `hr` for Slovenian and Bosnian,
`ru` for Bulgarian, `uk` for Belarusian, `sr` for Macedonian, `ar` for Persian.
"""

_BY_CURRENCY = {
    "eur": "de fr es it nl pt sv", "chf": "de fr it", "gbp": "", "usd": "es fr", "cad": "fr", "dkk": "da", "nok": "da", "sek": "sv",
    "isk": "is", "pln": "pl", "czk": "cs", "huf": "hu", "ron": "ro", "bam": "hr", "hrk": "hr", "rsd": "sr hr", "mkd": "sr",
    "bgn": "ru", "rub": "ru", "byn": "ru uk", "uah": "uk ru", "kzt": "ru", "kgs": "ru", "uzs": "ru", "mdl": "ro ru", "try": "tr",
    "azn": "tr", "ils": "he", "cny": "zh", "cnh": "zh", "rmb": "zh", "cn": "zh", "twd": "zh-hant", "hkd": "zh-hant zh",
    "mop": "zh-hant pt", "sgd": "zh", "myr": "zh", "jpy": "ja", "krw": "ko", "thb": "th", "brl": "pt", "mzn": "pt", "aoa": "pt",
    "xof": "fr", "xaf": "fr", "mad": "ar fr", "tnd": "ar fr", "dzd": "ar fr", "irr": "ar", "all": "fr it", "vnd": "fr",
    **dict.fromkeys(("aed", "sar", "qar", "kwd", "bhd", "omr", "egp", "jod", "lbp", "iqd", "syp", "yer", "lyd", "sdg"), "ar"),
    **dict.fromkeys(("mxn", "ars", "clp", "cop", "pen", "uyu", "pyg", "bob", "crc", "gtq", "hnl", "nio", "dop"), "es"),
}  # fmt: skip
_ALSO = {"eur": "el da cs hr et lv lt"}
"""Further languages of a currency's countries, which are written by fewer people."""


def languages_of(hint: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return (the languages that a text probably has, those that it may have) by a hint: the code of a currency, as EUR,
    or of a language, as zh-Hans. Both are empty if the hint says nothing.
    """
    plain = hint.casefold()
    if plain in _BY_CURRENCY:
        return tuple(_BY_CURRENCY[plain].split()), tuple(_ALSO.get(plain, "").split())
    if plain.startswith(("zh-hant", "zh-tw", "zh-hk", "zh-mo")):
        return ("zh-hant",), ()
    language = plain.partition("-")[0]
    same = {"sk": "cs", "fi": "sv", "nb": "da", "nn": "da", "no": "da", "sl": "hr", "bs": "hr", "bg": "ru", "fa": "ar"}
    language = same.get(language, language)
    return ((language,) if language in LANGUAGES else ()), ()
