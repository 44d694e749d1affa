"""What parameters may say of an endpoint, and how images are written for it."""

import base64
import io
import json

import numpy as np
import pytest
from paid_endpoint import ANSWER, images, said_of
from PIL import Image

from distillab.blackbox.asking import Asker
from distillab.blackbox.endpoint import EndpointSpec
from distillab.blackbox.pixels import image_hashes
from distillab.blackbox.post import seconds_of
from distillab.blackbox.wire import body_of
from distillab.core.errors import ContractError, SpecError
from distillab.params.load import load_params

SECRET = "sk-4711-Sesame"

WRONG = [
    ({"headers": {"Authorization": f"Bearer {SECRET}"}}, "expected the name of an environment variable"),
    ({"headers": {"Authorization": 17}}, "expected the name of an environment variable"),
    ({"headers": {"Host: a": "TOKEN"}}, "expected names of headers"),
    ({"url": f"https://me:{SECRET}@example.org/predict"}, "expected no user or password"),
    ({"url": f"https://example.org/predict?api_key={SECRET}"}, "expected no secrets after"),
    ({"url": "ftp://example.org/predict"}, "url: expected http:// or https://"),
    ({"url": "https:///predict"}, "url: expected http:// or https://"),
    ({"url": "http://example.org:99999/predict"}, "url: expected http:// or https://"),
    ({"url": "http://example.org/predict", "headers": {"Authorization": "TOKEN"}}, "headers: expected https"),
    ({"batch": 0}, "batch"), ({"rate": 0}, "rate"), ({"concurrent": 1000}, "concurrent"), ({"send": "xml"}, "send"),
]  # fmt: skip


@pytest.mark.parametrize("number", range(len(WRONG)))
def test_what_cannot_be_is_said_before_any_job_and_no_secret_is_repeated(project, number):
    fields, says = WRONG[number]
    endpoint = {"url": "https://example.org/predict"} | fields
    override = {"models": {"mine": {"endpoint": endpoint}}, "defenses": {"*": None, "ce": {}}}
    with pytest.raises(SpecError) as error:
        load_params(project(override))
    line = str(error.value)
    assert line.startswith("params: models.mine")
    assert says in line
    assert "4711" not in line


@pytest.mark.parametrize("field", [{"mean": [0.5], "std": [0.5]}, {"batch": 4}])
def test_what_is_asked_is_shown_images_as_they_are(project, field):
    override = {"models": {"mine": {"endpoint": {"url": "https://example.org/x"}} | field}}
    with pytest.raises(SpecError, match="expected no mean, std and batch"):
        load_params(project(override))


def test_a_header_that_is_nowhere_is_said_before_anything_is_asked(endpoint, tmp_path, monkeypatch):
    spec = EndpointSpec(url=endpoint.url, headers={"Authorization": "NO_SUCH_TOKEN"})
    for value in (None, "two\nlines"):
        monkeypatch.setenv("NO_SUCH_TOKEN", value) if value else monkeypatch.delenv("NO_SUCH_TOKEN", raising=False)
        with pytest.raises(SpecError, match="expected the environment variable NO_SUCH_TOKEN") as error:
            Asker(spec, ANSWER, tmp_path / "journal.sqlite").log_probs(images(1))
        assert "lines" not in str(error.value)
    assert endpoint.requests == []


def from_lists(body):
    return np.array(json.loads(body)["images"], dtype=np.float32)


def from_png(body):
    files = (io.BytesIO(base64.b64decode(text)) for text in json.loads(body)["images"])
    pixels = np.stack([np.asarray(Image.open(file)) for file in files])
    return (pixels[:, None] if pixels.ndim == 3 else pixels.transpose(0, 3, 1, 2)).astype(np.float32) / 255


def from_npy(body):
    return np.load(io.BytesIO(body), allow_pickle=False)


WIRES = [
    ({"send": "npy"}, from_npy),
    ({"send": "npy", "pixels": "bytes"}, lambda body: from_npy(body).astype(np.float32) / 255),
    ({"send": "npy", "layout": "nhwc"}, lambda body: from_npy(body).transpose(0, 3, 1, 2)),
    ({"send": "json"}, from_lists),
    ({"send": "json", "pixels": "bytes"}, lambda body: from_lists(body) / np.float32(255)),
    ({"send": "png"}, from_png),
]


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("number", range(len(WIRES)))
def test_a_server_gets_the_very_pixels(channels, number):
    fields, read = WIRES[number]
    x = np.concatenate([images(3, seed) for seed in range(channels)], axis=1)
    got = read(body_of(x, EndpointSpec(url="http://localhost/x", **fields)))
    assert got.dtype == np.float32
    assert np.array_equal(got, x)


def as_array(values):
    file = io.BytesIO()
    np.save(file, values)
    return file.getvalue()


@pytest.mark.parametrize("reply", [
    lambda probs: json.dumps({"probabilities": probs.tolist()}).encode(),
    lambda probs: json.dumps(probs.tolist()).encode(),
    as_array, lambda probs: as_array(probs.astype(np.float32)), lambda probs: as_array(np.asfortranarray(probs)),
])  # fmt: skip
def test_every_form_of_reply_is_read(endpoint, tmp_path, reply):
    endpoint.reply = lambda x: (reply(said_of(x)), "text/plain")
    asker = Asker(EndpointSpec(url=endpoint.url), ANSWER, tmp_path / "journal.sqlite")
    np.testing.assert_allclose(np.exp(asker.log_probs(images(3))), said_of(images(3)), rtol=1e-6)


@pytest.mark.parametrize("fields", [{"send": "png"}, {"pixels": "bytes"}])
def test_no_pixel_is_rounded_in_silence(fields):
    x = np.full((1, 1, 2, 2), 0.3, dtype=np.float32)
    with pytest.raises(SpecError, match="pixels lie between the levels of 8 bits"):
        body_of(x, EndpointSpec(url="http://localhost/x", **fields))


def test_an_image_is_known_by_its_pixels_and_shape():
    x = images(4)
    assert image_hashes(x)[2:] == image_hashes(x[2:])
    assert len({*image_hashes(x), *image_hashes(x.reshape(4, 1, 2, 8)), *image_hashes(x * np.float32(0.9))}) == 12


@pytest.mark.parametrize("pixel", [np.nan, 1.01, -0.01])
def test_what_is_no_image_is_not_sent(endpoint, tmp_path, pixel):
    x = images(2)
    x[1, 0, 0, 0] = pixel
    with pytest.raises(ContractError, match=r"pixels in \[0, 1\]"):
        Asker(EndpointSpec(url=endpoint.url), ANSWER, tmp_path / "journal.sqlite").log_probs(x)


@pytest.mark.parametrize(("text", "seconds"), [
    ("7", 7.0), ("", 0.0), ("soon", 0.0), ("-3", 0.0), ("Sun, 06 Nov 1994 08:49:37 GMT", 0.0), ("٣", 0.0),
])  # fmt: skip
def test_when_to_come_again_is_understood(text, seconds):
    assert seconds_of(text) == seconds
