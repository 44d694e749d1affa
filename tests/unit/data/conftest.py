import io
import os
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

REPOSITORY = Path(__file__).parents[3]


@pytest.fixture(scope="session")
def shared_data():
    """Real stand-in data, where this machine has it."""
    folder = Path(os.environ.get("DISTILLAB_SHARED_DATA", REPOSITORY.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip("no stand-in data: set DISTILLAB_SHARED_DATA")
    return folder


@pytest.fixture
def global_generator_untouched():
    before = torch.get_rng_state()
    yield
    assert torch.equal(torch.get_rng_state(), before)


@pytest.fixture
def png():
    """The bytes of a PNG of these uint8 pixels, (h, w) or (h, w, 3)."""

    def encode(pixels):
        out = io.BytesIO()
        Image.fromarray(np.asarray(pixels, dtype=np.uint8)).save(out, "PNG")
        return out.getvalue()

    return encode


@pytest.fixture
def class_tree(tmp_path, png):
    """A folder of 2 classes, 6 training and 2 test PNGs each, with random pixels; and what is in it."""

    def build(size=(10, 12), test="val"):
        random = np.random.default_rng(0)
        pixels = {}
        for split, count in (("train", 6), (test, 2)):
            for name in ("cat", "ape"):
                folder = tmp_path / "images" / split / name
                folder.mkdir(parents=True)
                for i in range(count):
                    pixels[split, name, i] = random.integers(0, 256, (*size, 3), dtype=np.uint8)
                    (folder / f"{i}.png").write_bytes(png(pixels[split, name, i]))
        return tmp_path / "images", pixels

    return build
