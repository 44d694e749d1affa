"""Members in full: what each stage's payload is made of, from whom, where it goes, and how its key comes about."""

import pytest

from distillab.core.code_hash import code_hash
from distillab.core.errors import SpecError
from distillab.core.job import Member, member_key
from distillab.defenses.ce import CrossEntropyDefense
from distillab.plan.members import DATA, Roster
from distillab.specs.augment import AugmentSpec

NO_AUGMENT = AugmentSpec().plain()


def found(plan, member_id):
    """Everything about a member but its hashes."""
    return plan.members[member_id].model_dump(exclude={"code", "key", "id", "model"})


def member(stage, path, seed, parents, spec, /, *, threads=1, **axes):
    """What is expected of a member that is made from the data, too."""
    return {
        "stage": stage, "axes": axes, "spec": spec, "seed": seed, "parents": DATA | parents,
        "path": f"results/tiny/{path}", "threads": threads, "incomplete": False,
    }  # fmt: skip


def test_prepared_data_has_no_parents(rich, rich_params):
    data = rich_params[0].data.plain()
    for part in ("images", "split"):
        expected = member("prepare", f"data/{part}.safetensors", 0, {}, {"data": data, "part": part}, part=part)
        assert found(rich, f"data-{part}") == expected | {"parents": {}}


@pytest.mark.parametrize(("defense", "seed"), [("ce", 3), ("ls", 9)])
def test_a_teacher(rich, rich_params, defense, seed):
    params, _ = rich_params
    method, teacher = params.defenses[defense], f"{defense}-papernot_digits"
    recipe = {"ce": params.train, "ls": method.train}[defense]
    spec = {
        "defense": method.plain(), "model": {"name": "papernot_digits"}, "train": recipe.plain(),
        "augment": params.data.augment.plain(),
    }  # fmt: skip
    assert spec["augment"]["crop_padding"] == 1
    path = f"teachers/{teacher}/s{seed}.safetensors"
    expected = member("teach", path, seed, {}, spec, threads=recipe.threads, teacher=teacher, seed=str(seed))
    assert found(rich, f"{teacher}-s{seed}") == expected


def test_a_released_teacher_starts_from_the_plain_one(rich):
    assert rich.members["st-cnn_digits-s7"].parents == DATA | {"ce": "ce-cnn_digits-s7"}
    assert "st-cnn_digits-s9" not in rich.members


def test_an_ls_student(rich, rich_params):
    params, _ = rich_params
    spec = {
        "model": {"name": "papernot_digits"}, "train": params.student_train.plain(),
        "augment": params.data.augment.plain(), "label_smoothing": 0.25,
    }  # fmt: skip
    name, path = "ls0.25-papernot_digits", "students/paper/ls0.25-papernot_digits/s9.safetensors"
    axes = {"thief": "paper", "student": name, "seed": "9"}
    assert found(rich, f"{name}-s9") == member("baseline", path, 9, {}, spec, threads=4, **axes)


def knockoff(rich_params, attack):
    params, _ = rich_params
    method = params.knockoff.attacks[attack]
    recipe = {"kd": params.student_train, "live": method.train}[attack]
    return {
        "attack": method.plain(), "model": {"name": "papernot_digits"}, "train": recipe.plain(),
        "augment": params.data.augment.plain(),
    }  # fmt: skip


def test_a_knockoff_learns_from_cached_answers(rich, rich_params):
    teacher, name = "ls-cnn_digits", "kd-papernot_digits"
    parents = {"teacher": "ls-cnn_digits-s9", "answers": "ls-cnn_digits-s9-answers"}
    path = "knockoffs/paper/ls-cnn_digits/kd-papernot_digits/s9.safetensors"
    expected = member(
        "knockoff", path, 9, parents, knockoff(rich_params, "kd"), threads=4, thief="paper", teacher=teacher,
        knockoff=name, seed="9",
    )  # fmt: skip
    assert found(rich, f"{teacher}--{name}-s9") == expected
    answers = member("answer", "", 9, {"teacher": "ls-cnn_digits-s9"}, {}) | {"path": ""}
    assert found(rich, "ls-cnn_digits-s9-answers") == answers


def test_a_knockoff_that_asks_live_has_its_recipe_and_no_answers(rich, rich_params):
    teacher, name, path = "st-cnn_digits", "live-papernot_digits", "knockoffs/paper/st-cnn_digits/live-papernot_digits/"
    expected = member(
        "knockoff", f"{path}s7.safetensors", 7, {"teacher": "st-cnn_digits-s7"}, knockoff(rich_params, "live"),
        threads=3, thief="paper", teacher=teacher, knockoff=name, seed="7",
    )  # fmt: skip
    assert found(rich, f"{teacher}--{name}-s7") == expected
    assert "ls-cnn_digits--live-papernot_digits-s9" not in rich.members


def test_a_question_hangs_on_the_model_its_seed_and_its_threads(rich, rich_params):
    params, _ = rich_params
    of = {"family": "teachers", "model": "ls-cnn_digits"}
    of_model = {"model": "ls-cnn_digits-s7"}
    assert found(rich, "ls-cnn_digits-s7-measure") == member(
        "measure", "measures/teachers/ls-cnn_digits/s7.safetensors", 7, of_model,
        {"measure": {"powers": [0.0, 0.5, 1.0, 2.0]}}, **of, seed="7",
    )  # fmt: skip
    attack = {"attack": params.robustness.attacks["pgd_linf"].plain(), "examples": 6, "temperature": 1.0}
    raw = member(
        "attack", "attacks/teachers/ls-cnn_digits/pgd_linf/raw-s7.parquet", 7, of_model, attack,
        **of, attack="pgd_linf", logits="raw", seed="7",
    )  # fmt: skip
    assert found(rich, "ls-cnn_digits-s7-pgd_linf") == raw
    ibp = params.certification.certifiers["ibp"].plain()
    wanted = {"eps": [0.01, 0.1], "images": 12, "radius_steps": 1, "precision": "float32"}
    assert found(rich, "ls-cnn_digits-s7-certify-ibp") == member(
        "certify", "certificates/teachers/ls-cnn_digits/ibp-s7.parquet", 7, of_model, {"certifier": ibp} | wanted,
        **of, certifier="ibp", seed="7",
    )  # fmt: skip
    assert rich.members["ce-cnn_digits-s7-measure"].threads == 2


def test_a_chains_step_has_its_warm_start_its_labels_and_no_augmentation(rich, rich_params):
    params, _ = rich_params
    model, axes = (
        {"model": {"name": "cnn_digits"}, "augment": NO_AUGMENT},
        {"chain": "ta", "temperature": "5", "seed": "3"},
    )
    recipe = params.chains["ta"].recipe(5, params.train)
    assert recipe.optimizer.lr == pytest.approx(0.25)  # tiny scales the rate by the temperature
    first = model | {"train": recipe.plain(), "part": "weights", "temperature": 5.0, "step": 0}
    assert found(rich, "ta-T5-step0-s3") == member(
        "distill", "chains/ta/T5/step0/weights-s3.safetensors", 3, {"warm": "ta-warm-cnn_digits-s3"}, first,
        threads=2, **axes, step="0", part="weights",
    )  # fmt: skip
    assert found(rich, "ta-T5-step0-s3-labels") == member(
        "distill", "chains/ta/T5/step0/labels-s3.safetensors", 3, {"model": "ta-T5-step0-s3"},
        {"part": "labels", "temperature": 5.0}, threads=2, **axes, step="0", part="labels",
    )  # fmt: skip
    parents = {"soft_labels": "ta-T5-step0-s3-labels", "warm": "ta-warm-cnn_digits-s3"}
    assert found(rich, "ta-T5-step1-s3") == member(
        "distill", "chains/ta/T5/step1/weights-s3.safetensors", 3, parents, first | {"step": 1},
        threads=2, **axes, step="1", part="weights",
    )  # fmt: skip
    warm = model | {"train": params.train.model_copy(update={"epochs": 1}).plain()}
    assert found(rich, "ta-warm-cnn_digits-s3") == member("warm", "", 3, {}, warm, threads=2) | {"path": ""}


def test_tables_and_pages(rich, rich_params):
    name = "tables/ta/claims.parquet"
    table = found(rich, name)
    own = [m for m in rich.members.values() if m.axes.get("chain") == "ta" or m.axes.get("model", "").startswith("ta-")]
    assert {m.stage for m in own} == {"distill", "measure", "attack", "sensitivity"}
    shown = [m.id for m in own if m.axes.get("part") != "labels"]
    assert table["parents"] == {i: i for i in (*DATA.values(), *shown)}
    spec = {"page": "ta", "file": name, "told": rich.members[name].spec["told"]}
    assert table | {"parents": {}} == member("collect", name, 0, {}, spec, page="ta", file=name) | {
        "parents": {}, "incomplete": True,
    }  # fmt: skip
    everything = [m.id for m in rich.members.values() if m.path and m.stage not in {"collect", "report"}]
    assert set(found(rich, "tables/index/claims.parquet")["parents"]) == set(everything)
    page = found(rich, "report-ta")
    code = code_hash({"distillab.reporting.page", "distillab.reporting.tables"})  # its maker, and what it imports
    assert rich.members["report-ta"].code.startswith(code)
    assert len(rich.members["report-ta"].code) == 2 * len(code)  # and the files that it shows
    assert all(role == parent and role.startswith("tables/ta/") for role, parent in page["parents"].items())
    assert {name, "tables/ta/run.json"} <= page["parents"].keys()
    assert page | {"parents": {}} == member("report", "reports/ta.html", 0, {}, {"report": "ta"}, report="ta") | {
        "parents": {}
    }
    assert [m.axes["report"] for m in rich.members.values() if m.stage == "report"] == [
        "index", "undistillable", "ta", "adversarial", "certified",
    ]  # fmt: skip


@pytest.fixture
def roster(rich_params):
    """An empty list of members."""
    return Roster(rich_params[0])


def test_a_key_is_made_of_stage_spec_seed_code_and_parents(roster):
    data, recipe = roster.params.data, roster.params.train
    roster.add("prepare", "images", {"part": "images"}, {"data": data})
    roster.add(
        "teach", "mine", {"teacher": "t", "seed": "5"}, {"train": recipe}, parents={"pixels": "images"},
        facts={"part": "x"}, seed=5, threads=4, modules=["distillab.models.resnet"], files_code="+files",
    )  # fmt: skip
    first, mine = roster.members.values()
    parts = {type(part).__module__ for part in recipe.walk()}
    code = code_hash({"distillab.stages.teach", "distillab.models.resnet", *parts}) + "+files"
    identity = {"train": recipe.identity(), "part": "x", "seed": 5}
    assert identity["train"] != recipe.plain()  # how often it is saved is no part of it
    assert mine == Member(
        stage="teach", id="mine", axes={"teacher": "t", "seed": "5"}, spec={"train": recipe.plain(), "part": "x"},
        seed=5, parents={"pixels": "images"}, code=code, key=member_key("teach", identity, code, {"pixels": first.key}),
        path="results/tiny/teachers/t/s5.safetensors", threads=4,
    )  # fmt: skip
    modules = {type(part).__module__ for part in data.walk()}
    assert first.code == code_hash({"distillab.stages.prepare", *modules})
    assert first.key == member_key("prepare", {"data": data.identity(), "seed": 0}, first.code, {})
    assert (first.parents, first.seed, first.threads) == ({}, 0, 1)


def test_a_member_may_be_added_twice_and_no_other_under_its_name(roster):
    for _ in range(2):
        assert roster.add("teach", "twin", {}, {}, seed=1, stored_only=True) == "twin"
    assert [m.path for m in roster.members.values()] == [""]
    with pytest.raises(SpecError) as error:
        roster.add("teach", "twin", {}, {}, seed=2, stored_only=True)
    assert str(error.value) == "params: twin: two payloads would share a name; rename a method or drop a value"


def test_a_networks_identity_is_what_is_trained(rich):
    models = {m.id: m for m in rich.members.values() if m.model}
    stages = {"teach": "teacher", "baseline": "ls_student", "knockoff": "knockoff", "distill": "chain"}
    weights = [m for m in rich.members.values() if m.stage in stages and m.spec.get("part") != "labels"]
    assert list(models.values()) == weights
    for own in (m.model for m in weights):
        member = models[own.member_id]
        assert stages[member.stage] == own.role
        assert (member.seed, member.spec["model"]["name"]) == (own.seed, own.arch)
        assert own.axes.items() <= member.axes.items()
        assert (member.spec.get("label_smoothing"), member.spec.get("temperature")) == (
            own.label_smoothing,
            own.temperature,
        )
        assert member.spec.get("step", -1) == own.step


def test_whom_a_network_goes_back_to(rich):
    of = {m.id: m.model for m in rich.members.values() if m.model}
    for own in of.values():
        if own.role == "knockoff":
            teacher = of[rich.members[own.member_id].parents["teacher"]]
            assert (own.teacher, own.defense) == (teacher.name, teacher.defense)
    assert (of["ta-T5-step1-s3"].teacher, of["ta-T5-step1-s3"].defense) == ("", "")
    assert (of["left-T2.5-step1-s3"].teacher, of["left-T2.5-step1-s3"].defense) == ("ls-cnn_digits", "ls")


def test_tables_alone_are_made_from_what_there_is(rich):
    assert {member.stage for member in rich.members.values() if member.incomplete} == {"collect"}


def test_a_table_knows_the_parameters_and_what_is_said_of_methods(plan_of, monkeypatch):
    change = {"studies": ["ta"], "seeds": [0]}
    name, first = "tables/ta/claims.parquet", plan_of(change)
    assert plan_of(change).members[name].key == first.members[name].key
    other = plan_of(change | {"defenses": {"ls": {"label_smoothing": 0.2}}})  # no network of the study has it
    assert [m.key for m in other.members.values() if m.stage == "distill"] == [
        m.key for m in first.members.values() if m.stage == "distill"
    ]
    assert other.members[name].key != first.members[name].key
    monkeypatch.setattr(CrossEntropyDefense, "grade", "R")
    assert plan_of(change).members[name].key != first.members[name].key
