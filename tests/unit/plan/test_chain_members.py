"""The members of chains: as far as the seeds of each go."""

from distillab.plan.chain_members import chain_seeds


def test_a_chain_of_a_teacher_has_its_seeds_without_the_headlines(rich_params):
    params, _ = rich_params
    assert chain_seeds(params, params.chains["left"]) == (3, 7)
    few = params.model_copy(
        update={"defenses": params.defenses | {"ls": params.defenses["ls"].model_copy(update={"seeds": 1})}}
    )
    assert chain_seeds(few, few.chains["left"]) == (3,)
    assert chain_seeds(few, few.chains["ta"]) == (3, 7)


def test_each_chain_is_made_as_far_as_its_seeds_go(rich):
    made = [m.id for m in rich.members.values() if m.stage in {"distill", "warm"}]
    assert sorted(made) == sorted(
        [
            *(f"ta-warm-cnn_digits-s{seed}" for seed in (3, 7)),
            *(f"ta-T5-step0-s{seed}" for seed in (3, 7)),
            "ta-T5-step0-s3-labels",
            "ta-T5-step1-s3",
            *(f"left-T2.5-{made}" for made in ("step0-s3-labels", "step0-s7-labels", "step1-s3", "step1-s7")),
        ]
    )  # fmt: skip
    assert rich.members["left-T2.5-step0-s7-labels"].parents["model"] == "ls-cnn_digits-s7"
    assert rich.members["left-T2.5-step1-s7"].parents["soft_labels"] == "left-T2.5-step0-s7-labels"
