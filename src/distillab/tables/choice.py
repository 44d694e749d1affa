"""What validation images choose among settings, of which some seeds may not be there."""

from collections.abc import Mapping

import numpy as np

from distillab.metrics.selection import Setting, choose_on_validation


def best_setting(accuracies: Mapping[Setting, Mapping[int, float]]) -> Setting:
    """The setting with the best mean validation accuracy over the seeds that all settings have.

    Where no seed is common to all, the setting with the fewest seeds, of several the last, is no candidate. With one
    setting there is nothing to choose, and no validation images are needed.
    """
    rivals = dict(accuracies)
    while not (common := set.intersection(*map(set, rivals.values()))):
        del rivals[min(reversed(rivals), key=lambda setting: len(rivals[setting]))]
    if len(rivals) == 1:
        return next(iter(rivals))
    return choose_on_validation(
        {setting: float(np.mean([by_seed[seed] for seed in sorted(common)])) for setting, by_seed in rivals.items()}
    )
