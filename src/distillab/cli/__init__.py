"""The command line: one thin subcommand per stage, and a few for the people who run them."""

from distillab.cli.main import main

__all__ = ["main"]
