"""Choices as people type them: a name, and after a colon its choices: cnn:pool=max,dropout=none."""

import typing
from dataclasses import fields
from typing import Any, Literal

from mien.core.errors import ConfigError


def parse(text: str) -> tuple[str, dict[str, str]]:
    """The name and the choices, still as text; ConfigError where a choice has no value.

    >>> parse("cnn:pool=max,kernels=3/3/3/3")
    ('cnn', {'pool': 'max', 'kernels': '3/3/3/3'})
    """
    name, _, rest = text.partition(":")
    choices: dict[str, str] = {}
    for item in filter(None, (part.strip() for part in rest.split(","))):
        key, equals, value = item.partition("=")
        if not (equals and value.strip()):
            raise ConfigError(f"{text}: expected name:choice=value,choice=value; '{item}' has no value")
        choices[key.strip()] = value.strip()
    return name.strip(), choices


def values(owner: str, kind: type[Any], choices: dict[str, Any]) -> dict[str, Any]:
    """Choices as the types of a dataclass's fields; text is read, and what is of the right type already stays.

    Raises ConfigError, naming what is known or expected, for an unknown choice or an impossible value.
    """
    hints = typing.get_type_hints(kind)
    known = [field.name for field in fields(kind)]
    for key in choices:
        if key not in known:
            raise ConfigError(f"{owner} has no choice '{key}'; it has {', '.join(known)}")
    return {key: _value(f"{owner}: {key}", hints[key], value) for key, value in choices.items()}


def _value(name: str, kind: Any, value: Any) -> Any:
    origin = typing.get_origin(kind)
    if origin is Literal:
        return _one_of(name, typing.get_args(kind), value)
    if origin is tuple:
        items = value.split("/") if isinstance(value, str) else value
        return tuple(_value(name, typing.get_args(kind)[0], item) for item in items)
    if kind is bool:
        return _one_of(name, (True, False), {"true": True, "false": False}.get(str(value).lower(), value))
    try:
        return kind(value)
    except (TypeError, ValueError) as error:
        expected = {"int": "a whole number", "float": "a number"}.get(kind.__name__, kind.__name__)
        raise ConfigError(f"{name}: expected {expected}, got {value}") from error


def _one_of(name: str, allowed: tuple[Any, ...], value: Any) -> Any:
    if value not in allowed:
        raise ConfigError(f"{name}: expected {' or '.join(str(one).lower() for one in allowed)}, got {value}")
    return value
