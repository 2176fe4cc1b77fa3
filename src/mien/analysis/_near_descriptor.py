"""A short description of a picture that hardly changes when the picture is changed a little.

Directions are chosen in which pictures of the data differ much from each other and little from changed versions of
themselves: Fisher's criterion (1936, "The Use of Multiple Measurements in Taxonomic Problems"), every picture being
its own class, with changes that are made for the purpose. No label is needed.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mien.analysis._near_variations import varied
from mien.analysis._shrunk import Float32s, shrunk
from mien.core.images import Ints, Uint8

_SIDE = 24  # of the pictures that are changed to learn what changes do
_COARSE = 12  # of those that are described: coding noise and small shifts are mostly gone
_NUMBERS = 32
_SAMPLE = 4000  # changes that directions are learned from
_RIDGE = 1e-3  # of the mean variance, so that directions without variance do no harm
_FOUND = 0.99  # of changed pictures that stay within the reach


@dataclass(frozen=True, kw_only=True, eq=False)
class Descriptor:
    """How pictures become numbers in which a changed picture lies near the unchanged one.

    directions  (144, 32), scaled so that changes have variance 1 along each
    reach       squared distance within which 99 in 100 changed pictures lie
    """

    directions: Float32s
    reach: float

    def describe(self, coarse: Float32s) -> Float32s:
        """Numbers (n, 32) of coarse pictures (n, 12, 12)."""
        return _levelled(coarse) @ self.directions


def coarse_pictures(pixels: Uint8) -> Float32s:
    """Pictures (n, h, w) as 12 x 12 means."""
    return shrunk(pixels, _COARSE)


def learn(pixels: Uint8, rows: Ints, seed: int = 0) -> Descriptor:
    """Directions from a sample of these rows of the pictures (none of them flat) and of changed versions of it.

    The reach is measured on other changes than the directions follow.
    """
    random = np.random.default_rng(seed)
    fine = shrunk(
        pixels[np.resize(random.permutation(rows), _SAMPLE)], _SIDE
    )  # few pictures: several changes each
    before = _levelled(_coarser(fine))  # (m, 144)
    changes, others = (_levelled(_coarser(varied(fine, random))) - before for _ in range(2))
    directions = _fisher(changes.astype(np.float64), before.astype(np.float64))
    distances = ((others @ directions) ** 2).sum(axis=1)
    return Descriptor(directions=directions, reach=float(np.quantile(distances, _FOUND)))


def _coarser(fine: Float32s) -> Float32s:
    times = _SIDE // _COARSE
    return fine.reshape(-1, _COARSE, times, _COARSE, times).mean(axis=(2, 4))


def _levelled(coarse: Float32s) -> Float32s:
    """Rows (n, 144) of mean 0 and length 1: whatever the brightness and contrast."""
    flat = coarse.reshape(len(coarse), -1)
    centred = flat - flat.mean(axis=1, keepdims=True)
    return centred / np.maximum(np.linalg.norm(centred, axis=1, keepdims=True), 1e-6)


def _fisher(changes: NDArray[np.float64], pictures: NDArray[np.float64]) -> Float32s:
    """Directions with the largest variance of pictures beside that of changes, which is 1 along each."""
    width = changes.shape[1]
    inside = changes.T @ changes / len(changes)
    inside += np.eye(width) * _RIDGE * np.trace(inside) / width
    centred = pictures - pictures.mean(axis=0)
    root = np.linalg.inv(np.linalg.cholesky(inside))  # root @ inside @ root.T = 1
    axes = np.linalg.eigh(root @ (centred.T @ centred) @ root.T)[1][:, ::-1][:, :_NUMBERS]
    return (root.T @ axes).astype(np.float32)
