"""A derivation as a page of a textbook: numbered lines, each with the law it rests on and what a reader should see.

A step whose left side is what the line above ended with is written `= …`, so that the eye runs down one column; local
derivatives are derived in lettered lines of their own, indented. Layout only: every sentence comes from the steps.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from difflib import SequenceMatcher

from chainrule.expr.nodes import Expr
from chainrule.render.document import Group, Heading, Line, Node, Note, Words, words
from chainrule.render.document_latex import document_latex
from chainrule.render.document_text import document_lines, document_text
from chainrule.render.formula import ShownFormula, continued, equal
from chainrule.render.laws import formula_of
from chainrule.rewrite.printed_steps import PrintedDerivation, PrintedStep

WIDTH = 100
_SENTENCES = ("substitute",)
"""Steps whose law goes on after their name, without a colon."""
_LETTERS = "abcdefghijklmnopqrstuvwxyz"


def derivation_document(derivation: PrintedDerivation, *, where: bool = False) -> Group:
    """Return the derivation as a document: its steps are groups with a number, a law and a formula.

    With `where` each step names the function that took it.
    """
    head, steps, end = derivation_parts(derivation, where=where)
    return Group((head, Group(steps, role="steps", indent=2), *end), role="derivation")


def derivation_text(derivation: PrintedDerivation, width: int = WIDTH, *, where: bool = False) -> str:
    """Return the derivation as numbered lines for a terminal, of at most `width` characters where words break.

    With `where` each step names the function that took it.

    >>> from chainrule.expr.nodes import Indexed, number, times
    >>> from chainrule.expr.symbols import Derivative
    >>> from chainrule.rewrite.rules import Derivation, Step
    >>> target, x = Indexed(Derivative("C", "x")), Indexed("x")
    >>> step = Step("power rule", ("(x^2)' = 2*x",), target, times(number(2), x))
    >>> print(derivation_text(Derivation(target, (step,), times(number(2), x))))
    ∂C/∂x
      1  power rule: (x^2)' = 2*x
           = 2·x
    """
    return document_text(derivation_document(derivation, where=where), width)


def derivations_compared(
    left: PrintedDerivation, right: PrintedDerivation, names: tuple[str, str], width: int = WIDTH
) -> str:
    """Return two derivations as one page: steps of both once, what only one has marked A or B.

    `names` say what A and B are. The last lines say where the two part, if they do, and why.
    """
    both = (left, right)
    heads, steps, ends = zip(*(derivation_parts(derivation) for derivation in both), strict=True)
    blocks = [[_lines((step,), 2, width) for step in one] for one in steps]
    rules = [[step.rule for step in derivation.steps] for derivation in both]
    lines = [f"A  {names[0]}", f"B  {names[1]}", ""]
    lines += _side_by_side(*(_lines((head,), 0, width) for head in heads))
    for kind, start, end, first, last in SequenceMatcher(None, rules[0], rules[1], autojunk=False).get_opcodes():
        if kind == "equal":
            for one, other in zip(blocks[0][start:end], blocks[1][first:last], strict=True):
                lines += _side_by_side(one, other)
        else:
            lines += [f"A │ {line}" for block in blocks[0][start:end] for line in block]
            lines += [f"B │ {line}" for block in blocks[1][first:last] for line in block]
    closing = _side_by_side(*(_lines(end, 0, width) for end in ends))
    return "\n".join((*lines, *closing, "", *document_lines(Group(parting(left, right)))))


def derivation_latex(derivation: PrintedDerivation) -> str:
    r"""Return the derivation as LaTeX for the body of an article: numbered steps, equations that fit a page.

    >>> from chainrule.expr.nodes import Indexed, number, times
    >>> from chainrule.expr.symbols import Derivative
    >>> from chainrule.rewrite.rules import Derivation, Step
    >>> target, x = Indexed(Derivative("C", "x")), Indexed("x")
    >>> step = Step("power rule", (), target, times(number(2), x))
    >>> print(derivation_latex(Derivation(target, (step,), times(number(2), x))))
    \begingroup\sloppy
    \medskip\noindent $\displaystyle \frac{\partial C}{\partial x}$\par\nopagebreak
    \begin{enumerate}
    \item[1.]
    \noindent power rule
    \begin{align*}
    &= 2 \, x
    \end{align*}
    \end{enumerate}
    \endgroup
    """
    return document_latex(derivation_document(derivation))


def derivation_parts(
    derivation: PrintedDerivation, *, where: bool = False
) -> tuple[Heading, tuple[Group, ...], tuple[Node, ...]]:
    """Return what is derived, the steps, and what is said at the end."""
    head = Heading((derivation.formula(derivation.target),))
    steps = tuple(_steps(derivation, _numbers(derivation), derivation.target, where=where))
    return head, steps, tuple(_end(derivation, where=where))


def _numbers(derivation: PrintedDerivation) -> list[str]:
    return [str(n) for n in range(1, len(derivation.steps) + 1)]


def _end(derivation: PrintedDerivation, *, where: bool) -> Iterator[Node]:
    said: list[Node] = [Note(note) for note in derivation.notes]
    if len(derivation.steps) > 1:
        said.insert(0, Line(words("so ", derivation.equation_formula())))
    yield Group(tuple(said), role="result", indent=2)
    for title, case in derivation.cases:
        inner = derivation_document(case, where=where)
        yield Group((Line(words("If ", title.words, ":")), Group((inner,), indent=2)), role="case", apart=True)


def _steps(derivation: PrintedDerivation, labels: Iterable[str], above: Expr | None, *, where: bool) -> Iterator[Group]:
    """Yield a group for each step; `above` is what the line above the first ends with."""
    for label, step in zip(labels, derivation.steps, strict=True):
        nodes: list[Node] = [Line(_heading(step))]
        if where:
            nodes.append(Line((f"[{step.where}]",), whole=True))
        if step.detail is not None and _is_worked_out(step):
            inner = _steps(step.detail, _letters(len(step.detail.steps)), None, where=where)
            nodes.append(Group(tuple(inner), role="detail", indent=2))
        else:
            nodes.append(Group((_formula(step, step.detail or derivation, above),), indent=2))
        if step.note:
            nodes.append(Note(step.note))
        yield Group(tuple(nodes), role="step", label=label)
        above = step.after


def _heading(step: PrintedStep) -> Words:
    """Return the name of a step's law and the law; a definition names what it defines."""
    if step.assumption and step.rule == "given":
        return words("given ", _given(step))
    if _is_worked_out(step) or not step.law:
        law: Words = (step.rule,)
    elif step.rule in _SENTENCES:
        law = words(f"{step.rule} ", step.law)
    else:
        law = step.law if step.names and not step.assumption else words(f"{step.rule}: ", step.law)
    return words(law, "; given ", _given(step)) if step.assumption else law


def _given(step: PrintedStep) -> Words:
    return (formula_of(step.assumption),)


def _is_worked_out(step: PrintedStep) -> bool:
    """Say whether the step has a derivation of its own that says more than its one line."""
    return step.detail is not None and len(step.detail.steps) > 1


def _formula(step: PrintedStep, derivation: PrintedDerivation, above: Expr | None) -> ShownFormula:
    """Return both sides of a step, the right one alone where the left one stands above or is the same."""
    after = derivation.formula(step.after)
    if step.before == above:
        return continued(after)
    before = derivation.formula(step.before)
    return after if str(before) == str(after) else equal(before, after)


def _equation(step: PrintedStep, derivation: PrintedDerivation) -> ShownFormula:
    return equal(derivation.formula(step.before), derivation.formula(step.after))


def _letters(count: int) -> list[str]:
    """Return a, b, c …, then a2, b2 and so on."""
    return [_LETTERS[n % 26] + (str(n // 26 + 1) if n >= 26 else "") for n in range(count)]


def _lines(nodes: tuple[Node, ...], indent: int, width: int) -> list[str]:
    """Return nodes as lines that have a mark of four characters before them."""
    return document_lines(Group(nodes, indent=indent), width - 4)


def _side_by_side(left: list[str], right: list[str]) -> list[str]:
    """Return the lines of both once as far as they agree, then those of one and of the other, marked."""
    same = 0
    while same < min(len(left), len(right)) and left[same] == right[same]:
        same += 1
    common = [f"    {line}" for line in left[:same]]
    return [*common, *(f"A │ {line}" for line in left[same:]), *(f"B │ {line}" for line in right[same:])]


def parting(left: PrintedDerivation, right: PrintedDerivation) -> tuple[Line, ...]:
    """Say at which step two derivations part, and what each has to say there."""
    for number, (one, other) in enumerate(zip(left.steps, right.steps, strict=False), 1):
        shown = [_equation(step, derivation) for derivation, step in ((left, one), (right, other))]
        if str(shown[0]) != str(shown[1]):
            said = [step.note or (equation,) for step, equation in zip((one, other), shown, strict=True)]
            return (
                Line((f"They part at step {number}.",)),
                Line(words("A: ", said[0]), whole=True),
                Line(words("B: ", said[1]), whole=True),
            )
    if len(left.steps) == len(right.steps):
        return (Line(("They are the same, line by line.",)),)
    longer = "A" if len(left.steps) > len(right.steps) else "B"
    both = min(len(left.steps), len(right.steps))
    return (Line((f"They are the same up to step {both}, where only {longer} goes on.",)),)
