"""The words by which banks and wallets say whether a payment is booked, still pending, failed, or given back."""

from __future__ import annotations

import re
from collections.abc import Iterable

from ....tables.words import unaccented
from .directions import direction
from .errors import Why

MOST_WORDS = 4
"""The most words of a state in a column that is known by its cells."""
OFTEN = 3
"""States come again and again: so many cells there are at least for each different text, if few of the texts are known."""
_PENDING = re.compile(
    r"^(offen|pending|vorgemerkt|--|ausstehend|processing|open|new|created|initiated|submitted|held|hold)$"
    r"|vorgemerkt|pending|processing|in pro[cg]ress|in process|\bnon (?:ancora )?(?:contabilizzat|eseguit)"
    r"|authori[sz]|on hold|\bhold$|reserved|\bblocked|\bfrozen|suspended|await|queued|scheduled|upcoming|unpaid"
    r"|uncleared|unposted|\bincomplete|not (?:yet )?(?:booked|completed|settled|paid|posted|cleared)|under review"
    r"|angekundigt|vorbereitet|geplant|in (?:bearbeitung|prufung|behandeling|attesa|elaborazione|corso|sospeso)"
    r"|en (?:attente|cours|curso|espera|proceso)|\bpendient|\bpendent|einbehalten|programad|a venir|gereserveerd"
    r"|oczekuj|w (?:toku|realizacji)|afvent|\bventer|vantar|beklemede|angehalten|zuruckgehalten|gesperrt|reserviert"
    r"|reserve$|bloque|retenid|retid[oa]|trattenut|bloccat|geblokkeerd|aangehouden|in de wacht|zablokowan|wstrzyman"
    r"|blokovan|pozastaven|pa vent|pausad|spærret|reservera|reservert|bloke|askida|ditahan|diblokir|diproses"
    r"|fuggoben|zarol|folyamatban|in (?:asteptare|curs de)|в обработке|ожида|не (?:исполнен|проведен)|удержан"
    r"|заблокирован|menunggu|cekajici|待|处理中|未入账|未到账|支付中|进行中|冻结|挂起|暂停|受理中|保留|処理中|未確定"
    r"|대기|처리중|보류|cho xu ly|đang xu ly|tam giu",
    re.IGNORECASE,
)
_FAILED = re.compile(
    r"fail|declin|cancel|revert|reject|expired|\bvoid|\berror|unsuccess|not success|denied|invalid|abort|timed out"
    r"|timeout|bounced|dishono|storn|abgelehnt|abgebrochen|abgewiesen|fehl|nicht (?:ausgefuhrt|erfolgreich|gebucht)"
    r"|ungultig|abgelaufen|echou|echec|\brefus|\brejet|annul|expire\b|fallid|rechaz|anulad|recusad|caducad|expirad"
    r"|fallit|rifiut|scadut|respint|geweiger|mislukt|afgewezen|verlopen|odrzuc|nieudan|anulow|misslyck|avvis|avbrut"
    r"|nekad|fejl|mislykk|afvis|zamitnut|zrusen|withdrawn|\brecalled|revoked|rolled back|zuruckgezogen|widerrufen"
    r"|zuruckgerufen|retire$|retiree$|contrepass|extourn|retirad[oa]$|revocad|estornad|ritirat[oa]|revocat[oa]"
    r"|ingetrokken|teruggedraaid|herroepen|wycofan|cofniet|stazen|odvolan|stornovan|atertag|aterkall|tilbagekald"
    r"|tilbagefort|trukket|tilbakekalt|tilbakefor|geri cekil|ditarik|ditolak|visszavon|elutasit|torolt|sikertelen"
    r"|retras|respins|anulat|esuat|отозван|отклон|отмен|аннулирован|возврат|ошибк|取消|失敗|組戻|취소|실패|거절"
    r"|that bai|bi tu choi|đa huy|iptal|basarisiz|gagal|dibatalkan|失败|关闭|撤销|撤回|作废|已拒绝|不成功|未成功",
    re.IGNORECASE,
)
_GIVEN_BACK = re.compile(
    r"^(fully |full )?(refunded|returned|reversed|reversal|charged ?back|given back|sent back)\b"
    r"|^(voll(standig)? )?(ruck)?erstattet|^zuruckgezahlt|^zuruckgebucht"
    r"|^(rembourse|reembolsad|devuelt|devolvid|rimborsat|terugbetaald|teruggestort|zwrocon|aterbetald|tilbagebetalt)"
    r"|^(vracen[aoy]?$|iade edil|dikembalikan|visszateritve|visszautalva|rambursat|возвращен)"
    r"|^(返金済み?|환불( ?완료)?|đa hoan tien)$"
    r"|^(已?全额退款|已退还|已退款|退款成功|对方已退还|已退回|已冲正|冲正|已抹账)$",
    re.IGNORECASE,
)
"""The states of payments that went back completely. After a refund in part the rest is still here."""
_BOOKED = re.compile(
    r"(?:(?:umsatz|transaktion|zahlung|transaction|payment|transfer)\s+)?(?:(?:successfully|erfolgreich)\s+)?(?:"
    # English
    r"completed?|success(?:ful(?:ly)?)?|succeeded|settled|posted|booked|cleared|paid|confirmed|done|ok|executed"
    r"|processed|finished|finali[sz]ed|received|credited|captured|available|deposited"
    r"|partial(?:ly)? (?:refund(?:ed)?|returned|reversed)"
    # German
    r"|(?:ge|ver)bucht|erfolgreich|abgeschlossen|ausgefuhrt|durchgefuhrt|bezahlt|gezahlt|eingegangen|gutgeschrieben"
    r"|erledigt|bestatigt|teilweise (?:ruck)?erstattet"
    # Spanish, Portuguese and Italian
    r"|(?:complet|realiz|efectu|efetu|efetiv|ejecut|execut|proces|process|contabiliz|liquid|pag|confirm|abon|finaliz)ad[oa]"
    r"|exitos[oa]|con exito|exito|sucesso|pago|paga|concluid[oa]"
    r"|(?:complet|effettu|contabilizz|pag|conferm|accredit|regol)at[oa]"
    r"|eseguit[oa]|riuscit[oa]|conclus[oa]"
    # French
    r"|(?:termin|effectu|execut|comptabilis|pay|trait|confirm|regl|encaiss)ee?|reussie?|succes"
    # Dutch
    r"|uitgevoerd|voltooid|verwerkt|geboekt|betaald|geslaagd|gelukt|afgerond|bijgeschreven"
    # Polish and Czech
    r"|(?:zakonczon|zrealizowan|zaksiegowan|wykonan|rozliczon|potwierdzon|oplacon)[aey]|zauctovan[aoy]"
    r"|proveden[aoy]|uhrazen[aoy]"
    # Swedish, Danish and Norwegian
    r"|genomford|slutford|bokford|utford|betald|klar|gennemført|bogført|betalt|fullført|bokført|fuldført"
    r"|udført|utført"
    # Turkish and Indonesian
    r"|tamamlandı|basarılı|gerceklesti|onaylandı|berhasil|selesai|sukses|lunas"
    # Hungarian, Romanian and Russian
    r"|konyvelt|teljesitve|teljesult|sikeres|vegrehajtva|finalizat[aă]?|decontat[aă]?|procesat[aă]?|исполнен[ао]?"
    r"|проведен[ао]?|выполнен[ао]?|зачислен[ао]?|завершен[ао]?|успешно"
    # Japanese, Korean and Vietnamese
    r"|完了|済|処理済み?|入金済み?|確定|완료|처리완료|입금완료|성공|thanh cong|hoan thanh|đa hoan thanh)"
    # Chinese
    r"|(?!.*[未不待]).{0,6}(?:成功|完成|入账|到账|收钱|收款|已存入零钱|已转账|已支付|已付款|已记账|已结算)|正常|部分退款|已退款\(.*\)",
    re.IGNORECASE,
)


def is_pending(text: str) -> bool:
    """Return whether a text says that the bank has not booked yet."""
    return bool(_PENDING.search(unaccented(text)))


def is_booked(state: str, words: Iterable[str] = ()) -> bool:
    """Return whether a state is one of a booked payment: by the words that a person has described, or by the known ones."""
    plain = _plain(state)
    return plain in map(_plain, words) or (_why(plain) is None and _BOOKED.fullmatch(plain) is not None)


def why_not_booked(state: str) -> Why | None:
    """Return why a row is no line, by the bank's word for its state; None if that word is not known as such."""
    return _why(_plain(state))


def reads_like_states(texts: Iterable[str]) -> bool:
    """Return whether a column holds states, and not any text: one says booked, or each is a known state."""
    filled = [each for each in texts if each]
    return any(map(is_booked, filled)) or all(why_not_booked(each) is not None for each in filled)


def is_column_of_states(texts: Iterable[str]) -> bool:
    """Return whether a column holds states, by its cells alone: short texts, of which at least half of the different ones
    are known as states and are no directions; or less, if a few texts come again and again.
    """
    filled = [_plain(each) for each in texts]
    words = set(filled)
    if any(len(each.split()) > MOST_WORDS for each in words):
        return False
    known = [each for each in words if direction(each) is None and (_BOOKED.fullmatch(each) or _why(each) is not None)]
    return bool(known) and (2 * len(known) >= len(words) or OFTEN * len(words) <= len(filled))


def _plain(state: str) -> str:
    return unaccented(state).strip(" .!:")


def _why(plain: str) -> Why | None:
    if _PENDING.search(plain):
        return Why.PENDING
    if _FAILED.search(plain):
        return Why.FAILED
    return Why.GIVEN_BACK if _GIVEN_BACK.search(plain) else None
