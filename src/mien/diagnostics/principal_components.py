"""Principal components: the founding report's ten points, and the eigenfaces of the training faces."""

from mien.analysis.pca import fit
from mien.analysis.report_points import REPORT_POINTS
from mien.components import rows_of_faces
from mien.core.errors import MissingInput
from mien.core.images import LabelledImages
from mien.core.material import Material
from mien.core.pca import PCA
from mien.core.rows import Rows
from mien.core.section import Block, Finding, Heading, Listing, Text
from mien.core.text_tables import TextTable
from mien.diagnostics._canvas import drawing
from mien.diagnostics._diagnostic import Diagnostic
from mien.diagnostics.pca_figures import axes_figure, reconstructions, reconstructions_figure

AXES = 24


def make(material: Material) -> Finding:
    """The ten points, which need no data, and the eigenfaces where faces are at hand."""
    points = fit(Rows.of(REPORT_POINTS), 2)
    blocks: list[Block] = [Heading(text="The report's ten points"), *_ten_points(points)]
    data = {"ten_points": points.to_dict()}
    try:
        faces = material.all_parts().train
    except MissingInput as error:
        return Finding(
            answer=_answer(points, None), blocks=(*blocks, Text(text=f"No eigenfaces: {error}.")), data=data
        )
    axes = fit(rows_of_faces(faces), min(AXES, len(faces) - 1))
    blocks += [Heading(text=f"Eigenfaces of {len(faces):,} training faces"), *_eigenfaces(axes, faces)]
    data["eigenfaces"] = {
        "shares": axes.shares.tolist(),
        "cumulative": axes.cumulative.tolist(),
        "faces": len(faces),
        "method": axes.method,
    }
    return Finding(answer=_answer(points, axes), blocks=tuple(blocks), data=data)


def _ten_points(points: PCA) -> tuple[Block, ...]:
    found = points.project(REPORT_POINTS)
    table = TextTable(
        title="Projections on the first two axes",
        headers=("point", "axis I", "axis II"),
        rows=tuple(
            (", ".join(map(str, point)), *(f"{value:.8f}" for value in place))
            for point, place in zip(REPORT_POINTS, found.tolist(), strict=True)
        ),
    )
    errors = "\n".join(points.errors.lines())
    return (
        points.axis_table(),
        table,
        Text(text="The error of what two axes give back, in three conventions:"),
        Listing(text=errors),
    )


def _eigenfaces(axes: PCA, faces: LabelledImages) -> tuple[Block, ...]:
    rows = rows_of_faces(faces)
    picture = (faces.side, faces.side)
    return (
        drawing(
            axes_figure(axes, picture),
            f"The first {axes.k} eigenfaces; the first has {axes.shares[0]:.1%} of the variance of the pixels.",
            "Each axis as a picture: mid-grey is zero.",
        ),
        drawing(
            reconstructions_figure(reconstructions(axes, rows, picture)),
            f"One face of each class, rebuilt from 1 to {axes.k} axes; the faces stay blurred.",
            "The first face of each class, and what more and more axes give back of it.",
        ),
    )


def _answer(points: PCA, axes: PCA | None) -> str:
    told = (
        f"Two axes keep {points.cumulative[-1]:.1%} of the variance of the report's ten points, with a mean squared "
        f"L2 error of {points.errors.mean_of_squared_l2_norms:.3f}"
    )
    if axes is None:
        return told + "."
    return f"{told}; {axes.k} of {axes.mean.size:,} axes keep {axes.cumulative[-1]:.1%} of that of the training faces."


PLUGIN = Diagnostic(
    order=90,
    title="Principal components",
    question="How much of a table, or of a face, do a few axes keep?",
    make=make,
)
