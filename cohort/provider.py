"""Providers of scarce places as Mesa agents: ``model.providers``. Views, read only: places are changed by scenarios.

model.providers.select(lambda p: p.area == "East").agg("vacancies", sum)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

import mesa

from cohort import calendar

if TYPE_CHECKING:
    from cohort.model import SendModel
    from cohort.provision import Provider

CHANGED_BY_SCENARIOS = "a provider is changed by a scenario only: see [places] there"


class ProviderView(mesa.Agent):
    """A provider as the model's present month has it. Numbers are of Kent's children."""

    model: SendModel

    def __init__(self, model: SendModel, number: int) -> None:
        # Not Mesa's own: that would put it among the model's agents, who are children.
        object.__setattr__(self, "model", model)
        object.__setattr__(self, "unique_id", number)

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError(CHANGED_BY_SCENARIOS)

    @property
    def row(self) -> Provider:
        """What never changes of it: kind, area, school years, needs, opening, places at the start."""
        return self.model.world.setting.places.providers[self.unique_id]

    @property
    def name(self) -> str:
        return self.row.name

    @property
    def kind(self) -> str:
        """The placement that its places are of."""
        return self.row.kind

    @property
    def area(self) -> str:
        return self.row.area

    @property
    def phase(self) -> str:
        return self.row.phase

    @property
    def places(self) -> int:
        """Places in the month last lived (at the start, in the first)."""
        return self._now(0)

    @property
    def filled(self) -> int:
        """Children there."""
        return self._now(1)

    @property
    def over_roll(self) -> int:
        """Of these, above the number of places."""
        return self._now(2)

    @property
    def vacancies(self) -> int:
        """Places without a child."""
        return max(self.places - self.filled, 0)

    @property
    def is_open(self) -> bool:
        """Whether it has opened and not closed at the start of the model's month."""
        return self.row.opens <= self.model.world.month < self.row.closes

    def _now(self, column: int) -> int:
        held = self.model.world.record.places
        return int(held[self.model.world.month][self.unique_id, column]) if held else 0

    def remove(self) -> NoReturn:
        """Refused: close it in a scenario."""
        raise TypeError(CHANGED_BY_SCENARIOS)

    def __reduce__(self) -> tuple[type[ProviderView], tuple[SendModel, int]]:
        return ProviderView, (self.model, self.unique_id)

    def __repr__(self) -> str:
        now = f"{self.filled} of {self.places} places filled" if self.places or self.filled else "no places"
        opens = (
            f", opens {calendar.label(self.row.opens)}" if self.model.world.month < self.row.opens < 2**15 - 1 else ""
        )
        return f"<{self.name}: {self.kind}, {self.area}, {now}{opens}>"
