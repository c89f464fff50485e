"""A real GATT exchange, over bumble's virtual controllers, with a real agent behind it that has no network at all."""

import asyncio
import os
from contextlib import AsyncExitStack, asynccontextmanager

import pytest
from bumble.controller import Controller
from bumble.device import Device
from bumble.hci import Address
from bumble.host import Host
from bumble.link import LocalLink
from bumble.transport.common import AsyncPipeSink

from prewatt.cli.onsite import state_of
from prewatt.cli.visit import visit_with
from prewatt.edge import bluetooth
from prewatt.edge.bluetooth import Peripheral
from prewatt.kernel.entries import OnSite
from prewatt.kernel.orders import Close, Open, Restore
from prewatt.kernel.units import DAY, HOUR, NANO
from prewatt.tokens import BaseDate, CurrencyCredit, cipher, encode, tid_at
from prewatt.wire.bluetooth import address_bytes
from prewatt.wire.on_site import Act, GatewayKey, Grant, OnSiteError, ReadHead, SetClock, SiteMeter, sign_grant
from prewatt.wire.signing import SigningKey, VerifyKey
from tests.edge.running import KEY, SERVER, VENDING, agent, journal

PHONE = SigningKey.generate()


def bumble_device(name, link):
    host = Host()
    host.controller = Controller(name, host_source=host, link=link)
    host.controller.host = AsyncPipeSink(host)
    host.set_packet_sink(AsyncPipeSink(host.controller))
    address = Address(address_bytes(name), Address.RANDOM_DEVICE_ADDRESS)
    return Device(name, address=address, host=host)


@asynccontextmanager
async def visited(site, key):
    """A phone at the gateway, over the air."""
    link = LocalLink()
    gateway, phone = bumble_device("g1", link), bumble_device("phone", link)
    await Peripheral(gateway, site, key, VerifyKey(SERVER.public()), 3, "Linden 5").start()
    await phone.power_on()
    async with visit_with(phone, "g1") as visit:
        yield visit


def granted(shell, **changes):
    now = shell.moment().now
    fields = {
        "grant": "grant-1",
        "property": 3,
        "holder": "Sam",
        "key": PHONE.public(),
        "actions": ("restore", "open", "close", "read-head", "set-clock"),
        "begins": now - HOUR,
        "ends": now + DAY,
        "most_amount": 5 * NANO,
        "longest": 12 * HOUR,
        "issued": 0,
        "gateways": (GatewayKey("g1", shell.key.public()),),
    }
    return sign_grant(SERVER, Grant(**{**fields, **changes}))


def test_power_is_restored_over_the_air_with_no_network_and_journalled_with_who_did_it(tmp_path):
    async def story(shell, site):
        async with visited(site, shell.key) as visit:
            assert (visit.gateway, visit.property) == ("g1", "Linden 5")
            status = await visit.status(VerifyKey(shell.key.public()))
            assert [(each.meter, each.unit, each.closed, each.switch) for each in status.meters] == [
                ("m1", "Flat 1", False, "verified")
            ]
            assert not status.online
            await visit.open_session(PHONE, granted(shell))
            answer = await visit.instruct(
                Act("m1", Restore(amount=NANO, until=shell.moment().now + HOUR), "child is ill")
            )
            assert answer.done, answer.text
            assert shell.devices._drivers["m1"].read_switch() is True
            assert (await visit.instruct(Act("m1", Open()))).done
            assert shell.devices._drivers["m1"].read_switch() is False
            assert (await visit.instruct(Act("m1", Close()))).done
            head = await visit.instruct(ReadHead("m1"))
            assert head.head == shell.agent.meters["m1"].head.hex()

    with agent(tmp_path) as (shell, site):
        asyncio.run(story(shell, site))
        done = [each for each in journal(shell) if isinstance(each, OnSite)]
        assert [(each.by, each.grant) for each in done] == [("Sam", "grant-1")] * 3
        assert done[0].reason == "child is ill"


def test_a_code_is_typed_over_the_air_without_a_grant(tmp_path):
    async def story(shell, site):
        code = encode(
            CurrencyCredit(tid_at(BaseDate.D2014, shell.moment().now), 2_000_000),
            cipher(KEY.algorithm, KEY.decoder_key(VENDING)),
        )
        async with visited(site, shell.key) as visit:
            assert "digit" in (await visit.submit_code("m1", "1" * 20)).text
            assert "no such meter" in (await visit.submit_code("m9", code)).text
            assert "20.00 EUR" in (await visit.submit_code("m1", code)).text
            assert "used already" in (await visit.submit_code("m1", code)).text
        assert shell.agent.meters["m1"].account.balance == 20 * NANO

    with agent(tmp_path) as (shell, site):
        asyncio.run(story(shell, site))


def test_an_answer_that_is_none_to_a_code_is_told_as_that(tmp_path, monkeypatch):
    async def story(shell, site):
        async with visited(site, shell.key) as visit:
            session = await visit._ask(granted(shell))

            async def other(_message):
                return session

            monkeypatch.setattr(visit, "_ask", other)
            with pytest.raises(OnSiteError, match="did not say whether it accepted the code"):
                await visit.submit_code("m1", "1" * 20)

    with agent(tmp_path) as (shell, site):
        asyncio.run(story(shell, site))


def test_a_stranger_who_guesses_over_the_air_keeps_the_code_of_nobody_out(tmp_path):
    waited = []

    async def at_once(seconds):
        waited.append(seconds)

    async def story(shell, site):
        code = encode(
            CurrencyCredit(tid_at(BaseDate.D2014, shell.moment().now), 2_000_000),
            cipher(KEY.algorithm, KEY.decoder_key(VENDING)),
        )
        link = LocalLink()
        gateway, first, second = (bumble_device(name, link) for name in ("g1", "first", "second"))
        await Peripheral(gateway, site, shell.key, VerifyKey(SERVER.public()), 3, "Linden 5", at_once).start()
        await first.power_on()
        await second.power_on()
        async with visit_with(first, "g1") as stranger, visit_with(second, "g1") as tenant:
            told = [(await stranger.submit_code("m1", "1" * 19 + f"{each}")).text for each in range(10)]
            assert "20.00 EUR" in (await tenant.submit_code("m1", code)).text, told
        assert waited and 0 < waited[-1] <= 2 < max(waited)
        assert shell.agent.meters["m1"].account.balance == 20 * NANO

    with agent(tmp_path) as (shell, site):
        asyncio.run(story(shell, site))


def test_what_was_recorded_on_the_air_is_refused(tmp_path):
    async def story(shell, site):
        sent = []
        async with visited(site, shell.key) as visit:
            send = visit.send

            async def recording(message):
                sent.append(message)
                return await send(message)

            visit.send = recording
            await visit.open_session(PHONE, granted(shell))
            assert (await visit.instruct(Act("m1", Restore(amount=NANO)))).done
            assert "sent before" in (await send(sent[1])).text
        async with visited(site, shell.key) as thief:
            await thief.send(sent[0])
            answer = await thief.send(sent[1])
            assert not answer.done and "not signed for this session" in answer.text

    with agent(tmp_path) as (shell, site):
        asyncio.run(story(shell, site))
        assert len([each for each in journal(shell) if isinstance(each, OnSite)]) == 1


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"ends": 1}, "expired"),
        ({"property": 4}, "another property"),
        ({"begins": 7 * 10**15, "ends": 7 * 10**15 + 1}, "not valid yet"),
    ],
)
def test_grants_that_do_not_hold_are_refused_over_the_air(tmp_path, changes, said):
    async def story(shell, site):
        async with visited(site, shell.key) as visit:
            with pytest.raises(OnSiteError, match=said):
                await visit.open_session(PHONE, granted(shell, **changes))

    with agent(tmp_path) as (shell, site):
        asyncio.run(story(shell, site))


def test_the_clock_is_set_forward_but_never_back_behind_the_journal(tmp_path):
    async def story(shell, site):
        async with visited(site, shell.key) as visit:
            grant = granted(shell)
            await visit.open_session(PHONE, grant)
            now = shell.moment().now
            assert (await visit.instruct(SetClock(now + 2 * HOUR))).done
            assert shell.moment().now >= now + 2 * HOUR
            back = await visit.instruct(SetClock(now - 30 * DAY))
            assert not back.done and "before the journal" in back.text
            # An expired grant does not come to life again by a clock that stands before the journal.
            shell._clock.correction -= 300 * DAY
            with pytest.raises(OnSiteError, match="expired"):
                await visit.open_session(PHONE, granted(shell, begins=0, ends=now + HOUR))

    with agent(tmp_path) as (shell, site):
        asyncio.run(story(shell, site))
        assert any(getattr(each, "code", "") == "clock-set" and "Sam" in each.detail for each in journal(shell))


def test_nonsense_over_the_air_is_answered_and_the_service_goes_on(tmp_path):
    async def story(shell, site):
        async with visited(site, shell.key) as visit:
            for length in (0, 1, 50, 300):
                answer = await visit.send(os.urandom(length))
                assert not answer.done
            assert (await visit.status()).gateway == "g1"

    with agent(tmp_path) as (shell, site):
        asyncio.run(story(shell, site))


def test_many_phones_that_stay_keep_nobody_out_and_staff_in(tmp_path):
    async def story(shell, site):
        link = LocalLink()
        gateway, *phones = (bumble_device(name, link) for name in ("g1", "staff", "a", "b", "c", "tenant"))
        await Peripheral(gateway, site, shell.key, VerifyKey(SERVER.public()), 3, "Linden 5").start()
        for phone in phones:
            await phone.power_on()
        async with AsyncExitStack() as stay:
            staff, oldest, *_others = [await stay.enter_async_context(visit_with(each, "g1")) for each in phones[:4]]
            await staff.open_session(PHONE, granted(shell))
            gone = asyncio.Event()
            oldest._peer.connection.on("disconnection", lambda _reason: gone.set())
            async with visit_with(phones[4], "g1") as tenant:
                assert (await tenant.status()).gateway == "g1"
                await asyncio.wait_for(gone.wait(), 20)
                assert (await staff.instruct(ReadHead("m1"))).done

    with agent(tmp_path) as (shell, site):
        asyncio.run(story(shell, site))


def test_a_visitor_who_stays_keeps_nobody_out_and_a_silent_one_is_seen_off(tmp_path, monkeypatch):
    async def story(shell, site):
        link = LocalLink()
        gateway, first, second = (bumble_device(name, link) for name in ("g1", "first", "second"))
        await Peripheral(gateway, site, shell.key, VerifyKey(SERVER.public()), 3, "Linden 5").start()
        await first.power_on()
        await second.power_on()
        async with visit_with(first, "g1") as stays:
            async with visit_with(second, "g1") as other:
                assert (await other.status()).gateway == (await stays.status()).gateway == "g1"
            gone = asyncio.Event()
            stays._peer.connection.on("disconnection", lambda _reason: gone.set())
            monkeypatch.setattr(bluetooth, "IDLE", 0.5)
            # Its watch sleeps for what was left of the old patience: another visit's is the new one.
            async with visit_with(second, "g1") as quiet:
                left = asyncio.Event()
                quiet._peer.connection.on("disconnection", lambda _reason: left.set())
                await asyncio.wait_for(left.wait(), 20)
            assert not gone.is_set()

    with agent(tmp_path) as (shell, site):
        asyncio.run(story(shell, site))


@pytest.mark.parametrize(
    ("closed", "switch", "shown"),
    [
        (None, "", "?"),
        (True, "", "on"),
        (True, "verified", "on"),
        (True, "confirmed", "told to switch on"),
        (True, "waits-for-button", "PRESS BUTTON"),
        (True, "failed", "NOT ON"),
        (False, "verified", "OFF"),
        (False, "failed", "NOT OFF"),
    ],
)
def test_a_phone_shows_that_the_supply_is_on_only_when_that_was_seen(closed, switch, shown):
    assert state_of(SiteMeter("m1", "Flat 1", 7, 0, closed, switch)) == shown
