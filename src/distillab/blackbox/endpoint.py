"""An HTTP endpoint that answers questions about images: where it is, what is sent, and what may be asked of it."""

import hashlib
import ipaddress
import os
import re
from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Literal
from urllib.parse import parse_qsl, urlsplit

from pydantic import BeforeValidator, Field, model_validator

from distillab.blackbox.forms import Form
from distillab.core.bounds import BatchSize, ImageCount, Limits
from distillab.core.errors import SpecError
from distillab.core.shown import shown
from distillab.specs.base import PASSING, Spec

VARIABLE = re.compile(r"[A-Z_][A-Z0-9_]{0,100}")
"""What an environment variable is called."""

SECRET = re.compile(r"key|token|secret|passw|auth|sig|credential|^code$", re.IGNORECASE)
"""What parts of an address are called whose values are secrets."""

SHORTEST_SECRET = 6
"""Characters of a word that is hidden where a reply repeats it out of a header or an address."""


def _of_environment(headers: object) -> object:
    """Refuse anything but names of variables, without repeating what was written: it may be the secret itself."""
    if isinstance(headers, dict):
        for name, variable in headers.items():
            if not re.fullmatch(r"[A-Za-z0-9-]{1,100}", str(name)):
                raise ValueError("expected names of headers, of letters, digits and -")
            if not (isinstance(variable, str) and VARIABLE.fullmatch(variable)):
                raise ValueError(
                    f"{name}: expected the name of an environment variable that holds the whole value, such as "
                    "API_AUTHORIZATION (upper-case letters, digits and _): secrets do not belong in this file"
                )
    return headers


Headers = Annotated[dict[str, str], BeforeValidator(_of_environment)]
"""Header to the environment variable with its value."""


class EndpointSpec(Spec):
    """A model behind an HTTP endpoint that is sent images by POST and answers each."""

    url: str = Field(description="Where images are sent to; what follows ? is part of the model and never shown")
    version: str = Field(default="", description="Which model answers there: another version is asked anew")
    send: Literal["npy", "json", "png"] = Field(
        default="npy",
        description="One .npy array, or JSON with nested lists, or JSON with base64 PNG",
        json_schema_extra=PASSING,
    )
    pixels: Literal["unit", "bytes"] = Field(
        default="unit", description="Numbers in [0, 1], or whole ones to 255; not of PNG"
    )
    layout: Literal["nchw", "nhwc"] = Field(default="nchw", description="Order of the axes of arrays")
    images_field: str = Field(
        default="images", min_length=1, description="Name of the images in JSON", json_schema_extra=PASSING
    )
    answers_field: str = Field(default="", description="Name of the answers in JSON; that of their form if empty")
    batch: BatchSize = Field(default=32, ge=1, description="Images of a request", json_schema_extra=PASSING)
    rate: Annotated[float, Limits(1e4, "no endpoint is asked that often")] = Field(
        default=10.0, gt=0, description="Requests per second at most", json_schema_extra=PASSING
    )
    concurrent: Annotated[int, Limits(64, "every one is a thread and a connection")] = Field(
        default=1, ge=1, description="Requests in flight at most", json_schema_extra=PASSING
    )
    timeout: Annotated[float, Limits(3600, "a connection that long in silence is dead")] = Field(
        default=60.0, gt=0, description="Seconds to wait for a whole reply", json_schema_extra=PASSING
    )
    attempts: Annotated[int, Limits(1000, "an endpoint that fails that often does not work")] = Field(
        default=8, ge=1, description="Times that a request is sent at most, in one run", json_schema_extra=PASSING
    )
    patience: Annotated[float, Limits(86400, "a run that long in vain is better begun again")] = Field(
        default=600.0, gt=0, description="Seconds in which they are", json_schema_extra=PASSING
    )
    headers: Headers = Field(
        default={}, description="Header to the environment variable with its value", json_schema_extra=PASSING
    )
    queries: ImageCount | None = Field(
        default=None,
        ge=1,
        description="Images to ask about at most, in all runs together, those possibly paid twice counted so",
        json_schema_extra=PASSING,
    )
    price: Annotated[float, Limits(1e9, "no answer costs that much")] = Field(
        default=0.0, ge=0, description="Of 1000 answers, in any currency", json_schema_extra=PASSING
    )

    @model_validator(mode="before")
    @classmethod
    def _is_an_address(cls, given: Any) -> Any:  # noqa: ANN401 - whatever a user wrote
        """Here and not at the field, whose errors repeat what was written."""
        url = given.get("url") if isinstance(given, dict) else None
        if not isinstance(url, str):
            return given
        try:
            parts = urlsplit(url)
            usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and (parts.port or 1) > 0
        except ValueError:
            usable = False
        if not usable or not url.isascii() or not url.isprintable() or " " in url or parts.fragment:
            raise ValueError("url: expected http:// or https://, a host and a path, in ASCII")
        if any(SECRET.search(name) for name, _ in parse_qsl(parts.query, keep_blank_values=True)):
            raise ValueError("url: expected no secrets after ?; use headers and an environment variable")
        if parts.username or parts.password:
            raise ValueError("url: expected no user or password; use headers and an environment variable")
        return given

    @model_validator(mode="after")
    def _keeps_secrets(self) -> "EndpointSpec":
        if self.headers and urlsplit(self.url).scheme == "http" and not self._at_home():
            raise ValueError("headers: expected https, or this machine: others could read the secret on its way")
        return self

    @property
    def shown_url(self) -> str:
        """The address without what follows the path."""
        parts = urlsplit(self.url)
        return shown(f"{parts.scheme}://{parts.netloc}{parts.path}").strip("'\"")

    def model(self, form: Form) -> str:
        """Hash of the model whose answers these are: its address and version, what it is shown, what its answers are.

        What is as it is by default is left out.
        """
        shown_pixels = {} if self.send == "png" else {"pixels": self.pixels, "layout": self.layout}
        said = shown_pixels | {"answers_field": self.answers_field if self.answers_field != form else ""}
        fields = type(self).model_fields
        others = (f"{name}={value}" for name, value in said.items() if value != fields[name].default)
        text = "\x1f".join((self.url, self.version, form, *others))
        return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()

    @property
    def wire(self) -> str:
        """How a request is written."""
        return "\x1f".join((self.send, self.pixels, self.layout, self.images_field))

    def secrets(self) -> dict[str, str]:
        """The headers as they are sent.

        Raises:
            SpecError: a variable is not set, or holds what is no header.
        """
        found = {}
        for name, variable in self.headers.items():
            value = os.environ.get(variable, "")
            if not value or value != value.strip() or not (value.isascii() and value.isprintable()):
                raise SpecError(
                    "no header can be had from the environment",
                    where=f"endpoint: headers: {name}",
                    expected=f"the environment variable {variable} with the value, in ASCII and one line",
                    got="nothing" if not value else "other characters",
                    do=f"export {variable} and run again",
                )
            found[name] = value
        return found

    def hidden(self, secrets: Mapping[str, str]) -> set[str]:
        """What of the headers and of what follows ? in the address is never shown, whole and in its parts."""
        query = urlsplit(self.url).query
        given = [query, *(value for _, value in parse_qsl(query))]
        words = {word for value in (*secrets.values(), *given) for word in (value, *value.split())}
        return {word for word in words if len(word) >= SHORTEST_SECRET}

    def _at_home(self) -> bool:
        host = urlsplit(self.url).hostname or ""
        try:
            return ipaddress.ip_address(host).is_loopback
        except ValueError:
            return host == "localhost"


def without_words(text: str, words: Iterable[str]) -> str:
    """The text without these words, should a reply repeat one."""
    for word in sorted(words, key=len, reverse=True):
        text = text.replace(word, "***")
    return text
