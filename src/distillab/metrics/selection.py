"""Which of several settings validation images choose."""

from collections.abc import Mapping
from typing import TypeVar

from distillab.core.errors import ContractError

Setting = TypeVar("Setting", float, int, tuple[float, ...])


def choose_on_validation(val_accuracy_by_setting: Mapping[Setting, float]) -> Setting:
    """The setting with the highest validation accuracy; of equals, the smallest.

    Raises:
        ContractError: No setting, or an accuracy outside [0, 1].
    """
    if not val_accuracy_by_setting:
        raise ContractError("no setting to choose from", where="choose_on_validation")
    for setting, value in val_accuracy_by_setting.items():
        if not 0 <= value <= 1:
            where, expected = f"choose_on_validation, setting {setting}", "a share in [0, 1]"
            raise ContractError("not an accuracy", where=where, expected=expected, got=str(value))
    return min(val_accuracy_by_setting, key=lambda setting: (-val_accuracy_by_setting[setting], setting))
