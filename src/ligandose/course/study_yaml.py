"""Reading a study file: small, plain YAML, with the line of every field.

Numbers follow the core schema of YAML 1.2 (https://yaml.org/spec/1.2.2/#103-core-schema), so that
1e3 is a number and 1:30, 010 and "no" are what they look like.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import yaml

from ligandose.errors import InputError

MOST_BYTES = 100_000
MOST_NODES = 5_000
MOST_DEPTH = 12

FieldPath = tuple[str | int, ...]


@dataclass(frozen=True)
class StudyText:
    """What a study file holds.

    Attributes:
        name: the file as the user named it.
        data: its top mapping.
        lines: line of every key and list item, by path.
        raw: the bytes of the file.
    """

    name: str
    data: Mapping[str, Any]
    lines: Mapping[FieldPath, int] = field(default_factory=dict[FieldPath, int])
    raw: bytes = b""

    def place(self, path: FieldPath) -> str:
        """Return "file:line: field" of a path, or of the nearest thing around it that exists."""
        known = next((path[:n] for n in range(len(path), 0, -1) if path[:n] in self.lines), ())
        line = f":{self.lines[known]}" if known else ""
        field_name = f" {dotted(path)}:" if path else ""
        return f"{self.name}{line}:{field_name}"


def dotted(path: FieldPath) -> str:
    """Return ("regimen", "administrations", 2) as "regimen.administrations[2]"."""
    text = "".join(f"[{p}]" if isinstance(p, int) else f".{shortened(p)}" for p in path)
    return text.removeprefix(".")


def shortened(text: str, most: int = 60) -> str:
    """Return a text that fits into a message."""
    return text if len(text) <= most else f"{text[: most - 1]}…"


def read_study_text(path: Path) -> StudyText:
    """Read a study file, without any knowledge of what belongs into it.

    Raises:
        InputError: not there, no file, too large, binary, not UTF-8, not YAML, no mapping, a key
            twice, or more values than a study can have (aliases counted as what they stand for).
    """
    raw = _read_bytes(path)
    name = str(path)
    text = _decoded(raw, name)
    try:
        loader: Any = _Loader(text)  # PyYAML's stubs leave the types of its methods open
        node = loader.get_single_node()
        if node is None:
            raise InputError(f"{name}: is empty; the smallest study is one line: agent: NAME")
        lines: dict[FieldPath, int] = {}
        _Survey(name, lines).visit(node, ())
        data: object = loader.construct_document(node)
    except yaml.MarkedYAMLError as error:
        raise InputError(_syntax_message(name, error)) from error
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise InputError(
            f"{name}:{line}: has the control character {_code_point(error.character)}; "
            "remove it and save the file as plain UTF-8 text"
        ) from error
    except RecursionError:
        raise InputError(f"{name}: {_TOO_DEEP}") from None
    except ValueError as error:
        raise InputError(
            f"{name}: has a value that does not fit its tag, or a number with too many digits; "
            "write plain values without tags"
        ) from error
    if not isinstance(data, dict):
        raise InputError(
            f"{name}: holds {kind_of_value(data)}; a study is made of lines such as agent: NAME"
        )
    return StudyText(name, cast("dict[str, Any]", data), lines, raw)


_TOO_DEEP = f"is nested deeper than {MOST_DEPTH} levels; a study needs no more than four"


_KINDS: dict[type, str] = {
    bool: "true or false",
    str: "text",
    int: "a number",
    float: "a number",
    list: "a list",
    dict: "a mapping",
}


def kind_of_value(value: object) -> str:
    """Name the kind of a YAML value for a reader."""
    if value is None:
        return "no value"
    return _KINDS.get(type(value), f"a {type(value).__name__}")


def _read_bytes(path: Path) -> bytes:
    try:
        if path.is_dir():
            raise InputError(f"{path}: is a folder; give the study file in it")
        with path.open("rb") as stream:
            raw = stream.read(MOST_BYTES + 1)
    except FileNotFoundError as error:
        near = _similar_files(path)
        hint = f"did you mean {near}?" if near else "give the path of a study file (YAML)"
        raise InputError(f"{path}: no such file; {hint}") from error
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise InputError(f"{path}: cannot be read ({reason}); check path and permission") from error
    if len(raw) > MOST_BYTES:
        raise InputError(
            f"{path}: is larger than {MOST_BYTES // 1000} kB, the most a study file may have; "
            "give the study file, not data"
        )
    return raw


def _similar_files(path: Path) -> str:
    from ligandose.errors import nearest_names

    try:
        beside = [p.name for p in path.parent.iterdir() if p.suffix in (".yaml", ".yml")]
    except OSError:
        return ""
    return " or ".join(str(path.parent / name) for name in nearest_names(path.name, beside))


def _decoded(raw: bytes, name: str) -> str:
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise InputError(f"{name}: is UTF-16 text; save it as UTF-8")
    if b"\0" in raw:
        raise InputError(f"{name}: is a binary file; a study file is YAML text in UTF-8")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise InputError(
            f"{name}:{line}: is not UTF-8 text (byte 0x{raw[error.start]:02x}); save it as UTF-8"
        ) from error


def _code_point(character: object) -> str:
    value = ord(character) if isinstance(character, str) else character
    return f"U+{value:04X}" if isinstance(value, int) else repr(value)


def _syntax_message(name: str, error: yaml.MarkedYAMLError) -> str:
    mark = error.problem_mark or error.context_mark
    place = f":{mark.line + 1}:{mark.column + 1}" if mark else ""
    problem = error.problem or error.context or "unknown problem"
    return (
        f"{name}{place}: is not YAML that a study may hold ({problem}); check colon, indentation "
        "and quotes there"
    )


class _Survey:
    """Walks what a file stands for, aliases followed, within bounds; notes the line of all."""

    def __init__(self, name: str, lines: dict[FieldPath, int]) -> None:
        self._name = name
        self._lines = lines
        self._count = 0

    def visit(self, node: yaml.Node, path: FieldPath) -> None:
        self._count += 1
        if len(path) > MOST_DEPTH:
            raise InputError(f"{self._name}: {_TOO_DEEP}")
        if self._count > MOST_NODES:
            raise InputError(
                f"{self._name}: stands for more than {MOST_NODES} values (aliases count as what "
                "they stand for); write the study without aliases"
            )
        if isinstance(node, yaml.SequenceNode):
            for i, item in enumerate(node.value):
                self._lines[(*path, i)] = item.start_mark.line + 1
                self.visit(item, (*path, i))
        elif isinstance(node, yaml.MappingNode):
            self._visit_mapping(node, path)

    def _visit_mapping(self, node: yaml.MappingNode, path: FieldPath) -> None:
        seen: dict[str, int] = {}
        for key_node, value_node in node.value:
            key, line = str(key_node.value), int(key_node.start_mark.line) + 1
            if key_node.tag != "tag:yaml.org,2002:str":
                what = (
                    repr(shortened(key)) if isinstance(key_node, yaml.ScalarNode) else "of a pair"
                )
                raise InputError(
                    f"{self._name}:{line}: the key {what} is not a name; keys are words such as "
                    "agent"
                )
            if key in seen:
                raise InputError(
                    f"{self._name}:{line}: the key {dotted((*path, key))} stands here again after "
                    f"line {seen[key]}; keep one of them"
                )
            seen[key] = line
            self._lines[(*path, key)] = line
            self.visit(value_node, (*path, key))


class _Loader(yaml.SafeLoader):
    """YAML 1.1 safe loader with the numbers and constants of YAML 1.2."""

    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012  (declared so by PyYAML)


def _resolve(kind: str, pattern: str, first: str) -> None:
    loader: Any = _Loader
    loader.add_implicit_resolver(f"tag:yaml.org,2002:{kind}", re.compile(pattern), list(first))


_resolve("null", r"^(?:~|null|Null|NULL)?$", "~nN")
_Loader.yaml_implicit_resolvers[""] = _Loader.yaml_implicit_resolvers["~"]  # nothing at all
_resolve("bool", r"^(?:true|True|TRUE|false|False|FALSE)$", "tTfF")
_resolve("int", r"^[-+]?[0-9]+$", "-+0123456789")
_resolve(
    "float",
    r"^(?:[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?"
    r"|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$",
    "-+0123456789.",
)


def _integer(loader: _Loader, node: yaml.ScalarNode) -> int:
    return int(str(loader.construct_scalar(node)))


def _number(loader: _Loader, node: yaml.ScalarNode) -> float:
    text = str(loader.construct_scalar(node)).lower()
    return float(text.replace(".inf", "inf").replace(".nan", "nan"))


_Loader.add_constructor("tag:yaml.org,2002:int", _integer)
_Loader.add_constructor("tag:yaml.org,2002:float", _number)
