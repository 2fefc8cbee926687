"""Rules that tests write to a file of their own, as a user would."""

from pathlib import Path

HEAD = "from cohort.policy import *\n\n"
SAID = "because='a test', does_not_model='anything'"
FEWER = "Scale('request', 0.7, When('2024-06'), name='requests', because='a test')"
SUPPORTED = "Scale('request_supported', 0.8, When('2024-06'), name='supported', because='a test')"
CHEAPER = "Price(charge='nmiss', by=0.9, when=When('2024-09'), name='fees', because='a test')"
POT = "Fund(line='other.pot', pounds=1e6, when=When('2024-09'), name='pot', because='a test')"
LOCAL = """Redirect(choice='first_place', frm='state_special', into='mainstream', share=0.5, appeal_share=0.0,
    when=When('2024-06'), where=where(ncy=(0, 6)), grounds='agreed with parents', name='local', because='a test')"""
TO_SPECIAL = """Redirect(choice='first_place', frm='nmiss', into='state_special', share=0.5, appeal_share=0.0,
    when=When('2024-09'), grounds='agreed with parents', name='nmiss', because='a test')"""
NOTHING_MUCH = "Scale('request', 1.0, When('2024-06'), name='same', because='a test')"
MILDEST = "Scale('cease', 1.1, When('2024-06'), where=where(severity=(0, 0)), name='mild', because='a test')"


def rule(folder: Path, name: str, *changes: str) -> str:
    """Write a rule of some changes to a file; returns how a scenario names it."""
    path = folder / f"{name}.py"
    path.write_text(f"{HEAD}{name} = Policy({name!r}, ({', '.join(changes)},), title={name!r}, {SAID})\n", "utf-8")
    return f"{path.as_posix()}:{name}"
