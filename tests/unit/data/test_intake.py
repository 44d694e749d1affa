"""Every file of a folder or archive stands in exactly one list, with its reason."""

import io
import lzma
import os
import signal
import tarfile
import time
import zipfile

import numpy as np
import pytest
from PIL import Image
from pydantic import ValidationError

from distillab.core.errors import ArtifactError, ContractError
from distillab.data import ImageFolderSpec, ImageNetSpec, LabeledImagesSpec, intake
from distillab.data.decoding import ImageStack
from distillab.data.intake import examined_files, read_images
from distillab.data.listing import Listing
from distillab.data.sorting import PLAIN, Rules, sorted_files


@pytest.fixture
def tree(class_tree):
    """A good folder of 12 training and 4 test images of 10x12."""
    return class_tree(test="test")[0]


def states(path, rules=PLAIN):
    inventory = examined_files(path, sorted_files(path, rules))
    return {item.name: (item.state, item.reason.text if item.reason else "") for item in inventory.items}


def spec(path, **fields):
    return ImageFolderSpec(
        **{"title": "Mine", "root": str(path.parent), "path": path.name, "shape": (3, 10, 12), "classes": 2} | fields
    )


def zipped(path, **contents):
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in contents.items():
            archive.writestr(name, content)
    return path


def picture(fill, form="PNG", mode="RGB", size=(12, 10)):
    out = io.BytesIO()
    Image.new(mode, size, fill).save(out, form)
    return out.getvalue()


@pytest.mark.parametrize("channels", [2, 4])
def test_images_have_one_channel_or_three(tree, channels):
    """Others would be read as RGB, and their bytes as other images."""
    with pytest.raises(ValidationError, match=r"shape\n.*expected 1 channel \(grey\) or 3 \(RGB\)"):
        spec(tree, shape=(channels, 10, 12))
    with pytest.raises(ValidationError, match="expected 1 channel"):
        LabeledImagesSpec(title="x", path="x", shape=(channels, 10, 12), classes=2, images=4, held_out=2)


def test_no_image_of_another_shape_shifts_those_that_follow():
    stack = ImageStack((3, 10, 12))
    with pytest.raises(
        ContractError, match=r"a\.png: pixels of another shape; expected \(3, 10, 12\); got \(1, 10, 12\)"
    ):
        stack.add(np.zeros((1, 10, 12), dtype=np.uint8), ("cat", "a.png"))
    assert not stack.keys


def handlers(_item):
    return signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)


def test_workers_do_not_have_their_parents_handlers_of_signals(tree, monkeypatch):
    """Else each of them prints a traceback when the pool, at the end of its work, ends it."""
    monkeypatch.setattr(intake, "partial", lambda _function, _folder: handlers)
    monkeypatch.setattr(intake, "Inventory", lambda _where, items: {*items})
    found = sorted_files(tree, PLAIN)
    before = signal.signal(signal.SIGTERM, lambda *_: None)
    try:
        seen = examined_files(tree, found, workers=1)
    finally:
        signal.signal(signal.SIGTERM, before)
    assert seen == {(signal.SIG_DFL, signal.SIG_IGN)}


def test_what_programs_leave_in_folders_is_passed_over_and_counted(tree):
    cat = tree / "train" / "cat"
    (cat / ".ipynb_checkpoints").mkdir()
    (tree / "train" / ".ipynb_checkpoints").mkdir()
    names = ["._0.png", ".DS_Store", "Thumbs.db", ".ipynb_checkpoints/0.png", "../.ipynb_checkpoints/1.png", "a.txt"]
    for name in names:
        (cat / name).write_bytes((cat / "0.png").read_bytes() if name.endswith("/0.png") else b"x")
    raw = spec(tree).read()
    assert raw.class_names == ("ape", "cat")
    assert raw.inventory.counts() == {
        "read": 16,
        "resized": 0,
        "passed_over": {
            "a Jupyter checkpoint": 2, "a file of the system (.DS_Store, Thumbs.db)": 2,
            "macOS metadata (__MACOSX, ._*)": 1, "not an image (.txt)": 1,
        },
        "repeats": 0,
        "leaks": 0,
    }  # fmt: skip


def test_images_in_folders_of_a_class_are_read(tree):
    (tree / "train" / "cat" / "sub" / "train").mkdir(parents=True)
    (tree / "train" / "cat" / "sub" / "train" / "x.png").write_bytes(picture(3))
    raw = spec(tree).read()
    assert raw.train_y.tolist() == [0] * 6 + [1] * 7


def test_a_class_named_like_a_split_stays_where_it_is(tree):
    for split in ("train", "test"):
        (tree / split / "train" / "sub").mkdir(parents=True)
        (tree / split / "train" / "sub" / "x.png").write_bytes(picture(7 if split == "train" else 9))
    raw = spec(tree, classes=3).read()
    assert raw.class_names == ("ape", "cat", "train")
    assert (len(raw.train_x), len(raw.test_x)) == (13, 5)
    assert raw.test_x[4, 0, 0, 0] == 9


@pytest.mark.parametrize(("suffix", "form"), [("tif", "TIFF"), ("gif", "GIF"), ("jfif", "JPEG"), ("webp", "WEBP")])
def test_other_formats_are_read(tree, suffix, form):
    (tree / "train" / "cat" / f"x.{suffix}").write_bytes(picture(0, form))
    assert len(spec(tree).read().train_x) == 13


@pytest.mark.parametrize(
    ("name", "said"), [("x.avif", r"a format that is not read \(\.avif\)"), ("x.zip", "an archive")]
)
def test_what_may_hold_images_but_is_not_read_is_refused_unless_allowed(tree, name, said):
    (tree / "train" / "cat" / name).write_bytes(b"x")
    with pytest.raises(ArtifactError, match=rf"cat/{name}: {said}"):
        spec(tree).read()
    assert len(spec(tree, pass_over=("x.*",)).read().train_x) == 12
    assert len(spec(tree, pass_over=(f"train/cat/{name}",)).read().train_x) == 12


def test_an_image_under_another_name_is_refused(tree):
    (tree / "train" / "cat" / "x.dat").write_bytes(picture(1))
    with pytest.raises(ArtifactError, match=r"cat/x\.dat: an image by content but not by name"):
        spec(tree).read()


def test_every_refused_file_is_told_of_at_once(tree):
    for i in range(3):
        (tree / "train" / "cat" / f"{i}.png").write_bytes(b"no image")
    with pytest.raises(ArtifactError, match=r"cat/0\.png: unreadable image; got no image; .*2 more are refused"):
        spec(tree).read()


def test_a_folder_read_by_way_of_links(tree, tmp_path):
    (tree / "train").rename(tmp_path / "elsewhere")
    (tree / "train").mkdir()
    for name in ("ape", "cat"):
        (tree / "train" / name).symlink_to(tmp_path / "elsewhere" / name)
    assert len(spec(tree).read().train_x) == 12
    (tree / "train" / "cat2").symlink_to(tmp_path / "elsewhere" / "cat")
    (tree / "train" / "ape" / "loop").symlink_to(tree)
    found = states(tree)
    assert found["train/cat2"] == found["train/ape/loop"]
    assert found["train/cat2"] == ("refused", "a folder that was read already, by way of a link")


def test_special_files_are_refused_at_once(tree):
    os.mkfifo(tree / "train" / "cat" / "x.png")
    (tree / "train" / "cat" / "y.png").symlink_to("/dev/zero")
    (tree / "train" / "cat" / "z.png").symlink_to("nowhere")
    found = states(tree)
    assert [found[f"train/cat/{name}.png"][1] for name in "xyz"] == ["not a regular file"] * 2 + ["a link to nothing"]
    with pytest.raises(ArtifactError, match="neither a file nor a folder"):
        sorted_files(tree / "train" / "cat" / "x.png", Rules())


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_names_that_look_alike(tree, form):
    one, other = "caf\u00e9", "cafe\u0301"
    (tree / "train" / "cat").rename(tree / "train" / one)
    (tree / "test" / "cat").rename(tree / "test" / other)
    raw = spec(tree).read()
    assert raw.class_names == ("ape", one)
    (tree / "train" / other).mkdir()
    (tree / "train" / other / "0.png").write_bytes(picture(1))
    with pytest.raises(ArtifactError, match="one of two class folders whose names look alike"):
        spec(tree).read()


def test_splits_under_other_names_and_twice(tree):
    (tree / "train").rename(tree / "Training")
    (tree / "test").rename(tree / "valid")
    assert len(spec(tree).read().train_x) == 12
    (tree / "train" / "cat").mkdir(parents=True)
    (tree / "train" / "cat" / "0.png").write_bytes(picture(1))
    with pytest.raises(ArtifactError, match="in one of two folders for one split"):
        spec(tree).read()


def test_two_data_sets_in_one_folder(tree):
    for name in ("one", "two"):
        for split in ("train", "test"):
            (tree / name / split / "cat").mkdir(parents=True)
            (tree / name / split / "cat" / "0.png").write_bytes(picture(1))
    assert len(spec(tree).read().train_x) == 12
    for split in ("train", "test"):
        (tree / split).rename(tree.parent / split)
    with pytest.raises(ArtifactError, match=r"in one of several folders with train/ and test/; give the path of one"):
        spec(tree).read()


@pytest.mark.parametrize(("method", "said"), [(9, "packed by Deflate64"), (93, "packed by zstd"), (0, "encrypted")])
def test_a_zip_that_cannot_be_unpacked_says_what_to_do(tmp_path, method, said):
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        for split in ("train", "test"):
            archive.writestr(f"{split}/cat/0.png", picture(0))
            info = archive.infolist()[-1]
            info.compress_type, info.flag_bits = method, int(method == 0)
    with pytest.raises(ArtifactError, match=rf"train/cat/0\.png: {said}; unpack it with another program") as error:
        spec(tmp_path / "x.zip").read()
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("name", ["/train/cat/1.png", "../train/cat/1.png", "train/../../cat/1.png", "C:/a.png"])
def test_members_that_leave_their_folder_are_refused(tmp_path, name):
    path = zipped(tmp_path / "evil.zip", **{name: b"x", "train/cat/0.png": picture(0)})
    assert states(path)[name] == ("refused", "archive member outside its folder")
    with pytest.raises(ArtifactError, match="outside its folder; do not use this archive"):
        spec(path).read()


def test_links_of_an_archive_are_refused(tmp_path):
    with tarfile.open(tmp_path / "links.tar", "w") as archive:
        for name, kind in (("train/cat/0.png", tarfile.SYMTYPE), ("train/cat/1.png", tarfile.LNKTYPE)):
            info = tarfile.TarInfo(name)
            info.type, info.linkname = kind, "/etc/passwd"
            archive.addfile(info)
    assert set(states(tmp_path / "links.tar").values()) == {("refused", "a link")}


def test_a_member_longer_than_the_archive_ends_it_at_once(tmp_path):
    """It would be looked for block by block, for longer than anybody lives."""
    member = tarfile.TarInfo("train/cat/1.png")
    member.size = 2**86
    path = tmp_path / "images.tar"
    path.write_bytes(member.tobuf(tarfile.GNU_FORMAT) + bytes(2**14))
    with pytest.raises(ArtifactError, match="damaged; got a member longer than the archive"):
        sorted_files(path, Rules())


def test_a_damaged_tar_does_not_end_early(tmp_path):
    """Python's reader takes a damaged header for the end of the archive, and what follows the end for nothing."""
    path = tmp_path / "x.tar"
    with tarfile.open(path, "w") as archive:
        for i in range(4):
            info = tarfile.TarInfo(f"train/cat/{i}.png")
            info.size = 512
            archive.addfile(info, io.BytesIO(bytes(512)))
    whole = path.read_bytes()
    assert len(states(path)) == 4
    for damaged in (whole[:2048] + b"x" + whole[2049:], whole[:2048], whole + whole):
        path.write_bytes(damaged)
        with pytest.raises(ArtifactError, match="damaged"):
            sorted_files(path, Rules())


@pytest.mark.parametrize("pack", ["zip", "tar.xz"])
def test_an_archive_bomb_is_refused_in_seconds(tmp_path, pack):
    path, zeros = tmp_path / f"bomb.{pack}", bytes(1 << 22)
    if pack == "zip":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for i in range(35):
                archive.writestr(f"train/cat/{i}.bmp", zeros)
    else:
        info = tarfile.TarInfo("train/cat/0.bmp")
        info.size = 35 * len(zeros)
        path.write_bytes(lzma.compress(info.tobuf()) + lzma.compress(zeros) * 35)
    start = time.process_time()
    with pytest.raises(ArtifactError, match="an archive bomb; expected at most 100 times"):
        sorted_files(path, Rules())
    assert time.process_time() - start < 5


def test_an_image_that_promises_too_many_pixels_is_not_decoded(tree):
    big = bytearray(picture(0, "BMP"))
    big[18:26] = np.array([9_000, 9_000], "<i4").tobytes()
    (tree / "train" / "cat" / "x.bmp").write_bytes(bytes(big))
    start = time.process_time()
    with pytest.raises(ArtifactError, match=r"x\.bmp: more than 64 megapixels; got 9000x9000"):
        spec(tree).read()
    assert time.process_time() - start < 5


def test_duplicates_within_and_across_splits_are_told_by_their_pixels(tree):
    png = (tree / "train" / "cat" / "0.png").read_bytes()
    (tree / "train" / "ape" / "again.png").write_bytes(png)
    Image.open(io.BytesIO(png)).save(tree / "test" / "cat" / "again.bmp")
    inventory = spec(tree).read().inventory
    repeats, leaks = (
        [(one.name, two.name) for one, two in pairs] for pairs in (inventory.repeats(), inventory.leaks())
    )
    assert repeats == [("train/ape/again.png", "train/cat/0.png")]
    assert leaks == [("train/ape/again.png", "test/cat/again.bmp")]
    assert inventory.counts()["repeats"] == inventory.counts()["leaks"] == 1


def test_resized_images_are_counted_apart(tree):
    (tree / "train" / "cat" / "x.png").write_bytes(picture(0, size=(5, 5)))
    inventory = read_images(tree, (3, 10, 12), Rules(), resize=True)[1]
    assert (inventory.count("read"), inventory.count("resized")) == (16, 1)


@pytest.mark.parametrize("workers", [0, 2])
def test_a_damaged_file_of_a_streamed_data_set_is_named_before_training(class_tree, workers):
    folder, _ = class_tree()
    listed = ImageNetSpec(root=str(folder.parent), folder=folder.name, classes=2).listing()
    assert isinstance(listed, Listing)
    whole = listed.examined(workers)
    assert whole.inventory.counts()["read"] == 16
    assert all(item.digest for item in whole.inventory.items)
    (folder / "train" / "cat" / "0.png").write_bytes((folder / "train" / "cat" / "0.png").read_bytes()[:150])
    with pytest.raises(ArtifactError, match=r"train/cat/0\.png: unreadable image"):
        listed.examined(workers)
