"""Identical pictures beside brute force: groups, leaks, conflicts, repeatability."""

from importlib.util import module_from_spec, spec_from_file_location
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from mien.analysis.duplicates import (
    conflicts,
    leaks,
    majority,
    merged,
    redundant,
    repeatability,
    repeated,
)
from mien.core.identical import picture_groups

SHEETS = Path(__file__).parents[3] / "shared" / "data" / "fer2013"


def some_pictures(seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Sixty tiny pictures of which many are the same, with labels and parts."""
    random = np.random.default_rng(seed)
    pixels = random.integers(0, 2, (60, 2, 2)).astype(np.uint8)
    return pixels, random.integers(0, 3, 60), np.array(["train", "val", "test"])[random.integers(0, 3, 60)]


def same(pixels: np.ndarray, i: int, j: int) -> bool:
    return bool((pixels[i] == pixels[j]).all())


@pytest.mark.parametrize("seed", [0, 1])
def test_leaks_are_those_of_brute_force(seed):
    pixels, labels, parts = some_pictures(seed)
    groups = picture_groups(pixels)
    found = {(leak.part, leak.other): leak for leak in leaks(groups, labels, parts)}
    assert len(found) == 6
    for (part, other), leak in found.items():
        twins = {
            i: [j for j in range(60) if parts[j] == other and same(pixels, i, j)]
            for i in range(60)
            if parts[i] == part
        }
        assert leak.of == len(twins)
        assert leak.pictures == sum(bool(rows) for rows in twins.values())
        assert leak.same_label == sum(labels[i] in labels[rows] for i, rows in twins.items())
        assert leak.other_label == leak.pictures - leak.same_label


def test_repeatability_is_that_of_brute_force():
    pixels, labels, _ = some_pictures()
    groups = picture_groups(pixels)
    pairs = [(i, j) for i, j in combinations(range(60), 2) if same(pixels, i, j)]
    found = repeatability(groups, labels)
    assert found.pairs == len(pairs)
    assert found.agreeing == sum(labels[i] == labels[j] for i, j in pairs)
    shares = []
    for rows in repeated(groups):
        inside = list(combinations(rows.tolist(), 2))
        shares.append(np.mean([labels[i] == labels[j] for i, j in inside]))
    assert found.share == pytest.approx(np.mean(shares))
    assert found.groups - found.unanimous == len(conflicts(groups, labels))
    assert redundant(groups) == 60 - len({picture.tobytes() for picture in pixels})


def test_nothing_repeats():
    alone = np.arange(4)
    assert repeated(alone) == ()
    assert redundant(alone) == 0
    assert repeatability(alone, alone).share is None
    assert [leak.pictures for leak in leaks(alone, alone, np.array(["a", "a", "b", "b"]))] == [0, 0]
    assert leaks(alone, alone, np.array([""] * 4)) == ()
    assert majority(np.array([1, 2, 2])) == 2


def test_merged_is_connected_components():
    random = np.random.default_rng(0)
    first, second = random.integers(0, 300, (2, 200))
    edges = coo_array((np.ones(200), (first, second)), shape=(300, 300))
    number, expected = connected_components(edges, directed=False)
    found = merged(first, second, 300)
    assert len(np.unique(found)) == number
    assert len(set(zip(found.tolist(), expected.tolist(), strict=True))) == number
    chain = np.arange(299)
    assert merged(chain, chain + 1, 300).max() == 0


@pytest.fixture(scope="module")
def fer2013() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Group numbers, labels and parts of Training and PublicTest; skips where they are not there."""
    script = SHEETS / "expand.py"
    if not script.exists():
        pytest.skip(f"needs FER2013: {script} is not there")
    spec = spec_from_file_location("expand", script)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    rows = module.load(("Training", "PublicTest"), None)
    labels = np.array([int(row["emotion"]) for row in rows])
    groups = picture_groups(np.stack([row["pixels"] for row in rows]))
    return groups, labels, np.array([row["usage"] for row in rows])


def test_fer2013_has_the_leak_that_was_measured_there(fer2013):
    groups, labels, parts = fer2013
    found = {leak.part: leak for leak in leaks(groups, labels, parts)}
    assert (found["PublicTest"].pictures, found["PublicTest"].same_label) == (279, 272)
    assert redundant(groups) <= 1851  # those of all three parts
    assert len(repeated(groups)) <= 1514
    assert 0 < len(conflicts(groups, labels)) <= 56
