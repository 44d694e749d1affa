"""Why a file of a data folder is passed over or refused, and what to do about it."""

import unicodedata
from dataclasses import dataclass
from pathlib import PurePosixPath

FORMATS = ("BMP", "GIF", "JPEG", "PNG", "PPM", "TIFF", "WEBP")
SUFFIXES = frozenset(
    {".bmp", ".gif", ".jfif", ".jpe", ".jpeg", ".jpg", ".pbm", ".pgm", ".png", ".ppm", ".tif", ".tiff", ".webp"}
)
_UNREAD = frozenset(
    {".avif", ".cr2", ".dcm", ".dds", ".dng", ".exr", ".hdr", ".heic", ".heif", ".ico", ".j2k", ".jp2", ".jxl"}
    | {".mpo", ".nef", ".npy", ".pcx", ".psd", ".svg", ".tga", ".xcf"}
)
_ARCHIVES = frozenset([".7z", ".bz2", ".gz", ".rar", ".tar", ".tbz2", ".tgz", ".txz", ".xz", ".zip", ".zst"])
_SYSTEM = frozenset({"desktop.ini", "ehthumbs.db", "icon\r", "thumbs.db"})
_UNSEEN = frozenset({"Cc", "Cs", "Zl", "Zp"})


@dataclass(frozen=True, slots=True)
class Reason:
    """A reason in a few words, and what a person can do."""

    text: str
    do: str = ""


UNPACK = "unpack it with another program, and give the folder"
OUTSIDE = Reason("archive member outside its folder", "do not use this archive")
LINK = Reason("a link", "pack the archive anew with what the link points at")
BROKEN_LINK = Reason("a link to nothing", "mend or remove it")
AGAIN = Reason("a folder that was read already, by way of a link", "remove the link")
DEVICE = Reason("not a regular file", "remove it")
SPARSE = Reason("a sparse file", UNPACK)
TWICE = Reason("a name that the archive holds twice", "remove one of the two")
ENCRYPTED = Reason("encrypted", UNPACK)
UNREADABLE = Reason("unreadable", "mend its permissions or its disk")
LARGE = Reason("larger than 256 MiB once unpacked", "remove it")
ELSEWHERE = Reason("outside train/, test/ and val/")
UNUSED = Reason("in a split that is not used")
NO_CLASS = Reason("in no class folder", "move it into the folder of its class")
NO_LABEL = Reason("without a label", "complete the table of labels")
AMBIGUOUS = Reason("one of several images of a name in the table of labels", "write the images' paths into the table")
ROOTS = Reason("in one of several folders with train/ and test/", "give the path of one of them")
TWO_SPLITS = Reason("in one of two folders for one split", "merge them: train/ and training/, val/ and valid/")
NAME = Reason("a name with control characters or not in UTF-8", "rename it")
LOOKALIKE = Reason("in one of two class folders whose names look alike", "merge or rename them")
UNTRAINED = Reason("a test class without training images", "add training images, or remove the class")
ALLOWED = Reason("named in data.pass_over")
ARCHIVE = Reason("an archive", "unpack or remove it")
MISNAMED = Reason("an image by content but not by name", "rename it, or name it in data.pass_over")
DAMAGED = Reason("unreadable image", "replace it, or name it in data.pass_over")
PIXELS = Reason("more than 64 megapixels", "replace it by a smaller one, or name it in data.pass_over")
DEEP = Reason("an image of more than 8 bits a channel", "convert it to 8 bits")
FRAMES = Reason("an image of several frames", "keep one of them")
SIZE = Reason("unexpected image size", "set data.resize: true, or data.shape to what the images have")


def packing(method: str) -> Reason:
    """Of a member that was packed in a way that cannot be read."""
    return Reason(f"packed by {method}", UNPACK)


def clutter(path: PurePosixPath) -> Reason | None:
    """The reason to pass over what programs leave in folders, known by name; None of anything else."""
    name = path.name.lower()
    if "__MACOSX" in path.parts or name.startswith("._"):
        return Reason("macOS metadata (__MACOSX, ._*)")
    if name == ".ds_store" or name in _SYSTEM:
        return Reason("a file of the system (.DS_Store, Thumbs.db)")
    if ".ipynb_checkpoints" in path.parts:
        return Reason("a Jupyter checkpoint")
    return Reason("hidden") if any(part.startswith(".") for part in path.parts) else None


def unread(path: PurePosixPath) -> Reason | None:
    """The reason to refuse a file by its suffix; None where it is an image to read, or no image at all."""
    suffix = path.suffix.lower()
    if suffix in _UNREAD:
        return Reason(f"a format that is not read ({suffix})", "convert it to PNG, or name it in data.pass_over")
    return ARCHIVE if suffix in _ARCHIVES else None


def no_image(path: PurePosixPath) -> Reason:
    """The reason to pass over a file that is no image by its name."""
    suffix = path.suffix.lower()
    usual = len(suffix) <= 6 and suffix[1:].isalnum() and suffix.isascii()
    return Reason(f"not an image ({suffix if usual else 'another suffix'})")


def is_image(path: PurePosixPath) -> bool:
    """Whether the suffix is that of an image, whether or not it can be read."""
    return path.suffix.lower() in SUFFIXES | _UNREAD


def speakable(name: str) -> bool:
    """Whether a name is text on one line that can be written in UTF-8."""
    return not any(unicodedata.category(character) in _UNSEEN for character in name)
