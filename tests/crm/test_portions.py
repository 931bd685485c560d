"""Portions lose nothing, keep the order and hold their limits."""

from hypothesis import given
from hypothesis import strategies as st

from apps.crm.portions import portions


@given(st.lists(st.integers(0, 50), max_size=60), st.integers(1, 10), st.integers(1, 60))
def test_portions(sizes: list[int], most: int, largest: int) -> None:
    made = list(portions(sizes, most=most, size_of=int, largest=largest))

    assert [size for portion in made for size in portion] == sizes
    assert all(0 < len(portion) <= most for portion in made)
    assert all(sum(portion) <= largest or len(portion) == 1 for portion in made)
