from distillab.reporting import hypothesis_views


def hypothesis(name, decision, **more):
    return {"defense": "cmim", "hypothesis": name, "statement": f"says {name}", "unit": "points", "value": 0.4,
            "low": 0.1, "high": 0.7, "p": 0.02, "decision": decision, "seeds": 3} | more  # fmt: skip


def ablated(value, quantity, number, attack="", field="omega", **more):
    return {"method": "cmim", "field": field, "value": value, "defense": f"cmim_{value}", "arch": "wide",
            "student": "thin" if attack else "", "quantity": quantity, "attack": attack, "number": number,
            "low": number, "high": number, "seeds": 3} | more  # fmt: skip


def drawn_of(read):
    return hypothesis_views.ablation_figures(read, hypothesis_views.ablations(read)).text


def test_hypotheses_stand_in_order_and_the_absent_ones_are_named(tables_of):
    read = tables_of(hypotheses=[hypothesis("W2", "holds"), hypothesis("W1", "undecided", p=None, low=None, high=None)])
    table = hypothesis_views.hypotheses_table(read).text
    assert table.index("says W1") < table.index("says W2")
    assert (
        "W3, W4, W5 (cost: the training times above, and a benchmark), W6 (needs attackers who tune), W7, W8." in table
    )
    assert 'title="no interval below three seeds"' in table
    assert '+0.400 <span class="interval">[+0.100, +0.700]' in table


def test_without_a_cmim_teacher_there_is_a_sentence(tables_of):
    assert "no CMIM teacher" in hypothesis_views.hypotheses_table(tables_of()).text
    assert drawn_of(tables_of()) == ""


def test_shares_are_drawn_in_percent_and_information_in_nats(tables_of):
    quantities = (("accuracy", ""), ("peak", ""), ("knockoff", "kd"), ("knockoff", "avg"))
    rows = [ablated(value, quantity, 0.5, attack) for value in (1, 25, 200) for quantity, attack in quantities]
    read = tables_of(ablations=rows)
    lines = hypothesis_views.ablations(read)
    assert lines.groupby("panel", sort=False)["value"].first().tolist() == [50.0, 0.5, 50.0]
    assert list(lines["series"].unique()) == ["teacher", "kd", "avg"]
    drawn = drawn_of(read)
    assert drawn.count("<svg") == 3
    assert "What cmim: omega does." in drawn


def test_values_that_are_words_have_places_and_are_named_in_order(tables_of):
    rows = [ablated(value, "accuracy", 0.9, field="mode") for value in ("faithful", "fast", "hybrid")]
    drawn = drawn_of(tables_of(ablations=rows))
    assert "Values in order: faithful, fast, hybrid." in drawn


def test_each_network_has_a_figure_and_each_student_a_line(tables_of):
    rows = [
        ablated(value, "knockoff", number, "kd", arch=arch, student=student)
        for value in (1, 25, 200)
        for arch, student, number in (("wide", "thin", 0.5), ("wide", "slim", 0.6), ("deep", "slim", 0.7))
    ]
    read = tables_of(ablations=rows)
    assert list(hypothesis_views.ablations(read)["series"].unique()) == ["kd (thin)", "kd (slim)"]
    drawn = drawn_of(read)
    assert ["What cmim: omega does to wide." in drawn, "What cmim: omega does to deep." in drawn] == [True, True]
