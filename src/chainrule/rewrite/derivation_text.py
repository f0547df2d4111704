"""A derivation as a page of a textbook: numbered lines, each with the law it rests on and what a reader should see.

A step whose left side is what the line above ended with is written `= …`, so that the eye runs down one column; local
derivatives are derived in lettered lines of their own, indented. Layout only: every sentence comes from the steps.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from difflib import SequenceMatcher

from chainrule.expr.nodes import Expr
from chainrule.render.latex import expression_latex
from chainrule.rewrite.rules import Derivation, Step

WIDTH = 100
_IN_TEXT = {
    "\\": r"\textbackslash{}",
    "^": r"\textasciicircum{}",
    **{mark: "\\" + mark for mark in "#$%&_{}"},
    "∂": r"$\partial$",
    "Σ": r"$\Sigma$",
    "∇": r"$\nabla$",
    "σ": r"$\sigma$",
    "·": r"$\cdot$",
    "−": "$-$",
    "≠": r"$\ne$",
    "≤": r"$\le$",
    "≥": r"$\ge$",
    "²": "$^2$",
    "√": r"$\surd$",
    "π": r"$\pi$",
}
_LETTERS = "abcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True)
class _Line:
    """One line of the page: how far in, the number of the step (on its first line only), and what it says."""

    indent: int
    label: str
    text: str

    def __str__(self) -> str:
        return (" " * self.indent + (f"{self.label:<3}" if self.label else "") + self.text).rstrip()


def derivation_text(derivation: Derivation, width: int = WIDTH) -> str:
    """Return the derivation as numbered lines for a terminal, of at most `width` characters where words break.

    >>> from chainrule.expr.nodes import Indexed, number, times
    >>> target, x = Indexed("∂C/∂x"), Indexed("x")
    >>> step = Step("power rule", "(x^2)' = 2*x", target, times(number(2), x))
    >>> print(derivation_text(Derivation(target, (step,), times(number(2), x))))
    ∂C/∂x
      1  power rule: (x^2)' = 2*x
           = 2·x
    """
    return "\n".join(str(line) for line in _page(derivation, width))


def derivations_compared(left: Derivation, right: Derivation, names: tuple[str, str], width: int = WIDTH) -> str:
    """Return two derivations as one page: steps of both once, what only one has marked A or B.

    `names` say what A and B are. The last lines say where the two part, if they do, and why.
    """
    both = (left, right)
    blocks = [_blocks(derivation, width - 4) for derivation in both]
    rules = [[step.rule for step in derivation.steps] for derivation in both]
    lines = [f"A  {names[0]}", f"B  {names[1]}", ""]
    lines += _side_by_side([str(_head(left))], [str(_head(right))])
    for kind, start, end, first, last in SequenceMatcher(None, rules[0], rules[1], autojunk=False).get_opcodes():
        if kind == "equal":
            for one, other in zip(blocks[0][start:end], blocks[1][first:last], strict=True):
                lines += _side_by_side(one, other)
        else:
            lines += [f"A │ {line}" for block in blocks[0][start:end] for line in block]
            lines += [f"B │ {line}" for block in blocks[1][first:last] for line in block]
    ends = [[str(line) for line in _end(derivation, width - 4)] for derivation in both]
    return "\n".join((*lines, *_side_by_side(*ends), "", _parting(left, right)))


def derivation_latex(derivation: Derivation) -> str:
    r"""Return the derivation as an `align*` environment, the laws as \text above their lines.

    >>> from chainrule.expr.nodes import Indexed, number, times
    >>> target, x = Indexed("∂C/∂x"), Indexed("x")
    >>> step = Step("power rule", "(x^2)' = 2*x", target, times(number(2), x))
    >>> print(derivation_latex(Derivation(target, (step,), times(number(2), x))))
    \begin{align*}
    & \text{1. power rule: (x\textasciicircum{}2)' = 2*x} \\
    \frac{\partial C}{\partial x} &= 2 \, x
    \end{align*}
    """
    numbers = [f"{number}. " for number in range(1, len(derivation.steps) + 1)]
    rows = list(_latex_rows(derivation, numbers))
    rows += [_latex_words(remark) for remark in derivation.remarks]
    for title, case in derivation.cases:
        rows += [_latex_words(f"If {title}:"), *_latex_rows(case, [f"{n}. " for n in range(1, len(case.steps) + 1)])]
    return "\n".join((r"\begin{align*}", " \\\\\n".join(rows), r"\end{align*}"))


def _page(derivation: Derivation, width: int) -> Iterator[_Line]:
    yield _head(derivation)
    yield from (line for step in _steps(derivation, 2, _numbers(derivation), derivation.target, width) for line in step)
    yield from _end(derivation, width)


def _head(derivation: Derivation) -> _Line:
    return _Line(0, "", derivation.text(derivation.target))


def _numbers(derivation: Derivation) -> list[str]:
    return [str(n) for n in range(1, len(derivation.steps) + 1)]


def _end(derivation: Derivation, width: int) -> Iterator[_Line]:
    if len(derivation.steps) > 1:
        yield from _words(f"so {derivation.equation()}", 2, width)
    for remark in derivation.remarks:
        yield from _words(remark, 2, width)
    for title, case in derivation.cases:
        yield _Line(0, "", "")
        yield from _words(f"If {title}:", 0, width)
        yield from (replace(line, indent=line.indent + 2) for line in _page(case, width - 2))


def _steps(
    derivation: Derivation, indent: int, labels: Iterable[str], above: Expr | None, width: int
) -> Iterator[list[_Line]]:
    """Yield the lines of each step; `above` is what the line above the first ends with."""
    for label, step in zip(labels, derivation.steps, strict=True):
        first, *more = _wrapped(_heading(step), indent + 3, width)
        lines = [_Line(indent, label, first), *(_Line(indent + 3, "", line) for line in more)]
        if _is_worked_out(step):
            assert step.detail is not None
            letters = _letters(len(step.detail.steps))
            lines += [line for inner in _steps(step.detail, indent + 5, letters, None, width) for line in inner]
            lines.append(_Line(indent + 3, "", f"so {_equation(step, derivation)}"))
        else:
            lines += _formula(step, derivation, indent + 5, above, width)
        if step.remark:
            lines += _words(step.remark, indent + 3, width)
        yield lines
        above = step.after


def _heading(step: Step) -> str:
    if step.assumption and step.rule == "given":
        return f"given {step.assumption}"
    law = step.rule if _is_worked_out(step) or not step.statement else f"{step.rule}: {step.statement}"
    return f"{law}; given {step.assumption}" if step.assumption else law


def _is_worked_out(step: Step) -> bool:
    """Say whether the step has a derivation of its own that says more than its one line."""
    return step.detail is not None and len(step.detail.steps) > 1


def _formula(step: Step, derivation: Derivation, indent: int, above: Expr | None, width: int) -> Iterator[_Line]:
    after = derivation.text(step.after)
    if step.before == above:
        yield _Line(indent, "", f"= {after}")
        return
    if derivation.text(step.before) == after:
        yield _Line(indent, "", after)
        return
    whole = _equation(step, derivation)
    if indent + len(whole) <= width:
        yield _Line(indent, "", whole)
    else:
        yield _Line(indent, "", derivation.text(step.before))
        yield _Line(indent, "", f"= {after}")


def _equation(step: Step, derivation: Derivation) -> str:
    return f"{derivation.text(step.before)} = {derivation.text(step.after)}"


def _letters(count: int) -> list[str]:
    """Return a, b, c …, then a2, b2 and so on."""
    return [_LETTERS[n % 26] + (str(n // 26 + 1) if n >= 26 else "") for n in range(count)]


def _words(text: str, indent: int, width: int) -> Iterator[_Line]:
    return (_Line(indent, "", line) for line in _wrapped(text, indent, width))


def _wrapped(text: str, indent: int, width: int) -> list[str]:
    return textwrap.wrap(text, max(width - indent, 20), break_long_words=False, break_on_hyphens=False) or [""]


def _blocks(derivation: Derivation, width: int) -> list[list[str]]:
    """Return the lines of each step."""
    steps = _steps(derivation, 2, _numbers(derivation), derivation.target, width)
    return [[str(line) for line in step] for step in steps]


def _side_by_side(left: list[str], right: list[str]) -> list[str]:
    """Return the lines of both once as far as they agree, then those of one and of the other, marked."""
    same = 0
    while same < min(len(left), len(right)) and left[same] == right[same]:
        same += 1
    common = [f"    {line}" for line in left[:same]]
    return [*common, *(f"A │ {line}" for line in left[same:]), *(f"B │ {line}" for line in right[same:])]


def _parting(left: Derivation, right: Derivation) -> str:
    """Say at which step two derivations part, and what each has to say there."""
    for number, (one, other) in enumerate(zip(left.steps, right.steps, strict=False), 1):
        lines = [_equation(step, derivation) for derivation, step in ((left, one), (right, other))]
        if lines[0] != lines[1]:
            said = [step.remark or line for step, line in zip((one, other), lines, strict=True)]
            return f"They part at step {number}.\nA: {said[0]}\nB: {said[1]}"
    if len(left.steps) == len(right.steps):
        return "They are the same, line by line."
    longer = "A" if len(left.steps) > len(right.steps) else "B"
    return f"They are the same up to step {min(len(left.steps), len(right.steps))}, where only {longer} goes on."


def _latex_rows(derivation: Derivation, labels: Iterable[str]) -> Iterator[str]:
    above: Expr | None = None
    for label, step in zip(labels, derivation.steps, strict=True):
        yield _latex_words(label + _heading(step))
        if _is_worked_out(step):
            assert step.detail is not None
            yield from _latex_rows(step.detail, [f"({letter}) " for letter in _letters(len(step.detail.steps))])
        else:
            before, after = (
                expression_latex(side, taken=derivation.taken, ranks=derivation.ranks)
                for side in (step.before, step.after)
            )
            yield f"&= {after}" if step.before == above else f"& {after}" if before == after else f"{before} &= {after}"
        if step.remark:
            yield _latex_words(step.remark)
        above = step.after


def _latex_words(text: str) -> str:
    return rf"& \text{{{''.join(_IN_TEXT.get(mark, mark) for mark in text)}}}"
