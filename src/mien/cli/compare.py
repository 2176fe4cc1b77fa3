"""`mien compare`: runs side by side in the terminal, and what tells the first from the others face by face."""

from pathlib import Path

import mien
from mien.cli._figures import print_json, print_section
from mien.core.errors import ConfigError
from mien.core.material import Material, ReadRun, told_apart
from mien.report.build import metrics, sections

SECTIONS = ("summary", "comparison")


def compare(*runs: Path, json: bool = False) -> None:
    """Put finished runs side by side: cost, accuracy, a paired test and the interval of the difference.

    Parameters
    ----------
    runs
        Directories of two runs or more; the first is compared with each of the others.
    json
        Print JSON instead of tables.
    """
    if len(runs) < 2:
        raise ConfigError("mien compare: expected two runs or more; mien evaluate measures a single one")
    material = Material(
        runs=tuple(map(ReadRun.of, map(mien.RunDir.open, runs), told_apart(runs))),
        no_faces="a terminal shows no faces; mien report does",
    )
    found = sections(material, only=SECTIONS)
    if json:
        print_json(metrics(found))
    else:
        for section in found:
            print_section(section)
