import pytest

from prewatt.wire.topics import SHARDS, check_gateway, down, gateway_of, parse_shards, shard, up, worker_filters


def test_the_shard_is_stable():
    # Changing it would move every gateway to another topic: these are for good.
    assert (shard("g1"), shard("gateway-1")) == (54, 7)


def test_shards_share_the_load():
    counts = [0] * SHARDS
    for number in range(6400):
        counts[shard(f"gateway-{number}")] += 1
    assert min(counts) > 50
    assert max(counts) < 150


def test_a_topic_names_its_gateway():
    assert gateway_of(up("g1")) == "g1"
    assert gateway_of(down("g1")) is None


@pytest.mark.parametrize(
    "topic",
    ["", "pw/1/0/g1/up", "pw/2/54/g1/up", "pw/1/54/G1/up", "pw/1/54/g1/up/x", "pw/1/54/../up", "pw/1/999/g1/up"],
)
def test_a_topic_that_is_not_a_gateways_is_nobodys(topic):
    assert gateway_of(topic) is None


@pytest.mark.parametrize("name", ["", "G1", "a/b", "-a", "a" * 33, "a.b", "a+", "a#"])
def test_a_name_that_cannot_stand_in_a_topic(name):
    with pytest.raises(ValueError, match="gateway name"):
        check_gateway(name)


def test_workers_divide_the_shards():
    assert worker_filters(range(SHARDS)) == ["pw/1/+/+/up"]
    assert worker_filters(parse_shards("7")) == ["pw/1/7/+/up"]
    assert len(worker_filters(parse_shards("0-31"))) == 32


@pytest.mark.parametrize("text", ["", "64", "5-4", "0-64", "a-b", "-1"])
def test_spans_that_cannot_be(text):
    with pytest.raises(ValueError, match="shards"):
        parse_shards(text)
