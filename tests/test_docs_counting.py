"""docs/counting.md says what the code does."""

import re
from pathlib import Path

import pytest

from mien.analysis.cost.elementwise import RULES
from mien.cli.main import app

PAGE = (Path(__file__).parents[1] / "docs" / "counting.md").read_text(encoding="utf-8")


def said(counts: dict[str, int] | None) -> str:
    if counts is None:
        return "not counted"
    return (
        ", ".join(f"{count} {kind if count > 1 else kind[:-1]}" for kind, count in counts.items())
        or "nothing"
    )


def test_every_function_stands_in_the_table() -> None:
    for name, rule in RULES.items():
        second = f"; to the second operand {said(rule.second)}" if rule.second else ""
        assert f"| {name} | {said(rule.forward)} | {said(rule.back)}{second} |" in PAGE


def test_the_table_has_no_other_function() -> None:
    part = PAGE.split("| function | forward | back |")[1].split("\n\n")[0]
    assert re.findall(r"^\| (\w+) \|", part, re.MULTILINE) == list(RULES)


def test_the_first_example_prints_what_it_shows(capsys: pytest.CaptureFixture[str]) -> None:
    shown = PAGE.split("```\n$ mien cost ")[1].split("```")[0]
    command, output = shown.split("\n", 1)
    words = [quoted or plain for quoted, plain in re.findall(r'"([^"]+)"|(\S+)', command)]
    with pytest.raises(SystemExit):
        app()(["cost", *words])
    assert capsys.readouterr().out.strip() == output.strip()
