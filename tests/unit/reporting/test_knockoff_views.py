import pytest
from pages import row_of, words

from distillab.reporting import knockoff_rows, knockoff_views, matrix_views, thief_text


def test_the_verdict_over_the_papers_attacks_stands_beside_both_literal_rules(tables_of, teacher, knockoff, verdict):
    paper = {
        "verdict": "undistillable",
        "literal": False,
        "best_attack": "kd",
        "best_delta": -0.02,
        "lower": -0.03,
        "upper": -0.01,
    }
    read = tables_of(
        models=[teacher("ce", test_accuracy=0.95)],
        knockoff=[knockoff("ce", "kd"), knockoff("ce", "scm", in_paper=False)],
        verdicts=[verdict("ce", "distillable", best_attack="scm", paper=paper)],
    )
    table = knockoff_views.verdict_table(read).text
    row = row_of(table, "ce")
    assert row == "ce ● undistillable −2.00 [−3.00, −1.00] KD undistillable distillable"
    assert "Can the paper's attacks (1) distill the teacher?" in words(table)


def test_a_reconstructed_attack_that_decides_says_so(tables_of, teacher, knockoff, verdict):
    read = tables_of(models=[teacher("ce")], knockoff=[knockoff("ce", "kd"), knockoff("ce", "htc", attack_grade="R")],
                     verdicts=[verdict("ce", "distillable", best_attack="htc")])  # fmt: skip
    table = knockoff_views.verdict_table(read).text
    assert "HTC (R)" in row_of(table, "ce")
    assert "R reconstruction, which does not stand for its authors' code" in words(table)
    assert "HTC (R) gains +2.00 points" in thief_text.knockoff_answer(read).text
    assert "HTC (R)" in matrix_views.delta_figure(read, matrix_views.gains(read)).text


def test_a_verdict_over_nothing_is_a_dash_with_its_reason(tables_of, knockoff, verdict):
    nothing = dict.fromkeys(("verdict", "literal", "best_attack", "best_delta", "lower", "upper", "attacks"))
    read = tables_of(knockoff=[knockoff("ce", "scm", in_paper=False)],
                     verdicts=[verdict("ce", "undecided", paper=nothing)])  # fmt: skip
    assert knockoff_views.verdict_table(read).text.count('title="none of these attacks was run"') == 3
    assert "Over the paper's attacks" not in thief_text.papers_rule(read).text


def test_the_sentence_counts_teachers_not_pairs(tables_of, teacher, knockoff, verdict):
    students = ("small", "tiny")
    read = tables_of(
        models=[teacher("ce"), teacher("ls")],
        knockoff=[knockoff(d, "kd", student=s) for d in ("ce", "ls") for s in students],
        verdicts=[verdict("ce", "distillable", student=s) for s in students]
        + [verdict("ce", "distillable", student="every student", best_attack="kd on tiny")]
        + [verdict("ls", "undecided", student=s, best_delta=-0.03) for s in students]
        + [verdict("ls", "undecided", student="every student", best_attack="kd on tiny", best_delta=-0.03)],
    )
    said = thief_text.knockoff_answer(read).text
    assert "On Digits, ce → every student, the unprotected teacher, leaks" in said
    assert "KD on tiny gains +2.00 points" in said
    assert "Of 1 defended teacher, against the papers&#x27; thief 1 is undecided (ls → every student;" in said
    assert list(knockoff_rows.ranked(read)["row"])[:2] == ["ls → small", "ce → small"]


def test_the_papers_attacks_get_their_own_sentence_only_where_they_decide_otherwise(tables_of, knockoff, verdict):
    cells = [knockoff("ce", "kd"), knockoff("ce", "scm", in_paper=False)]
    same = tables_of(knockoff=cells, verdicts=[verdict("ce", "undecided")])
    other = tables_of(knockoff=cells, verdicts=[verdict("ce", "distillable", paper={"verdict": "undecided"})])
    assert "alone the verdicts are the same" in thief_text.papers_rule(same).text
    assert "Over the paper's attacks alone: 1 undecided." in thief_text.papers_rule(other).text


def test_networks_are_named_where_there_are_several(tables_of, teacher, knockoff, verdict):
    archs = ("net", "deep")
    read = tables_of(
        models=[teacher("ce", arch=arch) for arch in archs],
        knockoff=[knockoff("ce", "kd", arch=arch) for arch in archs],
        verdicts=[verdict("ce", "undecided", arch=arch) for arch in archs],
    )
    assert list(knockoff_rows.ranked(read)["row"]) == ["ce, net", "ce, deep"]


def test_an_arrow_is_against_the_mean_of_all_ls_students(tables_of, papers, knockoff, verdict):
    cells = [knockoff("ce", "kd", knockoff_accuracy=0.775, control_seeds=12),
             knockoff("ce", "mkd", knockoff_accuracy=0.785, control_seeds=12)]  # fmt: skip
    read = tables_of(knockoff=cells, verdicts=[verdict("ce", "undecided")])
    table = matrix_views.knockoff_table(read, papers).text
    row = row_of(table, "ce")
    assert "↓ 77.5" in row
    assert "↑ 78.5" in row
    assert "78.0 [77.0, 79.0]" in row
    assert "LS student no teacher, 12 seeds" in words(table)


@pytest.mark.parametrize(("standin", "beside"), [("", True), ("small copies", False)])
def test_the_papers_cells_stand_beside_ours_only_on_the_same_data(request, papers, standin, beside):
    tables_of, teacher, knockoff, verdict = map(
        request.getfixturevalue, ("tables_of", "teacher", "knockoff", "verdict")
    )
    read = tables_of(
        {"title": "CIFAR-100", "standin": standin},
        models=[teacher("cmim", "CMIM", arch="resnet50")],
        knockoff=[knockoff("cmim", "dist", "CMIM", arch="resnet50", student="vgg11_bn")],
        verdicts=[verdict("cmim", "undecided", arch="resnet50", student="vgg11_bn")],
    )
    row = row_of(matrix_views.knockoff_table(read, papers).text, "CMIM")
    assert ("paper 71.9 ↑ 80.0 [79.0, 81.0] paper 71.9" in row) == beside
    assert ("paper" in row) == beside


def test_queries_are_counted_by_how_the_teacher_was_asked(tables_of, papers, knockoff, verdict):
    cells = [knockoff("ce", "kd"), knockoff("ce", "mkd"), knockoff("ce", "avg", queries=9000, responses="live")]
    table = matrix_views.knockoff_table(tables_of(knockoff=cells, verdicts=[verdict("ce", "undecided")]), papers).text
    assert "500 asked once an image, answers kept (KD, MKD); 9,000 asked about every view" in table


def test_the_papers_attacks_come_first_whatever_the_plan_says(tables_of, papers, knockoff, verdict):
    cells = [knockoff("ce", "scm", in_paper=False), knockoff("ce", "kd")]
    table = matrix_views.knockoff_table(tables_of(knockoff=cells, verdicts=[verdict("ce", "undecided")]), papers).text
    assert words(table).index("The paper's attacks") < words(table).index("Further attacks")
    assert table.index(">KD<") < table.index(">SCM<")


def test_each_pair_of_networks_has_its_own_figure_of_gains(tables_of, knockoff, verdict):
    students = ("small", "tiny")
    read = tables_of(knockoff=[knockoff("ce", "kd", student=s) for s in students],
                     verdicts=[verdict("ce", "undecided", student=s) for s in students])  # fmt: skip
    drawn = matrix_views.delta_figure(read, matrix_views.gains(read)).text
    assert drawn.count("<svg") == 2
    assert drawn.count("<details>") == 1
    assert "<summary>ce-net → tiny</summary>" in drawn


def test_intervals_are_spoken_of_where_there_are_some(tables_of, papers, knockoff, verdict):
    none = dict.fromkeys(
        ("delta_low", "delta_high", "knockoff_low", "knockoff_high", "ls_low", "ls_high"), float("nan")
    )

    def shown(**more):
        read = tables_of(knockoff=[knockoff("ce", "kd", **more)], verdicts=[verdict("ce", "undecided")])
        drawn = matrix_views.delta_figure(read, matrix_views.gains(read)).text
        return drawn.split("</b>"), matrix_views.knockoff_table(read, papers).text

    (finding, caption), table = shown()
    assert "above the LS students, 1 with an interval above zero" in finding
    assert "intervals: 95 %" in caption
    assert "Intervals: 95 %" in table
    (finding, caption), table = shown(**none)
    assert "above the LS students." in finding
    assert "too few seeds for intervals" in caption
    assert "Intervals: 95 %" not in table
    assert "No interval where there are too few seeds" in table
