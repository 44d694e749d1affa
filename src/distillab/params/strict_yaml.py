"""YAML as parameters are written: text keys given once, plain values, small and shallow; the rest is refused by line.

Plain values are read by YAML 1.2's core schema, as DVC reads them: ``yes`` and ``1:30`` are texts, ``1e-3`` a number.
"""

import re
from collections.abc import Iterator
from typing import Any

import yaml

from distillab.core.errors import SpecError
from distillab.core.shown import shown

LARGEST = 2**17
"""Bytes of a file."""

DEEPEST = 24
"""Mappings and lists inside each other."""

MOST = 20_000
"""Values of a file, aliases written out."""

LONGEST_NUMBER = 60
"""Characters of a number."""

WORDS = {"": None, "~": None, "null": None, "true": True, "false": False}
INTEGER = re.compile(r"[-+]?[0-9]+|0x[0-9a-fA-F]+|0o[0-7]+")
DECIMAL = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")


def parse(content: bytes, where: str) -> Any:  # noqa: ANN401 - what a user wrote
    """The value of a file's only document.

    Raises:
        SpecError: it is none that parameters may have; one line that names the file's line.
    """
    if len(content) > LARGEST:
        raise SpecError("too large", where=where, expected=f"at most {LARGEST} bytes", got=f"{len(content)} bytes")
    return _Document(_decoded(content, where), where).value()


def _decoded(content: bytes, where: str) -> str:
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise SpecError(
            "not UTF-8",
            where=f"{where}: line {content[: error.start].count(10) + 1}",
            got=f"the byte 0x{content[error.start]:02x}",
            do="save the file as UTF-8",
        ) from error


class _Document:
    """One reading of a text: its events, the values that have anchors, and how many values there were."""

    def __init__(self, text: str, where: str) -> None:
        self._text, self._where = text, where
        self._events = self._parsed()
        self._anchors: dict[str, tuple[Any, int]] = {}
        self._count = 0

    def value(self) -> Any:  # noqa: ANN401 - what a user wrote
        """The value of the document; None where there is none."""
        next(self._events)
        if isinstance(next(self._events), yaml.StreamEndEvent):
            return None
        value = self._value(next(self._events), 0)
        next(self._events)
        after = next(self._events)
        if not isinstance(after, yaml.StreamEndEvent):
            raise self._refusal(after, "a second document", do="keep one")
        return value

    def _parsed(self) -> Iterator[yaml.Event]:
        """The events; PyYAML raises ValueError and OverflowError on escapes of characters that do not exist."""
        try:
            yield from yaml.parse(self._text, Loader=yaml.SafeLoader)
        except (yaml.YAMLError, ValueError, OverflowError) as error:
            mark = getattr(error, "problem_mark", None)
            line = mark.line if mark else self._text.count("\n", 0, getattr(error, "position", 0))
            problem = getattr(error, "problem", None) or getattr(error, "reason", None) or str(error)
            raise SpecError(f"not YAML: {problem}", where=f"{self._where}: line {line + 1}") from error

    def _value(self, event: yaml.Event, depth: int) -> Any:  # noqa: ANN401 - what a user wrote
        before, self._count = self._count, self._count + 1
        if depth > DEEPEST:
            raise self._refusal(event, "nested too deep", expected=f"at most {DEEPEST} levels")
        if tag := getattr(event, "tag", None):
            raise self._refusal(event, "a tag", got=shown(tag), do="write the value without it")
        if isinstance(event, yaml.AliasEvent):
            value, size = self._aliased(event)
            self._count += size
        elif isinstance(event, yaml.ScalarEvent):
            value = self._scalar(event)
        elif isinstance(event, yaml.SequenceStartEvent):
            value = [self._value(item, depth + 1) for item in self._until(yaml.SequenceEndEvent)]
        else:
            value = self._mapping(depth + 1)
        if self._count > MOST:
            raise self._refusal(event, "too many values", expected=f"at most {MOST}, aliases written out")
        if isinstance(event, yaml.NodeEvent) and event.anchor and not isinstance(event, yaml.AliasEvent):
            self._anchors[event.anchor] = value, self._count - before
        return value

    def _until(self, end: type[yaml.Event]) -> Iterator[yaml.Event]:
        while not isinstance(event := next(self._events), end):
            yield event

    def _mapping(self, depth: int) -> dict[str, Any]:
        given: dict[str, Any] = {}
        merged: dict[str, Any] = {}
        lines: dict[str, int] = {}
        for event in self._until(yaml.MappingEndEvent):
            key, line = self._key(event, depth), _line(event)
            if key in lines:
                first = f"{shown(key)}, first in line {lines[key]}"
                raise self._refusal(event, "a key given twice", got=first, do="keep one")
            lines[key] = line
            value = self._value(next(self._events), depth)
            if key == "<<":
                merged = self._merged(event, value)
            else:
                given[key] = value
        return merged | given

    def _key(self, event: yaml.Event, depth: int) -> str:
        key = self._value(event, depth)
        if not isinstance(key, str):
            raise self._refusal(event, "a key that is no text", got=shown(key), do="name it, or put it in quotes")
        return key

    def _merged(self, event: yaml.Event, value: object) -> dict[str, Any]:
        parts = value if isinstance(value, list) else [value]
        merged: dict[str, Any] = {}
        for part in reversed(parts):
            if not isinstance(part, dict):
                raise self._refusal(event, "<< needs a mapping", got=shown(part))
            merged |= part
        return merged

    def _aliased(self, event: yaml.AliasEvent) -> tuple[Any, int]:
        if event.anchor not in self._anchors:
            raise self._refusal(event, "an alias of nothing that is finished before it", got=shown(f"*{event.anchor}"))
        return self._anchors[event.anchor]

    def _scalar(self, event: yaml.ScalarEvent) -> Any:  # noqa: ANN401 - what a user wrote
        text: str = event.value
        if event.style is None:
            folded = text.lower() if text in {text.lower(), text.capitalize(), text.upper()} else text
            if folded in WORDS:
                return WORDS[folded]
            if len(text) <= LONGEST_NUMBER and INTEGER.fullmatch(text):
                return int(text, 0 if text[:2] in {"0x", "0o"} else 10)
            if len(text) <= LONGEST_NUMBER and DECIMAL.fullmatch(text):
                return float(text.lower().replace(".inf", "inf").replace(".nan", "nan"))
        line = text.rstrip("\n")
        if not line.isprintable():
            raise self._refusal(event, "a text with a character that cannot be seen", got=shown(line), do="take it out")
        return line

    def _refusal(self, event: yaml.Event, what: str, *, expected: str = "", got: str = "", do: str = "") -> SpecError:
        return SpecError(what, where=f"{self._where}: line {_line(event)}", expected=expected, got=got, do=do)


def _line(event: yaml.Event) -> int:
    return event.start_mark.line + 1 if event.start_mark else 1
