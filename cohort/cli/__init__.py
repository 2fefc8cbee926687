"""The command ``cohort``: a module a subcommand, and here what they share: how errors are told, what is returned.

Returns 0 when done, 1 when something failed, 2 for what cannot be done as asked (one line says why; nothing is
written), 130 when stopped. Nothing heavy is imported until a command runs, so that help comes at once.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from typing import TYPE_CHECKING

from cohort import __version__

if TYPE_CHECKING:
    from cyclopts import App

DONE, FAILED, MISUSE, STOPPED = 0, 1, 2, 130


class MisuseError(Exception):
    """What was asked cannot be done: the message names the file, the key, what was given and what is allowed."""


@contextmanager
def asking() -> Iterator[None]:
    """Inside, an error is about what was asked or given: MisuseError."""
    try:
        yield
    except KeyError as error:
        raise MisuseError(str(error.args[0])) from error
    except OSError as error:
        raise MisuseError(f"{error.filename}: {error.strerror}" if error.filename else str(error)) from error
    except ValueError as error:
        raise MisuseError(str(error)) from error


def app() -> App:
    """The command with its subcommands."""
    from cyclopts import App

    made = App(
        "cohort",
        help="Simulate Kent's special educational needs system, child by child and month by month.",
        help_epilogue="Example: cohort run baseline --replicates 20",
        help_format="plaintext",
        version=__version__,
        suppress_keyboard_interrupt=False,
    )
    for name in COMMANDS:
        command = getattr(import_module(f"cohort.cli.{name}"), name)
        made.command(command, help_epilogue=EXAMPLES[name.replace("_", "-")])
    made.command(_rules())
    return made


def _rules() -> App:
    """``cohort rules`` with its own subcommands."""
    from cyclopts import App

    from cohort.cli import rules

    made = App("rules", help="The rules: what policies change, for whom, from when and because of what.",
               help_epilogue="Example: cohort rules list", help_format="plaintext")  # fmt: skip
    commands: dict[str, Callable[..., int]] = {
        "list": rules.list_, "show": rules.show, "check": rules.check, "new": rules.new,
    }  # fmt: skip
    for name, command in commands.items():
        made.command(command, name=name, help_epilogue=EXAMPLES[f"rules {name}"])
    return made


COMMANDS = (
    "run",
    "compare",
    "attribute",
    "seek",
    "pareto",
    "reckon",
    "late_schools",
    "sensitivity",
    "discover",
    "reconcile",
    "report",
    "calibrate",
    "backtest",
    "transitions",
    "explain",
    "lab",
    "check",
    "doctor",
)
"""Each is the function of that name in the module of that name."""
EXAMPLES = {
    "run": "Example: cohort run baseline my_scenario.toml --until 2027-03 --out studies/mine",
    "compare": "Example: cohort compare studies/mine --by line --target 5000000",
    "attribute": "Example: cohort attribute my_scenario.toml --json",
    "seek": 'Example: cohort seek mine.toml --change early_years.requests --field by --goal "in_year 2027-28 <= 0"',
    "reckon": "Example: cohort reckon baseline --start 2025-04",
    "pareto": "Example: cohort pareto programme --lever srp_review.places.places=0..400 --aim 'min in_year 2027-28' "
    "--aim 'max plans.mainstream 2028-01'",
    "discover": 'Example: cohort discover studies/thousand --goal "deficit 2027-28 <= 150e6"',
    "sensitivity": "Example: cohort sensitivity studies/thousand --period 2027-28",
    "reconcile": "Example: cohort reconcile studies/mine",
    "explain": "Example: cohort explain studies/mine --from state_special --to srp --at 2027-01",
    "lab": "Example: cohort lab studies/mine --port 2718",
    "calibrate": "Example: cohort calibrate --fit-only --all",
    "backtest": "Example: cohort backtest --actuals january_2026.csv --page scorecard.md",
    "transitions": "Example: cohort transitions transitions.csv population.csv --years 5",
    "report": "Example: cohort report studies/mine --scenario programme --reserves 90",
    "late-schools": "Example: cohort late-schools --replicates 20",
    "check": "Example: cohort check baseline my_scenario.toml",
    "doctor": "Example: cohort doctor --json",
    "rules list": "Example: cohort rules list --json",
    "rules show": "Example: cohort rules show early_years --why request --month 2026-03 --ncy 0 --area East",
    "rules check": "Example: cohort rules check my_rule.py",
    "rules new": "Example: cohort rules new my_rule --out my_rules",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code."""
    from cyclopts import CycloptsError

    given = sys.argv[1:] if arguments is None else list(arguments)
    try:
        answer = app()(given, exit_on_error=False, print_error=False, result_action="return_value")
        sys.stdout.flush()
        return answer if isinstance(answer, int) else DONE
    except (MisuseError, CycloptsError) as error:
        say(str(error))
        return MISUSE
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except KeyboardInterrupt as stopped:
        say(str(stopped) or "stopped")
        return STOPPED
    except OSError as error:
        say(f"failed: {error}")
        return FAILED
    except Exception as error:
        import traceback

        traceback.print_exc()
        say(f"failed: {type(error).__name__}: {error}; this is a fault of the program, not of what you asked")
        return FAILED


def say(text: str) -> None:
    """One line for a person, on stderr."""
    print("cohort:", " ".join(text.split()), file=sys.stderr, flush=True)
