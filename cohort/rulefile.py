"""A rule file read expression by expression, so that one mistake does not hide the next.

The file is run once. Every call, argument and element of a list is evaluated on its own: what fails is noted at its
line and gives ``BROKEN``, of which nothing more is said. Nothing else about the file's meaning is changed.
"""

from __future__ import annotations

import ast
import builtins
import inspect
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

from cohort import changes, policy
from cohort.changes import Change, clash
from cohort.hatch import Columns
from cohort.mistakes import BROKEN, Argument, Problem, examine
from cohort.policy import Policy, Uncertain, When, Where, where
from cohort.rulebook import line_of
from cohort.states import closest

VOCABULARY: tuple[Callable[..., Any], ...] = (
    *(c for c in vars(changes).values() if isinstance(c, type) and issubclass(c, Change) and c is not Change),
    Columns, Policy, Uncertain, When, Where, where,
)  # fmt: skip
"""What is examined argument by argument when it is called."""
APART, CALL = "__apart__", "__call__"
Thunk = Callable[[], Any]
Given = tuple[str, int, Thunk]


@dataclass
class Written:
    """A policy as written: the lines of its call and of each of its changes."""

    policy: Policy
    line: int
    changes: list[int]


@dataclass
class Reading:
    """A rule file as it is being read: its policies by variable, and what is wrong so far."""

    path: Path
    problems: set[Problem] = field(default_factory=set)
    space: dict[str, Any] = field(default_factory=dict)
    lines: dict[int, tuple[Any, int]] = field(default_factory=dict)
    """id -> a change, which is kept so that the id stays its own, and its line"""
    written: dict[int, Written] = field(default_factory=dict)

    def policies(self) -> dict[str, Written]:
        """The policies of the file by the variable that holds them."""
        held = {name: self.written.get(id(value)) for name, value in self.space.items()}
        return {name: found for name, found in held.items() if found}

    def note(self, line: int, said: str) -> None:
        """Something is wrong."""
        self.problems.add(Problem(line, " ".join(said.split())))

    # what the rewritten file calls

    def apart(self, line: int, thunk: Thunk) -> Any:
        """What an expression gives, or ``BROKEN`` and a problem."""
        try:
            return thunk()
        except (Exception, SystemExit) as error:
            self.note(line_of(error, self.path) or line, _told(error))
            return BROKEN

    def call(self, line: int, function: Thunk, given: tuple[Given, ...]) -> Any:
        """What a call gives; one of the vocabulary is examined argument by argument."""
        called = self.apart(line, function)
        arguments = [(name, Argument(self.apart(at, thunk), at)) for name, at, thunk in given]
        if called in VOCABULARY:
            return self._make(called, line, _named(called, arguments))
        if called is BROKEN or any(argument.value is BROKEN for _, argument in arguments):
            return BROKEN
        plain = [argument.value for name, argument in arguments if not name]
        return self.apart(line, lambda: called(*plain, **{n: a.value for n, a in arguments if n}))

    def _make(self, called: Callable[..., Any], line: int, given: dict[str, Argument]) -> Any:
        if called is Policy and "changes" in given:
            given["changes"] = Argument(self._fitting(given["changes"]), given["changes"].line)
        made, problems = examine(called, line, given)
        self.problems |= set(problems)
        if isinstance(made, Change):
            self.lines[id(made)] = (made, line)
        if isinstance(made, Policy) and called is Policy:
            of = given["changes"].value if "changes" in given else ()
            self.written[id(made)] = Written(made, line, [self.lines[id(c)][1] for c in of if id(c) in self.lines])
        return made

    def _fitting(self, given: Argument) -> Any:
        """The changes of a policy that can stand together; problems for the others."""
        if not isinstance(given.value, tuple | list):
            return given.value
        kept: list[Change] = []
        for c in given.value:
            if isinstance(c, Change):
                line = self.lines.get(id(c), (c, given.line))[1]
                against = [other for other in kept if clash(other, c)]
                for other in against:
                    self.note(line, f"{other.label} and {c.label} both set {c.target} for the same children")
                if c.name and any(other.name == c.name for other in kept):
                    self.note(line, f"change {c.name!r} is there twice; give each its own name")
                if not against:
                    kept.append(c)
            elif c is not BROKEN:
                self.note(given.line, f"changes: a {type(c).__name__} is among them; allowed: {_kinds()}")
        return tuple(kept)


class _Apart(ast.NodeTransformer):
    """Rewrites expressions so that their parts are evaluated apart; what a function or class holds is left as it
    is."""

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        return node

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        return node

    def visit_Lambda(self, node: ast.Lambda) -> ast.AST:
        return node

    def visit_Call(self, node: ast.Call) -> ast.AST:
        args, keywords = [self.visit(a) for a in node.args], [self.visit(k) for k in node.keywords]
        node = ast.Call(self.visit(node.func), args, keywords)
        at = _line(node.func)
        if any(isinstance(a, ast.Starred) for a in node.args) or any(k.arg is None for k in node.keywords):
            return _call(APART, at, _thunk(node))
        given = [("", a) for a in node.args] + [(str(k.arg), k.value) for k in node.keywords]
        told = [ast.Tuple([ast.Constant(n), ast.Constant(_line(v)), _thunk(v)], ast.Load()) for n, v in given]
        return _call(CALL, at, _thunk(node.func), ast.Tuple(list(told), ast.Load()))

    def _elements(self, node: ast.Tuple | ast.List) -> ast.AST:
        if isinstance(node.ctx, ast.Load):
            node.elts = [self._element(e) for e in node.elts]
        return node

    def _element(self, e: ast.expr) -> ast.expr:
        whole = isinstance(e, ast.Starred | ast.Constant)
        made: ast.expr = self.visit(e)
        return made if whole else _call(APART, e.lineno, _thunk(made))

    visit_Tuple = visit_List = _elements  # noqa: N815


def _line(node: ast.AST) -> int:
    """The first line of an expression, rewritten or not."""
    own: int = getattr(node, "lineno", 0)
    if own or not isinstance(node, ast.Call) or not node.args:
        return own
    first = node.args[0]
    return first.value if isinstance(first, ast.Constant) and isinstance(first.value, int) else 0


def _thunk(body: ast.expr) -> ast.Lambda:
    empty = ast.arguments(posonlyargs=[], args=[], kwonlyargs=[], kw_defaults=[], defaults=[])
    return ast.Lambda(empty, body)


def _call(name: str, line: int, *args: ast.expr) -> ast.Call:
    return ast.Call(ast.Name(name, ast.Load()), [ast.Constant(line), *args], [])


def read(path: Path) -> Reading:
    """Run a rule file, noting all that fails."""
    reading = Reading(path)
    reading.space |= {"__name__": f"rule_file_{path.stem}", "__file__": str(path), "__builtins__": builtins}
    reading.space |= {APART: reading.apart, CALL: reading.call}
    try:
        tree = ast.parse(path.read_bytes(), str(path))
    except (SyntaxError, ValueError) as error:
        reading.note(getattr(error, "lineno", 0) or 1, f"not Python: {getattr(error, 'msg', error)}")
        return reading
    for statement in tree.body:
        for part in _parts(statement):
            _run(part, reading)
    return reading


def _parts(statement: ast.stmt) -> list[ast.stmt]:
    """An import of several names as several imports."""
    if isinstance(statement, ast.ImportFrom):
        more = [ast.ImportFrom(statement.module, [alias], statement.level) for alias in statement.names]
        return [ast.copy_location(one, statement) for one in more]
    return [statement]


def _run(statement: ast.stmt, reading: Reading) -> None:
    """One statement; what it would have bound is ``BROKEN`` if it fails."""
    line, names = statement.lineno, _bound(statement)
    if not any(isinstance(n, ast.NamedExpr | ast.Yield | ast.YieldFrom | ast.Await) for n in ast.walk(statement)):
        statement = _Apart().visit(statement)
        if isinstance(statement, ast.Assign | ast.AnnAssign) and statement.value is not None:
            statement.value = _call(APART, line, _thunk(statement.value))
    code = compile(ast.fix_missing_locations(ast.Module([statement], [])), str(reading.path), "exec")
    try:
        exec(code, reading.space)
    except (Exception, SystemExit) as error:
        reading.note(line_of(error, reading.path) or line, _told(error))
        for name in names:
            reading.space.setdefault(name, BROKEN)


def _bound(statement: ast.stmt) -> list[str]:
    if isinstance(statement, ast.Import | ast.ImportFrom):
        return [alias.asname or alias.name.split(".")[0] for alias in statement.names]
    return [n.id for n in ast.walk(statement) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)]


def _told(error: BaseException) -> str:
    """What went wrong, with what there is instead where that can be known."""
    if isinstance(error, NameError) and error.name:
        from_policy = error.name in policy.__all__
        known = "import it from cohort.policy" if from_policy else closest(error.name, policy.__all__)
        return f"{error.name!r} is not defined; {known}"
    if isinstance(error, ModuleNotFoundError):
        return f"there is no module {error.name!r}; the vocabulary of rules is in cohort.policy"
    if isinstance(error, ImportError) and error.name and (missing := str(error).split("'")[1:2]):
        module = import_module(error.name)
        there = list(getattr(module, "__all__", ()) or vars(module))
        return f"{error.name} has no {missing[0]!r}; {closest(missing[0], there)}"
    return str(error) if isinstance(error, ValueError) else f"{type(error).__name__}: {error}"


def _named(called: Callable[..., Any], arguments: list[tuple[str, Argument]]) -> dict[str, Argument]:
    """Arguments by name; those without one take the names of the parameters in order."""
    names = [n for n, p in inspect.signature(called).parameters.items() if p.kind is not p.KEYWORD_ONLY]
    plain = [argument for name, argument in arguments if not name]
    spare = [f"argument {k + 1}" for k in range(len(names), len(plain))]
    return dict(zip([*names, *spare], plain, strict=False)) | {n: a for n, a in arguments if n}


def _kinds() -> str:
    return ", ".join(c.__name__ for c in VOCABULARY if isinstance(c, type) and issubclass(c, Change))
