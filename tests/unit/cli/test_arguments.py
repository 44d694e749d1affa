"""Arguments that no command knows, numbers that are none, and help that says what a command does."""

import pytest

from distillab.cli import main
from distillab.cli.main import parser


def refusal(capsys, *arguments):
    """The lines that end a command whose arguments are wrong."""
    with pytest.raises(SystemExit) as end:
        main([*arguments])
    assert end.value.code == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    return captured.err.splitlines()


def commands():
    """Every command's parser by name."""
    (action,) = (action for action in parser()._actions if action.dest == "==SUPPRESS==" and action.choices)
    return action.choices


def test_every_command_says_what_it_does():
    described = {name: command.description for name, command in commands().items()}
    assert {name for name, text in described.items() if not text or not text.endswith(".")} == set()


def test_an_unknown_argument_is_told_beside_the_commands_own_usage(capsys):
    assert refusal(capsys, "plan", "--core", "2", "--fast") == [
        "usage: distillab plan [-h] [--all] [--cores N] [--no-measure]",
        "distillab plan: error: unrecognized arguments: --fast",
    ]


@pytest.mark.parametrize("command", ["resume", "decide"])
def test_options_of_snakemake_are_shown_their_place(command, capsys):
    *usage, error = refusal(capsys, command, "--profile", "slurm")
    assert usage[0].startswith(f"usage: distillab {command} ")
    assert error == (
        f"distillab {command}: error: unrecognized arguments: --profile; "
        f"options of snakemake go after --, as in `distillab {command} -- --cores 2`"
    )


@pytest.mark.parametrize(
    ("option", "given", "expected"),
    [
        ("--seeds", "-1", "a whole number of at least 0"),
        ("--seeds", "1.5", "a whole number of at least 0"),
        ("--hours", "-0.1", "a number of hours, at least 0"),
        ("--hours", "inf", "a number of hours, at least 0"),
        ("--hours", "nan", "a number of hours, at least 0"),
        ("--hours", "two", "a number of hours, at least 0"),
    ],
)
def test_a_number_that_is_none_is_told_with_what_was_expected(option, given, expected, capsys):
    error = refusal(capsys, "decide", f"{option}={given}")[-1]
    assert error == f"distillab decide: error: argument {option}: expected {expected}; got '{given}'"


def test_numbers_are_read():
    options = parser().parse_args(["decide", "--seeds", "0", "--hours", "1.5"])
    assert (options.seeds, options.hours) == (0, 1.5)
