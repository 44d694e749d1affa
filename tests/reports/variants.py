"""Synthetic runs of several extents: what a page must say with much, with little and with nothing to show."""

import re
from collections.abc import Callable
from pathlib import Path

import pandas as pd
from doubled_tables import doubled
from gap_tables import of_nothing, with_gaps
from in_process import PAGES

from conftest import write_tables
from distillab.tables import TABLES
from distillab.tables.frame import frame_of

OF_CMIM = ("leaks", "simplex", "ablations", "hypotheses")
OF_ATTACKS = ("worst", "responses", "profiles")
OF_CERTIFIERS = ("certificates", "certified_images", "cascades")
OF_CHAINS = ("sensitivity", "steps", "claims")
OF_EVERYONE = ("robustness", "strength", "curves", "cmi", "history", "examples")
OF_KNOCKOFFS = ("knockoff", "verdicts", "labels", "worth", "protections")


def three_seeds(folder: Path) -> Path:
    """Everything, three seeds of it."""
    return write_tables(folder)


def one_seed(folder: Path) -> Path:
    """Everything, one seed of it."""
    return write_tables(folder, seeds=1)


def nothing(folder: Path) -> Path:
    """Models, and no question asked of them."""
    tables = write_tables(folder)
    _empty(tables, *OF_KNOCKOFFS, *OF_EVERYONE, *OF_CHAINS, *OF_CMIM, *OF_ATTACKS, *OF_CERTIFIERS)
    return tables


def chains_alone(folder: Path) -> Path:
    """The study of chains without the others' models."""
    tables = write_tables(folder)
    for name in ("models", "robustness"):
        _keep(tables, name, lambda frame: frame["role"] == "chain")
    _empty(tables, *OF_KNOCKOFFS, "curves", "cmi", "history", *OF_CMIM, *OF_ATTACKS, *OF_CERTIFIERS)
    return tables


def gaps(folder: Path) -> Path:
    """Three seeds, of which some members failed."""
    return with_gaps(write_tables(folder))


def empty(folder: Path) -> Path:
    """A run of which nothing is there."""
    return of_nothing(write_tables(folder))


def one_teacher(folder: Path) -> Path:
    """One seed of one unprotected teacher under one attack."""
    tables = write_tables(folder, seeds=1)
    for path in tables.glob("*.parquet"):
        columns = pd.read_parquet(path).columns
        if "defense" in columns:
            _keep(tables, path.stem, lambda frame: frame["defense"].isin(("ce", "")))
        if "model" in columns:
            _keep(tables, path.stem, lambda frame: frame["model"].str.startswith(("ce-", "ls0.1-")))
    _keep(tables, "knockoff", lambda frame: (frame["attack"] == "kd") & (frame["thief"] == "paper"))
    for name in ("verdicts", "labels", "worth", "protections"):
        _keep(tables, name, lambda frame: frame["thief"] == "paper")
    _empty(tables, "ablations", "hypotheses", "curves", "examples", "cascades", *OF_CHAINS)
    return tables


def one_certifier(folder: Path) -> Path:
    """One seed of one certifier, without attacks beside it and without cascades."""
    tables = write_tables(folder, seeds=1)
    for name in ("certificates", "certified_images"):
        _keep(tables, name, lambda frame: frame["certifier"] == "dual")
    frame = pd.read_parquet(tables / "certificates.parquet")
    frame.assign(robust_accuracy=float("nan"), robust_n=0, gap=float("nan")).to_parquet(tables / "certificates.parquet")
    _empty(tables, "cascades")
    return tables


def mnist(folder: Path) -> Path:
    """Data and budgets that papers on chains, adversarial training and certificates print numbers for."""
    tables = write_tables(folder)
    _renamed(tables, {"papernot_digits": "wong_small", "Synthetic digits": "MNIST",
                      "synthetic numbers, not a measurement": "", '"eps": 0.1': '"eps": 0.3', '"eps": 0.05':
                      '"eps": 0.1', r"0\.02, 0\.05": "0.02, 0.1"})  # fmt: skip
    for name, old, new in (("robustness", 0.1, 0.3), ("worst", 0.1, 0.3), ("certificates", 0.05, 0.1),
                           ("certified_images", 0.05, 0.1)):  # fmt: skip
        frame = pd.read_parquet(tables / f"{name}.parquet")
        frame.assign(eps=frame["eps"].replace(old, new)).to_parquet(tables / f"{name}.parquet")
    return tables


def two_of_everything(folder: Path) -> Path:
    """Two seeds of two networks, students, chains and machines; gains, bounds and trainings at the ends of scales."""
    tables = write_tables(folder, seeds=2)
    doubled(tables)
    return tables


def cifar100(folder: Path) -> Path:
    """Data and networks that CMIM's paper prints numbers for."""
    tables = write_tables(folder)
    _renamed(tables, {"papernot_digits": "vgg16_bn", "cnn_digits": "shufflenet_v2", "Synthetic digits": "CIFAR-100",
                      "synthetic numbers, not a measurement": ""})  # fmt: skip
    return tables


EVERYTHING = (*PAGES, "record")
VARIANTS = {
    **dict.fromkeys((three_seeds, one_seed, nothing, chains_alone, one_teacher, one_certifier), EVERYTHING),
    two_of_everything: EVERYTHING, gaps: EVERYTHING, empty: EVERYTHING,
    mnist: ("ta", "adversarial", "certified", "record"), cifar100: ("undistillable", "record"),
}  # fmt: skip
"""Run to the pages that are kept of it."""


def _empty(tables: Path, *names: str) -> None:
    for name in names:
        frame_of(TABLES[name], []).to_parquet(tables / f"{name}.parquet")


def _renamed(tables: Path, names: dict[str, str]) -> None:
    """Other names, by pattern, in every table and in the facts."""
    for path in tables.glob("*.parquet"):
        pd.read_parquet(path).replace(names, regex=True).to_parquet(path)
    for path in tables.glob("*.json"):
        text = path.read_text(encoding="utf-8")
        for pattern, name in names.items():
            text = re.sub(pattern, name, text)
        path.write_text(text, encoding="utf-8")


def _keep(tables: Path, name: str, kept: "Callable[[pd.DataFrame], pd.Series[bool]]") -> None:
    frame = pd.read_parquet(tables / f"{name}.parquet")
    frame[kept(frame)].to_parquet(tables / f"{name}.parquet")
