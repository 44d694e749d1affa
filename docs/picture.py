"""The README's picture: `make picture` takes it of the overview page of the last run of the preset digits."""

import shutil
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

WIDTH, HEIGHT = 840, 1080
"""Pixels."""

BROWSERS = ("chromium", "chromium-browser", "google-chrome")


def take(page: Path, picture: Path) -> None:
    """Show the top of a page in a browser and keep it, in as few colors as it needs."""
    from PIL import Image

    with sync_playwright() as running:
        found = next((path for name in BROWSERS if (path := shutil.which(name))), None)
        browser = running.chromium.launch(executable_path=found, args=["--no-sandbox"])
        tab = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT}, color_scheme="light")
        tab.goto(page.resolve().as_uri())
        tab.screenshot(path=picture)
        browser.close()
    Image.open(picture).convert("RGB").quantize(64).save(picture, optimize=True)


if __name__ == "__main__":
    take(Path(sys.argv[1]), Path(sys.argv[2]))
