"""The words that an attack's number must not stand without, and the sentences that count them."""

from math import nan

import pytest
from pages import row_of, words

from distillab.reporting import boxes, robustness_views, worst_rows
from distillab.reporting.cells import text_of
from distillab.reporting.columns import Heading
from distillab.reporting.kit import PageTable
from distillab.reporting.recorded import recorded
from distillab.reporting.strength import (
    attack_list,
    named_attack,
    strength_extent,
    strength_note,
    strength_sentence,
    strength_words,
    with_mark,
    with_word,
)


def attacked(defense, attack, word="", *, median=0.5, **more):
    row = {"model": f"{defense}-net", "role": "teacher", "defense": defense, "arch": "net", "attack": attack}
    row |= {"attack_label": attack.upper(), "logits": "raw", "norm": "l2", "kind": "minimum_norm", "eps": nan}
    row |= {"seed": 0, "n": 10, "clean_accuracy": 0.9, "success_n": 9, "median_distance": median, "strength": word}
    return row | {"targeted": False, "mode": "fast", "zero_gradient": 0.0, "randomized_forward": False} | more


def compared(defense, attack, word, found, best, *, ratio=nan, **more):
    row = {"model": f"{defense}-net", "defense": defense, "attack": attack, "logits": "raw", "strength": word}
    return row | {"n": 20, "found": found, "found_by_any": best, "rival": "df", "ratio": ratio, "at_limit": 7} | more


ROWS = [
    attacked("ce", "cw", "cut short", median=2.0), attacked("ls", "cw", "cut short"), attacked("nt", "cw", "weaker"),
    attacked("st", "cw"), attacked("ce", "df"), attacked("ls", "df"), attacked("ce", "cw", logits="rescaled"),
]  # fmt: skip


@pytest.fixture
def read(tables_of, teacher):
    return tables_of(
        models=[teacher(defense, defense.upper()) for defense in ("ce", "ls", "nt", "st")],
        robustness=ROWS,
        strength=[
            compared("ce", "cw", "cut short", 12, 18, ratio=1.25),
            compared("ls", "cw", "cut short", 15, 17, ratio=1.5, rival="third"),
            compared("nt", "cw", "weaker", 19, 20, ratio=1.1),
            compared("st", "cw", "", 20, 20, ratio=0.5),
            compared("ce", "cw", "weaker", 1, 2, ratio=9.0, logits="rescaled"),
        ],
    )


def test_words_are_kept_by_model_attack_and_view(read, tables_of):
    assert strength_words(read) == {
        ("ce-net", "cw", "raw"): "cut short", ("ls-net", "cw", "raw"): "cut short", ("nt-net", "cw", "raw"): "weaker",
    }  # fmt: skip
    assert strength_words(tables_of(robustness=[{"model": "a", "attack": "b", "logits": "raw", "strength": nan}])) == {}


@pytest.mark.parametrize(("word", "mark", "label"), [
    ("cut short", "7 cut short", "A (cut short)"), ("", "7", "A"), ("weaker", "7 weaker", "A (weaker)"),
])  # fmt: skip
def test_a_word_stands_beside_a_number_or_in_brackets(word, mark, label):
    assert (text_of(with_mark("7", word), str), with_word("A", word)) == (mark, label)


def test_an_attack_without_a_known_strength_has_no_brackets():
    assert with_word("A", nan) == "A"


def test_an_attack_is_listed_with_the_models_on_which_it_is_behind(read):
    frame = read["robustness"]
    cw, df = (frame[frame["attack"] == key] for key in ("cw", "df"))
    assert (strength_extent(cw), strength_extent(df)) == ("cut short on 2 and weaker on 1 of 4 models", "")
    assert strength_extent(cw[cw["model"] == "nt-net"]) == "weaker on 1 of 1 model"
    assert (named_attack(read, cw), named_attack(read, df)) == ("CW (cut short, weaker)", "DF")
    assert attack_list(read, frame) == "CW (cut short on 2 and weaker on 1 of 4 models); DF"
    assert strength_sentence(read, frame) == ("Not at full strength: CW (cut short on 2 and weaker on 1 of 4 models).")
    assert strength_sentence(read, df) == strength_sentence(read, cw[cw["model"] == "st-net"]) == ""


def test_a_label_is_no_markup(tables_of):
    frame = tables_of(robustness=[attacked("ce", "a", "weaker", attack_label="<b>")])
    assert attack_list(frame, frame["robustness"]) == "<b> (weaker on 1 of 1 model)"
    told = PageTable("t", "T", {"a": Heading("A")}, [{"a": "a"}], notes=[attack_list(frame, frame["robustness"])])
    assert "<p>&lt;b&gt; (weaker" in told.text
    assert named_attack(frame, frame["robustness"]) == "<b> (weaker)"


def test_a_note_explains_the_words_and_counts_what_is_behind_them(read):
    note = strength_note(read, read["robustness"])
    assert note.index("Cut short: ") < note.index("Weaker: ") < note.index("is over 10 % longer")
    assert (
        "CW is cut short on CE; LS: it breaks 27 of the 35 images that it or another one breaks, at a median up to "
        "1.50 times that of third; its steps ran out on 14 of 40."
    ) in note
    assert note.endswith("CW is weaker on NT: it breaks 19 of the 20 images that it or another one breaks.")


def test_a_note_is_about_the_rows_that_are_shown_and_explains_no_other_word(read):
    frame = read["robustness"]
    note = strength_note(read, frame[frame["defense"] == "nt"])
    assert "Cut short" not in note
    assert "on CE" not in note
    assert strength_note(read, frame[frame["defense"] == "st"]) == ""


def test_many_models_are_counted(tables_of, teacher):
    keys = ("ce", "ls", "nt", "st", "mad")
    read = tables_of(
        models=[teacher(key, key.upper()) for key in keys],
        robustness=[attacked(key, "cw", "weaker") for key in keys],
        strength=[compared(key, "cw", "weaker", 1, 2) for key in keys],
    )
    assert "CW is weaker on CE; LS; NT; and 2 more: it breaks 5 of the 10" in strength_note(read, read["robustness"])


def test_a_number_has_its_word_and_is_no_best(read):
    """CE's is the largest, and its attack was cut short; of the others that were compared, none has an interval."""
    table = robustness_views.robustness_table(read).text
    assert row_of(table, "CE").endswith("2.00 cut short 0.500")
    assert row_of(table, "NT").startswith("NT 90.0 0.500 weaker")
    assert row_of(table, "ST").startswith("ST 90.0 0.500 –")
    assert "CW is cut short on CE; LS" in words(table)


def test_the_bold_are_chosen_among_attacks_at_full_strength(tables_of, teacher):
    far = {"ce": 9.0, "ls": 2.0, "nt": 1.0}
    rows = [
        attacked(key, "cw", "cut short" if key == "ce" else "", median=median + 0.01 * seed, seed=seed)
        for key, median in far.items() for seed in (0, 1, 2)
    ]  # fmt: skip
    strength = [compared("ce", "cw", "cut short", 1, 2)]
    read = tables_of(models=[teacher(key) for key in far], robustness=rows, strength=strength)
    table = robustness_views.robustness_table(read).text
    cells = {key: next(row for row in table.split("<tr") if f">{key}</th>" in row).rpartition("<td")[2] for key in far}
    assert ["<strong>" in cells[key] for key in far] == [False, True, False]


def test_a_search_that_found_too_little_has_its_word_beside_the_dash(tables_of, teacher):
    rows = [attacked("ce", "cw", "cut short", median=float("inf"))]
    read = tables_of(models=[teacher("ce")], robustness=rows, strength=[compared("ce", "cw", "cut short", 1, 1)])
    row = row_of(robustness_views.robustness_table(read).text, "ce")
    assert row.endswith("– (half of a seed's searches found nothing) cut short")


def test_a_worst_case_is_doubted_where_no_search_of_its_norm_is_at_full_strength(read):
    worst = read["worst"]
    said = {key: worst_rows.doubts(read, worst, f"{key}-net", ("l2", 0.5)) for key in ("ce", "nt", "st")}
    assert said == {"ce": [], "nt": ["CW is weaker"], "st": []}
    assert worst_rows.doubts(read, worst, "nt-net", ("linf", 0.5)) == []


def test_the_budgets_tell_on_how_many_models_an_attack_is_behind(read):
    said = boxes.budgets(read)
    assert "CW (fast; cut short on 2 and weaker on 1 of 4 models); DF (fast)" in said


def test_a_record_names_the_attack_with_its_word(read, papers):
    (row,) = (line for line in recorded("robustness", read, papers)[1].splitlines() if line.startswith("| NT |"))
    assert row.count("weaker") == 1


def test_what_a_worst_case_is_over_leaves_targets_out(read, tables_of):
    rows = [attacked("ce", "cw", "weaker"), attacked("ce", "aimed", targeted=True), attacked("ce", "inf", norm="linf")]
    made = tables_of(robustness=rows, worst=[{"model": "ce-net", "norm": "l2"}])
    assert worst_rows.attacks_of(made, made["worst"]) == "CW (weaker on 1 of 1 model)"
    assert "upper bound" in worst_rows.bounded_by(made, made["worst"])


def test_what_a_worst_case_is_over_counts_as_its_table_does(tables_of):
    views = ("raw", "from_copy", "from_plain", "rescaled")
    rows = [attacked("madry", "fgsm", logits=view) for view in views] + [attacked("madry", "pgd")]
    made = tables_of(robustness=rows, worst=[{"model": key, "norm": "l2"} for key in ("madry-net", "ce-net")])
    assert worst_rows.attacks_of(made, made["worst"]) == (
        "FGSM, also carried over from 2 other networks, also on Z/T; PGD"
    )
    made["robustness"].loc[5] = attacked("ce", "fgsm")
    assert worst_rows.attacks_of(made, made["worst"]).startswith("FGSM, also carried over from up to 2 other networks")
