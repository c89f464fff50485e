"""The words by which banks and wallets say whether a payment is booked, still pending, failed, or given back."""

from __future__ import annotations

import re
from collections.abc import Iterable

from .errors import Why
from .words import unaccented

_PENDING = re.compile(
    r"^(offen|pending|vorgemerkt|--|ausstehend|processing|open|new|created|initiated|submitted|held)$|vorgemerkt|pending|processing"
    r"|in pro[cg]ress|in process|authori[sz]|on hold|reserved|\bblocked|await|queued|scheduled|upcoming|unpaid|uncleared|unposted"
    r"|\bincomplete|not (?:yet )?(?:booked|completed|settled|paid|posted|cleared)|under review|angekundigt|vorbereitet|geplant"
    r"|in (?:bearbeitung|prufung|behandeling|attesa|elaborazione|corso|sospeso)|en (?:attente|cours|curso|espera|proceso)"
    r"|\bpendient|\bpendent|einbehalten|programad|a venir|gereserveerd|oczekuj|w (?:toku|realizacji)|afvent|\bventer|vantar|beklemede"
    r"|menunggu|cekajici|待|处理中|未入账|未到账|支付中|进行中",
    re.IGNORECASE,
)
_FAILED = re.compile(
    r"fail|declin|cancel|revert|reject|expired|\bvoid|\berror|unsuccess|not success|denied|invalid|abort|timed out|timeout|bounced"
    r"|dishono|storn|abgelehnt|abgebrochen|abgewiesen|fehl|nicht (?:ausgefuhrt|erfolgreich|gebucht)|ungultig|abgelaufen"
    r"|echou|echec|\brefus|\brejet|annul|expire\b|fallid|rechaz|anulad|recusad|caducad|expirad|fallit|rifiut|scadut|respint"
    r"|geweiger|mislukt|afgewezen|verlopen|odrzuc|nieudan|anulow|misslyck|avvis|avbrut|nekad|fejl|mislykk|afvis|zamitnut|zrusen"
    r"|iptal|basarisiz|gagal|dibatalkan|失败|关闭|已撤销|已取消|作废|已拒绝|不成功|未成功",
    re.IGNORECASE,
)
_GIVEN_BACK = re.compile(
    r"^(fully |full )?(refunded|returned|reversed|charged ?back)\b|^(voll(standig)? )?(ruck)?erstattet|^zuruckgezahlt|^zuruckgebucht"
    r"|^(rembourse|reembolsad|devuelt|devolvid|rimborsat|terugbetaald|teruggestort|zwrocon|aterbetald|tilbagebetalt)"
    r"|^(已?全额退款|已退还|已退款|退款成功|对方已退还|已退回)$",
    re.IGNORECASE,
)
"""The states of payments that went back completely. After a refund in part the rest is still here."""
_BOOKED = re.compile(
    r"(?:(?:umsatz|transaktion|zahlung|transaction|payment|transfer)\s+)?(?:(?:successfully|erfolgreich)\s+)?(?:"
    # English
    r"completed?|success(?:ful(?:ly)?)?|succeeded|settled|posted|booked|cleared|paid|confirmed|done|ok|executed|processed"
    r"|finished|finali[sz]ed|received|credited|captured|available|deposited|partial(?:ly)? (?:refund(?:ed)?|returned|reversed)"
    # German
    r"|(?:ge|ver)bucht|erfolgreich|abgeschlossen|ausgefuhrt|durchgefuhrt|bezahlt|gezahlt|eingegangen|gutgeschrieben|erledigt"
    r"|bestatigt|teilweise (?:ruck)?erstattet"
    # Spanish, Portuguese and Italian
    r"|(?:complet|realiz|efectu|efetu|efetiv|ejecut|execut|proces|process|contabiliz|liquid|pag|confirm|abon|finaliz)ad[oa]"
    r"|exitos[oa]|con exito|exito|sucesso|pago|paga|concluid[oa]|(?:complet|effettu|contabilizz|pag|conferm|accredit|regol)at[oa]"
    r"|eseguit[oa]|riuscit[oa]|conclus[oa]"
    # French
    r"|(?:termin|effectu|execut|comptabilis|pay|trait|confirm|regl|encaiss)ee?|reussie?|succes"
    # Dutch
    r"|uitgevoerd|voltooid|verwerkt|geboekt|betaald|geslaagd|gelukt|afgerond|bijgeschreven"
    # Polish and Czech
    r"|(?:zakonczon|zrealizowan|zaksiegowan|wykonan|rozliczon|potwierdzon|oplacon)[aey]|zauctovan[aoy]|proveden[aoy]|uhrazen[aoy]"
    # Swedish, Danish and Norwegian
    r"|genomford|slutford|bokford|utford|betald|klar|gennemført|bogført|betalt|fullført|bokført|fuldført|udført|utført"
    # Turkish and Indonesian
    r"|tamamlandı|basarılı|berhasil|selesai|sukses|lunas)"
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


def _plain(state: str) -> str:
    return unaccented(state).strip(" .!:")


def _why(plain: str) -> Why | None:
    if _PENDING.search(plain):
        return Why.PENDING
    if _FAILED.search(plain):
        return Why.FAILED
    return Why.GIVEN_BACK if _GIVEN_BACK.search(plain) else None
