"""What others wrote is shown in one line, short, and harmless to a terminal."""

import pytest

from distillab.core.errors import SpecError
from distillab.core.shown import LONGEST_LINE, LONGEST_VALUE, printable, shortened, shown, without_queries


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("plain Büßer 中", "plain Büßer 中"), ("a\n\tb  c", "a b c"), ("\x1b[31mred", "\\x1b[31mred"),
        ("\x9b1m", "\\x9b1m"),
        ("a\u202eb", "a\\u202eb"), ("a\x00b\x07", "a\\x00b\\x07"), ("\ud800", "\\ud800"), ("\U000e0001", "\\U000e0001"),
    ],
)  # fmt: skip
def test_hidden_characters_are_escaped(text, line):
    assert printable(text) == line


def test_long_texts_lose_their_middle():
    assert shortened("x" * 900) == "x" * 900
    assert shortened("a" * 500 + "b" * 500) == "a" * 448 + "..." + "b" * 448
    assert shortened("abcdefghij", 9) == "abc...hij"


@pytest.mark.parametrize("value", ["x" * 10**6, list(range(10**5)), 10**4000, {"k" * 99: [[["deep"] * 99] * 99] * 99}])
def test_large_values_are_short(value):
    assert len(shown(value)) <= LONGEST_VALUE


def test_small_values_are_as_in_python():
    for value in (5, 0.1, "it's", [1, "a"], {"a": 1}, None, True, (1, 2)):
        assert shown(value) == repr(value)


def test_no_error_can_write_on_a_terminal():
    error = SpecError("no class \x1b[2J", where="a\x07", got="\u202e" * 2000, do="\r\nx")
    assert str(error).isprintable()
    assert len(str(error)) < 2 * LONGEST_LINE


def test_what_follows_an_address_is_not_shown_and_still_tells_models_apart():
    def models(url):
        return {"models": [{"endpoint": {"url": url, "version": "what?"}}], "urls": 3}

    plain = models("https://example.org/predict")
    assert without_queries(plain) == plain
    one, other = (without_queries(models(f"https://example.org/predict?model={name}")) for name in ("mine", "yours"))
    assert one != other
    address = one["models"][0]["endpoint"]["url"]
    assert address.startswith("https://example.org/predict?")
    assert "mine" not in address
    assert without_queries({"url": None}) == {"url": None}
