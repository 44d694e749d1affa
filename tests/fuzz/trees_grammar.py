"""Trees of images as a folder, a zip or a tar, and what must become of every file of them."""

import bz2
import gzip
import io
import lzma
import os
import struct
import tarfile
import zipfile
import zlib
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from random import Random

import numpy as np
from PIL import Image

BOMB = 160 << 20
READ, RESIZED, PASSED, REFUSED = "read", "resized", "passed over", "refused"
TARS = {"tar": "w", "tar.gz": "w:gz", "tar.bz2": "w:bz2", "tar.xz": "w:xz"}
FORMATS = {".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG", ".jfif": "JPEG", ".bmp": "BMP", ".gif": "GIF",
           ".tif": "TIFF", ".tiff": "TIFF", ".webp": "WEBP", ".ppm": "PPM", ".PNG": "PNG", ".JPG": "JPEG"}  # fmt: skip
CLASSES = ("cat", "Cat", "train", "test", "images", "a b", "\u00e9t\u00e9", "e\u0301te", "\u65e5\u672c", "it's",
           'x"y', "<b>", "-rf", "$(touch MARKER)", "0", "CON", "a;b", "%s", "{x}", "*", "\u202eltr")  # fmt: skip


@dataclass(frozen=True)
class File:
    """A file of a tree: its content, or what else it is; and what must become of it."""

    name: str
    state: str
    content: bytes = b""
    kind: str = "file"
    target: str = ""


@dataclass
class Tree:
    """Files, what they are packed in, and what is done to the pack; a damaged pack is refused as a whole."""

    pack: str
    files: list[File] = field(default_factory=list)
    damage: str = ""
    backslashes: bool = False

    def add(self, name: str, state: str, content: bytes = b"", kind: str = "file", target: str = "") -> None:
        self.files.append(File(name, state, content, kind, target))

    @property
    def expected(self) -> list[tuple[str, str]]:
        return sorted((file.name, file.state) for file in self.files)


def image(random: Random, suffix: str = ".png", size: tuple[int, int] = (8, 8)) -> bytes:
    """A colored image in the format of its suffix."""
    pixels = np.random.default_rng(random.getrandbits(32)).integers(0, 256, (*size, 3), dtype=np.uint8)
    return encoded(Image.fromarray(pixels), FORMATS[suffix])


def encoded(picture: Image.Image, form: str, **options: object) -> bytes:
    out = io.BytesIO()
    picture.save(out, form, **options)
    return out.getvalue()


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def bare_png(width: int, height: int, depth: int, data: bytes) -> bytes:
    head = struct.pack(">IIBBBBB", width, height, depth, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(data)) + chunk(b"IEND", b"")


@cache
def fixed(kind: str) -> bytes:
    """Content that is not an image to read."""
    frame = Image.fromarray(np.eye(8, dtype=np.uint8) * 255)
    return {
        "bomb": lambda: bare_png(60_000, 60_000, 8, bytes(1000)),
        "wide bomb": lambda: bare_png(9_000, 9_000, 8, bytes(1000)),
        "deep": lambda: bare_png(8, 8, 16, bytes(8 * 49)),
        "frames": lambda: encoded(frame, "GIF", save_all=True, append_images=[frame.rotate(90)]),
        "pages": lambda: encoded(frame, "TIFF", save_all=True, append_images=[frame.rotate(90)]),
        "deep tiff": lambda: encoded(Image.fromarray(np.ones((8, 8), np.uint16)), "TIFF"),
        "deep ppm": lambda: b"P6 8 8 65535\n" + bytes(8 * 8 * 6),
    }[kind]()


def in_class(random: Random, tree: Tree, at: str) -> None:
    """One more file in the folder of a class."""
    whole, number = image(random), random.randrange(10**6)
    cut = whole[: random.randrange(20, len(whole) - 20)]
    other = image(random, size=random.choice([(9, 8), (4, 4), (64, 3)]))
    name, state, content = random.choice([
        (f"._{number}.png", PASSED, b"\0\5\x16\7"), (".DS_Store", PASSED, b"Bud1"), ("Thumbs.db", PASSED, b"\xd0\xcf"),
        ("desktop.ini", PASSED, b"[x]"), (f"{number}.txt", PASSED, b"some text"),
        (f"{number}.csv", PASSED, b"BM,P6,GIF89a"), (f"{number}", PASSED, b"\xff\xd8 no"),
        (f"{number}.json", PASSED, b""), (f".{number}.png", PASSED, whole),
        (f".ipynb_checkpoints/{number}-checkpoint.png", PASSED, whole), (f"__MACOSX/{number}.png", PASSED, whole),
        (f"sub/{number}.png", READ, whole), (f"a/b/train/c/{number}.png", READ, whole), (f"{number}.jpg", READ, whole),
        (f"{number} .png", READ, whole), (f"{number}.tar.png", READ, whole), *[(f"{number}.png", RESIZED, other)] * 4,
        (f"{number}.png", REFUSED, b""), (f"{number}.jpg", REFUSED, b"no image at all"),
        (f"{number}.png", REFUSED, cut), (f"{number}.dat", REFUSED, whole), (f"{number}.txt", REFUSED, whole),
        (f"{number}", REFUSED, whole),
        (f"{number}.avif", REFUSED, b"x"), (f"{number}.svg", REFUSED, b"<svg/>"), (f"{number}.zip", REFUSED, b"PK"),
        (f"{number}.tar.gz", REFUSED, gzip.compress(b"")), (f"{number}.png", REFUSED, fixed("bomb")),
        (f"{number}.png", REFUSED, fixed("wide bomb")), (f"{number}.png", REFUSED, fixed("deep")),
        (f"{number}.gif", REFUSED, fixed("frames")), (f"{number}.tif", REFUSED, fixed("pages")),
        (f"{number}.tif", REFUSED, fixed("deep tiff")), (f"{number}.ppm", REFUSED, fixed("deep ppm")),
        (f"{number}\n.png", REFUSED, whole), (f"{number}\x1b[31m.png", REFUSED, whole),
    ])  # fmt: skip
    tree.add(f"{at}/{name}", state, content)


def in_folder(random: Random, tree: Tree, at: str) -> None:
    """What only a folder can hold."""
    name = f"{at}/z{random.randrange(10**6)}"
    kind, suffix, state, target = random.choice([
        ("link", ".png", REFUSED, "nowhere.png"), ("link", "", REFUSED, "."), ("link", "", REFUSED, "../.."),
        ("link", ".png", REFUSED, "/dev/zero"), ("link", ".png", READ, ""), ("fifo", ".png", REFUSED, ""),
        ("fifo", "", REFUSED, ""), ("file", "\udcff.png", REFUSED, ""), ("link", "self.png", REFUSED, None),
    ])  # fmt: skip
    target = Path(name + suffix).name if target is None else target or Path(tree.files[0].name).name
    if kind == "link" and state == READ:
        target = os.path.relpath(tree.files[0].name, at)
    tree.add(name + suffix, state, image(random), kind, target)


def in_archive(random: Random, tree: Tree, at: str) -> None:
    """What only an archive can hold."""
    number, whole = random.randrange(10**6), image(random)
    name = f"{at}/{number}.png"
    tar = tree.pack in TARS
    kinds = ["symlink", "absolute", "climbs", "twice"]
    kinds += ["hardlink", "fifo", "device", "sparse"] if tar else ["encrypted", "deflate64", "zstd", "crc", "drive"]
    kind = random.choice(kinds)
    if kind == "twice":
        tree.add(name, REFUSED, whole)
    names = {"absolute": f"/{name}", "climbs": random.choice([f"../{name}", f"{at}/../../../{number}.png"]),
             "drive": f"C:/{name}"}  # fmt: skip
    tree.add(
        names.get(kind, name), REFUSED, whole, "file" if kind in {*names, "twice"} else kind, "../../../etc/passwd"
    )


def case(random: Random) -> Tree:
    """A tree: mostly of the usual form with some odd files, now and then of another form or in a damaged pack."""
    tree = Tree(random.choice(["folder", "folder", "zip", "zip", *TARS]))
    at = random.choice(["", "", "some/where/", "data/", "Test/" if random.random() < 0.5 else "train/"])
    form = random.choice(["usual"] * 8 + ["twins", "roots", "lookalikes", "flat", "empty", "untrained", "one split"])
    FORMS[form](random, tree, at)
    for name in random.sample(["README.md", "extra.csv", "images.txt", "LICENSE"], random.randrange(3)):
        tree.add(at + name, PASSED, b"text")
    tree.backslashes = tree.pack == "zip" and random.random() < 0.1
    if tree.pack != "folder" and random.random() < 0.15:
        tree.damage = random.choice(["cut", "cut", "two ends" if tree.pack == "tar" else "bomb", "zstd", "garbage"])
    return tree


def usual(random: Random, tree: Tree, at: str) -> None:
    train = random.choice(["train", "train", "Train", "training"])
    test = random.choice(["test", "testing", "val", "valid", "validation", "TEST"])
    classes = random.sample(CLASSES, random.randint(2, 4))
    for split, state in ((train, READ), (test, READ), *([("val", PASSED)] if test.lower().startswith("test") else [])):
        if split == "val" and state == PASSED and random.random() < 0.7:
            continue
        for name in classes:
            for i in range(random.randint(2, 3)):
                suffix = random.choice(list(FORMATS))
                tree.add(f"{at}{split}/{name}/{i}{suffix}", state, image(random, suffix))
    here = [f"{at}{split}/{name}" for split in (train, test) for name in classes]
    kinds = [in_class, in_class, in_class, in_folder if tree.pack == "folder" else in_archive]
    taken = {file.name for file in tree.files}
    for _ in range(random.randrange(6)):
        one = Tree(tree.pack, tree.files[:1])
        random.choice(kinds)(random, one, random.choice(here))
        if not taken & {file.name for file in one.files[1:]}:
            taken |= {file.name for file in one.files[1:]}
            tree.files += one.files[1:]
    if random.random() < 0.3:
        tree.add(f"{at}{train}/{random.randrange(99)}.png", REFUSED, image(random))
    if random.random() < 0.3:
        tree.add(f"{at}{test}/list.txt", PASSED, b"text")
    if random.random() < 0.3:
        tree.add(f"{at}extra/cat/0.png", PASSED, image(random))
    if random.random() < 0.2:
        tree.add(f"__MACOSX/{at}{train}/{classes[0]}/._0.png", PASSED, b"x")
    if random.random() < 0.3:
        copy = random.choice([file for file in tree.files if file.state == READ and file.kind == "file"])
        tree.add(f"{at}{test}/{classes[0]}/copy{Path(copy.name).suffix}", READ, copy.content)


def split(random: Random, tree: Tree, folder: str, state: str, classes: tuple[str, ...] = ("cat", "ape")) -> None:
    for name in classes:
        for i in range(2):
            tree.add(f"{folder}/{name}/{i}.png", state, image(random))


def twins(random: Random, tree: Tree, at: str) -> None:
    for folder in random.choice([("train", "Train"), ("train", "training")]):
        split(random, tree, at + folder, REFUSED)
    split(random, tree, f"{at}test", READ)


def roots(random: Random, tree: Tree, at: str) -> None:
    at = "" if at.lower() in {"train/", "test/"} else at
    for root in ("one", "two"):
        split(random, tree, f"{at}{root}/train", REFUSED)
        split(random, tree, f"{at}{root}/test", REFUSED)


def lookalikes(random: Random, tree: Tree, at: str) -> None:
    split(random, tree, f"{at}train", REFUSED, ("\u00e9", "e\u0301"))
    split(random, tree, f"{at}train", READ, ("cat",))
    split(random, tree, f"{at}test", READ, ("cat", random.choice(["\u00e9", "e\u0301"])))


def flat(random: Random, tree: Tree, at: str) -> None:
    at = "" if at.lower() in {"train/", "test/"} else at
    split(random, tree, f"{at}pictures", PASSED)


def empty(random: Random, tree: Tree, at: str) -> None:
    """No file at all, but for what lies outside."""


def untrained(random: Random, tree: Tree, at: str) -> None:
    split(random, tree, f"{at}train", READ)
    split(random, tree, f"{at}val", READ)
    split(random, tree, f"{at}val", REFUSED, ("dog",))


def one_split(random: Random, tree: Tree, at: str) -> None:
    at = "" if at.lower() in {"train/", "test/"} else at
    split(random, tree, f"{at}train", READ)
    tree.add(f"{at}test/0.png", PASSED, image(random))


FORMS = {"usual": usual, "twins": twins, "roots": roots, "lookalikes": lookalikes, "flat": flat, "empty": empty,
         "untrained": untrained, "one split": one_split}  # fmt: skip


def built(tree: Tree, folder: Path) -> Path:
    """The tree on disk, below ``folder``."""
    path = folder / f"tree.{tree.pack}"
    if tree.pack == "folder":
        path.mkdir()
        _build_folder(tree, path)
    elif tree.pack == "zip":
        _build_zip(tree, path)
    else:
        _build_tar(tree, path)
    return _damaged(tree, path)


def _build_folder(tree: Tree, path: Path) -> None:
    for file in tree.files:
        place = path / file.name
        place.parent.mkdir(parents=True, exist_ok=True)
        if file.kind == "link":
            place.symlink_to(file.target)
        elif file.kind == "fifo":
            os.mkfifo(place)
        else:
            place.write_bytes(file.content)


def _build_zip(tree: Tree, path: Path) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in tree.files:
            info = zipfile.ZipInfo(file.name.replace("/", "\\") if tree.backslashes else file.name)
            info.external_attr = (0o120777 if file.kind == "symlink" else 0o100644) << 16
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, file.target if file.kind == "symlink" else file.content)
            info.flag_bits |= file.kind == "encrypted"
            info.compress_type = {"deflate64": 9, "zstd": 93}.get(file.kind, info.compress_type)
            info.CRC ^= file.kind == "crc"
        if tree.damage == "bomb":
            archive.writestr("train/cat/bomb.bmp", bytes(BOMB))


def _build_tar(tree: Tree, path: Path) -> None:
    types = {
        "symlink": tarfile.SYMTYPE,
        "hardlink": tarfile.LNKTYPE,
        "fifo": tarfile.FIFOTYPE,
        "device": tarfile.CHRTYPE,
    }
    with tarfile.open(path, TARS[tree.pack]) as archive:
        for file in tree.files:
            info = tarfile.TarInfo(file.name)
            info.type = types.get(file.kind, tarfile.REGTYPE)
            if info.type == tarfile.REGTYPE:
                info.size = len(file.content)
            else:
                info.linkname = file.target
            if file.kind == "sparse":
                info.pax_headers = {"GNU.sparse.major": "0", "GNU.sparse.minor": "1", "GNU.sparse.size": str(1 << 40),
                                    "GNU.sparse.map": f"0,{len(file.content)}"}  # fmt: skip
            archive.addfile(info, io.BytesIO(file.content))


def _bomb(pack: str) -> bytes:
    """A tar of one file, packed in so many streams that are cheap to make."""
    packer = {"tar.gz": gzip.compress, "tar.bz2": bz2.compress, "tar.xz": lzma.compress}[pack]
    info = tarfile.TarInfo("train/cat/bomb.bmp")
    info.size = BOMB
    return packer(info.tobuf()) + packer(bytes(BOMB // 32)) * 32


def _damaged(tree: Tree, path: Path) -> Path:
    if tree.damage == "" or (tree.damage == "bomb" and tree.pack == "zip"):
        return path
    content = path.read_bytes()
    end = len(content) if tree.pack != "tar" else max(1, len(content.rstrip(b"\0")) - 600)
    if tree.damage == "bomb":
        path.write_bytes(_bomb(tree.pack))
        return path
    path.write_bytes({
        "cut": content[: end * 2 // 3], "two ends": content + content, "zstd": b"\x28\xb5\x2f\xfd" + content,
        "garbage": b"no archive" * 99,
    }[tree.damage])  # fmt: skip
    return path
