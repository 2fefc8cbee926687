"""A scenario file: data, checked before anything runs. It names rules; it holds no code.

    title = "Early support from September 2025"
    rules = ["early_years"]
    [parameters]
    "price.nmiss" = 47000.0
    [overrides."early_years.requests"]
    by = [0.85, 0.9, 1.0]
    start = "2025-09"
    [places.opening]
    Swanley = "2026-09"

Unknown keys, bad months and unknown parameters are refused with the file, the key, what was given and what is allowed.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    FiniteFloat,
    NonNegativeInt,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)

from cohort import calendar
from cohort.states import closest

_HERE = Path(__file__).resolve().parent


class ScenarioError(ValueError):
    """One line: the file, the key, what was given and what is allowed; ``problems`` has a line each if there are
    several."""

    def __init__(self, *problems: str) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems


class PlacesSection(BaseModel):
    """The section ``[places]``: whether places are scarce, and when which provider opens and closes."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    binding: bool = Field(default=True, description="false: everybody gets the place they seek")
    opening: dict[str, str] = Field(
        default_factory=dict, description="Provider -> first month with places: '2027-09', 'start' or 'never'"
    )
    closing: dict[str, str] = Field(
        default_factory=dict, description="Provider -> first month without places, or 'never'"
    )
    number: dict[str, NonNegativeInt] = Field(
        default_factory=dict, description="Provider -> places for Kent's children in January 2024, or in full"
    )

    @field_validator("opening", "closing")
    @classmethod
    def _months(cls, value: dict[str, str], info: ValidationInfo) -> dict[str, str]:
        words = ("start", "never") if info.field_name == "opening" else ("never",)
        for name, label in value.items():
            if label not in words:
                try:
                    calendar.month(label)
                except ValueError as error:
                    raise ValueError(f"{name}: {error}, or {' or '.join(map(repr, words))}") from None
        return value


class Scenario(BaseModel):
    """What a world is made of: authority, months, rules and fixed parameters. Immutable."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9_]{0,62}$", description="Slug: names the folder of its results")
    title: str = Field(default="", description="One line for tables and charts")
    description: str = Field(default="", description="What this world is and is not")
    authority: str = Field(default="kent", description="Data pack: a name or a folder")
    start: str = Field(default="2024-01", description="First month, a January: '2024-01'")
    until: str = Field(
        default="2028-04", description="The month whose start is the end: '2028-04' simulates through March 2028"
    )
    rules: tuple[str, ...] = Field(default=(), description="Rules by name, 'file.py:name' or entry point")
    parameters: dict[str, FiniteFloat] = Field(default_factory=dict, description="Parameters fixed to a value")
    overrides: dict[str, dict[str, float | int | str | tuple[float, float, float]]] = Field(
        default_factory=dict, description='Sizes and dates of a rule\'s changes: "rule.change" -> field -> value'
    )
    places: PlacesSection = Field(
        default_factory=PlacesSection, description="Scarce places: see data/kent/estimate_providers.csv"
    )
    acknowledge_unlawful: bool = Field(
        default=False, description="Run rules flagged as unlawful; printed on every output"
    )

    @field_validator("start", "until")
    @classmethod
    def _month(cls, value: str) -> str:
        calendar.month(value)
        return value

    @model_validator(mode="after")
    def _months(self) -> Scenario:
        first, last = calendar.month(self.start), calendar.month(self.until)
        if not calendar.is_january(first):
            raise ValueError(f"start {self.start!r} is not a January census; allowed: '2019-01' to '2024-01'")
        if last <= first:
            raise ValueError(f"until {self.until!r} is not after start {self.start!r}")
        if last > calendar.month("2040-04"):
            raise ValueError(f"until {self.until!r} is beyond what the projection can bear; allowed: up to '2040-04'")
        return self

    @property
    def first(self) -> int:
        """The first month simulated."""
        return calendar.month(self.start)

    @property
    def last(self) -> int:
        """The month whose start is the end."""
        return calendar.month(self.until)

    @classmethod
    def load(cls, name_or_path: str | Path) -> Scenario:
        """A shipped scenario by name (``only_<rule>`` and ``without_<rule>`` among them), or a TOML file by path.

        Raises ScenarioError, one line.
        """
        if made := _derived(name_or_path):
            return made
        path = find(name_or_path)
        try:
            given = tomllib.loads(path.read_text(encoding="utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise ScenarioError(f"{path.name}: not valid TOML: {error}") from None
        if "name" in given and given["name"] != path.stem:
            raise ScenarioError(
                f"{path.name}: name: {given['name']!r} is not the file's own name; leave it out or write {path.stem!r}"
            )
        return cls.parse({**given, "name": path.stem}, path.name)

    @classmethod
    def parse(cls, given: dict[str, Any], source: str = "scenario") -> Scenario:
        """From a mapping. Raises ScenarioError naming each key, what was given and what is allowed."""
        try:
            return cls.model_validate(given)
        except ValidationError as error:
            raise ScenarioError(*(f"{source}: {_say(e)}" for e in error.errors())) from None

    def to_toml(self) -> str:
        """The scenario as effective, as TOML that ``load`` reads back equal."""
        held = {"parameters", "overrides", "name", "places"}
        lines = [f"{key} = {_toml(value)}" for key, value in self.model_dump().items() if key not in held]
        sections = _section("parameters", self.parameters)
        sections += ["", "[places]", f"binding = {_toml(self.places.binding)}"]
        for key in ("opening", "closing", "number"):
            sections += _section(f"places.{key}", getattr(self.places, key))
        for name, given in sorted(self.overrides.items()):
            sections += _section(f"overrides.{_toml(name)}", given)
        return "\n".join([f"# scenario {self.name}, as effective", *lines, *sections, ""])


def _section(name: str, entries: Mapping[str, object]) -> list[str]:
    return ["", f"[{name}]", *(f"{_toml(key)} = {_toml(value)}" for key, value in sorted(entries.items()))]


def _say(e: Any) -> str:
    key = ".".join(str(part) for part in e["loc"]) or "(whole)"
    if e["type"] == "extra_forbidden":
        fields = PlacesSection.model_fields if e["loc"][0] == "places" else Scenario.model_fields
        return f"{key}: unknown key; {closest(str(e['loc'][-1]), fields)}"
    message = re.sub(r"^Value error, ", "", e["msg"])
    given = "" if key == "(whole)" else f" {e['input']!r} given;"
    return f"{key}:{given} {message}"


def _toml(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return (
            '"' + "".join(_ESCAPES.get(c, c) if c >= " " else _ESCAPES.get(c, f"\\u{ord(c):04x}") for c in value) + '"'
        )
    if isinstance(value, tuple | list):
        return "[" + ", ".join(_toml(v) for v in cast("list[object]", value)) + "]"
    return repr(value)


_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t", "\r": "\\r", "\x7f": "\\u007f"}


def schema() -> str:
    """The JSON schema of a scenario file, as ``docs/scenario.schema.json`` holds it: what editors complete and check.

    A file needs no ``name``: it has that of its file.
    """
    made = Scenario.model_json_schema()
    made.pop("required")
    for key in ("start", "until"):
        made["properties"][key]["pattern"] = r"^\d{4}-(0[1-9]|1[0-2])$"
    made = {"$schema": "https://json-schema.org/draft/2020-12/schema", **made, "title": "A scenario of cohort"}
    return json.dumps(made, indent=2, ensure_ascii=False) + "\n"


def folder() -> Path:
    """Where the shipped scenarios are: in the repository, or inside an installed package."""
    for place in (_HERE.parent / "scenarios", _HERE / "_scenarios"):
        if place.is_dir():
            return place
    raise ScenarioError("the shipped scenarios are missing; reinstall, or name a scenario file by its path")


def files() -> list[str]:
    """Names of the shipped scenario files."""
    return sorted(p.stem for p in folder().glob("*.toml"))


def shipped() -> list[str]:
    """Names of the shipped scenarios: the files, and those made of them (``cohort.alone``)."""
    from cohort import alone

    return sorted({*files(), *alone.names()})


def _derived(name_or_path: str | Path) -> Scenario | None:
    """The scenario that is made of others, if that is what is named and no file is."""
    from cohort import alone

    return None if str(name_or_path) in files() else alone.derived(str(name_or_path))


def find(name_or_path: str | Path) -> Path:
    """The file of a scenario given by name or path. Raises ScenarioError with the closest match."""
    given = Path(name_or_path)
    if given.suffix == ".toml" or given.parent != Path("."):
        if not given.is_file():
            raise ScenarioError(f"{given}: no such scenario file; shipped scenarios: {', '.join(files())}")
        return given
    path = folder() / f"{given}.toml"
    if not path.is_file():
        raise ScenarioError(f"{str(given)!r} is not a scenario; {closest(str(given), shipped())}")
    return path
