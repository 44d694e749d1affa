"""What a user reads about a wrong params file: every error at once, where, expected, got, nearest name."""

import pytest

from distillab.core.errors import SpecError


def complaints(params_of, override, preset="tiny"):
    with pytest.raises(SpecError) as error:
        params_of(override, preset)
    return str(error.value).splitlines()


UNKNOWN = {
    "sedes": ({"sedes": [1]}, "sedes: unknown key; .*did you mean seeds?"),
    "recipe": ({"train": {"shedule": {}}}, "train.shedule: unknown key; .*did you mean schedule?"),
    "optimizer": ({"train": {"optimizer": {"lrr": 1}}}, "train.optimizer.lrr: unknown key; .*did you mean lr?"),
    "optional": (
        {"student_train": {"epochs": 1, "optimizer": {"name": "adam", "betta": 1}}},
        "student_train.optimizer.betta: unknown key; .*did you mean betas?",
    ),
    "augment": ({"data": {"augment": {"flop": True}}}, "data.augment.flop: unknown key; .*did you mean flip?"),
    "attack": (
        {"robustness": {"attacks": {"pgd_linf": {"epss": 1}}}},
        "robustness.attacks.pgd_linf.epss: unknown key; .*did you mean eps?",
    ),
    "attack named as its method": (
        {"robustness": {"attacks": {"pgd": {"name": "pgd", "eps": 1, "step_size": 1, "stps": 1}}}},
        "robustness.attacks.pgd.stps: unknown key; .*did you mean steps?",
    ),
    "knockoff": (
        {"knockoff": {"attacks": {"kd": {"temp": 4}}}},
        "knockoff.attacks.kd.temp: unknown key; .*did you mean temperature?",
    ),
    "defense": (
        {"defenses": {"nasty": {"name": "nt", "omge": 1}}},
        "defenses.nasty.omge: unknown key; .*did you mean omega?",
    ),
    "former key": ({"knockoff": {"ls_eps": [0.1]}}, "knockoff.ls_eps: unknown key; .*; did you mean label_smoothing?"),
    "former key of a defense": (
        {"defenses": {"ls": {"eps": 0.1}}},
        "defenses.ls.eps: unknown key; .*; did you mean label_smoothing?",
    ),
    "former key of another meaning": (
        {"defenses": {"mad": {"name": "mad", "ls_eps": 0.1}}},
        "defenses.mad.ls_eps: unknown key; .*did you mean eps?",
    ),
    "network": (
        {"pairs": [{"teacher": {"name": "cnn_digits", "stem": 3}, "student": "cnn_digits"}]},
        "pairs[0].teacher.stem: unknown key",
    ),
    "pair": (
        {"pairs": [{"teacher": "cnn_digits", "student": "cnn_digits", "studnt": 1}]},
        "pairs[0].studnt: unknown key; .*did you mean student?",
    ),
    "batched stage": ({"batch": {"teech": ["seed"]}}, "batch.teech: .*got 'teech'; did you mean teach?"),
}

WRONG = {
    "word for a number": ({"train": {"epochs": "many"}}, "train.epochs: expected a valid integer.*; got 'many'"),
    "out of range": (
        {"knockoff": {"label_smoothing": [0.1, 2]}},
        "knockoff.label_smoothing[1]: expected a number less than 1; got 2",
    ),
    "no error rate": ({"decide": {"alpha": 0.5}}, "decide.alpha: expected a number less than 0.5; got 0.5"),
    "infinite": (
        {"train": {"optimizer": {"lr": float("inf")}}},
        "train.optimizer.lr: expected a finite number; got inf",
    ),
    "NaN": ({"train": {"clip_norm": float("nan")}}, "train.clip_norm: expected a finite number; got nan"),
    "no fraction": (
        {"robustness": {"attacks": {"pgd_linf": {"eps": "8/0"}}}},
        "robustness.attacks.pgd_linf.eps: not a fraction; got '8/0'",
    ),
    "no list": ({"seeds": 3}, "seeds: expected a list; got 3"),
    "no mapping": ({"train": {"optimizer": "sgd"}}, "train.optimizer: expected key: value pairs; got 'sgd'"),
    "empty": ({"pairs": []}, "pairs: expected at least one entry; got none"),
    "bad name": (
        {"defenses": {"C-E": {"name": "ce"}}},
        "defenses.C-E: expected a name of at most 40 lower-case.*; got 'C-E'",
    ),
    "no name": ({"defenses": {"x": {"eps": 0.1}}}, "defenses.x: no method is named; expected name: one of ce, ls"),
    "missing": (
        {"robustness": {"attacks": {"x": {"name": "pgd", "eps": 1}}}},
        "robustness.attacks.x.step_size: missing; expected length of a step",
    ),
    "unknown defense": (
        {"defenses": {"x": {"name": "lss"}}},
        "defenses.x: expected one of ce, ls, .*; got 'lss'; did you mean ls?",
    ),
    "unknown network": (
        {"pairs": [{"teacher": "resnet19", "student": "cnn_digits"}]},
        "pairs[0].teacher: expected one of .*; got 'resnet19'; did you mean resnet",
    ),
    "unknown data set": (
        {"data": {"name": "mnits"}},
        "data: expected one of digits, .*; got 'mnits'; did you mean mnist?",
    ),
    "unknown optimizer": (
        {"train": {"optimizer": {"name": "adamw"}}},
        "train.optimizer: expected one of sgd, adam; got 'adamw'; did you mean adam?",
    ),
    "unknown choice": ({"device": "cud"}, "device: expected one of auto, cpu, cuda; got 'cud'; did you mean cuda?"),
    "augmentation": (
        {"data": {"augment": {"resized_crop": True}}},
        "data: augment.resized_crop needs a streaming data set",
    ),
}

IMPOSSIBLE = {
    "shape": (
        {"pairs": [{"teacher": "papernot_mnist", "student": "cnn_digits"}]},
        "pairs[0].teacher: papernot_mnist does not fit Digits .*; expected images of 1x28x28; got 1x8x8",
    ),
    "no validation": (
        {"data": {"val": 0}, "knockoff": {"label_smoothing": [0.1, 0.2]}},
        "knockoff.label_smoothing: 2 values to choose from, but data.val is 0",
    ),
    "seeds": ({"seeds": [3, 3]}, "seeds: expected distinct seeds; got [3, 3]"),
    "axis": ({"batch": {"teach": ["student"]}}, "batch.teach: expected some of teacher, seed; got 'student'"),
    "too few images": ({"data": {"val": 1437}}, "data.val: expected fewer than the 1437 training images"),
}


def matches(line, pattern):
    """``pattern`` with ``.*`` for anything and every other character for itself."""
    position = 0
    for part in f"params: {pattern}".split(".*"):
        position = line.find(part, position)
        if position < 0:
            return False
    return True


@pytest.mark.parametrize(
    ("override", "pattern"),
    [*UNKNOWN.values(), *WRONG.values(), *IMPOSSIBLE.values()],
    ids=[*UNKNOWN, *WRONG, *IMPOSSIBLE],
)
def test_one_mistake_is_one_line_with_its_key_path(params_of, override, pattern):
    lines = complaints(params_of, override)
    assert len(lines) == 1, lines
    assert matches(lines[0], pattern), lines[0]


def test_all_mistakes_are_told_at_once(params_of):
    mistakes = [UNKNOWN[key] for key in ("sedes", "optimizer", "augment", "knockoff", "defense", "batched stage")]
    mistakes += [WRONG["word for a number"], WRONG["out of range"], WRONG["unknown choice"]]
    override = {}
    for one, _pattern in mistakes:
        override = deep(override, one)
    lines = complaints(params_of, override)
    assert len(lines) == len(mistakes)
    assert all(any(matches(line, pattern) for line in lines) for _one, pattern in mistakes), lines


def test_all_impossible_combinations_are_told_at_once(params_of):
    override = {}
    for key in ("shape", "no validation", "seeds", "axis"):
        override = deep(override, IMPOSSIBLE[key][0])
    assert len(complaints(params_of, override)) == 4


def test_a_wrong_item_does_not_make_its_list_empty_too(params_of):
    lines = complaints(params_of, {"pairs": [{"teacher": "nothing", "student": "neither"}]})
    assert [line.split(":")[1].strip() for line in lines] == ["pairs[0].teacher", "pairs[0].student"]


def deep(low, high):
    both = {key: deep(low[key], high[key]) for key in low.keys() & high.keys() if isinstance(low[key], dict)}
    return low | high | both


def test_missing_word_vectors_are_noticed_before_anything_is_trained(params_of, tmp_path):
    vectors = {"name": "snt", "vectors": f"{tmp_path}/names.txt", "vectors_sha256": "0" * 64}
    (line,) = complaints(params_of, {"defenses": {"snt": vectors}})
    assert "defenses.snt.vectors: no such file: " in line
    assert "leave vectors and vectors_sha256 out" in line
    (tmp_path / "names.txt").write_text("")
    assert params_of({"defenses": {"snt": vectors}}).defenses["snt"].vectors_sha256 == "0" * 64
