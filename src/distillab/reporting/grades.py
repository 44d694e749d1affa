"""Provenance of methods, as pages tell it."""

GRADES = {
    "V": "verified against the authors' code or text",
    "P": "from one paper only",
    "S": "second-hand",
    "R": "reconstruction, which does not stand for its authors' code",
}
"""Provenance of a method, by the letter that stands beside its name."""

GRADED = frozenset({"S", "R"})
"""The grades that text and figures show too."""
