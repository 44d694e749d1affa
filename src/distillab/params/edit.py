"""Setting a number in a YAML text: everything else in it stays as it is, to the byte."""

from collections.abc import Sequence

import yaml

EMPTY = "tag:yaml.org,2002:null"


def with_number(text: str, path: Sequence[str], number: int) -> str:
    """The text with ``number`` under these keys, one inside the other; those that are not there are added.

    Added keys come last in the deepest mapping that is there, in its own style.

    Raises:
        ValueError: the text is not YAML, or what stands on the way is no mapping.
    """
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        raise ValueError(str(error)) from error
    indent, flow = 0, False
    for depth, key in enumerate(path):
        if not isinstance(node, yaml.MappingNode) or not node.value:
            return _filled(text, node, _flow(path[depth:], number) if flow else _block(path[depth:], number, indent))
        inner = next((value for name, value in node.value if name.value == key), None)
        flow = flow or bool(node.flow_style)
        if inner is None:
            return _extended(text, node, path[depth:], number)
        indent, node = node.start_mark.column + 2, inner
    if not isinstance(node, yaml.ScalarNode):
        raise ValueError(f"{'.'.join(path)} is no number")
    return text[: node.start_mark.index] + str(number) + text[node.end_mark.index :]


def _filled(text: str, node: yaml.Node | None, added: str) -> str:
    """The text with keys where there is nothing so far, or an empty mapping."""
    if node is None:
        return _line_after(text, len(text), added)
    if not (isinstance(node, yaml.MappingNode) or node.tag == EMPTY):
        raise ValueError(f"{text[node.start_mark.index : node.end_mark.index]!r} is no mapping")
    before, after = text[: node.start_mark.index], text[node.end_mark.index :]
    if not added.endswith("\n"):
        return f"{before.rstrip(' ')} {{{added}}}{after}"
    return _line_after(before.rstrip(" ") + after, len(before.rstrip(" ")), added)


def _extended(text: str, node: yaml.MappingNode, path: Sequence[str], number: int) -> str:
    """The text with keys more in a mapping that has some."""
    last = max(_end(part) for part in node.value[-1])
    if node.flow_style:
        return f"{text[:last]}, {_flow(path, number)}{text[last:]}"
    return _line_after(text, last, _block(path, number, node.start_mark.column))


def _block(path: Sequence[str], number: int, indent: int) -> str:
    """Keys in lines of their own, those of the innermost mapping in one line."""
    outer = path[:-2]
    lines = [f"{' ' * (indent + 2 * depth)}{key}:\n" for depth, key in enumerate(outer)]
    return "".join(lines) + f"{' ' * (indent + 2 * len(outer))}{_flow(path[len(outer) :], number)}\n"


def _flow(path: Sequence[str], number: int) -> str:
    return f"{path[0]}: {{{_flow(path[1:], number)}}}" if len(path) > 1 else f"{path[0]}: {number}"


def _line_after(text: str, index: int, lines: str) -> str:
    """The text with more lines after that in which the character before ``index`` stands, with the line ends it has."""
    newline = "\r\n" if "\r\n" in text else "\n"
    found = text.find("\n", max(0, index - 1))
    after = len(text) if found < 0 else found + 1
    unfinished = newline if found < 0 and text else ""
    return text[:after] + unfinished + lines.replace("\n", newline) + text[after:]


def _end(node: yaml.Node) -> int:
    """Where a node ends, comments after it left out."""
    if not isinstance(node, yaml.CollectionNode) or node.flow_style or not node.value:
        return int(node.end_mark.index)
    last = node.value[-1]
    return max(map(_end, last)) if isinstance(last, tuple) else _end(last)
