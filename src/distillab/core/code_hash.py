"""The hash of the code that makes a payload: a method's module and everything it imports.

Taken over the syntax tree without docstrings, so that comments, formatting and prose change nothing. Package
``__init__`` files are left out (a registry line must not retrain its siblings), and so is the infrastructure
that carries, checks and stores payloads without computing them.
"""

import ast
import hashlib
from collections.abc import Iterable, Iterator
from functools import cache
from importlib.util import find_spec
from pathlib import Path

PACKAGE = "distillab"

_COMPUTING_CORE = {f"{PACKAGE}.core.{name}" for name in ("seeds", "generators")}
"""The only modules of ``core`` that can change a number."""


def code_hash(modules: Iterable[str]) -> str:
    """Hash of the import closures of ``modules`` inside the package, independent of their order."""
    closure: set[str] = set()
    for module in modules:
        closure |= import_closure(module)
    digest = hashlib.blake2b(digest_size=8)
    for module in sorted(closure):
        digest.update(f"{module}={_read(module)[1]};".encode())
    return digest.hexdigest()


@cache
def import_closure(module: str) -> frozenset[str]:
    """``module`` and all modules of the package it imports, at any depth and in any function."""
    found: set[str] = set()
    pending = [module]
    while pending:
        name = pending.pop()
        if name not in found and _counts(name):
            found.add(name)
            pending.extend(_read(name)[0])
    return frozenset(found)


def modules_imported_by(path: Path) -> frozenset[str]:
    """The package's modules that a source file outside the package imports."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return frozenset(name for node in ast.walk(tree) for name in _imported_names(node) if _counts(name))


def _counts(module: str) -> bool:
    if not module.startswith(f"{PACKAGE}."):
        return False
    if module.startswith(f"{PACKAGE}.core.") and module not in _COMPUTING_CORE:
        return False
    path = _path(module)
    return path is not None and path.name != "__init__.py"


@cache
def _read(module: str) -> tuple[frozenset[str], str]:
    """What a module imports, and the hash of its tree without prose; a tree is parsed and walked once."""
    path = _path(module)
    if path is None:
        raise ModuleNotFoundError(module)
    tree, imported = ast.parse(path.read_text(encoding="utf-8")), set[str]()
    for node in ast.walk(tree):
        imported.update(_imported_names(node))
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            node.body = [statement for statement in node.body if not _is_prose(statement)] or [ast.Pass()]
    return frozenset(imported), hashlib.blake2b(_written(tree).encode(), digest_size=8).hexdigest()


def _written(node: object) -> str:
    """A tree as Python 3.11's ``ast.dump`` writes it.

    Later ones add fields, and write empty ones otherwise: code that they read would be other code to each of them.
    """
    if isinstance(node, ast.AST):
        fields = ((name, getattr(node, name, None)) for name in node._fields)
        said = (f"{name}={_written(value)}" for name, value in fields if not _says_nothing(node, name, value))
        return f"{type(node).__name__}({', '.join(said)})"
    return f"[{', '.join(map(_written, node))}]" if isinstance(node, list) else repr(node)


def _says_nothing(node: ast.AST, name: str, value: object) -> bool:
    """Whether a field is optional and left out: ``Constant(value=None)`` says something."""
    return (value is None and getattr(type(node), name, ...) is None) or (name == "type_params" and value == [])


def _imported_names(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom) and node.module:
        yield node.module
        yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _is_prose(statement: ast.stmt) -> bool:
    return (
        isinstance(statement, ast.Expr)
        and isinstance(statement.value, ast.Constant)
        and isinstance(statement.value.value, str)
    )


@cache
def _path(module: str) -> Path | None:
    root = find_spec(PACKAGE)
    if root is None or not root.submodule_search_locations:
        return None
    base = Path(root.submodule_search_locations[0]).joinpath(*module.split(".")[1:])
    candidates = (base.with_suffix(".py"), base / "__init__.py")
    return next((path for path in candidates if path.is_file()), None)
