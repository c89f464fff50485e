"""Why it is dark, in three languages: the server's pages and the gateway's say the same words."""

import pytest
from django.utils import translation

from prewatt.edge.sentences import say as say_in_the_building
from prewatt.edge.texts import speaking
from prewatt.kernel.dark_facts import Facts, SwitchOrder
from prewatt.kernel.switching import SwitchProgress
from prewatt.kernel.units import HOUR, MINUTE, NANO
from prewatt.kernel.why_dark import why_dark
from prewatt.server.core.sentences import say

NOON = 1_759_752_000_000_000
LANGUAGES = (("en", "en"), ("de", "de"), ("zh-hans", "zh"))
OFF = {"at": NOON, "zone": "Europe/Berlin", "currency": "EUR", "closed": False}


def in_words(facts, language, in_building):
    why = why_dark(facts)
    with translation.override(language), speaking(in_building):
        texts = (why.title, why.text, why.steps[0].text)
        return [say(each) for each in texts], [say_in_the_building(each) for each in texts]


@pytest.mark.parametrize(
    ("facts", "english", "german", "chinese"),
    [
        (
            Facts(**OFF, room=0),
            "The credit is used up | The power is off: the credit is used up. It returns by itself after a top-up. | "
            "Pay. The power returns by itself a few seconds later.",
            "Das Guthaben ist aufgebraucht | Der Strom ist aus: das Guthaben ist aufgebraucht. Er kommt nach einer "
            "Aufladung von selbst wieder. | Zahlen Sie. Der Strom kommt wenige Sekunden später von selbst wieder.",
            "余额已用完 | 已断电：余额用完。充值后自动恢复。 | 请付款。几秒后自动恢复供电。",
        ),
        (
            Facts(**OFF, opened=True, order=SwitchOrder(NOON, "leak")),
            "Switched off by the manager | The power is off: switched off by the manager. The order came at 14:00. The "
            "reason: leak. | Call the manager.",
            "Vom Verwalter ausgeschaltet | Der Strom ist aus: vom Verwalter ausgeschaltet. Angeordnet wurde es um 14:00. Der "
            "Grund: leak. | Rufen Sie den Verwalter an.",
            "管理员已断电 | 已断电：管理员已断电。断电时间：14:00，原因：leak。 | 请联系管理员。",
        ),
        (
            Facts(**OFF, is_tripped=True, recloses_at=NOON + 5 * MINUTE, limit=3000),
            "Too much power at once | The power is off: too much power was drawn. The power returns by itself at 14:05. | "
            "Unplug something large, such as a heater or a kettle: at most 3.0 kW are allowed at a time.",
            None,
            "同时用电过大 | 已断电：用电功率过大。14:05 自动恢复供电。 | "
            "请拔掉大功率电器，如电暖器、电水壶：同时用电最多 3.0 kW。",
        ),
        (
            Facts(at=NOON, zone="Europe/Berlin", closed=True, room=NANO, silent_since=NOON - HOUR),
            "The meter does not answer | The meter has not answered since 13:00. Last known: The power is on. | Look at the "
            "fuses in your flat, also at the switch with the test button. Switch on what is down.",
            "Der Zähler antwortet nicht | Der Zähler antwortet seit 13:00 nicht. Zuletzt bekannt: Der Strom ist an. | Sehen "
            "Sie nach den Sicherungen in Ihrer Wohnung, auch nach dem Schalter mit der Prüftaste. Schalten Sie ein, was "
            "unten ist.",
            "电表没有应答 | 电表自 13:00 起没有应答。最后已知：供电正常。 | "
            "请查看房间内的空气开关和带测试按钮的漏电开关，跳下来的请推上去。",
        ),
        (
            Facts(at=NOON, closed=True, progress=SwitchProgress.WAITS_FOR_BUTTON),
            "Press the button | Press the button at the meter: the power is back at once. | Press the button at the meter: "
            "the power is back at once.",
            None,
            "请按按钮 | 请按下电表上的按钮，马上来电。 | 请按下电表上的按钮，马上来电。",
        ),
    ],
    ids=["used up", "ordered off", "overload", "silent", "button"],
)
def test_the_same_words_on_the_servers_pages_and_in_the_building(facts, english, german, chinese):
    for (language, in_building), wanted in zip(LANGUAGES, (english, german, chinese), strict=True):
        server, building = in_words(facts, language, in_building)
        assert wanted is None or " | ".join(server) == wanted
        # A decimal has another sign in German.
        assert [each.replace(",", ".") for each in server] == [each.replace(",", ".") for each in building]


def test_what_is_paid_and_its_code_are_said_with_the_amount_as_the_language_writes_it():
    facts = Facts(
        **OFF, paid=5 * NANO, paid_at=NOON - HOUR, code="1234 5678", is_offline=True, site="http://10.0.0.2", room=0
    )
    why = why_dark(facts)
    with translation.override("de"):
        assert say(why.text).endswith("5,00\N{NO-BREAK SPACE}€ sind bezahlt und seit 13:00 auf dem Weg zum Zähler.")
        assert say(why.steps[0].text) == (
            "Geben Sie diesen Code am Zähler ein oder auf der Seite im Gebäude (http://10.0.0.2): 1234 5678"
        )
    with translation.override("zh-hans"):
        assert say(why.steps[0].text) == "请在电表或楼内页面（http://10.0.0.2）输入此充值码：1234 5678"
