"""The faults that `make mutants` puts in: each is one change, each kind is found, prose is left alone."""

import ast
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks" / "mutants"))

from sandbox import Reach
from sites import broken, drawn, sites

CASES = {
    "a < b": ["a <= b"],
    "a < b == c": ["a <= b == c", "a < b != c"],
    "a not in b": ["a in b"],
    "a - b * c": ["a + b * c", "a - b / c"],
    "a and b": ["a or b"],
    "not a": ["not not a"],
    "-a": ["+a"],
    "a if b else c": ["a if not b else c"],
    "[a for a in b if c]": ["[a for a in b if not c]"],
    "min(a)": ["max(a)"],
    "a[b:c]": ["a[:c]", "a[b:]"],
    "f(a, b)": ["f(b, a)"],
    "f(a, key=b)": ["f(a)"],
    "'key'": ["'key_'"],
    "2": ["3"],
    "True": ["False"],
    "'two words'": [],
    "f(help='word')": [],
    "isinstance(a, b)": [],
}


@pytest.mark.parametrize("code", CASES)
def test_an_expression_is_broken_in_every_way_and_one_at_a_time(code):
    source = f"x = {code}\n"
    found = [broken(source, site.name).strip().removeprefix("x = ") for site in sites(ast.parse(source))]
    assert sorted(found) == sorted(CASES[code])


def test_statements_are_dropped_and_conditions_negated():
    source = "def f(a):\n    '''Prose.'''\n    log.info(a)\n    a.add(b)\n    if a:\n        b += c\n    return a\n"
    found = [broken(source, site.name) for site in sites(ast.parse(source))]
    assert sum("a.add" not in text for text in found) == 1
    assert sum("b += c" not in text for text in found) == 1
    assert sum("if not a" in text for text in found) == 1
    assert len(found) == 3


@pytest.mark.parametrize(
    "source", ["def f(a: Literal['key'] = b) -> 'Type': ...\n", "import key\n", "if TYPE_CHECKING:\n    a = 1\n"]
)
def test_what_runs_nowhere_is_left_alone(source):
    assert sites(ast.parse(source)) == []


def test_sites_that_read_the_same_have_names_of_their_own():
    names = [site.name for site in sites(ast.parse("x = a[0] + b[0]\n"))]
    assert len(names) == len(set(names)) == 3
    assert broken("x = a[0] + b[0]\n", names[2]) == "x = a[0] + b[1]\n"


def test_a_draw_is_repeatable_depends_on_the_seed_and_survives_other_sites():
    names = [f"site {number}" for number in range(200)]
    first = drawn(names, 1, 20)
    assert first == drawn(names[::-1], 1, 20)
    assert first != drawn(names, 2, 20)
    assert set(first) - {"site 7"} <= set(drawn([name for name in names if name != "site 7"], 1, 20))


def test_a_line_is_tried_by_the_tests_that_run_it_its_mirror_first():
    reach = Reach({"src/a.py": {3: ["t/test_b.py", "t/test_a.py"], 9: ["t/test_c.py"]}}, {"t/test_b.py": 0.1})
    assert reach.tests_of("src/a.py", 3) == ["t/test_a.py", "t/test_b.py"]
    assert reach.tests_of("src/a.py", 1) == ["t/test_a.py", "t/test_c.py", "t/test_b.py"]
    assert reach.tests_of("src/other.py", 1) == []
