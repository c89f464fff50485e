"""The columns of a list of flats: the names that people give them, and what they are called on pages."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from ..core.errors import label
from ..metering.models import Meter

NAMES = {
    "unit": (
        "unit", "flat", "apartment", "apt", "apt.", "room", "wohnung", "wohneinheit", "einheit", "whg", "whg.",
        "wohnungsnummer", "wohnungsnr", "wohnungsnr.", "wohnungs-nr.", "房号", "房间号", "房间", "房屋", "房间名称", "室号", "门牌号",
        "户号", "单元房号", "单元",
    ),
    "meter": (
        "meter", "electricity meter", "meter serial", "meter id", "serial", "zähler", "zaehler", "zählernummer",
        "zaehlernummer", "zählernr", "zählernr.", "stromzähler", "seriennummer", "电表", "电表号", "电表编号", "电表表号", "表号", "表计",
        "表计号", "表计编号",
    ),
    "tenant": (
        "tenant", "tenant name", "tenants", "name of tenant", "resident", "renter", "lessee", "mieter", "mieter/in", "mietername",
        "mieterin", "name des mieters", "bewohner", "租客", "租户", "租客姓名", "租户姓名", "承租人", "住户", "住户姓名", "姓名", "name",
    ),
    "role": ("role", "meter role", "rolle", "zählerrolle", "用途", "角色"),
    "area": ("area", "floor area", "fläche", "wohnfläche", "flaeche", "wohnflaeche", "m2", "qm", "sqm", "面积", "建筑面积", "使用面积"),
    "occupants": ("occupants", "persons", "people", "personen", "personenzahl", "bewohnerzahl", "anzahl personen", "人数", "居住人数"),
    "parts": ("parts", "part", "teile", "gebäudeteil", "gebäudeteile", "aufgang", "treppenhaus", "楼栋", "分区", "区域"),
    "fuse": ("fuse", "main fuse", "fuse w", "sicherung", "hauptsicherung", "absicherung", "最大功率", "保险"),
    "gateway": ("gateway", "gateway name", "网关"),
    "phone": (
        "phone", "mobile", "mobile phone", "cell", "cell phone", "telephone", "tel", "tel.", "phone number", "mobile number",
        "telefon", "handy", "mobil", "mobiltelefon", "telefonnummer", "handynummer", "mobilnummer", "rufnummer",
        "手机", "手机号", "手机号码", "电话", "电话号码", "联系电话", "租客电话", "租客手机", "联系方式",
    ),
    "email": (
        "e-mail", "email", "mail", "e-mail address", "email address", "e-mail-adresse", "emailadresse", "mailadresse",
        "邮箱", "电子邮箱", "电子邮件", "邮件", "邮箱地址",
    ),
    "language": ("language", "lang", "sprache", "语言", "通知语言"),
}  # fmt: skip
"""The names that people give the columns, in small letters."""
NEEDED = ("unit", "meter", "tenant")
"""The columns that `prewatt setup` needs."""
ROLES = {
    Meter.Role.UNIT: ("", "unit", "flat", "apartment", "wohnung", "einheit", "住户", "房间"),
    Meter.Role.COMMON: (
        "common",
        "shared",
        "landlord",
        "allgemein",
        "allgemeinstrom",
        "gemeinschaft",
        "公共",
        "公用",
        "公摊",
    ),
    Meter.Role.MAIN: ("main", "building", "haupt", "hauptzähler", "summenzähler", "总表", "总"),
}
CONTACT = ("phone", "email", "language")
"""The columns that say how a tenant is reached."""
_TITLES = {
    "area": _("Floor area, m²"),
    "fuse": _("Main fuse, W"),
    "gateway": _("Gateway"),
    "parts": _("Parts of the building"),
    "tenant": _("Tenant"),
}


def title_of(column: str) -> str:
    """Return what people call a column, whatever its name in a list is."""
    return str(_TITLES.get(column) or label(column))
