"""The image of a shared page: its size, what it holds, that equal answers make equal bytes."""

from io import BytesIO

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from distillab.reporting.card import HEIGHT, WIDTH, social_card
from distillab.reporting.charts import Axis, Chart
from distillab.reporting.display import Html
from distillab.reporting.drawing import show

ANSWER = Html("<p>On Digits, <strong>CE</strong> leaks &amp; 1 of 2 does not.</p>")


@pytest.fixture(scope="module")
def picture():
    frame = pd.DataFrame({"x": [0.0, 1.0], "y": [1.0, 0.0]})
    return show(Chart(frame, x=Axis("x", "x"), y=Axis("y", "y")), name="n", alt="a line", caption="c")


def pixels(card):
    return np.asarray(Image.open(BytesIO(card.png)).convert("L"))


def test_the_image_is_as_large_as_sites_expect_and_small_as_a_file(picture):
    card = social_card("ta", ANSWER, picture)
    assert Image.open(BytesIO(card.png)).size == (WIDTH, HEIGHT) == (1200, 630)
    assert len(card.png) < 40_000
    assert repr(card) == "On Digits, CE leaks & 1 of 2 does not."
    assert card.png == social_card("ta", ANSWER, picture).png


def test_words_stand_left_and_the_picture_right_and_nothing_at_the_edge(picture):
    with_picture, without = pixels(social_card("ta", ANSWER, picture)), pixels(social_card("ta", ANSWER, Html("")))
    assert (with_picture[:, :560] < 128).any()
    assert (with_picture[:, 700:] < 128).any()
    assert (without[:, :900] < 128).sum() > 0
    for shown in (with_picture, without):
        assert min(shown[:20].min(), shown[-20:].min(), shown[:, :20].min(), shown[:, -20:].min()) > 240


def test_a_long_answer_ends_above_the_edge_and_is_whole_as_text(picture):
    long = Html("<p>" + "many words and more " * 60 + "</p>")
    card = social_card("ta", long, picture)
    assert pixels(card)[-40:].min() > 240
    assert len(card.answer) > 1000


def test_the_page_and_the_answer_are_in_the_image(picture):
    images = {social_card(page, ANSWER, picture).png for page in ("ta", "sparse", "index")}
    assert len(images | {social_card("ta", Html("<p>Other.</p>"), picture).png}) == 4
