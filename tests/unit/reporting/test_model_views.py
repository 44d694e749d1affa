import re
from math import nan

from pages import words

from distillab.reporting import model_views, text


def rows_of(html):
    rows = {}
    for row in re.findall(r"<tr.*?</tr>", html, re.DOTALL):
        said = words(row)
        rows[said.split()[0]] = said
    return rows


def quality(**more):
    return {"ece": 0.01, "nll": 0.1, "brier": 0.05, "entropy_nats": 0.2, "entropy_normalized": 0.1, "confidence": 0.9,
            "flip_rate": nan, "change_l1": nan} | more  # fmt: skip


def test_post_hoc_teachers_have_changed_answers_and_trained_ones_a_time(tables_of, papers, teacher):
    seconds = {"ce-net": 10.0, "cmim-net": 10.3, "st-net": 10.0}
    models = [teacher("ce", **quality()), teacher("cmim", **quality()),
              teacher("st", **quality(flip_rate=0.02, change_l1=0.3))]  # fmt: skip
    table = model_views.utility_table(tables_of({"teacher_seconds": seconds}, models=models), papers).text
    found = rows_of(table)
    assert " 1.03 " in found["cmim"]
    assert "1.00" in found["ce"]
    assert "post-hoc: no network is trained" in found["st"]
    assert "2.0 0.300 0.0100" in found["st"]
    assert "trained anew" in found["cmim"]


def test_a_time_is_taken_apart_where_steps_were_timed(tables_of, papers, teacher):
    times = {"teacher_seconds": {"ce-net": 10.0, "cmim-net": 12.0}, "teacher_fixed_seconds": {"cmim-net": 1.5},
             "teacher_step_seconds": {"ce-net": 0.02, "cmim-net": 0.021}}  # fmt: skip
    models = [teacher("ce", **quality()), teacher("cmim", **quality())]
    found = rows_of(model_views.utility_table(tables_of(times, models=models), papers).text)
    assert " 1.20 1.05 + 1.5 s" in found["cmim"]
    assert " 1.00 1.00 " in found["ce"]
    without = rows_of(
        model_views.utility_table(tables_of(times | {"teacher_step_seconds": {}}, models=models), papers).text
    )
    assert "1.05" not in without["cmim"]


def test_settings_of_a_method_for_some_networks_stand_beside_the_papers_number_too(tables_of, papers, teacher):
    networks = {"cmim": ["resnet50"], "cmim_vgg16": ["vgg16_bn"], "cmim_mine": []}
    cmim = {key: {"name": "cmim", "networks": names} for key, names in networks.items()}
    models = [teacher("cmim", "CMIM", arch="resnet50", **quality()),
              teacher("cmim_vgg16", "CMIM (cmim_vgg16)", arch="vgg16_bn", **quality()),
              teacher("cmim_mine", "CMIM (cmim_mine)", arch="vgg16_bn", **quality())]  # fmt: skip
    read = tables_of({"title": "CIFAR-100", "params": {"defenses": cmim}}, models=models)
    table = model_views.utility_table(read, papers).text
    said = [" ".join(re.sub(r"<[^>]*>", " ", row).split()) for row in re.findall(r"<tr.*?</tr>", table, re.DOTALL)]
    assert "73.8" in next(row for row in said if "(cmim_vgg16)" in row)
    assert "78.7" in next(row for row in said if row.startswith(("CMIM 7", "CMIM, resnet50")))
    assert "73.8" not in next(row for row in said if "(cmim_mine)" in row)


def test_without_times_there_is_no_column_of_times(tables_of, papers, teacher):
    table = model_views.utility_table(tables_of(models=[teacher("ce", **quality())]), papers).text
    assert "Training time" not in table
    assert "Paper" not in table


def test_the_papers_accuracy_and_overhead_stand_beside_ours(tables_of, papers, teacher):
    place = {"arch": "resnet50", "test_accuracy": 0.7822}
    models = [teacher("ce", "CE", **place, **quality()), teacher("cmim", "CMIM", **place, **quality())]
    facts = {"title": "CIFAR-100", "teacher_seconds": {"ce-resnet50": 2.0, "cmim-resnet50": 2.5}}
    found = rows_of(model_views.utility_table(tables_of(facts, models=models), papers).text)
    assert "78.7 −0.50 1.25 1.11" in found["CMIM"]
    assert "the paper prints no number" in found["CE"], "an overhead of CE over itself"


def test_the_papers_entropy_stands_beside_the_normalized_one(tables_of, papers, teacher):
    models = [teacher("ce", "CE", arch="resnet50", **quality())]
    table = model_views.entropy_table(tables_of({"title": "CIFAR-100"}, models=models), papers).text
    assert "0.0640" in rows_of(table)["CE"]


def test_teachers_that_share_weights_are_named(tables_of, teacher):
    read = tables_of(models=[teacher("ce", **quality()), teacher("st", **quality(flip_rate=0.0))])
    assert "Defenses of the answers (st) have the weights" in text.post_hoc(read).text
    assert text.post_hoc(tables_of(models=[teacher("ce", **quality())])).text == ""


def test_a_history_of_students_alone_draws_no_teacher(tables_of, teacher):
    row = {"model": "ls", "role": "ls_student", "seed": 0, "epoch": 0, "term": "total", "value": 1.0}
    frame = model_views.training_curves(tables_of(history=[row]))
    assert "No training history of a teacher was kept." in model_views.training_figure(frame).text


def test_a_page_says_nothing_of_tables_that_it_does_not_show(tables_of, papers):
    said = text.paper_scale(tables_of({"title": "Digits"}), papers).text
    assert "prints no number for Digits: it reports CIFAR-100" in said
    assert "folded" not in said, "tables of the paper stand on pages about its data alone"
