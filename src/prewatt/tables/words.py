"""This module knows words that tables have in place of a value, in many languages: for sums, for nobody and for nothing. It
compares words without capitals and accents.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from .rows import Cell


def unaccented(text: str) -> str:
    """Return a text in small letters without accents, to compare words: Débito is debito."""
    letters = unicodedata.normalize("NFKD", text.casefold())
    # Put together again: the decomposed form has Korean syllables in their parts.
    return unicodedata.normalize("NFC", "".join(each for each in letters if not unicodedata.combining(each)))


def any_of(words: str) -> str:
    """Return a part of an expression that matches any of some words, which are separated by strokes, without their accents."""
    return "|".join(re.escape(unaccented(each)) for each in words.split("|"))


_NOBODY = (
    # English
    "n/a|n.a.|n.a|none|null|nil|nobody|no one|no|no tenant|vacant|vacancy|empty|unoccupied|not occupied|unlet|not let",
    "to let|to-let|for rent|not rented|unrented|untenanted|void|uninhabited|moved out",
    # German
    "nv|n/v|vakant|leer|leerstand|leerstehend|unbewohnt|unvermietet|nicht vermietet|nicht belegt|nicht bewohnt|niemand",
    "keiner|keine|kein mieter|keine mieter|entfällt|ausgezogen|zu vermieten",
    # French
    "vacante|vide|inoccupé|inoccupée|inhabité|inhabitée|libre|à louer|non loué|non louée|aucun|aucun locataire|néant",
    "logement vide",
    # Spanish and Portuguese
    "vacío|vacía|vazio|vazia|desocupado|desocupada|deshabitado|deshabitada|desabitado|sin inquilino|sin ocupar",
    "sin alquilar|se alquila|ninguno|nadie|sem inquilino|sem morador|não alugado|não ocupado|nenhum|ninguém|para alugar",
    # Italian
    "sfitto|sfitta|vuoto|vuota|disabitato|disabitata|non affittato|non occupato|nessuno|da affittare",
    # Dutch, Swedish, Danish, Norwegian and Finnish
    "leeg|leegstand|leegstaand|onbewoond|niet verhuurd|geen|geen huurder|te huur|tomt|obebodd|ej uthyrd|ingen|ubeboet",
    "ubebodd|ikke udlejet|ikke utleid|tyhjä|tyhjillään|ei vuokrattu",
    # Polish, Czech, Hungarian and Romanian
    "pusty|pusta|puste|pustostan|brak|brak najemcy|brak lokatora|niezamieszkały|niezamieszkała|niezamieszkałe|niewynajęty",
    "niewynajęte|nikt|do wynajęcia|prázdný|prázdná|prázdné|neobsazeno|neobsazený|neobývaný|nepronajato|nikdo|üres|lakatlan",
    "nincs|neocupat|nelocuit|nimeni",
    # Turkish, Russian and Ukrainian
    "boş daire|kiracı yok|kiralık|пусто|пустая|пустует|пустующая|свободна|свободно|не сдана|не сдано|не заселена|нет",
    "нет жильца|никого|вакантна|вакантно|порожня|вільна|вільно|немає|ніхто",
    # Hindi, Swahili, Indonesian, Vietnamese and Arabic
    "khali|khaali|khali hai|खाली|रिक्त|कोई नहीं|wazi|hakuna|hakuna mtu|tupu|kosong|tidak ada|chưa thuê|đang trống",
    "شاغر|شاغرة|فارغ|فارغة|خالي|خالية|لا أحد",
    # Chinese, Japanese and Korean
    "空|空置|空房|空室|空闲|闲置|无|無|无人|無人|无人居住|未租|未出租|未入住|待租|暂无|没有|已退租|退租|已退|已搬走|招租|招租中|待出租|空屋",
    "未租出|空き|空き室|空き家|なし|공실|빈집|없음",
)
_DOUBTFUL = (
    "frei|free|na|x|xx|xxx|kein|tbd|tba|tbc|test|unknown|unbekannt|available|待定|未知|不详|disponible|disponível",
    "disponibile|libero|libera|livre|vago|vaga|vrij|ledig|ledigt|wolny|wolna|wolne|volný|volno|liber|boş|gol|yok|trống",
    "reserved|reserviert|réservé|reservado|预定|已预定",
)
"""Words that may be a name too, or that do not say whether anybody lives there."""
_NOTHING = (
    "n/a|na|n.a|none|null|nil|tbd|tba|tbc|keine|keiner|kein|无|無|暂无|没有|aucun|ninguno|nenhum|nessuno|geen|brak|yok|нет|なし|없음",
)
_COMMON = (
    # English
    "common|commons|common area|common areas|common meter|common use|common light|common lights|common lighting|common power",
    "common electricity|communal|communal area|communal areas|communal lighting|shared|landlord's supply",
    "landlord supply|house meter|stairs|staircase|stairwell|stair light|stair lights|stairs light|staircase light",
    "staircase lights|staircase lighting|stairwell light|hallway|hallway light|hallway lights|corridor|corridor light",
    "corridor lights|elevator|lift|water pump|street light|street lights|laundry room|boiler room",
    # German
    "allgemein|allgemeinstrom|allgemeinzähler|allgemeiner strom|allgemeinbeleuchtung|gemeinschaft|gemeinschaftsstrom",
    "gemeinschaftszähler|hausstrom|hauslicht|hausbeleuchtung|treppe|treppenhaus|treppenlicht|treppenhauslicht|treppenhausstrom",
    "treppenhausbeleuchtung|treppenbeleuchtung|stiegenhaus|stiegenlicht|hausflur|flur|flurlicht|flurbeleuchtung|kellerlicht",
    "aufzug|fahrstuhl|heizung|heizraum|heizungskeller|heizungsstrom|waschküche|waschkeller|außenbeleuchtung|aussenbeleuchtung",
    # French, Spanish, Portuguese and Italian
    "communs|parties communes|services généraux|cage d'escalier|escalier|éclairage escalier|ascenseur|couloir",
    "zonas comunes|servicios comunes|servicios generales|escalera|luz de escalera|ascensor|pasillo|áreas comuns|escada",
    "elevador|scale|luce scale|parti comuni|ascensore|corridoio",
    # Dutch, Polish and Turkish
    "algemeen|algemene ruimte|algemene ruimten|trappenhuis|części wspólne|klatka schodowa|klatka|oświetlenie klatki|winda",
    "korytarz|ortak|ortak alan|ortak alanlar|merdiven|merdiven ışığı|asansör|koridor",
    # Russian and Ukrainian
    "лестница|лестничная клетка|места общего пользования|моп|общедомовой|общедомовые нужды|одн|лифт|коридор|сходова клітка",
    # Indonesian and Vietnamese
    "umum|area umum|fasilitas umum|lampu tangga|lampu lorong|lorong|tangga|hành lang|đèn hành lang|cầu thang|đèn cầu thang",
    "khu vực chung|dùng chung|điện chung|công cộng|thang máy",
    # Chinese
    "公共|公用|公摊|公区|公共区域|公共用电|公共电表|公共照明|公用电|公用电表|公摊电|公摊电表|楼道|楼道灯|楼道照明|楼梯|楼梯间|楼梯灯|走廊|走廊灯",
    "过道|过道灯|电梯|水泵|水泵房|大堂|路灯|院灯",
    # Japanese and Korean
    "共用|共用部|共用部分|共用灯|共用電灯|階段|廊下|공용|공용부|공용전기|계단|복도",
)
_MAIN = (
    "main|mains|main meter|mains meter|whole building|building meter|bulk meter|master meter|check meter",
    "hauptzähler|summenzähler|gesamtzähler|hauszähler|hausanschluss|hausanschlusszähler",
    "compteur général|contador general|contador principal|contatore generale|hoofdmeter|licznik główny|ana sayaç",
    "общий счётчик|вводной счётчик|meter induk|công tơ tổng|đồng hồ tổng|总表|总电表|楼总表|親メーター",
)
_NOW = (
    r"(z\. ?zt\.?|zzt\.?|zurzeit|zur zeit|derzeit|momentan|aktuell|steht|wohnung|noch|currently|now|still|flat|is"
    r"|actuellement|actualmente|obecnie) "
)
_EMPTY = (
    r"(vacante?s?|vacancy|vakant|unoccupied|unlet|untenanted|unrented|leerstand|leerstehend|unvermietet|unbewohnt|pustostan"
    r"|inoccupee?|desocupad[oa]|sfitt[oa]|leegstand|onbewoond|niezamieszkał[yae])"
)
_BARE = r"(frei|leer|empty|void|libre|vide|pust[yae]|vazi[oa]|vaci[oa]|leeg)"
_BEGINS_AS_NOBODY = re.compile(
    rf"{_EMPTY}\b|{_BARE} (ab|seit|since|from|depuis|des|desde|od|sinds|vanaf)\b"
    rf"|({_NOW})({_BARE}|{_EMPTY})\b"
    r"|(目前|现在|当前)?(空置|空房|未出租|待租|闲置|已退租)"
)
_SAYS_EMPTY = re.compile(rf"\b{_EMPTY}\b|空置|退租")
TOTALS = any_of(
    "total|totals|subtotal|totaal|totale|totali|totalt|totalen|totaux|suma|somme|razem|celkem|celkom|toplam|toplamlar|ogółem|łącznie|spolu"
    "|összesen|ukupno|yhteensä|i alt|sammanlagt|kopā|iš viso|kokku|σύνολο|итого|всего|оборот|обороты|разом|усього|общо"
    '|סה"כ|סהכ|المجموع|الإجمالي|jumla|jumlah|tổng cộng|tổng|कुल|รวม|รวมทั้งสิ้น|합계|총계|總計|合計|総計|小計|合计|总计|小计'
)
"""Words for totals in many languages, as a part of an expression that unaccented texts are compared with."""
_TOTAL = re.compile(
    r"(sub-?|sous[- ]|grand )?total\b.*|(zwischen)?summe\b.*|gesamt.*|(sub-?)?(totaa?l(e|i|t|en)?|totaux)\b.*"
    rf"|(?:{TOTALS})\b.*|.{{0,6}}(合计|总计|小计|累计|共计|合計|小計|総計|總計).*|共\d+笔.*|(합계|총계|รวม).*"
)
_FIGURE = re.compile(
    r"averages?|avg|mean|mittelwert|durchschnitt|moyenne|media|promedio|gemiddelde|snitt|medel|keskiarvo|srednia|平均值?"
    r"|min(?:imum)?|max(?:imum)?|count|anzahl|source|quelle|bron|fuente|来源"
)
"""What else than a total stands below a table, at the beginning of its row."""


def _set_of(*lists: str) -> frozenset[str]:
    return frozenset(unaccented(word) for words in lists for word in words.split("|"))


_NOBODY_WORDS, _DOUBTFUL_WORDS, _NOTHING_WORDS = _set_of(*_NOBODY), _set_of(*_DOUBTFUL), _set_of(*_NOTHING)
_COMMON_WORDS, _MAIN_WORDS = _set_of(*_COMMON), _set_of(*_MAIN)


def begins_total(text: str) -> bool:
    """Return whether a text begins as a total. In a row of a person, that person may have written it."""
    return _TOTAL.fullmatch(unaccented(text)) is not None


def sums_up(cells: Sequence[Cell]) -> bool:
    """Return whether the first cell of a row that is not empty says that the row sums others up, or where they are from."""
    first = next((cell for cell in cells if cell != ""), "")
    text = re.split(r"[:(]", unaccented(str(first)).strip(" :.-=*"))[0].strip()
    return begins_total(text) or _FIGURE.fullmatch(text) is not None


def is_nothing(text: str) -> bool:
    """Return whether a text only says that there is nothing, such as -, n/a or none."""
    bare = unaccented(text).strip("()[]<>*-–—_./?·… ")
    return not bare or bare in _NOTHING_WORDS


def is_nobody(text: str) -> bool:
    """Return whether a text in the place of a name says that there is nobody, such as vacant, - or leer seit 1.9."""
    bare = " ".join(unaccented(text).split())
    word = bare.strip("()[]<>*.!: ")
    if not bare.strip("()[]<>*-–—_./?·…0 ") or _NOBODY_WORDS & {word, bare}:
        return True
    return _BEGINS_AS_NOBODY.match(word) is not None


def may_be_common(text: str) -> bool:
    """Return whether the name of a flat or of its tenant says that its meter is no flat's: that of the stairs, or of all use.
    A flat or a person may be called so too: only the author of the list knows.
    """
    return _bare_name(text) in _COMMON_WORDS


def may_be_main(text: str) -> bool:
    """Return whether the name of a flat or of its tenant says that its meter is that of the whole building."""
    return _bare_name(text) in _MAIN_WORDS


def _bare_name(text: str) -> str:
    """Return a name without its number and its signs: of Treppenhaus 2, (Allgemein) and 楼道灯1 the word."""
    return " ".join(re.sub(r"[\d()\[\]（）<>*.!:#_/–—-]+", " ", unaccented(text)).split())


def may_be_nobody(text: str) -> bool:
    """Return whether a text may be a name, or say that there is nobody: only its author knows."""
    word = " ".join(unaccented(text).split()).strip("()[]<>*.!: ")
    return word in _DOUBTFUL_WORDS or _SAYS_EMPTY.search(word) is not None
