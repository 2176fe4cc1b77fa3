"""The founding report's sixteen claims, each with the rule that judges it on measured numbers."""

from mien.analysis.claims import choices, dnn, mistakes, pca, training
from mien.analysis.claims.judgement import Claim, Judgement
from mien.core.material import Material

CLAIMS: tuple[Claim, ...] = training.CLAIMS + choices.CLAIMS + dnn.CLAIMS + mistakes.CLAIMS + pca.CLAIMS
OF_A_STUDY = choices.CLAIMS  # what a study alone decides


def judged(material: Material, claims: tuple[Claim, ...] = CLAIMS) -> tuple[Judgement, ...]:
    """The claims in their order, judged on this material."""
    return tuple(claim.judged(material) for claim in claims)
