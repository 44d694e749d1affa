"""Options of ``distillab certify --weights``, and what may not be said together."""

import argparse
from math import isfinite

from distillab.cli.published import add_file_options
from distillab.core.bounds import parse_fraction
from distillab.core.errors import SpecError


def add_options(command: argparse.ArgumentParser) -> None:
    """Add what the stage's command takes instead of a job."""
    group = command.add_argument_group(
        "published weights",
        "Instead of a job: a file of weights from elsewhere. Of known files architecture, data, normalization, norm "
        "and, of most, radius need not be said; numbers that a paper prints are compared under --as-published alone.",
    )
    add_file_options(group)
    group.add_argument("--eps", action="append", metavar="E", help="radius in pixel units, or 8/255; may be repeated")
    group.add_argument("--certifier", metavar="NAME", help="ibp, dual, crown, ... (default: best)")
    group.add_argument(
        "--as-published", choices=["wong-kolter", "scaling"], help="exactly a paper's bound and its count of errors: "
        "the dual without intersection, without the box (wong-kolter: Wong & Kolter 2018) or with it where pixels are "
        "not normalized (scaling: Wong et al. 2018)",
    )  # fmt: skip
    group.add_argument("--norm", help="linf, l2 or l1 (default: linf)")
    group.add_argument(
        "--no-input-box", action="store_true", help="let perturbed pixels leave [0, 1]; a paper's own bound is "
        "--as-published",
    )  # fmt: skip
    group.add_argument("--precision", choices=["float32", "float64"], default="float32", help="of the bounds")
    group.add_argument("--data", metavar="NAME", help="data set of the test images (default: mnist)")
    group.add_argument("--root", default="data", metavar="DIR", help="its folder (default: data)")
    group.add_argument("--images", type=int, metavar="N", help="only this many first test images")
    group.add_argument("--radius-steps", type=int, default=0, metavar="K", help="halvings in search of each radius")
    group.add_argument("--threads", type=int, default=1, metavar="K", help="CPU threads (default: 1)")
    group.add_argument("--output", metavar="FILE", help="write a row per network, image and radius here, as parquet")


def refuse_contradictions(options: argparse.Namespace) -> None:
    """Refuse options that exclude each other.

    Raises:
        SpecError: two of them do.
    """
    if options.cascade and options.network is not None:
        raise SpecError("takes every network", where="--cascade", do="leave --network out, or --cascade")
    if not options.as_published:
        return
    if options.certifier not in (None, "dual"):
        raise SpecError(
            "is the paper's dual", where="--as-published", got=f"--certifier {options.certifier}",
            do="leave --certifier out",
        )  # fmt: skip
    if options.no_input_box:
        raise SpecError("says itself whether there is a box", where="--as-published", do="leave --no-input-box out")


def radii(options: argparse.Namespace) -> list[float]:
    """The radii in increasing order, where all is said that the command needs.

    Raises:
        SpecError: something is missing, or no radius.
    """
    for name in ("weights", "arch", "eps"):
        if not getattr(options, name):
            raise SpecError("missing", where=f"--{name}", expected="--weights FILE --arch NAME --eps E")
    if options.job:
        raise SpecError("a job and published weights exclude each other", where="--weights", got=options.job)
    return sorted({_radius(text) for text in options.eps})


def _radius(text: str) -> float:
    try:
        value = float(str(parse_fraction(text)))
    except ValueError:
        value = float("nan")
    if not isfinite(value) or value <= 0:
        raise SpecError("not a radius", where="--eps", expected="a positive number or a fraction like 8/255", got=text)
    return value


def refuse_less(options: argparse.Namespace, **least: int) -> None:
    """Refuse numbers below their least.

    Raises:
        SpecError: a number is.
    """
    for name, low in least.items():
        value = getattr(options, name)
        if value is not None and value < low:
            where = f"--{name.replace('_', '-')}"
            raise SpecError("too small", where=where, expected=f"at least {low}", got=str(value))
