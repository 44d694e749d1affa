from distillab.reporting.cells import Graded
from distillab.reporting.heads import study_list
from distillab.reporting.selection import kind_of, method_of, of_method, only, radii_of, robbed_by, unprotected
from distillab.reporting.studies import studies_of
from distillab.reporting.titles import cell_titles, in_order, text_titles

SPECS = {"params": {"defenses": {"robust": {"name": "madry", "eps": 0.3}}, "studies": ["sparse"]}}


def test_a_method_is_told_by_the_parameters_or_else_by_its_key(tables_of):
    read = tables_of(SPECS)
    assert [method_of(read, key) for key in ("robust", "ast_clean", "ce")] == ["madry", "ast", "ce"]


def test_variants_belong_to_their_method_and_names_that_only_begin_alike_do_not(tables_of, teacher):
    read = tables_of(models=[teacher(key) for key in ("ast", "ast_clean", "astute", "ce")])
    assert of_method(read, "ast") == ["ast", "ast_clean"]


def test_a_selection_keeps_models_without_a_defense_and_tables_without_the_column(tables_of, teacher):
    student = teacher("", arch="small") | {"role": "ls_student", "model": "ls0.1-small", "thief": "paper"}
    history = [{"model": "cmim-net", "role": "teacher", "seed": 0, "epoch": 0, "term": "total", "value": 1.0}]
    read = tables_of(SPECS, models=[teacher("ce"), teacher("robust"), teacher("cmim"), student], history=history)
    kept = only(read, "adversarial")
    assert list(kept["models"]["model"]) == ["robust-net", "ls0.1-small"]
    assert len(kept["history"]) == 1
    assert kept.facts is read.facts
    assert kept.label("cmim-net") == "cmim", "labels are those of all tables"


def test_what_a_thief_robbed_is_its_students_knockoffs_and_verdicts_and_what_is_no_thiefs(
    tables_of, teacher, knockoff, verdict, controls
):
    students = [
        teacher("", arch="small", role="ls_student", thief=thief, model=f"ls-{thief}") for thief in ("paper", "poor")
    ]
    read = tables_of(
        models=[teacher("ce"), teacher("madry"), *students],
        knockoff=[knockoff(key, "kd", thief=thief) for key in ("ce", "madry") for thief in ("paper", "poor")],
        verdicts=[verdict("ce", "undecided"), verdict("ce", "distillable", thief="poor")],
        labels=[controls("paper", 500, 0.9), controls("poor", 60, 0.8)],
    )
    poor = robbed_by(read, "poor")
    assert list(poor["models"]["model"]) == ["ce-net", "madry-net", "ls-poor"]
    assert list(poor["verdicts"]["verdict"]) == ["distillable"]
    assert list(poor["labels"]["labels"]) == [60]
    robust = only(robbed_by(read, "paper"), "adversarial")
    assert robust["knockoff"][["thief", "defense"]].to_numpy().tolist() == [["paper", "madry"]]
    assert poor.label("ls-paper") == "LS student", "labels are those of all tables"


def test_a_kind_is_the_specs_and_no_name_tells_it(tables_of):
    said = {"methods": {"defenses": {"mine": {"kind": "adversarial"}, "madry": {"kind": "certified"}}}}
    read = tables_of(said)
    assert [kind_of(read, key) for key in ("mine", "madry", "ce")] == ["adversarial", "certified", "other"]


def test_radii_are_those_of_the_kinds(tables_of):
    kinds = {"a": "adversarial", "b": "certified", "c": "adversarial", "d": "nasty"}
    settings = {"a": {"eps": 0.3}, "b": {"eps": 0.1}, "c": {}, "d": {"eps": 0.7}}
    said = {"methods": {"defenses": {key: {"kind": kind} for key, kind in kinds.items()}}}
    read = tables_of(said | {"params": {"defenses": settings}})
    assert radii_of(read, "adversarial") == [0.3]
    assert radii_of(read, "adversarial", "certified") == [0.3, 0.1]


def test_each_network_has_its_unprotected_teacher(tables_of, teacher):
    rows = [teacher("nt"), teacher("plain"), teacher("ce", arch="wide"), teacher("plain", arch="wide")]
    said = {"methods": {"defenses": {"plain": {"kind": "unprotected"}, "ce": {"kind": "unprotected"}}}}
    assert unprotected(tables_of(said, models=rows)) == {"net": "plain-net", "wide": "ce-wide"}


def test_titles_name_the_network_only_where_there_are_several(tables_of, teacher):
    read = tables_of(models=[teacher("ast", "AST", grade="R"), teacher("ce", "CE")])
    assert text_titles(read) == {"ast-net": "AST (R)", "ce-net": "CE"}
    read = tables_of(models=[teacher("ce", "C&E"), teacher("ce", "C&E", arch="wide")])
    assert cell_titles(read)["ce-wide"] == Graded("C&E", "V", ", wide")


def test_teachers_stand_in_the_order_of_every_figure_before_all_others(tables_of, teacher):
    student = teacher("", arch="small") | {"role": "ls_student", "model": "ls"}
    read = tables_of(models=[student, teacher("st"), teacher("ce")])
    assert in_order(read, read["models"]["model"]) == ["ce-net", "st-net", "ls"]


def test_only_the_studies_that_ran_are_linked(tables_of):
    assert studies_of(tables_of(SPECS)) == ["sparse"]
    assert 'href="sparse.html"' in study_list(tables_of(SPECS)).text
    assert study_list(tables_of()).text == ""
