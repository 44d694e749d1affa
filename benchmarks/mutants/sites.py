"""Where a source file can be broken, and how: one small deliberate fault at a time.

A site is an expression or statement and one fault of it: a comparison turned or moved by its boundary, another
operator, a number or key changed, a condition negated, an argument or bound or statement left out, two arguments
swapped. Left alone is what no test could or should see: prose (docstrings, help, descriptions, any text with a space),
annotations, imports, log lines, and what only the type checker reads.
"""

import ast
import hashlib
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

KEY = re.compile(r"^[A-Za-z_][\w./-]*$")
"""Text that is a name, a key or a path, not prose."""

COMPARISONS: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.In: ast.NotIn, ast.NotIn: ast.In, ast.Is: ast.IsNot, ast.IsNot: ast.Is,
}  # fmt: skip
OPERATORS: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult, ast.FloorDiv: ast.Mult,
    ast.Mod: ast.Add, ast.Pow: ast.Mult, ast.BitAnd: ast.BitOr,
}  # fmt: skip
SAME = {"utf-8"}
"""Text that means the same with an underscore behind it: Python looks a codec up without."""

FUNCTIONS = {"min": "max", "max": "min", "any": "all", "all": "any", "sorted": "list", "first": "last"}

PROSE = {"description", "help", "metavar", "title", "json_schema_extra", "label", "docs"}
"""Keywords whose values people read, and tests do not."""

UNORDERED = {"isinstance", "min", "max", "setattr", "zip"}
"""Functions whose swapped arguments fail at once or give the same."""

TYPES = {
    "Literal", "Callable", "dict", "list", "tuple", "set", "frozenset", "type", "Annotated", "NDArray", "Iterator",
    "Float", "Int", "Bool",
}  # fmt: skip


Fault = Callable[[], None]
"""Puts a fault into the tree that its site was found in."""


@dataclass(frozen=True)
class Site:
    """One fault that can be put into a file."""

    line: int
    scope: str
    kind: str
    code: str
    """The source of the changed expression, as it should be."""
    apply: Fault

    @property
    def name(self) -> str:
        """What identifies the site where lines above it come and go."""
        return f"{self.scope}: {self.kind}: {self.code}"


def sites(tree: ast.Module) -> list[Site]:
    """All sites of a parsed file, in the order of its text; sites that read the same are numbered."""
    seen: dict[str, int] = {}
    found = []
    for site in _Finder().found(tree):
        number = seen[site.name] = seen.get(site.name, 0) + 1
        code = site.code if number == 1 else f"{site.code} #{number}"
        found.append(Site(site.line, site.scope, site.kind, code, site.apply))
    return found


def broken(source: str, name: str) -> str:
    """``source`` with the fault of the site called ``name``."""
    tree = ast.parse(source)
    next(site for site in sites(tree) if site.name == name).apply()
    return ast.unparse(ast.fix_missing_locations(tree)) + "\n"


def drawn(names: list[str], seed: int, most: int) -> list[str]:
    """A sample that another commit mostly shares: the sites whose hash with the seed is smallest."""
    return sorted(names, key=lambda name: hashlib.blake2b(f"{seed} {name}".encode()).digest())[:most]


class _Finder:
    def found(self, tree: ast.Module) -> Iterator[Site]:
        yield from self._block(tree.body, "")

    def _block(self, body: list[ast.stmt], scope: str) -> Iterator[Site]:
        for position, statement in enumerate(body):
            if not _is_left_alone(statement):
                if _is_droppable(statement) and (len(body) > 1 or scope):
                    yield self._site(statement, scope, "dropped", lambda p=position: _set(body, p, ast.Pass()))
                yield from self._statement(statement, scope)

    def _statement(self, node: ast.stmt, scope: str) -> Iterator[Site]:
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            inner = f"{scope}.{node.name}".lstrip(".")
            if not isinstance(node, ast.ClassDef):
                yield from self._children([*node.args.defaults, *filter(None, node.args.kw_defaults)], inner)
            yield from self._block(node.body, inner)
            return
        if isinstance(node, ast.If | ast.While):
            yield self._site(node.test, scope, "negated", lambda: setattr(node, "test", _not(node.test)))
        for name, value in ast.iter_fields(node):
            if name in {"body", "orelse", "finalbody"}:
                yield from self._block(value, scope)
            elif name == "handlers":
                for handler in value:
                    yield from self._block(handler.body, scope)
            elif name != "annotation":
                values = value if isinstance(value, list) else [value]
                yield from self._children([part for part in values if isinstance(part, ast.AST)], scope)

    def _children(self, nodes: list[ast.expr] | list[ast.AST], scope: str) -> Iterator[Site]:
        for node in nodes:
            yield from self._expression(node, scope)

    def _expression(self, node: ast.AST, scope: str) -> Iterator[Site]:
        if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name) and node.value.id in TYPES:
            return
        yield from self._own(node, scope)
        for child in ast.iter_child_nodes(node):
            if not (isinstance(node, ast.Call) and isinstance(child, ast.keyword) and child.arg in PROSE):
                yield from self._expression(child, scope)

    def _own(self, node: ast.AST, scope: str) -> Iterator[Site]:
        if isinstance(node, ast.expr | ast.comprehension):
            for kind, apply in _faults(node):
                yield self._site(node, scope, kind, apply)

    @staticmethod
    def _site(node: ast.expr | ast.stmt | ast.comprehension, scope: str, kind: str, apply: Fault) -> Site:
        line = node.target.lineno if isinstance(node, ast.comprehension) else node.lineno
        return Site(line, scope, kind, " ".join(ast.unparse(node).split())[:160], apply)


def _faults(node: ast.AST) -> Iterator[tuple[str, Fault]]:  # noqa: PLR0912 - one branch a kind of node
    """The faults of one expression, its parts left out."""
    match node:
        case ast.Compare():
            for i, op in enumerate(node.ops):
                yield f"comparison {i + 1}", lambda i=i, op=op: _set(node.ops, i, COMPARISONS[type(op)]())
        case ast.BinOp() if type(node.op) in OPERATORS:
            yield "operator", lambda: setattr(node, "op", OPERATORS[type(node.op)]())
        case ast.BoolOp():
            other = ast.Or if isinstance(node.op, ast.And) else ast.And
            yield "connective", lambda: setattr(node, "op", other())
        case ast.UnaryOp(op=ast.USub()):
            yield "sign", lambda: setattr(node, "op", ast.UAdd())
        case ast.UnaryOp(op=ast.Not()):
            yield "not dropped", lambda: setattr(node, "operand", _not(node.operand))
        case ast.IfExp():
            yield "negated", lambda: setattr(node, "test", _not(node.test))
        case ast.comprehension():
            for i, test in enumerate(node.ifs):
                yield f"filter {i + 1} negated", lambda i=i, test=test: _set(node.ifs, i, _not(test))
        case ast.Constant():
            yield from _constants(node)
        case ast.Name(id=name) if name in FUNCTIONS:
            yield "function", lambda: setattr(node, "id", FUNCTIONS[name])
        case ast.Slice():
            for bound in ("lower", "upper"):
                if getattr(node, bound) is not None:
                    yield f"{bound} bound dropped", lambda bound=bound: setattr(node, bound, None)
        case ast.Call():
            yield from _calls(node)


def _calls(node: ast.Call) -> Iterator[tuple[str, Fault]]:
    for keyword in node.keywords:
        if keyword.arg and keyword.arg not in PROSE:
            yield f"argument {keyword.arg} dropped", lambda keyword=keyword: node.keywords.remove(keyword)
    if len(node.args) > 1 and _order_matters(node):
        yield "arguments swapped", lambda: node.args.__setitem__(slice(0, 2), node.args[1::-1])


def _order_matters(node: ast.Call) -> bool:
    first, second = node.args[:2]
    called = node.func.id if isinstance(node.func, ast.Name) else ""
    starred = isinstance(first, ast.Starred) or isinstance(second, ast.Starred)
    return not starred and called not in UNORDERED and ast.unparse(first) != ast.unparse(second)


def _constants(node: ast.Constant) -> Iterator[tuple[str, Fault]]:
    value = node.value
    if isinstance(value, bool):
        yield "flag", lambda: setattr(node, "value", not value)
    elif isinstance(value, int | float):
        yield "number", lambda: setattr(node, "value", value + 1)
    elif isinstance(value, str) and KEY.match(value) and value not in SAME:
        yield "key", lambda: setattr(node, "value", f"{value}_")


def _not(test: ast.expr) -> ast.expr:
    return ast.UnaryOp(ast.Not(), test)


def _set(sequence: list, position: int, value: ast.AST) -> None:  # type: ignore[type-arg]
    sequence[position] = value


def _is_droppable(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.AugAssign) or (
        isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call)
    )


def _is_left_alone(statement: ast.stmt) -> bool:
    match statement:
        case ast.Import() | ast.ImportFrom() | ast.Expr(value=ast.Constant()):
            return True
        case ast.If(test=ast.Name(id="TYPE_CHECKING")):
            return True
        case ast.Expr(value=ast.Call(func=ast.Attribute(value=ast.Name(id="log")))):
            return True
        case ast.Assign(targets=[ast.Name(id="__all__" | "log")]):
            return True
        case ast.Assign(value=ast.Call(func=ast.Name(id="TypeVar" | "NewType"))):
            return True
    return False
