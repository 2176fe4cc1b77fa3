"""Flags for every field of a config, made from the config itself: its types, and the help in its docstring."""

import inspect
import re
import typing
from collections.abc import Callable
from dataclasses import fields
from typing import Annotated, Any

from cyclopts import Parameter

from mien.core.command import APART

Command = Callable[..., None]


def with_flags_of(*configs: type[Any]) -> Callable[[Command], Command]:
    """Give a command that takes **flags one flag per field of these dataclasses; it gets those that the user gave."""

    def decorate(command: Command) -> Command:
        signature = inspect.signature(command)
        own = [one for one in signature.parameters.values() if one.kind is not inspect.Parameter.VAR_KEYWORD]
        made = [flag for config in configs for flag in _flags(config)]
        command.__signature__ = signature.replace(parameters=own + made)  # type: ignore[attr-defined]
        command.__annotations__ |= {flag.name: flag.annotation for flag in made}
        return command

    return decorate


def _flags(config: type[Any]) -> list[inspect.Parameter]:
    hints, texts = typing.get_type_hints(config), documented(config)
    return [
        inspect.Parameter(
            one.name,
            inspect.Parameter.KEYWORD_ONLY,
            default=None,
            annotation=Annotated[hints[one.name] | None, Parameter(help=texts[one.name])],
        )
        for one in fields(config)
        if one.name not in APART
    ]


def documented(config: type[Any]) -> dict[str, str]:
    """Help of each field: the docstring's lines `name  text`, with the lines that go on below them."""
    pattern = re.compile(r"^    (\w+) {2,}(.+?)(?=^    \w+ {2,}|^ *$|\Z)", re.MULTILINE | re.DOTALL)
    return {name: " ".join(text.split()) for name, text in pattern.findall(config.__doc__ or "")}
