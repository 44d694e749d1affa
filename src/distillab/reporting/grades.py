"""Provenance of methods, as pages tell it."""

OWN = "O"
"""The letter of what no paper describes."""

GRADES = {
    "V": "verified against the authors' code or text",
    "P": "from one paper only",
    "S": "second-hand",
    "R": "reconstruction, which does not stand for its authors' code",
    OWN: "a design of this project",
}
"""Provenance of a method, by the letter that stands beside its name."""

GRADED = frozenset({"S", "R", OWN})
"""The grades that text and figures show too."""

LETTERED = GRADED | {"P"}
"""The grades that tables show; a method without a letter is verified."""

GRADE_NOTE = f"Letters: {'; '.join(f'{grade} {GRADES[grade]}' for grade in 'PSRO')}; none: {GRADES['V']}."
"""What the letters beside methods mean."""
