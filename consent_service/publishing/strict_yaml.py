"""Reads YAML strictly: a key stands once, and every error has its line."""

from collections.abc import Iterator
from typing import Any

import yaml


class YamlError(ValueError):
    """A text that is no YAML; `line` counts from 1."""

    def __init__(self, message: str, line: int) -> None:
        super().__init__(message)
        self.line = line


def load(text: str) -> Any:
    """Return the data of a YAML text; None where it is empty.

    Raises:
        YamlError: it cannot be read, or a mapping has a key twice.
    """
    return _read(text)[0]


def lines(text: str) -> dict[str, int]:
    """Return the line of each field by its path, such as `purposes.0.key`; the root is ``.

    Raises:
        YamlError: as `load`.
    """
    node = _read(text)[1]
    return {"": 1, **dict(_lines(node, "", set()))} if node else {"": 1}


class _Loader(yaml.SafeLoader):
    """Gives the errors of values, such as a thirteenth month, the line of their value."""

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        try:
            return super().construct_object(node, deep)
        except YamlError:
            raise
        except (ValueError, OverflowError) as error:
            raise YamlError(str(error), _line(node.start_mark)) from error
        except (LookupError, AttributeError) as error:
            # PyYAML looks into a value that claims its type by a tag, and finds nothing there.
            what = node.tag.rpartition(":")[2]
            raise YamlError(f"holds no {what} behind !!{what}", _line(node.start_mark)) from error


def _read(text: str) -> tuple[Any, yaml.Node | None]:
    try:
        loader = _Loader(text)
        node: yaml.Node | None = loader.get_single_node()
        if node is None:
            return None, None
        _check(node, set())
        return loader.construct_document(node), node
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise YamlError(_told(error), _line(mark) if mark else 1) from error
    except yaml.reader.ReaderError as error:
        raise YamlError(error.reason, text.count("\n", 0, error.position) + 1) from error
    except RecursionError:
        raise YamlError("is nested too deeply", 1) from None


def _told(error: yaml.MarkedYAMLError) -> str:
    """Return what is wrong and where it began: a bracket is missed long after it was opened."""
    if error.context is None or error.context_mark is None:
        return str(error.problem)
    return f"{error.context} from line {_line(error.context_mark)}, {error.problem}"


def _line(mark: Any) -> int:
    return int(mark.line) + 1


def _check(node: yaml.Node, seen: set[int]) -> None:
    """Refuse what no text may hold, and keys that stand twice.

    PyYAML takes the last of two equal keys, which hides what an author wrote first.
    """
    if id(node) in seen:
        return
    seen.add(id(node))
    if isinstance(node, yaml.ScalarNode):
        _check_text(node)
    elif isinstance(node, yaml.MappingNode):
        _check_keys(node)
        for pair in node.value:
            for part in pair:
                _check(part, seen)
    elif isinstance(node, yaml.SequenceNode):
        for value in node.value:
            _check(value, seen)


def _check_text(node: yaml.ScalarNode) -> None:
    """Refuse what an escape can bring into a text and no database takes."""
    if "\0" in node.value:
        raise YamlError("holds a NUL character", _line(node.start_mark))
    if any("\ud800" <= char <= "\udfff" for char in node.value):
        message = "holds half of a character (a lone surrogate)"
        raise YamlError(message, _line(node.start_mark))


def _check_keys(node: yaml.MappingNode) -> None:
    keys: set[tuple[str, str]] = set()
    for key, _ in node.value:
        if isinstance(key, yaml.ScalarNode):
            _check_text(key)
            if (key.tag, key.value) in keys:
                raise YamlError(f"has the key {key.value} twice", _line(key.start_mark))
            keys.add((key.tag, key.value))


def _lines(node: yaml.Node, path: str, seen: set[int]) -> Iterator[tuple[str, int]]:
    """Yield paths and lines. What an alias repeats is not walked again, so it may be circular."""
    if id(node) in seen:
        return
    seen.add(id(node))
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if isinstance(key, yaml.ScalarNode):
                inner = f"{path}.{key.value}".lstrip(".")
                yield inner, _line(key.start_mark)
                yield from _lines(value, inner, seen)
    elif isinstance(node, yaml.SequenceNode):
        for position, value in enumerate(node.value):
            inner = f"{path}.{position}".lstrip(".")
            yield inner, _line(value.start_mark)
            yield from _lines(value, inner, seen)
