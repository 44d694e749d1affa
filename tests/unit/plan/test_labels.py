"""What tables call the methods of a run, by kind; two of a method under names of their own."""

from distillab.plan.labels import labels_of


def test_labels_by_kind(params_of):
    params = params_of(
        {
            "defenses": {"ls_far": {"name": "ls", "label_smoothing": 0.4}},
            "knockoff": {"attacks": {"kd_hot": {"name": "kd", "temperature": 9}}},
            "certification": {"certifiers": {"ibp_l2": {"name": "ibp", "norm": "l2"}, "best": {"name": "best"}}},
            "robustness": {"attacks": {"pgd_l2": {"name": "pgd", "norm": "l2", "eps": 1, "step_size": 0.1}}},
        }
    )
    assert labels_of(params) == {
        "defenses": {"ce": "CE", "ls": "LS", "st": "ST", "cmim": "CMIM", "ls_far": "LS (far)"},
        "knockoffs": {"kd": "KD", "mkd": "MKD", "kd_hot": "KD (hot)"},
        "certifiers": {"ibp": "IBP", "dual": "WK dual", "ibp_l2": "IBP (l2)", "best": "best"},
        "deciders": {"ibp": "IBP", "dual": "WK dual", "crown": "CROWN", "alpha_crown": "alpha-CROWN"},
        "attacks": {"pgd_linf": "PGD", "cw_l2": "C&W L2", "pgd_l2": "PGD"},  # told apart by their norm
    }
