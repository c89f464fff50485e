"""Staff grants that were taken back: the list of them reaches the gateway, is kept, and shuts a phone out at once."""

import asyncio

import pytest

from prewatt.edge.agent_thread import AgentThread
from prewatt.edge.effects import Keep, Refuse, SendStatus
from prewatt.edge.revocations import RevokedGrants
from prewatt.kernel.orders import Close
from prewatt.kernel.units import DAY, HOUR, MINUTE
from prewatt.wire.messages import Revoked
from prewatt.wire.on_site import Act, Answer, AskStatus, OnSiteError, Revocations, encode, sign_revocations
from prewatt.wire.signing import SigningKey, VerifyKey, seal
from tests.edge.running import SERVER, agent
from tests.edge.test_bluetooth import PHONE, granted, visited
from tests.edge.test_staff import NOW, Visitor
from tests.edge.test_staff import SERVER as STAFF_SERVER


def signed(*grants, number=1, key=SERVER, property_id=3, made_at=NOW):
    return sign_revocations(key, Revocations(property_id, number, made_at, grants))


def here(kept=b"", server=SERVER, property_id=3):
    return RevokedGrants(VerifyKey(server.public()), property_id, kept)


def test_a_newer_list_replaces_an_older_one_and_never_the_other_way_round():
    revoked = here()
    assert revoked.number == 0 and "g" not in revoked
    assert revoked.take(signed("g", number=5))
    assert revoked.take(signed(number=4)) == b"" and revoked.take(signed(number=5)) == b""
    assert revoked.number == 5 and "g" in revoked
    assert revoked.take(signed("h", number=6))
    assert "g" not in revoked and "h" in revoked


@pytest.mark.parametrize("wrong", [{"key": SigningKey.generate()}, {"property_id": 4}])
def test_a_list_of_somebody_else_is_refused_and_changes_nothing(wrong):
    revoked = here()
    revoked.take(signed("g"))
    with pytest.raises(OnSiteError):
        revoked.take(signed(number=9, **wrong))
    assert revoked.number == 1 and "g" in revoked


def test_what_is_kept_is_believed_after_a_start_only_if_it_is_still_of_this_server_and_property():
    kept = here().take(signed("g", number=7))
    assert here(kept).number == 7 and "g" in here(kept)
    strange = [here(kept, server=SigningKey.generate()), here(kept, property_id=4), here(kept[:-1]), here(b"\x91" * 9)]
    assert [each.number for each in strange] == [0] * 4
    assert strange[1].take(signed("h", property_id=4)), "and takes up its own, whatever number the other's had"


def revoke(visitor, *grants, **more):
    visitor.here.list.take(signed(*grants, key=STAFF_SERVER, **more))


def test_a_revoked_grant_opens_nothing_and_says_why_in_the_language_of_the_phone():
    visitor = Visitor()
    revoke(visitor, "grant-1")
    for language, said in (("en", "This grant is revoked: ask"), ("de-AT", "widerrufen"), ("zh-Hans", "已被撤销")):
        visitor.say(encode(AskStatus(bytes(32), language)))
        answer = visitor.say(visitor.sent[0])
        assert isinstance(answer, Answer) and not answer.done and said in answer.text


def test_a_grant_that_is_revoked_in_the_session_does_nothing_more():
    visitor = Visitor()
    assert visitor.ask(Act("m1", Close())).done
    revoke(visitor, "another")
    assert visitor.ask(Act("m1", Close())).done
    revoke(visitor, "grant-1", number=2)
    assert "revoked" in visitor.ask(Act("m1", Close())).text
    assert len(visitor.here.done) == 2


def test_a_list_tells_the_time_so_that_a_grant_which_has_left_it_at_its_end_does_not_revive_by_a_clock_set_back():
    visitor = Visitor()
    revoke(visitor, made_at=NOW + DAY)
    assert visitor.here.now() < NOW + DAY
    assert "expired" in visitor.ask(Act("m1", Close())).text
    assert "expired" in visitor.say(visitor.sent[0]).text


def test_a_phone_brings_the_list_to_a_gateway_that_no_network_reaches_and_it_outlasts_a_start(tmp_path):
    async def story(shell, site):
        revoked = signed("grant-1", made_at=shell.moment().now - MINUTE)
        async with visited(site, shell.key) as lost, visited(site, shell.key) as other:
            await lost.open_session(PHONE, granted(shell))
            assert (await lost._ask(signed("grant-1", key=PHONE))).done is False
            assert (await other._ask(revoked)).done
            assert "revoked" in (await lost.instruct(Act("m1", Close()))).text
            with pytest.raises(OnSiteError, match="revoked"):
                await lost.open_session(PHONE, granted(shell))
            await other.open_session(PHONE, granted(shell, grant="grant-2"))

    with agent(tmp_path) as (shell, site):
        asyncio.run(story(shell, site))
    with agent(tmp_path, ordered=False) as (shell, site):
        assert site.revoked("grant-1") == (True, shell.agent.revoked.made_at) and site.revoked("grant-2")[0] is False


def test_a_list_for_which_the_disk_has_no_room_is_refused_so_that_it_is_brought_again(tmp_path):
    async def story(shell, site):
        revoked = signed("grant-1", made_at=shell.moment().now - MINUTE)
        async with visited(site, shell.key) as phone:
            shell.journal.full = True
            answer = await phone._ask(revoked)
            assert not answer.done and "disk is full" in answer.text and shell.agent.revoked.number == 0
            shell.journal.full = False
            assert (await phone._ask(revoked)).done and shell.agent.revoked.number == 1

    with agent(tmp_path) as (shell, site):
        asyncio.run(story(shell, site))


def test_the_list_of_the_network_is_kept_before_the_server_is_told_and_told_again_on_each_new_connection(tmp_path):
    def told(effects):
        return [each.status.revocations for each in effects if isinstance(each, SendStatus)]

    with agent(tmp_path) as (shell, _site):

        def story():
            say = shell.agent.on_frame
            fresh = shell.agent.on_connected(shell.moment())
            wrong = say(shell.moment(), seal(SERVER, Revoked("g1", *parts(signed("g", property_id=4)))))
            effects = say(shell.moment(), seal(SERVER, Revoked("g1", *parts(signed("g", number=8)))))
            older = say(shell.moment(), seal(SERVER, Revoked("g1", *parts(signed(number=7)))))
            return fresh, wrong, effects, older, shell.agent.on_connected(shell.moment())

        fresh, wrong, effects, older, again = AgentThread(shell.inbox).ask(story)
    assert told(fresh) == [0] and told(again) == [8]
    assert isinstance(wrong[0], Refuse) and "another property" in wrong[0].text
    assert isinstance(effects[0], Keep) and told(effects[1:]) == [8]
    assert not any(isinstance(each, Keep) for each in older) and told(older) == [8]


def parts(revoked):
    return revoked.body, revoked.signature


def test_a_grant_holds_for_as_long_as_nobody_takes_it_back(tmp_path):
    async def story(shell, site):
        async with visited(site, shell.key) as visit:
            await visit.open_session(PHONE, granted(shell, ends=shell.moment().now + HOUR))

    with agent(tmp_path) as (shell, site):
        site.take_revocations(signed("another", made_at=shell.moment().now))
        asyncio.run(story(shell, site))
