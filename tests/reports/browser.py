"""A real browser, where there is one: Chromium of the machine, driven by Playwright."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def found() -> str | None:
    """Where the browser is."""
    return next((path for name in NAMES if (path := shutil.which(name))), None)


def why_not() -> str:
    """What is missing for these tests; empty where nothing is. With ``DISTILLAB_BROWSER=1`` nothing may be."""
    missing = [] if found() else [f"no {NAMES[0]} on this machine"]
    for module in ("playwright", "axe_playwright_python"):
        try:
            __import__(module)
        except ImportError:
            missing.append(f"{module} is not installed")
    if missing and os.environ.get("DISTILLAB_BROWSER") == "1":
        pytest.fail(f"a browser is asked for: {', '.join(missing)}")
    return ", ".join(missing)


@contextmanager
def browser() -> Iterator[Any]:
    """The browser without a window."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as running:
        opened = running.chromium.launch(executable_path=found(), args=["--no-sandbox", "--disable-gpu"])
        yield opened
        opened.close()


def axe_source() -> str:
    """The accessibility checker that the Python package carries."""
    import axe_playwright_python

    return next(Path(axe_playwright_python.__file__).parent.glob("**/axe.min.js")).read_text(encoding="utf-8")
