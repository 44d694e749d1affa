"""The errors a user can meet; each is one line that says what, where, expected, got and what to do."""

from distillab.core.shown import printable, shortened


class DistillabError(Exception):
    """Base of all errors that the command line prints as one line, without a traceback."""

    exit_code = 1

    def __init__(self, what: str, *, where: str = "", expected: str = "", got: str = "", do: str = "") -> None:
        head = f"{where}: {what}" if where else what
        parts = [head, expected and f"expected {expected}", got and f"got {got}"]
        self.fault = _line(parts)
        """The line without what to do: for a log, where nobody has to do anything."""
        super().__init__(_line([*parts, do]))


def _line(parts: list[str]) -> str:
    return "; ".join(shortened(printable(part)) for part in parts if part)


class SpecError(DistillabError):
    """The user's parameters are wrong; nothing was computed."""

    exit_code = 2


class ArtifactError(DistillabError):
    """A file is absent, truncated, edited or foreign, or cannot be written."""

    exit_code = 3


class BlockedError(ArtifactError):
    """Nothing can be written here and now, and nothing is wrong with what was to be written."""


class BusyError(BlockedError):
    """A file is being written by another process."""


class UnansweredError(BlockedError):
    """A model behind an endpoint answers nothing, or what is no answer; what it answered before is kept."""


class ContractError(DistillabError):
    """A method broke a postcondition: a value out of range, over budget, or not finite."""

    exit_code = 4
