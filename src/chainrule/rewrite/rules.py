"""Rules, steps, derivations, and the one engine that applies rules.

A `Rule` is data: a name, a statement, and a function that rewrites one node or declines. `rewrite` applies a list of
rules, operands first, until none applies; with a `Recorder` it also writes down a `Step` for each application, the
whole expression before and after. Recording changes nothing but that, so a derivation made later on demand ends at the
same result. The laws of arithmetic that rebuild a node after a change belong to the caller's `Algebra`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache, reduce
from operator import or_
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar, get_args

from chainrule.expr.binding import Fresh, expressions_in, map_operands, open_reduce, with_expressions
from chainrule.expr.nodes import Condition, Constant, Expr, Index, Indexed, Number, Reduce, operands
from chainrule.expr.shared import Node, kept
from chainrule.expr.symbols import Derivative, Symbol
from chainrule.render.document import Group, Words
from chainrule.render.document_text import words_text
from chainrule.render.formula import ShownFormula, equation_formula, formula
from chainrule.render.in_notebooks import ShownAsPage
from chainrule.render.titles import Title
from chainrule.system.model import Equation

if TYPE_CHECKING:
    from chainrule.matrix.matrix_lines import MatrixLine
    from chainrule.render.printed_names import Names, Naming


class Algebra(Protocol):
    """What the engine needs in order to put changed parts together again."""

    @property
    def fresh(self) -> Fresh:
        """The supply of fresh index names."""

    def rebuild(self, expr: Expr) -> Expr:
        """Return the normal form of a node whose operands are normal."""

    def close(self, op: str, indices: Sequence[Index], body: Expr) -> Expr:
        """Return the normal form of a reduction of a normal body."""


A = TypeVar("A", bound=Algebra)


@dataclass(frozen=True)
class Rewrite:
    """What a rule made of a node: the `given` it rests on and the tensors it called by their names, if any."""

    expr: Expr
    assumption: str = ""
    names: tuple[Symbol, ...] = ()


@dataclass(frozen=True, eq=False)
class Rule(Generic[A]):
    """A named law. `apply` returns what a node becomes, or None where the rule has nothing to say.

    `statement` says the law as a book would, its formulas between backticks: see `render.laws`. `about` are the classes
    of nodes that the rule is tried on, all if none are named; it has nothing to say where no node of the classes
    `within` is in them.
    """

    name: str
    statement: str
    apply: Callable[[Expr, A], Expr | Rewrite | None]
    about: tuple[type[Expr], ...] = ()
    within: tuple[type[Any], ...] = ()

    @property
    def law(self) -> Words:
        """The statement, its formulas laid out."""
        from chainrule.render.laws import stated

        return stated(self.statement)

    @property
    def where(self) -> str:
        """Where the law stands in the code: module and function."""
        return where(self.apply)


def where(function: Callable[..., object]) -> str:
    """Return where a function stands: its module and its name.

    >>> from chainrule.expr.nodes import delta
    >>> where(delta)
    'chainrule.expr.nodes.delta'
    """
    return f"{function.__module__}.{function.__qualname__}"


@dataclass(frozen=True, eq=False)
class Step(Node):
    """One line of a derivation: `before` = `after` by a rule, whose law is stated in words and formulas.

    Where `before` is what the line above ended with, a printer leaves it out. `assumption` is the `given` used, as
    text; `note` says what a reader should see. `uses` are the equations that are substituted, as pairs of their sides.
    `detail` is the derivation of this very line, where it has one. `where` names the function that took the step.
    """

    rule: str
    law: Words
    before: Expr
    after: Expr
    assumption: str = ""
    note: Words = ()
    uses: tuple[tuple[Expr, Expr], ...] = ()
    detail: Derivation | None = None
    names: tuple[Symbol, ...] = ()
    where: str = field(default="", compare=False)

    @property
    def statement(self) -> str:
        """The law, as text."""
        return words_text(self.law)

    @property
    def remark(self) -> str:
        """What a reader should see, as text."""
        return words_text(self.note)


@dataclass(frozen=True, eq=False)
class Derivation(Node, ShownAsPage):
    """The derivation of one derivative: `target` = `result`, step by step.

    `notes` are sentences about the result, `inlined` the tensors whose derivatives it writes out, `taken` the names
    that no index may be printed as. `cases` are titled special cases of an unknown function, to be read beside it.
    `ranks` of tensors say which positions of ∂a/∂z[k,j] belong to a, for printers.
    """

    target: Expr
    steps: tuple[Step, ...]
    result: Expr
    notes: tuple[Words, ...] = ()
    inlined: tuple[str, ...] = ()
    taken: tuple[str, ...] = field(default=(), compare=False)
    cases: tuple[tuple[Title, Derivation], ...] = ()
    verifier: Callable[[Derivation], object] | None = field(default=None, compare=False, repr=False)
    ranks: Mapping[str, int] | None = field(default=None, compare=False, repr=False)

    @property
    def remarks(self) -> tuple[str, ...]:
        """The sentences about the result, as text."""
        return tuple(map(words_text, self.notes))

    def verify(self) -> object:
        """Evaluate both sides of every step at random points in float64 and return the report.

        Raises VerificationError, naming the step, where they differ.
        """
        assert self.verifier is not None, "made without a verifier; use Backprop.derivation"
        return self.verifier(self)

    def as_equation(self) -> Equation:
        """Return target = result as an equation. Only for derivatives of the cost, whose target is an entry."""
        assert isinstance(self.target, Indexed)
        return Equation(self.target, self.result)

    def equation(self) -> str:
        """Return the result as one line of text."""
        return str(self.equation_formula())

    def matrix(self, *, layout: str = "mixed", names: Names | Naming = "textbook") -> MatrixLine:
        """Return the result in matrix form, or in index notation with the reason why it has none.

        `layout` and `names` are as in `Backprop.matrix`.
        """
        from chainrule.matrix.matrix_lines import matrix_line
        from chainrule.matrix.of_systems import book_names

        derivative = self.target.tensor if isinstance(self.target, Indexed) else None
        cost = derivative.of if isinstance(derivative, Derivative) else ""
        called = book_names(names, self.taken, self.ranks or {}, cost, layout)
        return matrix_line(self.target, self.result, called)

    def text(self, expr: Expr) -> str:
        """Return an expression of this derivation as text."""
        return str(self.formula(expr))

    def equation_formula(self) -> ShownFormula:
        """Return the result laid out."""
        return equation_formula(self.target, self.result, taken=self.taken, ranks=self.ranks)

    def formula(self, expr: Expr | Condition) -> ShownFormula:
        """Return an expression of this derivation laid out."""
        return formula(expr, taken=self.taken, ranks=self.ranks)

    def __str__(self) -> str:
        return self.equation()

    def document(self) -> Group:
        """Return every step, as a document."""
        from chainrule.rewrite.derivation_text import derivation_document

        return derivation_document(self)


@dataclass
class Recorder:
    """Collects the steps of one run; successive uses of one rule become one step."""

    steps: list[Step] = field(default_factory=list)

    def add(self, rule: Rule[A], before: Expr, outcome: Rewrite) -> None:
        """Write a step down. What did not change the whole expression is none."""
        if before == outcome.expr:
            return
        last = self.steps[-1] if self.steps else None
        if last and last.rule == rule.name and last.after == before and last.assumption == outcome.assumption:
            names = tuple(dict.fromkeys((*last.names, *outcome.names)))
            self.steps[-1] = replace(last, after=outcome.expr, names=names)
        else:
            self.steps.append(
                Step(
                    rule.name,
                    rule.law,
                    before,
                    outcome.expr,
                    outcome.assumption,
                    names=outcome.names,
                    where=rule.where,
                )
            )


Wrap = Callable[[Expr], Expr]
_PASSES = 60


def rewrite(
    expr: Expr,
    rules: Sequence[Rule[A]],
    algebra: A,
    recorder: Recorder | None = None,
    settled: set[Expr] | None = None,
) -> Expr:
    """Return the expression with the rules applied everywhere until none applies.

    `settled` are expressions to which none of these rules applies; those that are found are added. Who comes back with
    the same rules and the same algebra hands it in again.
    """
    settled = set() if settled is None else settled
    table = _table(tuple(rules))
    for _ in range(_PASSES):
        wrap: Wrap | None = None if recorder is None else lambda whole: whole
        after = _visit(expr, table, algebra, recorder, wrap, settled)
        if after is expr or after == expr:
            return expr
        expr = after
    raise AssertionError(f"rules do not settle: {[rule.name for rule in rules]} on {expr}")


class Marked:
    """Stands for an entry with a mark among the classes of nodes that a rule needs."""


class _RuleTable(Generic[A]):
    """Some rules: those that are tried on nodes of a class which have nodes of some classes in them.

    `needed` are the classes of which one must be there for any to apply.
    """

    def __init__(self, rules: tuple[Rule[A], ...]) -> None:
        self.needed = _bits_of(kind for r in rules for kind in r.within or r.about or _BITS)
        self._rules = rules
        self._known: dict[tuple[type[Expr], int], tuple[Rule[A], ...]] = {}

    def of(self, node: Expr) -> tuple[Rule[A], ...]:
        """Return the rules that are tried on a node."""
        kind, inside = key = type(node), _classes(node)
        if key not in self._known:
            tried = [r for r in self._rules if not r.about or kind in r.about]
            self._known[key] = tuple([r for r in tried if not r.within or _bits_of(r.within) & inside])
        return self._known[key]


def _bits_of(kinds: Iterable[type[Any]]) -> int:
    return reduce(or_, map(_BITS.__getitem__, kinds), 0)


_BITS: Mapping[type[Any], int] = {kind: 1 << place for place, kind in enumerate((*get_args(Expr), Marked))}


@kept
def _classes(node: Expr | Condition) -> int:
    """Return the classes of a node and of all nodes in it, a bit for each."""
    own = _BITS.get(type(node), 0)
    if isinstance(node, Indexed) and node.guarded:
        own |= _BITS[Marked]
    return reduce(or_, map(_classes, operands(node)), own)


@lru_cache(maxsize=64)
def _table(rules: tuple[Rule[A], ...]) -> _RuleTable[A]:
    return _RuleTable(rules)


_PLAIN = frozenset({Number, Constant})
"""What stays as it is: no rule is about it alone."""


def _visit(
    node: Expr,
    rules: _RuleTable[A],
    algebra: A,
    recorder: Recorder | None,
    wrap: Wrap | None,
    settled: set[Expr],
) -> Expr:
    if type(node) in _PLAIN or not rules.needed & _classes(node) or node in settled:
        return node
    new = _visit_operands(node, rules, algebra, recorder, wrap, settled)
    level = algebra.fresh.level
    for rule in rules.of(new):
        outcome = rule.apply(new, algebra)
        algebra.fresh.level = level
        if outcome is None:
            continue
        made = outcome if isinstance(outcome, Rewrite) else Rewrite(outcome)
        if made.expr is new or made.expr == new:
            continue
        if recorder is not None and wrap is not None:
            recorder.add(rule, wrap(new), replace(made, expr=wrap(made.expr)))
        return made.expr
    if new is node or new == node:
        settled.add(node)
    return new


def _visit_operands(
    node: Expr,
    rules: _RuleTable[A],
    algebra: A,
    recorder: Recorder | None,
    wrap: Wrap | None,
    settled: set[Expr],
) -> Expr:
    if isinstance(node, Reduce):
        op = node.op
        level = algebra.fresh.level
        indices, body = open_reduce(node, algebra.fresh)
        inner: Wrap | None = None if wrap is None else lambda part: wrap(algebra.close(op, indices, part))
        changed = _visit(body, rules, algebra, recorder, inner, settled)
        algebra.fresh.level = level
        return node if changed is body or changed == body else algebra.close(op, indices, changed)
    if wrap is None:
        new = map_operands(node, lambda part: _visit(part, rules, algebra, None, None, settled))
        return node if new is node else algebra.rebuild(new)
    parts = list(expressions_in(node))

    def around(place: int) -> Wrap:
        before, after = parts[:place], parts[place + 1 :]
        return lambda changed: wrap(algebra.rebuild(with_expressions(node, (*before, changed, *after))))

    for place, part in enumerate(parts):
        parts[place] = _visit(part, rules, algebra, recorder, around(place), settled)
    new = with_expressions(node, parts)
    return node if new is node else algebra.rebuild(new)
