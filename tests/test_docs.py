"""What the pages in docs say can be done is done here, block by block, in an empty folder."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SHELL = 'cohort() { "$PYTHON" -m cohort "$@"; }\npython() { "$PYTHON" "$@"; }\n'
"""The commands of this Python, whatever is installed."""


@dataclass(frozen=True)
class Block:
    """A fenced block: its language, what follows that, its text and its line in the page."""

    language: str
    about: str
    text: str
    line: int


def blocks(page: Path) -> Iterator[Block]:
    """The fenced blocks of a page in order."""
    text = page.read_text(encoding="utf-8")
    for found in re.finditer(r"^```(\w+) ?(.*)\n((?:(?!```).*\n)*)```$", text, re.MULTILINE):
        yield Block(*found.groups(), line=text[: found.start()].count("\n") + 1)


def carry_out(block: Block, folder: Path) -> str:
    """Write a block's file, or run its commands; returns what they print."""
    if block.language != "sh":
        (folder / block.about).write_text(block.text, encoding="utf-8")
        return ""
    wanted = int(block.about.removeprefix("exit ") or 0)
    ran = subprocess.run(
        ["sh", "-e", "-c", SHELL + block.text], cwd=folder, capture_output=True, text=True, check=False,
        env=os.environ | {"PYTHON": sys.executable, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert ran.returncode == wanted, f"line {block.line}: {ran.stdout}{ran.stderr}"
    return ran.stdout


def printed(line: str, output: str) -> bool:
    """Whether a line is in an output; "..." at its end stands for the rest."""
    whole = output.splitlines()
    return any(o.startswith(line[:-3]) for o in whole) if line.endswith("...") else line in whole


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="the page's commands are for a shell")
def test_the_page_on_writing_a_rule_does_what_it_says(tmp_path: Path) -> None:
    found, outputs = list(blocks(ROOT / "docs/writing-a-rule.md")), [""]
    assert {b.language for b in found} == {"sh", "text", "python", "toml"}
    for block in found:
        if block.language == "text":
            for line in block.text.splitlines():
                assert printed(line, outputs[-1]), f"line {block.line}: {line!r} is not in: {outputs[-1]}"
        elif output := carry_out(block, tmp_path):
            outputs.append(output)
    rows = re.findall(r"(requests|plans) +│ (\S+) +│ +(-?[\d.]+)", "".join(outputs))
    differences = {(series, period): float(value) for series, period, value in rows}
    assert differences["requests", "2024"] == 0
    assert differences["requests", "2027"] < differences["requests", "2026"] < 0
    assert differences["plans", "2028-01"] < 0


def test_a_line_that_is_not_printed_is_noticed() -> None:
    assert printed("a b", "x\na b\n")
    assert printed("a...", "x\na b\n")
    assert not printed("a", "x\na b\n")
    assert not printed("b...", "x\na b\n")
