"""Reading the command line: each command refuses what it does not know beside its own usage."""

import argparse
from collections.abc import Callable, Sequence
from contextlib import suppress
from math import inf
from typing import Any, NoReturn, TypeVar

from distillab.cli.output import give_up_unwritable

Number = TypeVar("Number", int, float)

PASSED_ON = "arguments for snakemake, options after -- (default: --cores all)"
"""What commands that end in snakemake say of the arguments they pass on."""


class CommandParser(argparse.ArgumentParser):
    """A parser of which every command tells its own usage where an argument is unknown, and what to do."""

    def __init__(self, *positional: Any, advice: str = "", **named: Any) -> None:  # noqa: ANN401 - argparse's own
        super().__init__(*positional, **named)
        self.advice = advice

    def parse_known_args(  # type: ignore[override] # with argparse's one signature instead of its overloads
        self,
        args: Sequence[str] | None = None,
        namespace: Any = None,  # noqa: ANN401 - argparse's own
    ) -> tuple[argparse.Namespace, list[str]]:
        """Namespace and nothing else: what is left over ends the program with exit code 2."""
        known, unknown = super().parse_known_args(args, namespace)
        if unknown:
            self.error(f"unrecognized arguments: {' '.join(unknown)}{self.advice and f'; {self.advice}'}")
        return known, unknown

    def exit(self, status: int = 0, message: str | None = None) -> NoReturn:
        """End the program, without a word where nobody reads its help any more."""
        give_up_unwritable()
        super().exit(status, message)


def advice_for(command: str) -> str:
    """Where options of snakemake go, for a command that passes them on."""
    return f"options of snakemake go after --, as in `distillab {command} -- --cores 2`"


def count(text: str) -> int:
    """A whole number that is not negative.

    Raises:
        ArgumentTypeError: it is none.
    """
    return _read(int, text, "a whole number of at least 0")


def hours(text: str) -> float:
    """A number of hours.

    Raises:
        ArgumentTypeError: it is none.
    """
    return _read(float, text, "a number of hours, at least 0")


def _read(kind: Callable[[str], Number], text: str, expected: str) -> Number:
    with suppress(ValueError):
        number = kind(text)
        if 0 <= number < inf:
            return number
    raise argparse.ArgumentTypeError(f"expected {expected}; got {text!r}")
