"""Which addresses count as one, and buckets."""

import pytest

from rendezvous.bucket import Bucket
from rendezvous.limits import Limits, Rate, same_client


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("127.0.0.1", None),
        ("::1", None),
        ("::ffff:127.0.0.1", None),
    ],
)
def test_limits_count_an_ipv4_address_or_an_ipv6_64(host: str, name: str | None) -> None:
    assert same_client(host) == name


def test_a_bucket_gives_its_burst_then_its_rate() -> None:
    bucket = Bucket(Rate(burst=2, per_second=0.5), now=10.0)
    assert bucket.full(10.0)
    assert [bucket.draw(10.0) for _ in range(3)] == [True, True, False]
    assert not bucket.draw(11.9)
    assert bucket.draw(12.0)
    assert not bucket.draw(12.0)
    assert not bucket.full(15.9)
    assert bucket.full(16.0)


def test_a_bucket_never_holds_more_than_its_burst() -> None:
    bucket = Bucket(Rate(burst=2, per_second=100.0), now=0.0)
    assert [bucket.draw(1e6) for _ in range(3)] == [True, True, False]


def test_one_client_stays_within_what_one_connection_may_say() -> None:
    limits = Limits()
    one_node = limits.takes_per_address.per_second + limits.passes_per_address.per_second
    assert one_node <= limits.messages_per_connection.per_second
    assert limits.seats_per_connection <= limits.seats_per_address <= limits.seats
    assert limits.topics <= limits.seats
