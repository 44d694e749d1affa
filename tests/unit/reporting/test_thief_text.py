"""The answer first, on a page and in a terminal: the unprotected teacher, then the defended ones by thief."""

from pages import words

from distillab.reporting.answer import answer_sentence
from distillab.reporting.thief_text import knockoff_answer, knockoff_clauses, papers_rule


def leaking(verdict):
    return [
        verdict("ce", "distillable", thief="poor", best_attack="mkd", best_delta=0.07, lower=0.04, upper=0.12),
        verdict("ce", "distillable", thief="told", best_delta=0.06, lower=0.045, upper=0.1),
        verdict("ce", "nothing to steal", best_delta=0.5, lower=-0.4, upper=0.9),
    ]


def test_the_unprotected_teacher_comes_first_with_the_surest_gain(tables_of, knockoff, verdict):
    cells = [knockoff("ce", "kd", thief="told"), knockoff("ce", "mkd", thief="poor")]
    said = words(knockoff_answer(tables_of(knockoff=cells, verdicts=leaking(verdict))).text)
    assert said == (
        "On Digits, ce, the unprotected teacher, leaks to told (60 labels, answers to all 400 training images, the "
        "class alone): KD gains +6.00 points [+4.50, +10.0] over students without answers, and it leaks to poor too."
    )


def test_without_a_leak_no_defense_is_judged_and_the_largest_gain_is_said(tables_of, knockoff, verdict):
    rows = [
        verdict("ce", "undecided", best_delta=0.002, lower=-0.01, upper=0.02, price_seeds=32.0, price_runs=60.0),
        verdict("ce", "undecided", thief="poor", best_delta=0.001, lower=-0.001),
        verdict("cmim", "no control"),
    ]
    first, second = knockoff_clauses(tables_of(knockoff=[knockoff("ce", "kd")], verdicts=rows))
    assert first == (
        "On Digits, ce, the unprotected teacher, is not shown to leak, so no defense can be judged: the largest gain "
        "is +0.20 points [−1.00, +2.00] (KD, the papers' thief; undecided, 32 seeds, 60 knockoffs, 2.0 min)"
    )
    assert second == "Of 1 defended teacher, against the papers' thief 1 has no control (cmim)"


def test_defended_teachers_are_counted_by_thief_and_verdict(tables_of, knockoff, verdict):
    rows = [
        *leaking(verdict),
        *(verdict(key, "distillable", thief=thief) for thief in ("poor", "told") for key in ("ls", "st")),
        verdict("ls", "undecided", best_delta=0.01, price_seeds=16.0, price_runs=40.0),
        verdict("st", "undecided", best_delta=0.03, price_seeds=8.0, price_runs=10.0),
        verdict("nt", "undistillable"),
    ]
    second = knockoff_clauses(tables_of(knockoff=[knockoff("ce", "kd")], verdicts=rows))[1]
    assert second == (
        "Of 3 defended teachers, against poor and told 2 leak (ls, st); against the papers' thief 1 is undistillable "
        "by these attacks (nt), 2 are undecided (ls, st; st by 8 seeds, 10 knockoffs, 20.0 s)"
    )


def test_a_long_list_of_teachers_is_counted_and_not_named(tables_of, knockoff, verdict):
    rows = [verdict("ce", "distillable"), *(verdict(f"d{i}", "undistillable", best_delta=i / 100) for i in range(9))]
    second = knockoff_clauses(tables_of(knockoff=[knockoff("ce", "kd")], verdicts=rows))[1]
    assert second.endswith("against the papers' thief 9 are undistillable by these attacks")


def test_without_an_unprotected_teacher_there_is_nothing_to_judge_by(tables_of, knockoff, verdict):
    read = tables_of(knockoff=[knockoff("nt", "kd")], verdicts=[verdict("nt", "no control")])
    assert "no unprotected teacher was attacked" in knockoff_clauses(read)[0]


def test_without_bounds_none_are_said(tables_of, knockoff, verdict):
    row = verdict("ce", "undecided", lower=float("nan"), seeds=1)
    first = knockoff_clauses(tables_of(knockoff=[knockoff("ce", "kd")], verdicts=[row]))[0]
    assert "the largest gain is +2.00 points (KD, the papers' thief; undecided, price not known)" in first


def test_the_papers_rule_counts_teachers_of_the_papers_thief_alone(tables_of, knockoff, verdict):
    above = {"ce": True, "ls": False, "nt": None}
    rows = [verdict(key, "undecided", literal=literal) for key, literal in above.items()]
    rows += [verdict(key, "distillable", thief="poor") for key in above]
    said = words(papers_rule(tables_of(knockoff=[knockoff("ce", "kd")], verdicts=rows)).text)
    assert "1 of 3 teachers is distillable by the papers' thief." in said
    assert papers_rule(tables_of(verdicts=rows[3:])).text == ""


def test_the_terminal_has_the_same_in_one_sentence(tables_of, knockoff, verdict):
    rows = [*leaking(verdict), verdict("nt", "undistillable")]
    said = answer_sentence(tables_of(knockoff=[knockoff("ce", "kd")], verdicts=rows))
    assert said.startswith("On Digits, ce, the unprotected teacher, leaks to told")
    rest = "poor too; of 1 defended teacher, against the papers' thief 1 is undistillable by these attacks (nt)."
    assert said.endswith(rest)
    assert "<" not in said
    assert "\n" not in said


def test_a_run_of_chains_alone_answers_with_its_claims(tables_of):
    claim = {"chain": "ta", "statement": "robustness grows & grows", "decision": "holds", "view": "", "seeds": 3}
    assert answer_sentence(tables_of(claims=[claim])) == (
        "On Digits, with 3 seeds, these claims of the paper hold: robustness grows & grows."
    )


def test_a_run_of_nothing_says_so(tables_of):
    assert answer_sentence(tables_of()) == "No attack of a fixed radius was run."
