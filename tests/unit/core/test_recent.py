import pytest

from distillab.core.recent import Recent


@pytest.fixture
def made():
    """What was made, in order."""
    return []


@pytest.fixture
def ask(made):
    """The value of a key, whose size is the key's number of letters, in a cache of ten bytes."""
    recent = Recent(10)

    def of(key):
        value = recent.get(key, lambda: made.append(key) or key.upper(), len)
        assert value == key.upper()
        return recent.bytes

    return of


def test_a_value_that_is_held_is_not_made_again(ask, made):
    assert [ask("four"), ask("two"), ask("four")] == [4, 7, 7]
    assert made == ["four", "two"]


def test_the_value_that_was_not_asked_for_longest_makes_room(ask, made):
    ask("four")
    ask("five!")
    ask("four")
    assert ask("two") == 7, "five! went: 4 + 3 bytes"
    assert ask("four") == 7
    assert ask("five!") == 9, "two went: 4 + 5 bytes"
    assert made == ["four", "five!", "two", "five!"]


def test_ten_bytes_are_not_too_many(ask, made):
    assert ask("six666") + ask("four") + ask("six666") == 6 + 10 + 10
    assert made == ["six666", "four"]


def test_one_value_is_held_whatever_its_size(ask, made):
    ask("two")
    assert ask("twelve bytes") == ask("twelve bytes") == 12
    assert ask("two") == 3
    assert made == ["two", "twelve bytes", "two"]


def test_a_value_may_be_nothing(made):
    recent = Recent(10)
    assert [recent.get("x", lambda: made.append(1), lambda _: 0) for _ in range(2)] == [None, None]
    assert len(made) == 1


def test_what_is_forgotten_takes_no_room_and_is_made_again(made):
    recent = Recent(10)
    for key in ("four", "four", "none"):
        recent.get("four", lambda: made.append(1) or "four", len)
        recent.forget(key)
        recent.forget(key)
    assert (made, recent.bytes) == ([1, 1, 1], 4)
