"""Ids: UUIDv7 as RFC 9562 lays it out, in an order that a clock cannot break."""

from uuid import RFC_4122, UUID

from hypothesis import given
from hypothesis import strategies as st

from consent_service.core.clock import epoch_milliseconds
from consent_service.core.ids import Ids
from tests.support.clock import FakeClock

TEN_BYTES = st.binary(min_size=10, max_size=10)


def fixed(data: bytes) -> Ids:
    return Ids(FakeClock(), lambda size: data[:size])


@given(TEN_BYTES)
def test_an_id_is_a_uuid_of_version_7(random: bytes) -> None:
    made = UUID(fixed(random).uuid7())
    assert made.version == 7
    assert made.variant == RFC_4122


@given(TEN_BYTES)
def test_the_first_48_bits_are_the_time_in_milliseconds(random: bytes) -> None:
    made = UUID(fixed(random).uuid7())
    assert made.int >> 80 == epoch_milliseconds(FakeClock().now())


def test_the_other_74_bits_are_all_random() -> None:
    none, every = (UUID(fixed(bytes([byte]) * 10).uuid7()).int for byte in (0x00, 0xFF))
    assert (none ^ every).bit_count() == 74


def test_an_id_is_written_with_hyphens_in_lower_case() -> None:
    made = fixed(b"\xab" * 10).uuid7()
    assert made == str(UUID(made))


def test_later_ids_sort_behind_earlier_ones() -> None:
    clock = FakeClock()
    ids = Ids(clock)
    made = []
    for _ in range(50):
        made.append(ids.uuid7())
        clock.move(milliseconds=1)
    assert made == sorted(made)


@given(st.integers(min_value=-100_000, max_value=100_000), TEN_BYTES, TEN_BYTES)
def test_an_id_sorts_behind_another_even_if_the_clock_went_back(
    moved: int, first: bytes, second: bytes
) -> None:
    clock = FakeClock()
    before = Ids(clock, lambda size: first[:size]).uuid7()
    clock.move(milliseconds=moved)
    behind = Ids(clock, lambda size: second[:size]).uuid7(after=before)
    assert behind > before
    assert UUID(behind).version == 7


def test_an_id_keeps_the_true_time_where_that_is_late_enough() -> None:
    clock = FakeClock()
    before = Ids(clock).uuid7()
    clock.move(seconds=5)
    assert UUID(Ids(clock).uuid7(after=before)).int >> 80 == epoch_milliseconds(clock.now())


def test_ids_of_the_same_millisecond_differ() -> None:
    ids = Ids(FakeClock())
    assert len({ids.uuid7() for _ in range(1000)}) == 1000
