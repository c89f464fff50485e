"""Words that tables have in place of a value, in many languages."""

import pytest

from prewatt.tables.words import begins_total, is_nobody, is_nothing, may_be_common, may_be_main, may_be_nobody


@pytest.mark.parametrize(
    "word",
    ["Vacant", "VACANT-Unrented", "to let", "Leerstand (Umbau)", "z. Zt. leer", "steht leer", "derzeit unbewohnt", "entfällt",
     "vide", "Libre", "inoccupé", "INOCCUPE", "à louer", "vide depuis mai", "vacío", "desocupado", "Sin inquilino", "vazio", "desocupada",
     "sfitto", "leeg", "leegstand", "tyhjä", "pusty", "Pustostan", "brak", "niezamieszkały", "prázdný", "üres", "kiracı yok",
     "свободна", "нет", "khali", "खाली", "wazi", "kosong", "空置", "已退租", "目前空置",
     "（空置）", "空室", "공실", "شاغر", "-", "—", "0", ""],
)  # fmt: skip
def test_nobody_is_said_in_many_languages(word):
    assert is_nobody(word)


@pytest.mark.parametrize(
    "name",
    ["Anna", "Max Leer", "Leer, Max", "Jan Bos", "Vacanti, Rosa", "Khalid", "Vide, Per", "Emptage", "Lee", "王空", "Nowak", "Isaac Void"],
)  # fmt: skip
def test_a_name_is_neither_nobody_nor_doubtful(name):
    assert not is_nobody(name) and not may_be_nobody(name)


@pytest.mark.parametrize(
    "word", ["Frei", "boş", "Bos", "Libero", "wolny", "vago", "Available", "Hr. Meier (Wohnung unbewohnt)", "王芳退租"]
)
def test_a_word_that_may_be_a_name_or_nobody_is_neither(word):
    assert may_be_nobody(word) and not is_nobody(word)


@pytest.mark.parametrize(
    "text",
    ["Total", "TOTAL:", "Grand total", "Sub-total A", "Summe Haus 1", "Gesamtfläche", "Total général", "totaux", "Suma", "Razem",
     "Ogółem", "Totale", "Totaal", "Celkem", "Toplam", "Итого", "合计", "一栋小计", "总计：", "合計", "कुल", "합계"],
)  # fmt: skip
def test_a_sum_is_named_in_many_languages(text):
    assert begins_total(text)


@pytest.mark.parametrize("text", ["Totalund 3", "Sumner 2", "Rz 4", "A1", "101"])
def test_a_flat_is_no_sum(text):
    assert not begins_total(text)


def test_nothing_is_said_in_many_languages():
    assert all(map(is_nothing, ["", "-", "–", "n/a", "暂无", "brak", "Aucun", "нет"]))
    assert not any(map(is_nothing, ["0", "Anna", "no 5"]))


@pytest.mark.parametrize(
    "name",
    ["Treppenhaus", "TREPPENHAUS 2", "Allgemein", "(Allgemeinstrom)", "Flur", "Stairs", "Common area", "Lift 1", "parties communes",
     "Cage d'escalier", "klatka schodowa", "лифт", "hành lang", "楼道灯", "公共", "电梯 2", "階段"],
)  # fmt: skip
def test_a_meter_of_common_use_is_named_in_many_languages(name):
    assert may_be_common(name) and not may_be_main(name)


@pytest.mark.parametrize("name", ["Hauptzähler", "Main meter", "总表", "licznik główny"])
def test_a_main_meter_is_named_in_many_languages(name):
    assert may_be_main(name) and not may_be_common(name)


@pytest.mark.parametrize(
    "name",
    ["101", "EG links", "Top 7", "A", "", "-", "Anna Berg", "Max Flur", "Hall", "Chung", "Treppe links", "公寓3"],
)
def test_a_flat_and_a_name_are_no_common_meter(name):
    assert not may_be_common(name) and not may_be_main(name)
