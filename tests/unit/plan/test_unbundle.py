"""A bundle from elsewhere: what is whole is accepted, and each thing that is not has its line."""

import hashlib
import json
import struct
import zipfile
from io import BytesIO

import pandas as pd
import pytest

from distillab.core.errors import ArtifactError
from distillab.core.sidecar import Parent, Payload, Sidecar
from distillab.plan.bundle import HEAD, MANIFEST, PARAMETERS, Bundle, bundled, pack
from distillab.plan.manifest import Manifest, entry_of, manifest_text, params_hash
from distillab.plan.unbundle import MOST_FILES, faults_of, read_bundle
from distillab.tables import TABLES

PARAMS = {"preset": "tiny", "seeds": [0, 1], "train": {"epochs": 6}}
FACTS = "tables/ta/facts.json"
TABLE = "tables/ta/simplex.parquet"
PAGE = "reports/ta.html"
MODEL = Parent(key="teacher", blake2b="t" * 64)


def sidecar_for(content, stage="collect", told="1", parents=None):
    hashed = hashlib.blake2b(content, digest_size=32).hexdigest()
    return Sidecar(
        stage=stage, id="x", key=f"key-{hashed[:8]}", spec={"told": told} if stage == "collect" else {}, code="c",
        parents=parents if parents is not None else {"model": MODEL}, environment={},
        payload=Payload(bytes=len(content), blake2b=hashed),
    )  # fmt: skip


def text_of(content):
    return (json.dumps(content) + "\n").encode()


def sidecar_text(sidecar):
    return text_of(sidecar.model_dump(mode="json") | {"digest": sidecar.digest})


def parquet_of(columns):
    buffer = BytesIO()
    pd.DataFrame({name: [1.0] for name in columns}).to_parquet(buffer)
    return buffer.getvalue()


class Made:
    """Files of a run as a bundle has them: what to change first, and the zip."""

    def __init__(self):
        facts = text_of({"params": {"seeds": [0, 1], "train": {}}})
        self.payloads = {FACTS: facts, TABLE: parquet_of(TABLES["simplex"].names), PAGE: b"<html>"}
        self.sidecars = {name: sidecar_for(content) for name, content in self.payloads.items() if name != PAGE}
        table = {"table": self.sidecars[TABLE].as_parent}
        self.sidecars[PAGE] = sidecar_for(self.payloads[PAGE], "report", parents=table)
        self.params = PARAMS
        self.head = {"preset": "tiny", "title": "Digits", "commit": "", "date": "2026-11-29", "environments": ()}
        self.manifest = self.manifest_of()

    def manifest_of(self):
        model = sidecar_for(b"", "teach").model_copy(
            update={"key": MODEL.key, "payload": Payload(bytes=1, blake2b=MODEL.blake2b)}
        )
        known = self.sidecars | {"teachers/x.safetensors": model}
        entries = {f"results/tiny/{name}": entry_of(sidecar) for name, sidecar in known.items()}
        return Manifest(preset="tiny", params=params_hash(PARAMS), code="c", payloads=entries)

    def replace(self, name, content, **changed):
        """Another payload with a sidecar that fits it."""
        self.payloads[name] = content
        self.sidecars[name] = sidecar_for(content, **changed)

    @property
    def contents(self):
        found = {PARAMETERS: text_of(self.params), MANIFEST: manifest_text(self.manifest).encode()} | self.payloads
        found |= {f"{name}.json": sidecar_text(sidecar) for name, sidecar in self.sidecars.items()}
        bundle = Bundle(**self.head, files={name: bundled(content) for name, content in found.items()})
        return found | {HEAD: text_of(bundle.model_dump(mode="json"))}


@pytest.fixture
def made():
    return Made()


@pytest.fixture
def faults(tmp_path):
    """What is said of files in a bundle."""

    def say(contents):
        path = tmp_path / "run.zip"
        pack(path, contents)
        return list(faults_of(path, *read_bundle(path)))

    return say


def test_a_whole_bundle_has_no_fault(made, faults):
    assert faults(made.contents) == []


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda files: files.pop(TABLE), f"{TABLE}: missing"),
        (lambda files: files.pop(MANIFEST), f"{MANIFEST}: missing"),
        (lambda files: files.update({"more.txt": b""}), f"more.txt: not in {HEAD}"),
        (lambda files: files.update({PAGE: b"<body>"}), f"{PAGE}: edited; expected sha256 "),
        (lambda files: files.update({PAGE: b"<html>\n"}), f"{PAGE}: edited; expected bytes 6; got 7"),
    ],
)
def test_files_are_those_that_it_declares(made, faults, change, says):
    contents = made.contents
    change(contents)
    assert any(fault.startswith(says) for fault in faults(contents))


def test_a_payload_without_sidecar_is_told(made, faults):
    made.payloads["notes.txt"] = b""
    assert faults(made.contents) == ["notes.txt: no sidecar"]


def _forge_page(made):
    made.replace(PAGE, b"<forged>", stage="report", parents={"table": made.sidecars[TABLE].as_parent})


def _other_parent(made):
    made.replace(PAGE, b"<html>", stage="report", parents={"table": Parent(key="k", blake2b="b")})
    made.manifest = made.manifest_of()


def _swap_payload(made):
    made.payloads[PAGE] = b"<other>"


def _edit_sidecar(made):
    made.sidecars[PAGE] = made.sidecars[PAGE].model_copy(update={"code": "d"})


def _other_params(made):
    made.params = PARAMS | {"seeds": [0, 2]}
    made.manifest = made.manifest.model_copy(update={"params": params_hash(made.params)})


def _other_told(made):
    made.replace(TABLE, made.payloads[TABLE], told="2")
    _other_parent(made)
    made.replace(PAGE, b"<html>", stage="report", parents={"table": made.sidecars[TABLE].as_parent})
    made.manifest = made.manifest_of()


def _columns(names):
    def change(made):
        made.replace(TABLE, parquet_of(names))
        made.replace(PAGE, b"<html>", stage="report", parents={})
        made.manifest = made.manifest_of()

    return change


def _no_table(made):
    made.replace("tables/ta/unheard.parquet", parquet_of(["x"]))
    made.manifest = made.manifest_of()


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (_forge_page, [f"{PAGE}: another than in the run's manifest"]),
        (_other_parent, [f"{PAGE}: made from 'table', not as in the run's manifest"]),
        (_swap_payload, [f"{PAGE}: not the payload of its sidecar"]),
        (_edit_sidecar, [f"{PAGE}: another than in the run's manifest"]),
        (lambda made: made.params.update(more=1) or None, None),
        (_other_params, [f"{FACTS}: of other parameters than {PARAMETERS}"]),
        (_other_told, [f"{TABLE}: of other parameters than {FACTS}"]),
        (
            _columns([*TABLES["simplex"].names, "z"]),
            [f"{TABLE}: table simplex: columns are not those that it declares"],
        ),
        (_columns(TABLES["simplex"].names[1:]), [f"{TABLE}: without the column {TABLES['simplex'].names[0]}"]),
        (_no_table, ["tables/ta/unheard.parquet: no table of distillab "]),
        (lambda made: made.head.update(preset="other"), ["preset: 'other' in the bundle, 'tiny' in its manifest"] * 2),
    ],
)
def test_tables_and_pages_belong_to_parameters_and_manifest(made, faults, change, says):
    made.params = dict(PARAMS)
    change(made)
    found = faults(made.contents)
    expected = ["params: "] if says is None else says
    assert len(found) == len(expected), found
    assert all(fault.startswith(start) for fault, start in zip(found, expected, strict=True)), found


def test_an_edited_sidecar_is_told_by_its_digest(made, faults):
    contents = made.contents
    text = json.loads(contents[f"{PAGE}.json"]) | {"code": "d"}
    contents[f"{PAGE}.json"] = text_of(text)
    head = json.loads(contents[HEAD])
    head["files"][f"{PAGE}.json"] = bundled(contents[f"{PAGE}.json"]).model_dump()
    assert faults(contents | {HEAD: text_of(head)})[0].startswith(f"{PAGE}.json: edited; expected digest ")


@pytest.mark.parametrize("name", [PARAMETERS, FACTS, f"{PAGE}.json", MANIFEST, HEAD])
def test_json_that_is_nested_too_deep_is_told(made, faults, name):
    contents = made.contents
    contents[name] = b"[" * 200_000
    if name != HEAD:
        head = json.loads(contents[HEAD])
        head["files"][name] = bundled(contents[name]).model_dump()
        contents[HEAD] = text_of(head)
    try:
        found = faults(contents)
    except ArtifactError as error:
        found = [str(error)]
    assert found
    assert name.rpartition("/")[2].removesuffix(".json") in " ".join(found)


def test_parameters_nested_deeper_than_any_are_told(made, faults):
    """Python reads some thousand levels, and cannot walk them."""
    made.params = PARAMS | {"override": json.loads("[" * 60 + "]" * 60)}
    assert faults(made.contents) == [f"{PARAMETERS}: no parameters"]


def test_an_address_that_is_no_text_is_told(made, faults):
    made.params = PARAMS | {"url": "https://x/?\ud800"}
    assert faults(made.contents)[0].startswith("params: ")


def test_a_column_whose_name_is_no_text_is_told(made, faults):
    made.replace(TABLE, made.payloads[TABLE].replace(TABLES["simplex"].names[0].encode()[:4], b"\xff" * 4))
    made.manifest = made.manifest_of()
    assert [fault for fault in faults(made.contents) if fault.startswith(f"{TABLE}: no table of distillab ")]


def refused(path):
    with pytest.raises(ArtifactError) as told:
        read_bundle(path)
    assert "\n" not in str(told.value)
    return str(told.value)


def zip_with(path, *names, method=zipfile.ZIP_STORED, content=b"x"):
    with zipfile.ZipFile(path, "w", method) as archive:
        for name in names:
            archive.writestr(zipfile.ZipInfo(name), content, compress_type=method)
    return path


@pytest.mark.parametrize(
    "name",
    ["../evil", "a/../../evil", "/etc/passwd", "a//b", ".hidden", "a/.git", "C:\\evil", "a\\b", "folder/", "a b", "é",
     "x" * 300, "a\x1b[2J"],
)  # fmt: skip
def test_names_that_leave_the_folder_or_hide_are_refused(tmp_path, name):
    said = refused(zip_with(tmp_path / "run.zip", HEAD, name))
    assert "a name that no bundle has" in said
    assert "\x1b" not in said


def test_a_zip_bomb_is_refused_before_it_is_read(tmp_path):
    path = zip_with(tmp_path / "run.zip", HEAD, method=zipfile.ZIP_DEFLATED, content=b"0" * 10**7)
    assert path.stat().st_size < 20_000
    assert "compressed or encrypted" in refused(path)


def test_files_that_overlap_are_refused(tmp_path):
    """Every name at the same bytes: the sizes would sum to more than the archive has."""
    names = [f"f{i}" for i in range(50)]
    path = zip_with(tmp_path / "run.zip", *names, content=b"y" * 1000)
    data = bytearray(path.read_bytes())
    start = data.index(b"PK\x01\x02")
    central = data[start:]
    where = 0
    while (where := central.find(b"PK\x01\x02", where)) >= 0:
        struct.pack_into("<I", central, where + 42, 0)
        where += 4
    kept = data[: start // 50] + central
    end = kept.rindex(b"PK\x05\x06")
    struct.pack_into("<I", kept, end + 16, start // 50)
    path.write_bytes(kept)
    assert "its files overlap" in refused(path)


def test_too_many_files_and_two_of_a_name_are_refused(tmp_path):
    assert "too much for a bundle: 10,001 files" in refused(
        zip_with(tmp_path / "many.zip", *(f"f{i}" for i in range(MOST_FILES + 1)), content=b"")
    )
    with pytest.warns(UserWarning, match="Duplicate"):
        path = zip_with(tmp_path / "twice.zip", HEAD, HEAD)
    assert "two files of one name" in refused(path)


@pytest.mark.parametrize("kept", [0, 10, 1000, -1, -30])
def test_a_bundle_that_was_cut_short_is_told(tmp_path, made, kept):
    path = tmp_path / "run.zip"
    pack(path, made.contents)
    path.write_bytes(path.read_bytes()[:kept])
    assert "no bundle, cut short or damaged" in refused(path)


def test_a_flipped_bit_is_told(tmp_path, made):
    path = tmp_path / "run.zip"
    pack(path, made.contents)
    data = path.read_bytes()
    path.write_bytes(data.replace(b"<html>", b"<htmm>"))
    assert "no bundle, cut short or damaged; got Bad CRC-32 for file 'reports/ta.html'" in refused(path)


@pytest.mark.parametrize(
    ("head", "says"),
    [
        (b"[]", f"{HEAD} is not that of a bundle of this version; got the top: input should be an object"),
        (b"{", f"{HEAD} is not that of a bundle of this version"),
        (b'{"version": 2}', f"{HEAD} is not that of a bundle of this version; got version: input should be 1"),
        (None, f"no bundle; expected a zip with {HEAD}"),
    ],
)
def test_what_is_no_bundle_of_this_version_is_told(tmp_path, head, says):
    contents = {PARAMETERS: b"{}"} | ({} if head is None else {HEAD: head})
    pack(tmp_path / "run.zip", contents)
    assert says in refused(tmp_path / "run.zip")


def test_other_files_than_zips_are_told(tmp_path):
    assert "no such file" in refused(tmp_path / "none.zip")
    (tmp_path / "text.zip").write_text("PK nothing")
    assert "no bundle, cut short or damaged" in refused(tmp_path / "text.zip")
