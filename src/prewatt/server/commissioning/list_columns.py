"""The columns of a list of flats: the names that people give them, and what they are called on pages."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from ...tables.columns import plain, without_number, without_unit
from ...tables.words import unaccented
from ..core.errors import label
from ..metering.models import Meter

_NAMES = {
    "unit": (
        "unit|flat|apartment|apt|apt.|room|unit id|house|door|suite|shop|wohnung|wohneinheit|einheit|whg|whg.|wohnungsnummer",
        "wohnungsnr|wohnungsnr.|wohnungs-nr.|we|wohnungsbezeichnung|mieteinheit|top|房号|房间号|房间|房屋|房间名称|室号|门牌号|户号|单元房号|单元",
        "logement|appartement|appt|appt.|lot|numéro de logement|numéro d'appartement|n° d'appartement|vivienda|apartamento",
        "departamento|depto|depto.|unidad|apto|apto.|unidade|fração|appartamento|interno|int.|unità|unità immobiliare|woning",
        "woningnummer|appartementnummer|kamer|lokal|lokalu|mieszkanie|mieszkania|byt|číslo bytu|jednotka|daire|bağımsız bölüm",
        "квартира|квартиры|номер квартиры|кв.|помещение|lägenhet|lägenhetsnummer|lejlighed|leilighet|bolig|asunto|huoneisto",
        "फ्लैट|फ्लैट नंबर|कमरा|nyumba|chumba|kamar|部屋|部屋番号|호실",
    ),
    "meter": (
        "meter|electricity meter|electric meter|meter serial|meter id|serial|power meter|kplc meter|zähler|zaehler|zählernummer",
        "zaehlernummer|zählernr|zählernr.|stromzähler|zähler strom|zählernr strom|zählernr. strom|zählernummer strom",
        "stromzählernummer|elektrozähler|seriennummer|电表|电表号|电表编号|电表表号|表号|表计|表计号|表计编号",
        "compteur|numéro de compteur|numéro compteur|n° de compteur|compteur électrique|contador|medidor|número de contador",
        "número de medidor|nº do medidor|número do medidor|contatore|numero contatore|matricola|matricola contatore|meternummer",
        "elektriciteitsmeter|licznik|licznika|numer licznika|elektroměr|číslo elektroměru|sayaç|sayaç numarası|elektrik sayacı",
        "счётчик|счетчик|счётчика|счетчика|номер счётчика|номер счетчика|электросчётчик|elmätare|mätare|mätarnummer|måler",
        "målernummer|elmåler|strømmåler|mittari|sähkömittari|mittarinumero|मीटर|मीटर नंबर|mita|電気メーター|メーター番号|계량기",
    ),
    "tenant": (
        "tenant|tenant name|tenants|name of tenant|resident|renter|lessee|occupant|occupier|mieter|mieter/in|mietername",
        "mieterin|name des mieters|bewohner|租客|租户|租客姓名|租户姓名|承租人|住户|住户姓名|姓名",
        "locataire|nom du locataire|nom locataire|inquilino|arrendatario|nombre del inquilino|locatário|morador",
        "nome do inquilino|conduttore|affittuario|huurder|naam huurder|bewoner|najemca|lokator|imię i nazwisko|nájemník|nájemce",
        "kiracı|kiracı adı|ad soyad|adı soyadı|жилец|арендатор|наниматель|квартиросъёмщик|фио|ф.и.о.|hyresgäst|lejer|leietaker",
        "vuokralainen|asukas|किरायेदार|mpangaji|penyewa|người thuê|入居者|세입자|name|nom|nombre|nome|naam|jméno",
    ),
    "first name": (
        "first name|firstname|given name|forename|vorname|prénom|nombre de pila|primeiro nome|voornaam|imię|křestní jméno|ad|имя|förnamn",
    ),
    "last name": (
        "last name|lastname|surname|family name|nachname|familienname|nom de famille|apellido|apellidos|sobrenome|apelido|cognome",
        "achternaam|nazwisko|příjmení|soyad|soyadı|фамилия|efternamn|etternavn|sukunimi",
    ),
    "role": ("role|meter role|rolle|zählerrolle|用途|角色|rôle|ruolo|rola|роль",),
    "area": (
        "area|floor area|living area|size|carpet area|built-up area|built up area|sq ft|sqft|sq. ft.|square feet|sf|unit sq ft|unit sqft",
        "fläche|wohnfläche|flaeche|wohnflaeche|wohnfl.|wohnfl|wfl.|wfl|größe|wohnungsgröße|nutzfläche",
        "quadratmeter|m2|qm|sqm|mq|面积|建筑面积|使用面积|套内面积|平米|平方",
        "surface|surface habitable|superficie|metros cuadrados|área|área privativa",
        "metragem|oppervlakte|woonoppervlakte|powierzchnia|powierzchnia użytkowa|pow.|metraż|plocha|výměra|alan|metrekare|площадь",
        "yta|boyta|boarea|areal|boligareal|bruksareal|pinta-ala|क्षेत्रफल|面積|면적",
    ),
    "occupants": (
        "occupants|persons|people|number of occupants|number of persons|number of people|no of persons|no of occupants|headcount|pax",
        "personen|personenzahl|bewohnerzahl|anzahl personen|anz. personen|anzahl bewohner|pers.|pers|belegung|人数|居住人数|入住人数",
        "personnes|nb occupants|nombre d'occupants|nb personnes|nombre de personnes|personas|número de personas|ocupantes|pessoas",
        "número de pessoas|persone|numero persone|occupanti|aantal personen|liczba osób|ilość osób|osoby|osób|počet osob|kişi|kişi sayısı",
        "количество проживающих|число жильцов|число проживающих|проживающих|antal personer|personer|henkilöt|人員",
    ),
    "moves in": (
        "move-in|move in|move-in date|move in date|moved in|date of move-in|start of tenancy|date of joining|einzug|einzugsdatum",
        "einzug am|mietbeginn|入住日期|入住时间|入住日|起租日|起租日期|date d'entrée|date entrée|fecha de entrada",
        "data de entrada|data de ingresso",
        "data ingresso|data d'ingresso|ingangsdatum|huur vanaf|data wprowadzenia|data zasiedlenia|datum nastěhování",
        "giriş tarihi|дата заселения",
        "дата въезда|inflyttning|indflytning|innflytting|sisäänmuutto",
    ),
    "moves out": (
        "move-out|move out|move-out date|move out date|moved out|date of move-out|date of leaving|auszug|auszugsdatum",
        "auszug am|退租日期|退房日期",
        "搬出日期|搬走日期|date de sortie|date sortie|fecha de salida|data de saída|data uscita|data d'uscita|data wyprowadzki",
        "data wyprowadzenia|datum vystěhování|çıkış tarihi|дата выезда|дата выселения|utflyttning|fraflytning|utflytting|poismuutto",
    ),
    "parts": (
        "parts|part|building|block|tower|wing|staircase|stairs|entrance|teile|gebäudeteil|gebäudeteile|aufgang|treppenhaus|haus|gebäude",
        "eingang|hauseingang|楼栋|分区|区域|楼号|栋|幢|栋号|bâtiment|bat.|immeuble|escalier|edificio|bloque|escalera|edifício|bloco|torre",
        "palazzina|scala|gebouw|portiek|budynek|klatka|klatka schodowa|blok|vchod|budova|bina|корпус|подъезд|hus|opgang|oppgang",
        "trappa|rappu",
    ),
    "fuse": (
        "fuse|main fuse|fuse w|breaker|main breaker|circuit breaker|sanctioned load|connected load|max power|maximum power|sicherung",
        "hauptsicherung|absicherung|anschlussleistung|最大功率|保险|空开|断路器|额定功率|限制功率",
        "puissance|puissance souscrite|disjoncteur",
        "potencia|potencia contratada|potência|disjuntor|potenza|potenza impegnata|zekering|hoofdzekering|moc|moc przyłączeniowa",
        "moc umowna|zabezpieczenie|jistič|hlavní jistič|sigorta|güç|мощность|автомат|säkring|huvudsäkring|sikring|hovedsikring|pääsulake",
    ),
    "gateway": ("gateway|gateway name|网关",),
    "phone": (
        "mobile|mobile phone|cell|cell phone|mobile number|handy|mobil|mobiltelefon|handynummer|mobilnummer|手机|手机号|手机号码|租客手机",
        "portable|téléphone portable|móvil|celular|telemóvel|cellulare|mobiel|komórka|telefon komórkowy|cep|cep telefonu|мобильный",
        "мобильный телефон|matkapuhelin|मोबाइल|whatsapp|phone|telephone|tel|tel.|phone number|telefon|telefonnummer|rufnummer|电话",
        "电话号码|联系电话|租客电话|联系方式|téléphone|tél|tél.|numéro de téléphone|gsm|teléfono|telefone|telefono|telefoon|telefoonnummer",
        "telefonu|numer telefonu|telefonní číslo|телефон|номер телефона|puhelin|फोन|simu|nambari ya simu|電話|전화",
    ),
    "email": (
        "e-mail|email|mail|e-mail address|email address|e-mail-adresse|emailadresse|mailadresse|邮箱|电子邮箱|电子邮件|邮件|邮箱地址",
        "courriel|adresse e-mail|adresse email|adresse mail|mél|correo|correo electrónico|correio eletrónico|posta elettronica",
        "e-mailadres|emailadres|adres e-mail|adres email|e-posta|eposta|электронная почта|эл. почта|почта|e-post|epost|sähköposti|ईमेल",
    ),
    "language": (
        "language|lang|sprache|语言|通知语言|langue|idioma|lingua|taal|język|jazyk|dil|язык|språk|sprog|kieli",
    ),
}


def _with_plain_letters(names: Sequence[str]) -> tuple[str, ...]:
    """Return names, and behind them those that have accents, without these: exports often lose them."""
    return tuple(dict.fromkeys(map(plain, (*names, *map(unaccented, names)))))


NAMES = {column: _with_plain_letters("|".join(lines).split("|")) for column, lines in _NAMES.items()}
"""The names that people give the columns, in small letters; of two that are there, the one that comes first counts."""
NEEDED = ("unit", "meter", "tenant")
"""The columns that `prewatt setup` needs."""
_ROLES = {
    Meter.Role.UNIT: "|unit|flat|apartment|wohnung|einheit|住户|房间"
    "|logement|appartement|vivienda|apartamento|appartamento|woning|lokal|byt|daire|квартира",
    Meter.Role.COMMON: (
        "common|shared|landlord|allgemein|allgemeinstrom|gemeinschaft|公共|公用|公摊|commun|communs|parties communes"
        "|común|comum|comune|condominio"
        "|gemeenschappelijk|algemeen|wspólny|wspólne|administracja|společné|ortak|общий|общедомовой|gemensam|fælles|felles"
    ),
    Meter.Role.MAIN: (
        "main|building|haupt|hauptzähler|summenzähler|总表|总|principal|général|principale|generale|geral|general|hoofd|hoofdmeter|główny|hlavní|ana"
        "|главный|вводной|huvud|hoved"
    ),
}
ROLES = {role: frozenset(map(unaccented, words.split("|"))) for role, words in _ROLES.items()}
"""The words for what a meter measures, in small letters without accents."""
CONTACT = ("phone", "email", "language")
"""The columns that say how a tenant is reached."""
_TITLES = {
    "first name": pgettext_lazy("of a person", "First name"),
    "last name": pgettext_lazy("of a person", "Last name"),
    "area": _("Floor area, m²"),
    "fuse": _("Main fuse, W"),
    "gateway": _("Gateway"),
    "moves in": _("Move-in. It is only checked: the tenancy begins today"),
    "moves out": _("Move-out. It is only checked, and not recorded"),
    "parts": _("Parts of the building"),
    "tenant": _("Tenant"),
}


def column_of(label: str) -> str:
    """Return the column that a list's name for one may mean; empty if it is not known."""
    name = plain(label)
    forms = {name, without_unit(name), without_number(name)}
    return next((column for column, known in NAMES.items() if forms & set(known)), "")


def title_of(column: str) -> str:
    """Return what people call a column, whatever its name in a list is."""
    return str(_TITLES.get(column) or label(column))
