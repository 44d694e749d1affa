"""Which trained network a member is: its role, network, method, chain and seed, from the plan to the page."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, model_validator

Role = Literal["teacher", "ls_student", "pseudo_student", "knockoff", "chain"]

Family = Literal["teachers", "students", "knockoffs", "chains"]
"""The models of one role, as parameters and folders name them."""

PAPER = "paper"
"""The thief of the papers: all labels, and the probabilities of the same images."""

TRIAL = "_trial"
"""Between an attack's key and a trial's number, in the name of a knockoff whose attacker tunes."""

NO_STEP = -1
"""The ``step`` of a model that is no part of a chain."""


class ModelIdentity(BaseModel):
    """One trained network; what does not apply to its role is empty or None."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    role: Role
    arch: str
    """Its own network."""
    seed: int
    defense: str = ""
    """Key of a teacher's defense, of that of whom a knockoff learned from, or of that which a chain starts from."""
    teacher: str = ""
    """Name of whom a knockoff learned from, or a chain starts from where that is a defended teacher."""
    attack: str = ""
    """Key of a knockoff's attack."""
    trial: int | None = None
    """Number of the values that a tuning attacker tries; None for the attack's own."""
    thief: str = ""
    """Key of the thief who trained it or whose labels it has, the papers' if not said; empty of teachers and chains."""
    label_smoothing: float | None = None
    """A control's: of an LS student, or of one that learns pseudo-labels beside labels."""
    chain: str = ""
    temperature: float | None = None
    step: int = NO_STEP

    @model_validator(mode="before")
    @classmethod
    def _of_the_papers_thief(cls, given: dict[str, Any]) -> dict[str, Any]:
        return given if given.get("role") in ("teacher", "chain") else {"thief": PAPER} | given

    @property
    def method(self) -> str:
        """A knockoff's attack, with the number of its trial."""
        return self.attack if self.trial is None else f"{self.attack}{TRIAL}{self.trial}"

    @property
    def name(self) -> str:
        """Flat and safe as a wildcard, without the seed."""
        match self.role:
            case "teacher":
                return f"{self.defense}-{self.arch}"
            case "ls_student":
                return f"ls{self.label_smoothing:g}-{self.arch}{self._of_thief}"
            case "pseudo_student":
                return f"pseudo{self.label_smoothing:g}-{self.arch}{self._of_thief}"
            case "knockoff":
                return f"{self.teacher}--{self.method}-{self.arch}{self._of_thief}"
            case "chain":
                return f"{self.chain}-T{self.temperature:g}-step{self.step}"

    @property
    def _of_thief(self) -> str:
        return "" if self.thief == PAPER else f"--{self.thief}"

    @property
    def member_id(self) -> str:
        """The id of the member that holds its weights."""
        return f"{self.name}-s{self.seed}"

    @property
    def axes(self) -> dict[str, str]:
        """The wildcards of its path."""
        match self.role:
            case "teacher":
                own = {"teacher": self.name}
            case "ls_student" | "pseudo_student":
                own = {"thief": self.thief, "student": self.name.removesuffix(self._of_thief)}
            case "knockoff":
                own = {"thief": self.thief, "teacher": self.teacher, "knockoff": f"{self.method}-{self.arch}"}
            case "chain":
                own = {"chain": self.chain, "temperature": f"{self.temperature:g}", "step": str(self.step)}
        return own | {"seed": str(self.seed)}
