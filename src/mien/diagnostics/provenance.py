"""How the runs were made, so that somebody else can make them again."""

import json
from dataclasses import asdict

from mien.core.command import train_command
from mien.core.material import Material
from mien.core.section import Block, Finding, Fold, Heading, Listing, Text
from mien.core.text_tables import TextTable
from mien.diagnostics._diagnostic import Diagnostic


def make(material: Material) -> Finding:
    """Configuration, environment, digests and commands of every run."""
    again = tuple(train_command(run.config, run.path) for run in material.runs)
    blocks: list[Block] = [
        Heading(text="Commands that make it again"),
        Listing(text="\n".join(material.commands or again)),
        _table(material),
    ]
    blocks += [
        Fold(title=f"Every choice of {run.name}", blocks=(Listing(text=run.config.to_json().strip()),))
        for run in material.runs
    ]
    blocks.append(
        Text(
            text="The same choices on the same machine and as many threads give the same weights to the last bit; "
            "elsewhere results differ within what another seed would change."
        )
    )
    data = {
        run.name: {
            "config": asdict(run.config),
            "environment": run.environment or {},
            "missing": list(run.missing),
        }
        for run in material.runs
    }
    return Finding(answer=_answer(material), blocks=tuple(blocks), data=data)


def _table(material: Material) -> TextTable:
    """What the runs ran on and with; a row a fact, nested facts apart."""
    facts = {run.name: _flat(run.environment or {}) for run in material.runs}
    names = dict.fromkeys(name for values in facts.values() for name in values)
    return TextTable(
        title="Environment and data",
        headers=("", *facts),
        rows=tuple((name, *(values.get(name, "") for values in facts.values())) for name in names),
        left=tuple(range(len(facts) + 1)),
    )


def _flat(values: dict[str, object], before: str = "") -> dict[str, str]:
    flat: dict[str, str] = {}
    for name, value in values.items():
        if isinstance(value, dict):
            flat |= _flat(value, f"{before}{name} ")
        else:
            flat[before + name.replace("_", " ")] = value if isinstance(value, str) else json.dumps(value)
    return flat


def _answer(material: Material) -> str:
    told = []
    for run in material.runs:
        about = run.environment or {}
        seen = (
            f"mien {about['mien']}, torch {about['torch']}, {about['device']}"
            if "mien" in about
            else "unknown versions"
        )
        told.append(f"{run.name} with seed {run.config.seed} on {run.summary.data} ({seen})")
    return "; ".join(told) + "."


PLUGIN = Diagnostic(
    order=110,
    title="How it was made",
    question="With what was this made, and how is it made again?",
    make=make,
)
