"""Params files: right ones, nearly right ones, and such as nobody writes in good faith."""

from random import Random
from typing import Any, Literal, get_args, get_origin

import yaml
from pydantic import BaseModel

from distillab.params.annotations import as_model, bare, members, method_variants
from distillab.params.layers import EVERY
from distillab.params.root import Params
from distillab.studies import STUDIES

MARKER = "executed"
"""The file that a tag would make, if one were obeyed."""

PRESETS = ("tiny", "tiny", "tiny", "tiny", "digits", "mnist", "cifar10", "imagenet")
NAMES = ("ce", "ls", "madry", "kd", "dkd", "pgd_linf", "ta", "paper", "mine", "x1", "cnn_digits")
NUMBERS = (
    0, 1, 2, 3, 7, 0.1, 0.5, 1.0, -1, -0.5, 10**4, 10**6, 10**18, 10**40, 1e300, 1e-300, -0.0,
    float("inf"), float("-inf"), float("nan"), "8/255", "1/0", "1e-3", "0x1f", "1_000", "9" * 5_000,
)  # fmt: skip
TEXTS = (
    "", "yes", "null", "~", "a b", "../../../etc/passwd", "a{seed}b", "$(touch executed)", "`id`", "; rm -rf x", "a|b",
    "<script>alert(1)</script>", "\x1b[2J\x1b[31m", "\u202eevil", "line\nline", "\x00", "x" * 3_000,
    "=cmd|' /C calc'!A0",
    "Büßer", "中文", "%s%n", "{{7*7}}", "-n", "C:\\x", "\ufeff", "'", '"', "\\", "!!python/name:os.system", "*a", "&a",
)  # fmt: skip
TAGS = (
    f"!!python/object/apply:os.system ['touch {MARKER}']",
    f"!!python/object/new:os.system ['touch {MARKER}']",
    f"!!python/object/apply:subprocess.check_output [['touch', '{MARKER}']]",
    "!!python/name:os.system", "!!binary aGk=", "!!set {a, b}", "!!timestamp 2001-99-99", "!!int x", "!own 1", "!<x> 1",
)  # fmt: skip


def case(random: Random) -> bytes:
    """One ``params.yaml``."""
    fields = random.choices((0, 1, 2, 4), (1, 6, 3, 1))[0]
    spite = random.choice((0.0, 0.0, 0.03, 0.3))
    names = random.sample(sorted(Params.model_fields.keys() - {"preset"}), fields)
    override = {name: _value(random, Params.model_fields[name].annotation, spite) for name in names}
    content: dict[Any, Any] = {"preset": random.choice(PRESETS), "override": override}
    if random.random() < spite:
        content[random.choice(("seeds", "preset", "Override", EVERY))] = random.choice((*NUMBERS, *TEXTS))
    text = yaml.safe_dump(content, sort_keys=False, allow_unicode=True, default_flow_style=random.choice((None, True)))
    changed = random.choice(CHANGES)(random, text) if random.random() < 0.35 else text
    return _encoded(random, changed)


def _value(random: Random, annotation: Any, spite: float, depth: int = 0) -> Any:
    """A value of a type, or with a probability of ``spite`` at each place another one."""
    if random.random() < spite or depth > 8:
        return _other(random)
    annotation = bare(annotation)
    if forms := members(annotation):
        variants = list(method_variants(annotation).values())
        return _value(random, random.choice(variants or forms), spite, depth)
    if (model := as_model(annotation)) is not None:
        return _record(random, model, spite, depth)
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is dict:
        keys = random.sample(NAMES, random.randint(0, 2)) + ([EVERY] if random.random() < spite else [])
        return {key: _value(random, arguments[1], spite, depth + 1) for key in keys}
    if origin is tuple:
        return [_value(random, arguments[0], spite, depth + 1) for _ in range(random.choice((0, 1, 1, 2, 3)))]
    return random.choice(arguments) if origin is Literal else _plain(random, annotation)


def _record(random: Random, model: type[BaseModel], spite: float, depth: int) -> dict[str, Any]:
    fields = {name: field for name, field in model.model_fields.items() if name != "name"}
    required = [name for name, field in fields.items() if field.is_required() and random.random() > spite]
    chosen = dict.fromkeys([*required, *random.sample(sorted(fields), min(len(fields), random.choice((0, 1, 2))))])
    named = {"name": model.model_fields["name"].default} if "name" in model.model_fields else {}
    written = {name: _value(random, fields[name].annotation, spite, depth + 1) for name in chosen}
    return named | written | ({f"{random.choice(TEXTS)}": 1} if random.random() < spite else {})


def _plain(random: Random, annotation: Any) -> Any:
    if annotation is bool:
        return random.choice((True, False))
    if annotation is int:
        return random.choice((1, 1, 2, 3, 4, 8, 40))
    if annotation is float:
        return random.choice((0.1, 0.5, 0.9, 1.0))
    return random.choice((*NAMES, *STUDIES, "seed"))


def _other(random: Random) -> Any:
    return random.choice(
        (
            *NUMBERS,
            *TEXTS,
            None,
            True,
            False,
            [],
            {},
            [[1]],
            {"name": "ce"},
            {"name": [1]},
            list(range(2_000)),
            {"a": {}},
        )
    )


def _twice(random: Random, text: str) -> str:
    lines = text.splitlines(keepends=True)
    place = random.randrange(len(lines))
    return "".join([*lines[:place], lines[place], *lines[place:]])


def _tagged(random: Random, text: str) -> str:
    return f"{text}\n{random.choice(('seeds', 'override', '? a'))}: {random.choice(TAGS)}\n"


def _bomb(random: Random, text: str) -> str:
    width, levels = random.randint(2, 12), random.randint(2, 30)
    lines = [f"b{n}: &b{n} [{', '.join([f'*b{n - 1}' if n else 'x'] * width)}]" for n in range(levels)]
    return "\n".join([*lines, text, f"seeds: *b{random.randint(0, levels)}"])


def _merged(random: Random, text: str) -> str:
    return f"x: &x {{preset: tiny, <<: {random.choice(('*x', '5', '[*x, {}]', '{a: 1}'))}}}\n<<: *x\n{text}"


def _nested(random: Random, text: str) -> str:
    opening = random.choice(("[", "{a: ", "[{", "? ", "- ", "!a ", "&a [", "{? "))
    return f"{text}\nseeds: {opening * random.choice((3, 23, 24, 25, 100, 5_000))}"


def _cut(random: Random, text: str) -> str:
    return text[: random.randrange(len(text) + 1)]


def _swapped(random: Random, text: str) -> str:
    letters = list(text)
    for _ in range(random.randint(1, 4)):
        letters[random.randrange(len(letters))] = random.choice("{}[]:,-?&*!|>'\"%@`#\t\n\\\x07\x85é0 ~")
    return "".join(letters)


def _escaped(random: Random, text: str) -> str:
    escape = random.choice(("\\x1b[2J", "\\UFFFFFFFF", "\\ud800", "\\0", "\\u202e", "\\N", "\\q"))
    return f'{text}\n{random.choice(("seeds", "override"))}: "{escape}"\n'


def _large(random: Random, text: str) -> str:
    return text + random.choice(("# x\n", "a: [1, 1]\n", "- 1\n", "\n", " ")) * random.choice((100, 30_000, 200_000))


def _keys(random: Random, text: str) -> str:
    keys = ("true", "1", "~", "[a]", "{a: 1}", "1.5", ".nan", "<<", "!!str a", "&a a", "*a")
    return f"{text}\n{random.choice(keys)}: 1\n"


CHANGES = (_twice, _tagged, _bomb, _merged, _nested, _cut, _swapped, _escaped, _large, _keys)


def _encoded(random: Random, text: str) -> bytes:
    encoding = random.choices(("utf-8", "latin-1", "utf-16", "utf-8-sig", "utf-7", "utf-32"), (30, 1, 1, 1, 1, 1))[0]
    noise = random.choices((b"", b"\xff\xfe", b"# gr\xf6\xdfer\n", b"\x00", b"\xed\xa0\x80"), (40, 1, 1, 1, 1))[0]
    return noise + text.encode(encoding, errors="replace")
