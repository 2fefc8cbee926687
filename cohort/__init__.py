"""Kent's special educational needs system, simulated child by child and month by month.

The names below are the whole of what most programs need. Each is fetched from its module when first used, so that
`import cohort` alone costs nothing: no numpy, no compiler.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cohort.analysis.compare import compare
    from cohort.model import SendModel
    from cohort.scenario import Scenario
    from cohort.study import run
    from cohort.world import World

__version__ = "0.1.0"
__all__ = ["Scenario", "SendModel", "World", "__version__", "compare", "run"]

_HOME = {
    "Scenario": "cohort.scenario",
    "SendModel": "cohort.model",
    "World": "cohort.world",
    "compare": "cohort.analysis.compare",
    "run": "cohort.study",
}


def __getattr__(name: str) -> Any:
    """A public name, from the module it lives in."""
    if name not in _HOME:
        raise AttributeError(f"module 'cohort' has no attribute {name!r}; it offers {', '.join(__all__)}")
    value = globals()[name] = getattr(import_module(_HOME[name]), name)
    return value


def __dir__() -> list[str]:
    """The public names as well as those already fetched."""
    return sorted({*globals(), *__all__})
