"""Placements, needs and ages as people read them, and the four groups that a chart can show."""

from __future__ import annotations

from collections.abc import Iterable

from cohort.cli.sheets import PLACES

NAMES = PLACES
"""Placements by label."""
ORDER = tuple(NAMES)
NEED_NAMES = {
    "asd": "Autistic spectrum disorder",
    "semh": "Social, emotional and mental health",
    "slcn": "Speech, language and communication",
    "mld": "Moderate learning difficulty",
    "sld": "Severe learning difficulty",
    "pmld": "Profound and multiple learning difficulty",
    "spld": "Specific learning difficulty",
    "pd": "Physical disability",
    "hi": "Hearing impairment",
    "vi": "Vision impairment",
    "msi": "Multi-sensory impairment",
    "oth": "Other",
    "unknown": "Not recorded",
    "none_yet": "Not yet named",
}
AGES = {"under_5": "Under 5", "5_10": "5 to 10", "11_15": "11 to 15", "16_19": "16 to 19", "20_25": "20 to 25"}
STATES = {"none": "no support", "sen_support": "SEN Support", "asking": "asking for a plan", "left": "left Kent"}
"""Where a child without a plan may be, in the table of pairs."""
GROUPS = {
    "Mainstream": ("mainstream", "srp", "early_years"),
    "State special": ("state_special",),
    "Independent": ("nmiss", "independent_mainstream"),
}
REST = "Post-16 and other"


def at_place(place: str) -> tuple[int, str]:
    """Where a placement stands in a table."""
    return (ORDER.index(place) if place in ORDER else len(ORDER), place)


def grouped(places: Iterable[str]) -> dict[str, list[str]]:
    """Group -> placements; who is in none of the named groups is in the last."""
    named = {place: group for group, of in GROUPS.items() for place in of}
    out: dict[str, list[str]] = {group: [] for group in (*GROUPS, REST)}
    for place in sorted(places, key=at_place):
        out[named.get(place, REST)].append(place)
    return out


def state(label: str) -> str:
    """A state of the pairs' table in words, for the middle of a sentence."""
    if label in STATES:
        return STATES[label]
    name = NAMES.get(label, label.replace("_", " "))
    return (
        name if name.split(" ")[0].isupper() or name.startswith(("SRP", "FE ", "EOTAS")) else name[0].lower() + name[1:]
    )
