"""Which addresses count as one, and buckets."""

import pytest

from rendezvous.bucket import Bucket
from rendezvous.limits import Limits, Rate, culprit, groups


@pytest.mark.parametrize(
    ("host", "names"),
    [
        ("192.0.2.7", ["192.0.2.7", "192.0.2.0/24"]),
        ("::ffff:192.0.2.7", ["192.0.2.7", "192.0.2.0/24"]),
        ("2001:db8:1:2345:3:4:5:6", ["2001:db8:1:2345::/64", "2001:db8:1:2300::/56", "2001:db8:1::/48"]),
        ("fe80::1%eth0", ["fe80::/64", "fe80::/56", "fe80::/48"]),
        ("127.0.0.1", []),
        ("::1", []),
        ("::ffff:127.0.0.1", []),
    ],
)
def test_limits_count_an_address_and_the_networks_around_it(host: str, names: list[str]) -> None:
    assert [group.name for group in groups(host, Limits())] == names


def test_a_network_is_worth_some_addresses_and_answers_for_its_addresses() -> None:
    four, six = groups("192.0.2.7", Limits()), groups("2001:db8::1", Limits())
    assert [group.worth for group in four] == [1, 8]
    assert [group.worth for group in six] == [1, 2, 8]
    assert (culprit(four), culprit(six), culprit(())) == ("192.0.2.0/24", "2001:db8::/48", None)


def test_a_bucket_gives_its_burst_then_its_rate() -> None:
    bucket = Bucket(Rate(burst=2, per_second=0.5), now=10.0)
    assert bucket.is_full(10.0)
    assert [bucket.take_token(10.0) for _ in range(3)] == [True, True, False]
    assert not bucket.take_token(11.9)
    assert bucket.take_token(12.0)
    assert not bucket.take_token(12.0)
    assert not bucket.is_full(15.9)
    assert bucket.is_full(16.0)


def test_a_bucket_never_holds_more_than_its_burst() -> None:
    bucket = Bucket(Rate(burst=2, per_second=100.0), now=0.0)
    assert [bucket.take_token(1e6) for _ in range(3)] == [True, True, False]


def test_one_client_stays_within_what_one_connection_may_say() -> None:
    limits = Limits()
    one_node = limits.takes_per_address.per_second + limits.passes_per_address.per_second
    assert one_node <= limits.messages_per_connection.per_second
    assert limits.seats_per_connection <= limits.seats_per_address <= limits.seats
    assert limits.topics <= limits.seats
