"""What a params file may hold, and the one line about everything else."""

import time

import pytest

from distillab.core.errors import SpecError
from distillab.params.strict_yaml import DEEPEST, LARGEST, MOST, parse


def refusal(content):
    with pytest.raises(SpecError) as error:
        parse(content if isinstance(content, bytes) else content.encode(), "x.yaml")
    assert len(str(error.value)) < 1000
    assert str(error.value).isprintable()
    return str(error.value)


def read(text):
    return parse(text.encode(), "x.yaml")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("yes", "yes"), ("no", "no"), ("on", "on"), ("true", True), ("FALSE", False), ("~", None), ("Null", None),
        ("tRUE", "tRUE"), ("12", 12), ("-3", -3), ("010", 10), ("0x1F", 31), ("0o17", 15), ("1:30", "1:30"),
        ("1e-3", 0.001), ("+.5", 0.5), ("5.", 5.0), (".inf", float("inf")),
        ("-.INF", float("-inf")), ("8/255", "8/255"),
        ("'12'", "12"), ('"true"', "true"), ("2020-01-01", "2020-01-01"), ("1" * 61, "1" * 61), ("Büßer", "Büßer"),
        ("[1, [], {}]", [1, [], {}]), ("", None), ("---\na: 1\n...\n", {"a": 1}), ("a: >\n  b\n  c\n", {"a": "b c"}),
        ("\ufeffa: 1", {"a": 1}), ("? a\n: 1", {"a": 1}), ("a:", {"a": None}),
    ],
)  # fmt: skip
def test_plain_values_are_those_of_yamls_core_schema(text, value):
    assert read(text) == value
    assert type(read(text)) is type(value)


def test_not_a_number():
    assert read(".nan") != read(".nan")


def test_aliases_and_merged_keys_are_written_out():
    text = "a: &a {x: 1, y: 2}\nb: *a\nc: {<<: *a, y: 3}\nd: {y: 4, <<: [{x: 5}, *a]}\n"
    assert read(text) == {"a": {"x": 1, "y": 2}, "b": {"x": 1, "y": 2}, "c": {"x": 1, "y": 3}, "d": {"x": 5, "y": 4}}


BOMB = "a0: &a0 [x, x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]\n" for n in range(1, 30))


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("a: 1\nb:\n  c: 1\n  d: 2\n  'c': 3\n", "line 5: a key given twice; got 'c', first in line 3; keep one"),
        ("a: 1\n# größer\n".encode("latin-1"), "line 2: not UTF-8; got the byte 0xf6; save the file as UTF-8"),
        ("a: 1".encode("utf-16"), "line 1: not UTF-8"),
        (b"a: \x00", "line 1: not YAML: special characters are not allowed"),
        ("a: 1\nb: \x1b[31mred", "line 2: not YAML: special characters are not allowed"),
        ('a: "\\e[31mred"', "line 1: a text with a character that cannot be seen; got '\\x1b[31mred'; take it out"),
        ('a: "x\\ny"', "line 1: a text with a character that cannot be seen"),
        ('"\\ud800": 1', "line 1: a text with a character that cannot be seen"),
        ('a: "\\UFFFFFFFF"', "line 1: not YAML: "),
        ("a: \u202eb", "line 1: a text with a character that cannot be seen; got '\\u202eb'"),
        ("true: 1", "line 1: a key that is no text; got True; name it, or put it in quotes"),
        ("a:\n  1: 2", "line 2: a key that is no text; got 1"),
        ("? [a]\n: 2", "line 1: a key that is no text; got ['a']"),
        ("a: !!python/object/apply:os.system ['id']", "line 1: a tag; got 'tag:yaml.org,2002:python/object/apply:os.s"),
        ("a: !!str 1", "line 1: a tag; got 'tag:yaml.org,2002:str'; write the value without it"),
        ("a: !own 1", "line 1: a tag; got '!own'"),
        ("a: *b", "line 1: an alias of nothing that is finished before it; got '*b'"),
        ("a: &a [*a]", "line 1: an alias of nothing that is finished before it; got '*a'"),
        ("<<: 5", "line 1: << needs a mapping; got 5"),
        ("a: 1\n---\nb: 1\n", "line 2: a second document; keep one"),
        ("a: 1\nb: [\n", "line 3: not YAML: expected the node content, but found '<stream end>'"),
        ("a:\n\t- b", "line 2: not YAML: found character '\\t' that cannot start any token"),
        ("[" * 5000, f"line 1: nested too deep; expected at most {DEEPEST} levels"),
        ("".join(f"{' ' * n}a:\n" for n in range(300)), f"line {DEEPEST + 1}: nested too deep"),
        ("? " * 5000, "line 1: nested too deep"),
        (BOMB, "line 12: too many values; expected at most 20000, aliases written out"),
        ("[" + "1, " * MOST + "1]", "line 1: too many values"),
        ("a: " + "x" * LARGEST, f"too large; expected at most {LARGEST} bytes; got {LARGEST + 3} bytes"),
    ],
    ids=range(28),
)
def test_what_is_refused(content, says):
    assert refusal(content).startswith(f"x.yaml: {says}")


def test_a_bomb_is_refused_at_once():
    start = time.perf_counter()
    refusal(BOMB)
    assert time.perf_counter() - start < 1


@pytest.mark.parametrize("count", [MOST - 1, MOST])
def test_the_limit_of_values_is_exact(count):
    text = f"[{'1,' * count}]"
    assert refusal(text) if count == MOST else len(read(text)) == count


def test_the_limit_of_depth_is_exact():
    assert read("[" * DEEPEST + "1" + "]" * DEEPEST)
    refusal("[" * (DEEPEST + 1) + "1" + "]" * (DEEPEST + 1))
