"""``distillab verify``: proves a finished run, and keeps or checks its manifest."""

import argparse
from pathlib import Path

from distillab.cli import bundle
from distillab.core.errors import ArtifactError, SpecError


def add_command(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command and its options."""
    verify = commands.add_parser(
        "verify",
        help="prove a finished run: every file, its sidecar, its parents, its manifest if there is one; or a bundle",
        description="Check every file of a finished run against its sidecar, every sidecar against params.yaml and the "
        "files it was made from, and all of them against the manifest if there is one; or check a bundle, of which "
        "nothing is unpacked. Each fault is a line, and the exit code is then 3. Changes nothing without --write.",
    )
    verify.add_argument(
        "preset",
        nargs="?",
        metavar="PRESET or FILE",
        help="another preset than that of params.yaml, with the same override; or a bundle, anywhere",
    )
    verify.add_argument("--write", action="store_true", help="write the manifest of a run that is proved without one")
    verify.add_argument("--sign", metavar="KEY", type=Path, help="with --write: sign it with this OpenSSH key")
    verify.add_argument(
        "--key", metavar="PUBLIC", type=Path, help="check that this OpenSSH key signed the manifest, or the bundle"
    )
    verify.set_defaults(command=run_verify)


def run_verify(options: argparse.Namespace) -> int:
    """Print one line if all is well; otherwise one line per fault, and return 3."""
    if bundle.is_bundle(options.preset):
        return bundle.verify(options)
    from distillab.plan.build import build_plan
    from distillab.plan.manifest import manifest_of, manifest_path, read_manifest, write_manifest
    from distillab.plan.signature import check_signature, sign
    from distillab.plan.verify import compare, prove

    if options.sign and not options.write:
        raise SpecError("only a manifest that is being written is signed", where="--sign", do="give --write, too")
    plan = build_plan(Path(), options.preset)
    path = manifest_path(Path(), plan.preset)
    if options.key:
        check_signature(path, options.key)
    manifest = None if options.write else read_manifest(path)
    proof = prove(Path(), plan)
    faults = [*proof.faults, *(compare(plan, proof, manifest) if manifest else ())]
    if not proof.sidecars and not any(Path(member.path).exists() for member in plan.members.values() if member.path):
        do = "run `distillab use` and snakemake first" if options.preset else "run snakemake first"
        raise ArtifactError(f"nothing of preset {plan.preset} is made yet", where=f"results/{plan.preset}", do=do)
    if faults:
        print("\n".join(faults))
        return ArtifactError.exit_code
    if options.write:
        write_manifest(path, manifest_of(plan, proof.sidecars))
        if options.sign:
            sign(path, options.sign)
    print(_summary(len(proof.sidecars), plan.preset, path, compared=manifest is not None, written=options.write))
    return 0


def _summary(count: int, preset: str, path: Path, *, compared: bool, written: bool) -> str:
    proved = f"{count:,} files of preset {preset} are what their sidecars say, made from the parents that are there"
    if written:
        return f"{proved}; written to {path}"
    return f"{proved}, all as in {path}" if compared else f"{proved}; no manifest: `distillab verify --write` makes one"
