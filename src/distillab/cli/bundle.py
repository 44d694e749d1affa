"""A finished run in one file: ``distillab record --bundle`` writes it, ``distillab verify FILE`` checks it."""

import argparse
import hashlib
from pathlib import Path

from distillab.core.errors import ArtifactError, SpecError


def add_options(record: argparse.ArgumentParser) -> None:
    """Add what ``record`` needs to write a bundle."""
    record.add_argument(
        "--bundle", metavar="FILE", type=Path, help="write tables, pages, parameters and manifest into this zip instead"
    )
    record.add_argument("--sign", metavar="KEY", type=Path, help="with --bundle: sign it with this OpenSSH key")


def record(options: argparse.Namespace) -> int:
    """Prove the run and write its bundle; say its hash.

    Raises:
        ArtifactError: the run is not proved.
        SpecError: no file is named, or the key cannot sign.
    """
    file: Path | None = options.bundle
    if file is None:
        raise SpecError("only a bundle is signed", where="--sign", do="give --bundle FILE, too")
    from distillab.plan.build import build_plan
    from distillab.plan.bundle import write_bundle
    from distillab.plan.signature import sign

    bundle = write_bundle(file, Path(), build_plan())
    if options.sign:
        sign(file, options.sign)
    print(f"{file}: {len(bundle.files)} files of preset {bundle.preset}, sha256 {_sha256(file)}")
    return 0


def is_bundle(argument: str | None) -> bool:
    """Whether somebody who verifies means a file and no preset."""
    return argument is not None and (argument.endswith(".zip") or Path(argument).is_file())


def verify(options: argparse.Namespace) -> int:
    """Print one line if a bundle is what it says; otherwise one line per fault, and return 3.

    Raises:
        SpecError: options that are of a run.
        ArtifactError: it is no bundle, or not signed by the key.
    """
    from distillab.core.shown import printable
    from distillab.plan.signature import check_signature
    from distillab.plan.unbundle import faults_of, read_bundle

    path = Path(options.preset)
    if options.write or options.sign:
        given = "--write" if options.write else "--sign"
        raise SpecError("a bundle is not written here", where=given, do="give `distillab record --bundle FILE --sign`")
    if options.key:
        check_signature(path, options.key)
    bundle, contents = read_bundle(path)
    faults = [printable(fault) for fault in faults_of(path, bundle, contents)]
    if faults:
        print("\n".join(faults))
        return ArtifactError.exit_code
    made = f"made {bundle.date} by distillab {bundle.distillab}" + (f" at {bundle.commit}" if bundle.commit else "")
    print(
        printable(
            f"{path}: {len(bundle.files)} files of preset {bundle.preset} ({bundle.title}) are what the bundle says, "
            f"their tables of its parameters and of its run's manifest; {made}; sha256 {_sha256(path)}"
        )
    )
    return 0


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
