"""The 8x8 handwritten digits that scikit-learn carries: no download, minutes for a whole study."""

from typing import Literal

import torch

from distillab.core.generators import generator
from distillab.data.raw import RawData, checked
from distillab.data.splits import stratified_order
from distillab.specs.data import DataSpec
from distillab.specs.data_facts import DataFacts

TEST_IMAGES = 360


class DigitsSpec(DataSpec):
    """scikit-learn's digits."""

    name: Literal["digits"] = "digits"

    @property
    def facts(self) -> DataFacts:
        """What is true of scikit-learn's digits."""
        return DataFacts(
            title="Digits (8x8)",
            source="E. Alpaydin and C. Kaynak, Optical Recognition of Handwritten Digits, UCI 1998 (its test part)",
            license="CC BY 4.0",
            shape=(1, 8, 8),
            classes=10,
            train=1797 - TEST_IMAGES,
            test=TEST_IMAGES,
            levels=16,
            split_rule="A fixed stratified 360 of the 1,797 images are the test split; validation comes from the rest.",
        )

    def read(self) -> RawData:
        """All 1,797 images, split into training and test images alike for every seed."""
        from sklearn.datasets import load_digits

        bunch = load_digits()
        x = torch.from_numpy(bunch.images).to(torch.uint8)[:, None]
        y = torch.from_numpy(bunch.target).long()
        order = stratified_order(y, generator(0, self.name, "published split"))
        test, train = order[:TEST_IMAGES].sort().values, order[TEST_IMAGES:].sort().values
        names = tuple(str(name) for name in bunch.target_names)
        raw = RawData(x[train], y[train], x[test], y[test], self.facts.levels, names)
        return checked(raw, self.facts, where="scikit-learn's digits")
