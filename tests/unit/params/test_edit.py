"""A number set in a YAML text: the value is there, and everything else is what it was."""

import pytest
import yaml

from distillab.params.edit import with_number

PATH = ("override", "decide", "asked", "paper", "ce", "kd")

TEXTS = {
    "nothing": ("", "override:\n  decide:\n    asked:\n      paper:\n        ce: {kd: 8}\n"),
    "no last line end": (
        "preset: tiny",
        "preset: tiny\noverride:\n  decide:\n    asked:\n      paper:\n        ce: {kd: 8}\n",
    ),
    "an empty override with a remark": (
        "override: {} # mine\n# the end\n",
        "override: # mine\n  decide:\n    asked:\n      paper:\n        ce: {kd: 8}\n# the end\n",
    ),
    "nothing after the colon": (
        "override:   # mine\npreset: tiny\n",
        "override:   # mine\n  decide:\n    asked:\n      paper:\n        ce: {kd: 8}\npreset: tiny\n",
    ),
    "null": (
        "override: ~\npreset: tiny\n",
        "override:\n  decide:\n    asked:\n      paper:\n        ce: {kd: 8}\npreset: tiny\n",
    ),
    "looks stated in lines, and remarks between": (
        "override:\n    decide:\n        looks: [4,\n          8] # beforehand\n\n    # about data\n    data: 'x'\n",
        "override:\n    decide:\n        looks: [4,\n          8] # beforehand\n        asked:\n          paper:\n"
        "            ce: {kd: 8}\n\n    # about data\n    data: 'x'\n",
    ),
    "looks stated in one line": (
        "override:\n  decide: {looks: [4, 8]} # beforehand\n  seeds: [0]\n",
        "override:\n  decide: {looks: [4, 8], asked: {paper: {ce: {kd: 8}}}} # beforehand\n  seeds: [0]\n",
    ),
    "an empty mapping within brackets": (
        "override: {decide: {}, seeds: [0]}\n",
        "override: {decide: {asked: {paper: {ce: {kd: 8}}}}, seeds: [0]}\n",
    ),
    "nothing within brackets": (
        "override: {decide: , seeds: [0]}\n",
        "override: {decide: {asked: {paper: {ce: {kd: 8}}}} , seeds: [0]}\n",
    ),
    "other cells asked for": (
        "override:\n  decide:\n    asked:\n      paper: # so far\n        ce: {mkd: 4}\n        ls: {kd: 4}\n",
        "override:\n  decide:\n    asked:\n      paper: # so far\n        ce: {mkd: 4, kd: 8}\n        ls: {kd: 4}\n",
    ),
    "another teacher asked for": (
        "override:\n  decide:\n    asked:\n      paper:\n        ls: {kd: 4}\n  seeds: [0]\n",
        "override:\n  decide:\n    asked:\n      paper:\n        ls: {kd: 4}\n        ce: {kd: 8}\n  seeds: [0]\n",
    ),
    "one cell a line": (
        "override:\n  decide:\n    asked:\n      paper:\n        ce:\n          mkd: 4 # why not\n  seeds: [0]\n",
        "override:\n  decide:\n    asked:\n      paper:\n        ce:\n          mkd: 4 # why not\n          kd: 8\n"
        "  seeds: [0]\n",
    ),
    "this cell asked for": (
        "override: {decide: {asked: {paper: {ce: {kd: 4, mkd: 4}}}}} # 4\n",
        "override: {decide: {asked: {paper: {ce: {kd: 8, mkd: 4}}}}} # 4\n",
    ),
    "a text over lines before": (
        "override:\n  note: |\n    a\n\n    b\n\npreset: tiny\n",
        "override:\n  note: |\n    a\n\n    b\n\n"
        "  decide:\n    asked:\n      paper:\n        ce: {kd: 8}\npreset: tiny\n",
    ),
    "mappings before": (
        "override:\n  knockoff:\n    attacks:\n      kd:\n        weight: 1 # less\n\n# end\n",
        "override:\n  knockoff:\n    attacks:\n      kd:\n        weight: 1 # less\n"
        "  decide:\n    asked:\n      paper:\n        ce: {kd: 8}\n\n# end\n",
    ),
    "a list before": (
        "override:\n  seeds:\n    - 0 # first\n    - 1\n# end\n",
        "override:\n  seeds:\n    - 0 # first\n    - 1\n"
        "  decide:\n    asked:\n      paper:\n        ce: {kd: 8}\n# end\n",
    ),
}


@pytest.mark.parametrize("name", TEXTS)
def test_what_is_added_and_where(name):
    before, after = TEXTS[name]
    assert with_number(before, PATH, 8) == after


@pytest.mark.parametrize("name", TEXTS)
def test_the_value_is_there_and_the_others_are_what_they_were(name):
    before = TEXTS[name][0]
    found = yaml.safe_load(with_number(before, PATH, 8))
    inner = found
    for key in PATH[:-1]:
        inner = inner[key]
    assert inner["kd"] == 8
    again = yaml.safe_load(with_number(before, PATH, 9))
    inner["kd"] = 9
    assert again == found


@pytest.mark.parametrize("name", TEXTS)
def test_line_ends_stay_those_of_the_text(name):
    before, after = (text.replace("\n", "\r\n") for text in TEXTS[name])
    expected = after if before.count("\r\n") else TEXTS[name][1]
    assert with_number(before, PATH, 8) == expected


@pytest.mark.parametrize(
    "text",
    [
        "override: 3\n",
        "override: [1]\n",
        "override:\n  decide: yes\n",
        "a: [\n",
        "override: {decide: {asked: {paper: {ce: {kd: [1]}}}}}\n",
    ],
)
def test_what_is_no_mapping_is_refused(text):
    with pytest.raises(ValueError, match=r"."):
        with_number(text, PATH, 8)
