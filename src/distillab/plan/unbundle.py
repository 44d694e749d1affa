"""A bundle from elsewhere, checked before anything of it is believed; nothing of it is written to disk."""

import hashlib
import json
import re
import zipfile
from collections.abc import Iterator, Mapping
from io import BytesIO
from pathlib import Path, PurePosixPath
from typing import Any, TypeVar

from pyarrow import ArrowException, parquet
from pydantic import BaseModel, ValidationError

from distillab import __version__
from distillab.core.errors import ArtifactError, ContractError
from distillab.core.shown import shown
from distillab.core.sidecar import Sidecar, parsed_sidecar
from distillab.plan.bundle import HEAD, MANIFEST, PARAMETERS, Bundle, bundled
from distillab.plan.manifest import Manifest, entry_of, params_hash
from distillab.tables import table_of

ModelT = TypeVar("ModelT", bound=BaseModel)
Contents = Mapping[str, bytes]

NAME = re.compile(r"\w[\w.+-]*(/\w[\w.+-]*)*", re.ASCII)
"""Of a file in a bundle: no part begins with a dot or a slash."""

MOST_FILES, LARGEST = 10_000, 2**31
SIDECAR = ".json"


def read_bundle(path: Path) -> tuple[Bundle, Contents]:
    """What a bundle says of itself, and all files in it.

    Raises:
        ArtifactError: it is no bundle, cut short, damaged, or an archive that no bundle is.
    """
    contents = _unpacked(path)
    if HEAD not in contents:
        raise ArtifactError("no bundle", where=str(path), expected=f"a zip with {HEAD}, of `distillab record --bundle`")
    return _parsed(Bundle, contents, HEAD, path), contents


def faults_of(path: Path, bundle: Bundle, contents: Contents) -> Iterator[str]:
    """One line for each thing in a bundle that is not what it should be; later ones may follow from the first."""
    damaged = list(_damaged(bundle, contents))
    if damaged:
        yield from damaged
        return
    manifest = _parsed(Manifest, contents, MANIFEST, path)
    params = json.loads(contents[PARAMETERS])
    for what, here, told in (
        ("preset", bundle.preset, manifest.preset),
        ("preset", bundle.preset, str(params.get("preset"))),
        ("params", params_hash(params), manifest.params),
    ):
        if here != told:
            yield f"{what}: {shown(here)} in the bundle, {shown(told)} in its manifest or parameters"
    sidecars: dict[str, Sidecar] = {}
    for name in payloads(contents):
        try:
            sidecars[name] = parsed_sidecar(contents[name + SIDECAR], where=name + SIDECAR)
        except ArtifactError as error:
            yield error.fault
    for name, sidecar in sidecars.items():
        yield from _foreign(name, sidecar, contents[name], manifest)
    yield from _of_other_parameters(sidecars, contents, params)
    if bundle.distillab == __version__:
        for name in sidecars:
            yield from _other_columns(name, contents[name])


def payloads(contents: Contents) -> list[str]:
    """The files that have a sidecar."""
    return [name for name in contents if name + SIDECAR in contents]


def _unpacked(path: Path) -> dict[str, bytes]:
    if not path.is_file():
        raise ArtifactError("no such file", where=str(path))
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            if fault := _unlike(members, path.stat().st_size):
                raise ArtifactError(fault, where=str(path), expected="what `distillab record --bundle` wrote")
            return {member.filename: archive.read(member) for member in members}
    except (zipfile.BadZipFile, EOFError, OSError, ValueError, NotImplementedError, OverflowError) as error:
        raise ArtifactError("no bundle, cut short or damaged", where=str(path), got=str(error)) from error


def _unlike(members: list[zipfile.ZipInfo], size: int) -> str:
    """Why an archive is none that a bundle is; empty if it may be one."""
    if len(members) > MOST_FILES or size > LARGEST:
        return f"too much for a bundle: {len(members):,} files, {size:,} bytes"
    names = [member.filename for member in members]
    for name in names:
        if not NAME.fullmatch(name) or len(name) > 250:
            return f"a name that no bundle has: {shown(name)}"
    if len({*names}) < len(names):
        return "two files of one name"
    for member in members:
        if (
            member.compress_type != zipfile.ZIP_STORED
            or member.file_size != member.compress_size
            or member.flag_bits & 1
        ):
            return f"compressed or encrypted, as nothing in a bundle is: {shown(member.filename)}"
    if sum(member.file_size for member in members) > size:
        return "its files overlap"
    return ""


def _parsed(model: type[ModelT], contents: Contents, name: str, path: Path) -> ModelT:
    try:
        return model.model_validate_json(contents[name])
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "the top"
        raise ArtifactError(
            f"{name} is not that of a bundle of this version", where=str(path), got=f"{where}: {first['msg'].lower()}"
        ) from error


def _damaged(bundle: Bundle, contents: Contents) -> Iterator[str]:
    """Files that are missing, that nobody declared, or that are others; parameters that are none."""
    for name in sorted({*bundle.files, PARAMETERS, MANIFEST} - contents.keys()):
        yield f"{name}: missing"
    for name in sorted(contents.keys() - bundle.files.keys() - {HEAD}):
        yield f"{name}: not in {HEAD}"
    for name, declared in bundle.files.items():
        if name in contents and (found := bundled(contents[name])) != declared:
            what = "bytes" if found.bytes != declared.bytes else "sha256"
            yield f"{name}: edited; expected {what} {getattr(declared, what)}; got {getattr(found, what)}"
    with_sidecars = payloads(contents)
    own = {HEAD, PARAMETERS, MANIFEST, *with_sidecars, *(name + SIDECAR for name in with_sidecars)}
    for name in sorted(contents.keys() - own):
        yield f"{name}: no sidecar"
    params = _json(contents.get(PARAMETERS, b"{}"))
    if not isinstance(params, dict) or not _within(params, params):  # nested deeper than any
        yield f"{PARAMETERS}: no parameters"


def _foreign(name: str, sidecar: Sidecar, content: bytes, manifest: Manifest) -> Iterator[str]:
    """What of a payload is not as its sidecar and the run's manifest say."""
    if hashlib.blake2b(content, digest_size=32).hexdigest() != sidecar.payload.blake2b:
        yield f"{name}: not the payload of its sidecar"
    entry = manifest.payloads.get(f"results/{manifest.preset}/{name}")
    if entry is None:
        yield f"{name}: not in the run's manifest"
    elif entry != entry_of(sidecar):
        yield f"{name}: another than in the run's manifest"
    made = {(entry.key, entry.payload) for entry in manifest.payloads.values()}
    others = sorted(role for role, parent in sidecar.parents.items() if (parent.key, parent.blake2b) not in made)
    if others:
        more = f" and {len(others) - 1} others" if len(others) > 1 else ""
        yield f"{name}: made from {shown(others[0])}{more}, not as in the run's manifest"


def _of_other_parameters(sidecars: Mapping[str, Sidecar], contents: Contents, params: dict[str, Any]) -> Iterator[str]:
    """Tables of other parameters than those of the bundle, which each page's facts repeat."""
    told = {name: sidecar.spec.get("told") for name, sidecar in sidecars.items() if sidecar.stage == "collect"}
    facts = [name for name in told if PurePosixPath(name).name == "facts.json"]
    if not facts:
        yield "no facts.json: nothing says which parameters the tables are of"
    for name in facts:
        said = _json(contents[name])
        if not isinstance(said, dict) or not _within(said.get("params"), params):
            yield f"{name}: of other parameters than {PARAMETERS}"
    for name, found in told.items():
        if facts and found != told[facts[0]]:
            yield f"{name}: of other parameters than {facts[0]}"


def _within(part: object, whole: object, depth: int = 50) -> bool:
    """Whether everything that one JSON value says, the other says too; no where it is nested deeper."""
    if isinstance(part, dict) and isinstance(whole, dict) and depth:
        return all(name in whole and _within(value, whole[name], depth - 1) for name, value in part.items())
    if isinstance(part, list) and isinstance(whole, list) and depth:
        return len(part) == len(whole) and all(_within(*pair, depth - 1) for pair in zip(part, whole, strict=True))
    return not isinstance(part, dict | list) and part == whole


def _other_columns(name: str, content: bytes) -> Iterator[str]:
    """What a table has other than it declares."""
    if PurePosixPath(name).suffix != ".parquet":
        return
    try:
        found = parquet.read_schema(BytesIO(content)).names
        table = table_of(name)
        lacking = set(table.names) - {*found} if found else set()
        if lacking:
            yield f"{name}: without the column {sorted(lacking)[0]}"
        elif not table.lacking(found):
            table.declared(found)
    except (ArrowException, OSError, KeyError, ValueError):  # of names, too, that are no text
        yield f"{name}: no table of distillab {__version__}"
    except ContractError as error:
        yield f"{name}: {error.fault}"


def _json(content: bytes) -> object:
    """What a JSON text says; None where it is none, or nested too deep."""
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        return None
