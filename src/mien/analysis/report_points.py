"""The founding report's exercise in principal components: its ten points, and what it prints of them."""

REPORT_POINTS = (
    (1, 2, 3),
    (4, 8, 5),
    (3, 12, 9),
    (1, 8, 5),
    (5, 14, 2),
    (7, 4, 1),
    (9, 8, 9),
    (3, 8, 1),
    (11, 5, 6),
    (10, 11, 7),
)

# The printed digits, as text: their number is part of what has to be met. Signs are a convention.
REPORT_AXES = ("-0.6166 -0.5888 -0.5226", "0.6782 -0.7344 0.0273", "-0.3999 -0.3376 0.8521")
REPORT_PROJECTIONS = (
    "7.18658682 1.37323947",
    "0.75871342 -0.94399334",
    "-3.07034019 -4.45059025",
    "2.60849751 -2.97853006",
    "-1.82299166 -4.75401212",
    "3.35457763 3.91896138",
    "-4.41464321 2.55604371",
    "3.46569126 -1.73131477",
    "-2.31359638 6.03371503",
    "-5.75249521 0.97648096",
)
REPORT_ERROR = "5.472"  # printed as the "average L2 norm of the reconstruction error" of two axes
