"""Numbers that papers printed, as facts in CSV files, and which of ours they may stand beside."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from distillab.core.errors import ArtifactError

if TYPE_CHECKING:
    import pandas as pd

Printed = dict[tuple[str, str], float]
"""(label of a defense as printed, our architecture) to a printed number."""

Matrix = dict[tuple[str, str, str, str], float]
"""(label of a defense, teacher's and student's architecture, label of an attack or LS) to a printed accuracy."""


RESTORE = "restore the file from the repository"


class Reported:
    """A folder of reported numbers."""

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)

    def __getitem__(self, name: str) -> "pd.DataFrame":
        """The rows of ``<name>.csv``.

        Raises:
            ArtifactError: There is no such file.
        """
        import pandas as pd

        return pd.read_csv(self.path(f"{name}.csv"))

    def path(self, file: str) -> Path:
        """A file of the folder.

        Raises:
            ArtifactError: There is no such file.
        """
        path = self.folder / file
        if not path.is_file():
            raise ArtifactError("missing", where=str(path), do=RESTORE)
        return path

    def dataset(self, facts: dict[str, Any]) -> str:
        """The paper's name of our data set; empty where the paper has none, or where ours only stands in for it."""
        return _name(self["cmim_table1_best"], facts)

    def chain_dataset(self, facts: dict[str, Any]) -> str:
        """The teacher-assistant paper's name of our data set; empty where it has none or ours stands in for it."""
        return _name(self["ta_reported"], facts)

    def baseline(self, dataset: str) -> float | None:
        """The teacher-assistant paper's accuracy of the teacher at T = 1, as a share; None where it has none."""
        frame = self["ta_reported"]
        found = frame.loc[(frame["quantity"] == "accuracy") & (frame["dataset"] == dataset), "value"]
        return float(found.iloc[0]) / 100 if len(found) else None

    def settings(self, quantity: str) -> dict[str, float]:
        """The teacher-assistant paper's number for a quantity, by its setting."""
        frame = self["ta_reported"]
        rows = frame[frame["quantity"] == quantity].set_index("setting")
        return {str(key): float(value) for key, value in rows["value"].items()}

    def accuracies(self, dataset: str) -> Printed:
        """Printed accuracy of protected models on ``dataset``, as a share.

        Where tables 2 and 5 differ, as on ResNet-50, table 2 is right: it has the models of the knockoff matrix.
        """
        import pandas as pd

        trained = self["cmim_table5_6"].rename(columns={"method": "defense"})
        frame = pd.concat([trained, self["cmim_table2"], self["cmim_table3"]])
        return {key: value / 100 for key, value in self._printed(frame, dataset, "defense", "accuracy").items()}

    def entropies(self, dataset: str) -> Printed:
        """Printed mean entropy of the outputs on ``dataset``; the paper states no unit."""
        return self._printed(self["cmim_table4"], dataset, "method", "entropy_printed")

    def overheads(self, dataset: str) -> Printed:
        """Printed training time on ``dataset`` as a multiple of that of cross-entropy."""
        frame = self["cmim_table9"]
        frame = frame.assign(ratio=1 + frame["overhead_vs_ce"]).dropna(subset=["ratio"])
        return self._printed(frame, dataset, "method", "ratio")

    def matrix(self, dataset: str) -> Matrix:
        """Printed accuracy of knockoff and LS students on ``dataset``, as a share."""
        frame, ours = self["cmim_table1"], self._ours()
        rows = frame[frame["dataset"] == dataset][["defense", "teacher", "student", "attack", "accuracy"]]
        return {
            (str(defense), ours[teacher], ours[student], str(attack)): float(accuracy) / 100
            for defense, teacher, student, attack, accuracy in rows.itertuples(index=False)
        }

    def _ours(self) -> dict[str, str]:
        """The paper's name of an architecture to ours."""
        return dict(self["architectures"][["printed", "ours"]].itertuples(index=False, name=None))

    def _printed(self, frame: "pd.DataFrame", dataset: str, defense: str, value: str) -> Printed:
        ours = self._ours()
        rows = frame[frame["dataset"] == dataset][[defense, "model", value]].itertuples(index=False, name=None)
        return {(str(label), ours[model]): float(number) for label, model, number in rows if model in ours}


def on_our_data(frame: "pd.DataFrame", facts: dict[str, Any]) -> "pd.Series[bool]":
    """Which rows, by their column ``dataset``, are about our data set; none where ours only stands in for it."""
    ours = _plain(str(facts["title"]))
    return (frame["dataset"].astype(str).map(_plain) == ours) & (not facts["standin"])


def _name(frame: "pd.DataFrame", facts: dict[str, Any]) -> str:
    """The printed name of our data set; empty where it is not among the rows."""
    found = frame.loc[on_our_data(frame, facts), "dataset"]
    return str(found.iloc[0]) if len(found) else ""


def _plain(name: str) -> str:
    return "".join(char for char in name.casefold() if char.isalnum())
