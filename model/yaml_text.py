"""YAML from outside: strict and safe, of bounded size, depth and number of nodes."""

from __future__ import annotations

import reprlib
from pathlib import Path
from typing import Any

import yaml

from model.errors import FaultlineError

LONGEST = 1_000_000  # characters
DEEPEST = 32  # lists and mappings in one another
MOST_NODES = 50_000  # once every alias is written out
LONGEST_PLAIN = 64  # characters of a number, a date or another scalar that is no text


def read_yaml_file(path: Path, error: type[FaultlineError]) -> Any:
    """What a YAML file holds; see `parse_yaml`. Errors name the file."""
    try:
        with path.open(encoding="utf-8") as file:
            text = file.read(LONGEST + 1)
    except OSError as fault:
        raise error(f"{path}: cannot be read ({fault.strerror}); check the path") from None
    except ValueError:  # not UTF-8, or a path that cannot be one
        raise error(f"{path}: not a text file in UTF-8") from None
    return parse_yaml(text, str(path), error)


def parse_yaml(text: str, where: str, error: type[FaultlineError]) -> Any:
    """Mappings, lists, texts, numbers, dates: what a YAML text holds.

    Keys are texts and stand once in a mapping; mappings are not merged. Nothing is built whose size
    is not in proportion to the text: aliases count as if they were written out.

    Raises
    ------
    error
        The text is too long, too deep, holds too much, or is no such YAML; one line that names
        `where` and, where there is one, the line.
    """
    if len(text) > LONGEST:
        raise error(f"{where}: longer than {LONGEST:,} characters; split it")
    loader = None
    try:
        loader = _StrictLoader(text)
        node = loader.get_single_node()
        if node is None:
            return None
        _measure(node, {}, ())
        return loader.construct_document(node)
    except yaml.MarkedYAMLError as fault:
        line = fault.problem_mark.line + 1 if fault.problem_mark else 1
        raise error(f"{where}: line {line}: {fault.problem}") from None
    except RecursionError:
        raise error(f"{where}: deeper than {DEEPEST} levels; flatten it") from None
    # PyYAML's own constructors fail in these ways at `!!bool maybe`, `!!timestamp soon`.
    except (yaml.YAMLError, ValueError, ArithmeticError, LookupError, AttributeError) as fault:
        raise error(f"{where}: not a YAML file ({' '.join(str(fault).split())})") from None
    finally:
        if loader is not None:
            loader.dispose()


def _measure(node: yaml.Node, known: dict[int, tuple[int, int]], above: tuple[int, ...]) -> None:
    """Nodes at and below a node, aliases written out, and how deep they go; into `known` by id."""
    if id(node) in above:
        raise _fault("an alias stands inside what it names; write it out", node)
    if id(node) in known:
        return
    if isinstance(node, yaml.ScalarNode):
        if node.tag != "tag:yaml.org,2002:str" and len(node.value) > LONGEST_PLAIN:
            raise _fault(f"a value of more than {LONGEST_PLAIN} characters that is no text", node)
        known[id(node)] = 1, 0
        return
    inside = (
        [one for pair in node.value for one in pair]
        if isinstance(node, yaml.MappingNode)
        else node.value
    )
    nodes, depth = 1, 1
    for one in inside:
        _measure(one, known, (*above, id(node)))
        below = known[id(one)]
        nodes, depth = nodes + below[0], max(depth, below[1] + 1)
    if depth > DEEPEST:
        raise _fault(f"deeper than {DEEPEST} levels; flatten it", node)
    if nodes > MOST_NODES:
        raise _fault(f"more than {MOST_NODES:,} values, aliases written out; split it", node)
    known[id(node)] = nodes, depth


def _fault(problem: str, node: yaml.Node) -> yaml.MarkedYAMLError:
    return yaml.constructor.ConstructorError(None, None, problem, node.start_mark)


class _StrictLoader(yaml.SafeLoader):  # type: ignore[misc]
    """Safe YAML in which keys are text and stand once in a mapping; no merging of mappings."""


def _strict_mapping(loader: _StrictLoader, node: yaml.Node) -> dict[str, Any]:
    if not isinstance(node, yaml.MappingNode):
        raise _fault("not a mapping", node)
    mapping: dict[str, Any] = {}
    for key_node, value_node in node.value:
        key = loader.construct_object(key_node, deep=True)
        if not isinstance(key, str):
            raise _fault(f"key {reprlib.repr(key)} is not text", key_node)
        if key in mapping:
            raise _fault(f"key {key!r} stands twice; keep one", key_node)
        mapping[key] = loader.construct_object(value_node, deep=True)
    return mapping


_StrictLoader.add_constructor("tag:yaml.org,2002:map", _strict_mapping)
