"""The columns and keys that a report may rely on; a table may hold more."""


def _names(text: str) -> tuple[str, ...]:
    return tuple(text.split())


COLUMNS: dict[str, tuple[str, ...]] = {
    "models": _names(
        "model role defense defense_label grade attack attack_label teacher arch chain temperature step seed eps "
        "chosen parameters epochs val_accuracy val_n test_accuracy test_n entropy_nats entropy_normalized ece nll "
        "brier confidence agreement flip_rate change_l1"
    ),
    "knockoff": _names(
        "defense defense_label grade teacher attack attack_label attack_grade in_paper student seeds test_n "
        "knockoff_accuracy knockoff_low knockoff_high ls_eps ls_accuracy ls_low ls_high delta delta_low delta_high "
        "queries responses missing"
    ),
    "verdicts": _names(
        "defense defense_label teacher student verdict literal best_attack best_delta lower upper margin seeds attacks "
        "reason paper_verdict paper_literal paper_best_attack paper_best_delta paper_lower paper_upper paper_margin "
        "paper_seeds paper_attacks paper_reason missing paper_missing"
    ),
    "robustness": _names(
        "model role defense arch chain temperature step attack attack_label logits norm kind mode eps seed n "
        "clean_accuracy robust_accuracy robust_low robust_high success_rate success_low success_high success_n "
        "median_distance mean_distance max_distance penalized_mean mean_l2 failures forwards backwards zero_gradient "
        "randomized_forward"
    ),
    "curves": _names("model attack logits norm seed eps robust_accuracy n"),
    "worst": _names(
        "model role defense arch chain temperature step seed norm eps attacks n clean_accuracy robust_accuracy "
        "robust_low robust_high best_single boundary transfer_wins missing"
    ),
    "certificates": _names(
        "model role defense arch certifier certifier_label norm eps seed n clean_accuracy certified_accuracy low high "
        "slack robust_accuracy robust_n gap median_radius undecided missing"
    ),
    "certified_images": _names("model certifier seed id eps label certified by margin radius"),
    "cascades": _names(
        "cascade arch stages certifier norm eps seed n paper_robust_error strict_robust_error standard_error shares"
    ),
    "responses": _names(
        "teacher defense defense_label seed temperature n entropy entropy_sd support gap kl_from_plain kl_to_plain"
    ),
    "profiles": _names("teacher defense seed rank value"),
    "cmi": _names("teacher defense defense_label arch seed split power label cmi n"),
    "leaks": _names(
        "teacher defense defense_label arch seed split peak peak_power peak_corrected similarity resemblance n"
    ),
    "simplex": _names("defense teacher seed power label name corners x y"),
    "ablations": _names("method field value defense quantity attack number low high seeds"),
    "hypotheses": _names("defense hypothesis statement unit value low high p decision seeds"),
    "history": _names("model role seed epoch term value"),
    "examples": _names(
        "model attack logits seed id label label_clean label_adv distance norm height width channels clean adversarial"
    ),
    "sensitivity": _names(
        "model role arch chain temperature step seed n small small_low small_high small_float32 log10_p5 log10_median "
        "log10_p95 log10_logits_median margin_median"
    ),
    "steps": _names("chain norm view earlier later temperature difference low high seeds images_low images_high n"),
    "claims": _names("claim chain statement view unit value low high p decision seeds source"),
}
"""Table to its columns."""

FACTS = _names(
    "preset title standin shape classes class_names train_n val_n test_n seeds margin params cells_planned cells_done "
    "missing flags command license source split_rule"
)

RUN = _names("stage_seconds environments commit")
"""Keys of the one table that two equal runs do not share."""
