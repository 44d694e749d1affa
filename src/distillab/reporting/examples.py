"""Adversarial examples as triptychs: clean, perturbation with its scale, adversarial, with the predicted classes."""

from base64 import b64encode
from collections.abc import Collection
from html import escape
from io import BytesIO
from typing import Any

import numpy as np
from numpy.typing import NDArray

from distillab.reporting.display import Html, number, paragraph
from distillab.reporting.strength import strength_words, with_word
from distillab.reporting.summaries import minimum_norm, teachers_of
from distillab.reporting.tables import Tables, norm_label, records


def triptychs(tables: Tables, *, models: Collection[str] | None = None, most: int = 6) -> Html:
    """The first stored example per attack and model, on Z, as rows of three images; at most ``most`` of them.

    Attacks that look for the smallest perturbation come first: theirs are the ones that the eye can compare.

    Args:
        tables: Where the examples are.
        models: Ids of the models to show; all teachers if None.
        most: Rows.
    """
    frame = tables["examples"]
    shown = set(teachers_of(tables)["model"]) if models is None else set(models)
    frame = frame[frame["model"].isin(shown) & (frame["logits"] == "raw")].drop_duplicates(["model", "attack"])
    smallest = frame["attack"].isin(minimum_norm(tables))
    chosen = records(frame[smallest if smallest.any() else ~smallest])
    if not chosen:
        return paragraph("No adversarial example of these models was kept.")
    names, words = tables.facts["class_names"], strength_words(tables)
    items = "".join(
        _triptych(row, tables.label(row.model), with_word(tables.label(row.attack), words.get(_key(row), "")), names)
        for row in chosen[:most]
    )
    cut = f", {most} of {len(chosen)}" if len(chosen) > most else ""
    return paragraph(
        f"The first stored example of each model and attack{cut}: clean, perturbation, adversarial, with the predicted "
        "classes and the largest change of a pixel."
    ) + Html(f'<div class="triptychs">{items}</div>')


def _key(row: Any) -> tuple[str, str, str]:  # noqa: ANN401 - a row of itertuples
    return row.model, row.attack, row.logits


def _triptych(row: Any, model: str, attack: str, names: list[str]) -> str:  # noqa: ANN401 - a row of itertuples
    clean, adversarial = (_image(values, row) for values in (row.clean, row.adversarial))
    delta = adversarial - clean
    scale = float(np.abs(delta).max())
    label, label_clean, label_adv = (names[int(i)] for i in (row.label, row.label_clean, row.label_adv))
    where = f"image {int(row.id)}, class {label}"
    parts = (
        (clean, label_clean, f"Clean {where}; predicted {label_clean}"),
        (_gray_centered(delta, scale), f"±{number(scale)}", f"Perturbation of {where}; gray is zero"),
        (adversarial, label_adv, f"Adversarial {where}; predicted {label_adv}"),
    )
    cells = "".join(
        f'<div><img src="{png(image)}" alt="{escape(alt)}"><span>{escape(text)}</span></div>'
        for image, text, alt in parts
    )
    distance = f"{norm_label(row.norm)} distance {number(row.distance)}"
    caption = f"{escape(model)}, {escape(attack)}: {distance}"
    return f'<figure class="triptych"><div class="three">{cells}</div><figcaption>{caption}</figcaption></figure>'


def png(image: NDArray[np.float64]) -> str:
    """An image (h, w, c) in [0, 1] as a PNG data URI."""
    from PIL import Image

    pixels = np.rint(np.clip(image, 0, 1) * 255).astype(np.uint8)
    buffer = BytesIO()
    Image.fromarray(pixels[:, :, 0] if pixels.shape[2] == 1 else pixels).save(buffer, "PNG", optimize=True)
    return f"data:image/png;base64,{b64encode(buffer.getvalue()).decode()}"


def _image(values: Any, row: Any) -> NDArray[np.float64]:  # noqa: ANN401 - a list cell of a row
    pixels = np.asarray(values, dtype=np.float64).reshape(int(row.channels), int(row.height), int(row.width))
    return pixels.transpose(1, 2, 0)


def _gray_centered(delta: NDArray[np.float64], scale: float) -> NDArray[np.float64]:
    """Perturbation mapped so that gray is zero and black and white are the largest change of this image."""
    return 0.5 + delta / (2 * scale) if scale > 0 else np.full_like(delta, 0.5)
