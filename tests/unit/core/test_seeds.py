"""Named seeds are fixed numbers: a change of any of them would change every published result."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from distillab.core.seeds import derive

names = st.lists(
    st.one_of(
        st.text(alphabet=st.characters(exclude_categories=["Cs"], exclude_characters="\x1f"), max_size=8), st.integers()
    ),
    max_size=4,
)


def test_the_numbers_are_these_forever():
    assert derive(0) == 4761921975702974394
    assert derive(0, "teacher", "init") == 2141713407248267773
    assert derive(1, "teacher", 3) == 1456156515451997295


@given(st.integers(0, 2**40), names)
def test_a_seed_has_63_bits(root, parts):
    assert 0 <= derive(root, *parts) < 2**63


def test_names_do_not_run_into_each_other():
    streams = [
        (0, "ab", "c"),
        (0, "a", "bc"),
        (0, "abc"),
        (0, "a", "b", "c"),
        (0, "c", "ab"),
        (1, "ab", "c"),
        (0,),
        (0, ""),
    ]
    assert len({derive(*stream) for stream in streams}) == len(streams)


def test_numbers_in_a_row_are_unrelated():
    seeds = [derive(0, "order", epoch) for epoch in range(1000)]
    assert len(set(seeds)) == 1000
    assert all(16 < (a ^ b).bit_count() < 48 for a, b in pairwise(seeds))
