"""Why the chain rule is a sum: one entry moved a little, and what becomes of it on the way to the cost.

The reason is the same for every system; only the formulas are those of the system at hand. With it go numbers, which
`moves` has: how far everything moves, and what the cost changes by.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import numpy.typing as npt

from chainrule.diff.chain_rule import Contribution, chain_rule, named, product
from chainrule.errors import DerivativeError
from chainrule.execute.shortage import enough_memory
from chainrule.explanation.entry import At, asked_of, one_sample, tensor_named, with_params
from chainrule.explanation.moves import Moves, moves_at, random_moves
from chainrule.explanation.moves_page import moves_nodes
from chainrule.explanation.of_steps import question
from chainrule.expr.binding import reduce_over
from chainrule.expr.nodes import Call, Expr, ExtentValue, Indexed, plus, times
from chainrule.expr.symbols import Derivative, Symbol, Tensor
from chainrule.families.families import Families
from chainrule.keywords import answers
from chainrule.network import Network
from chainrule.pipeline import Backprop, backprop
from chainrule.render.document import Group, Heading, Line, Node, Note, Words, joined, words
from chainrule.render.formula import ShownFormula, equation_formula, formula, whole
from chainrule.render.names import layer_of
from chainrule.render.shown_document import ShownDocument
from chainrule.system.model import System
from chainrule.system.recurrences import recurrence_of

_STEPS = ("h", "ε", "t", "s", "step")
"""What the small step may be called, in the order they are tried."""

_MOST_NAMED = 3
"""Of more tensors that follow none is named."""
_LEFT_OVER = ("o", "r", "R", "rest", "remainder")
"""What the negligible part of a change may be called, in the order they are tried."""


@answers
@enough_memory("the explanation")
def why(
    network_or_system: Network | System | Backprop | Families,
    of: str,
    inputs: Mapping[str, npt.ArrayLike] | None = None,
    at: At | None = None,
    sample: int | None = None,
    *,
    top: int = 8,
) -> Why:
    r"""Say why ∂C/∂of is the sum that the chain rule makes it, in formulas and in numbers.

    With `inputs`, as `explain` takes them, the numbers are those of one entry, `at`, for one sample. Without them a
    system is evaluated at a random point, drawn from a fixed seed, for unknown functions of which a smooth one is drawn
    too. Families are written out for as many steps as their inputs have, or as they declare. Of long sums the `top`
    largest terms are shown. Raises InputError for what does not name one number or does not fit the system, and
    DerivativeError where the derivative goes through a recurrence.

    >>> from chainrule.notation import parse
    >>> system = parse("param z[j]\na[k] = exp(z[k])/(sum(m) exp(z[m]))\ncost C = sum(k) a[k]^2")
    >>> found = why(system, "z", {"z": [0.0, 1.0, 2.0]}, at=1)
    >>> print(found.rule)
    ∂C/∂z[j] = Σ_k ∂C/∂a[k]·∂a[k]/∂z[j]
    >>> round(found.moves.derivative, 4), [round(one.share, 4) for one in found.moves.terms]
    (-0.1301, [-0.004, 0.0905, -0.2166])
    """
    if isinstance(network_or_system, Families):
        asked = question(network_or_system, inputs, of, at)
        network_or_system, inputs, of, at = asked.of_what, asked.inputs, asked.tensor, asked.at
    if isinstance(network_or_system, Backprop):
        back, given = network_or_system, inputs
    else:
        system, tensor = asked_of(network_or_system, of)
        back = backprop(system, [tensor])
        by_itself = inputs is None and isinstance(network_or_system, System)
        given = None if by_itself else with_params(network_or_system, inputs)
    reason = _reason(back, back.cotangents.system.symbol(tensor_named(back.forward, of)))
    if not reason.between:
        return Why(reason, None)
    _refuse_steps(back, reason.between)
    if given is None:
        return Why(reason, random_moves(back, reason.tensor, at, top))
    return Why(reason, moves_at(back, reason.tensor, one_sample(back.forward, given, sample), at, top))


def _refuse_steps(back: Backprop, between: Sequence[Contribution]) -> None:
    """Raise DerivativeError where what moves in between belongs to a recurrence: its later steps would move too."""
    system = back.cotangents.system
    through = next((one.through for one in between if recurrence_of(system, one.through) is not None), None)
    if through is not None:
        raise DerivativeError(
            f"an entry of {through} cannot move alone: it is a step of a recurrence, and later steps follow",
            expected="a derivative that goes through no recurrence",
            advice="derive --steps tells how this one is derived.",
        )


@dataclass(frozen=True, eq=False)
class Why(ShownDocument):
    """Why a derivative is a sum. It displays itself: as text in a terminal, as tables in a notebook."""

    reason: Reason
    moves: Moves | None
    text_width: ClassVar[int | None] = 100

    @property
    def rule(self) -> str:
        """The chain rule that is explained, as text."""
        return str(self.reason.rule)

    def document(self) -> Group:
        """Return what is shown, as data."""
        shown = () if self.moves is None else tuple(moves_nodes(self.moves, self.reason.step))
        numbers = (Group(shown, role="numbers", apart=True),) if shown else ()
        return Group((*self.reason.nodes(), *numbers), role="why")


@dataclass(frozen=True)
class Reason:
    """The reason in the formulas of one system, for the derivative by one tensor."""

    back: Backprop
    tensor: Symbol

    @cached_property
    def contributions(self) -> tuple[Contribution, ...]:
        """What reaches the derivative, as its derivation begins."""
        return self.back.cotangents.as_written(self.tensor)

    @cached_property
    def between(self) -> tuple[Contribution, ...]:
        """The contributions that go through another tensor."""
        return tuple(part for part in self.contributions if part.beyond is not None)

    @cached_property
    def rule(self) -> ShownFormula:
        """The chain rule: ∂C/∂z[j] = Σ_k ∂C/∂a[k]·∂a[k]/∂z[j]."""
        return self._equation(self._target, chain_rule(self.contributions, self._by_name, named))

    def nodes(self) -> Iterator[Node]:
        """Yield the reason, step by step."""
        own, cost, step = (self._formula(e) for e in (self._own, self._cost, self.step))
        yield Heading(words("Why ", self.rule))
        if not self.between:
            yield Note(_nothing_between(own, cost, direct=bool(self.contributions)))
            return
        yield _numbered("1", self._moving(own, step), self._moved(), self._negligible(step))
        yield _numbered("2", self._at_once(cost), (self._changed(),), self._rates(cost))
        yield _numbered("3", words("Substitute step 1:"), (self._substituted(),))
        yield _numbered("4", words("Divide by ", step, " and let ", step, " go to 0:"), (self.rule,))
        if any(part.indices for part in self.between):
            yield Group(tuple(Note(said) for said in self._objections()), role="objections", indent=2)

    @property
    def _target(self) -> Expr:
        return Indexed(Derivative(self.back.cotangents.cost, self.tensor), self.back.cotangents.of(self.tensor).indices)

    @property
    def _own(self) -> Expr:
        return Indexed(self.tensor, self.back.cotangents.of(self.tensor).indices)

    @property
    def _cost(self) -> Expr:
        return Indexed(self.back.cotangents.cost)

    @cached_property
    def step(self) -> Expr:
        """The letter of the small step."""
        return Indexed(next(name for name in _STEPS if name not in self._stems))

    @cached_property
    def _stems(self) -> frozenset[str]:
        """What tensors and functions are called, without their layers: no letter of the reason is one of these."""
        return frozenset(layer_of(name)[0] for name in (*self._taken, *self.back.cotangents.system.function))

    @cached_property
    def _negligible_part(self) -> Expr:
        """What is left over of a change, o(h), under a name that is free."""
        return Call(next(name for name in _LEFT_OVER if name not in self._stems), (self.step,))

    @cached_property
    def _taken(self) -> tuple[str, ...]:
        return tuple(self.back.cotangents.graph.reads)

    def _formula(self, expr: Expr) -> ShownFormula:
        return formula(expr, taken=self._taken)

    def _equation(self, target: Expr, value: Expr) -> ShownFormula:
        return equation_formula(target, value, taken=self._taken)

    def _by_name(self, part: Contribution) -> Expr:
        present = self.back.cotangents.simplifier.present
        return present(part.local.value) if part.beyond is None else part.local.partial

    def _user(self, part: Contribution) -> ShownFormula:
        return self._formula(Indexed(part.through, part.indices))

    def _users(self, before: str) -> Words:
        """Return what lies between, with a word before those that are many: m, v and every h[j]."""
        each = [words(before, self._user(p)) if p.indices else words(self._user(p)) for p in self.between]
        return words(joined(tuple(each[:-1]), ", "), " and " if each[1:] else "", each[-1])

    def _moving(self, own: ShownFormula, step: ShownFormula) -> Words:
        move = words("Move ", own, " by a small step ", step, ", and hold fixed what does not depend on it. ")
        if len(self.between) > 1:
            return words(move, "With the others held fixed, ", self._users("every "), " change by")
        return words(move, "Every " if self.between[0].indices else "", self._users(""), " changes by")

    def _negligible(self, step: ShownFormula) -> Words:
        small = self._formula(self._negligible_part)
        return words("where ", small, " is negligible beside ", step, ": divided by ", step, ", it goes to 0.")

    def _moved(self) -> tuple[ShownFormula, ...]:
        return tuple(
            self._equation(
                Indexed(_change(part.through), part.indices),
                plus(times(part.local.partial, self.step), self._negligible_part),
            )
            for part in self.between
        )

    def _at_once(self, cost: ShownFormula) -> Words:
        if len(self.between) == 1 and not self.between[0].indices:
            return words(cost, " is a function of ", self._users(""), ", and changes by")
        all_of = words(cost, " is a function of ", self._users("all "), " at once. ")
        itself = self._itself()
        return words(all_of, "Let them change one after the other: each adds its own change to ", cost, itself, ":")

    def _itself(self) -> Words:
        if len(self.between) == len(self.contributions):
            return ()
        return words(", and so does ", self._formula(self._own), ", which ", self._formula(self._cost), " reads itself")

    def _changed(self) -> ShownFormula:
        def change(part: Contribution) -> Expr:
            if part.beyond is None:
                return times(self._by_name(part), self.step)
            moved = times(part.beyond, Indexed(_change(part.through), part.indices))
            return reduce_over("sum", part.indices, moved) if part.indices else moved

        value = plus(*map(change, self.contributions), self._negligible_part)
        return self._equation(Indexed(_change(self.back.cotangents.cost)), value)

    def _rates(self, cost: ShownFormula) -> Words:
        part = self.between[-1]
        assert part.beyond is not None, "it goes through another tensor"
        held = " and the others are held fixed" if part.indices or len(self.between) > 1 else ""
        rate, user = self._formula(part.beyond), self._user(part)
        return words(rate, " says how fast ", cost, " changes when ", user, " alone changes", held, ".")

    def _substituted(self) -> ShownFormula:
        total = chain_rule(self.contributions, self._by_name, named)
        value = plus(times(self.step, total), self._negligible_part)
        return self._equation(Indexed(_change(self.back.cotangents.cost)), value)

    @property
    def _alone(self) -> str:
        return "changes alone"

    def _objections(self) -> Iterator[Words]:
        """Answer what students object: the ∂a[k] cancel; the sum is so many times one term."""
        part = next(p for p in self.between if p.indices)
        assert part.beyond is not None, "it goes through another tensor"
        derivative, own = self._formula(self._target), self._formula(self._own)
        user, many = self._user(part), self._formula(times(*(ExtentValue(i.extent, i.preferred) for i in part.indices)))
        far, near = self._formula(part.beyond), self._formula(part.local.partial)
        one = self._formula(product(part, self._by_name, named))
        yield words(
            "Why ∂", user, " does not cancel: it is not the same change twice. In ", far, " the entry ", user,
            f" {self._alone}; in ", near, " it changes because ", own, " does, and the others may change with it. So ",
            one, " is the contribution of ", user, ", not ", derivative, ".",
        )  # fmt: skip
        yield words(
            "Why it is not ", many, " times one product: the products differ, and the sum of different numbers is not"
            " a multiple of one of them."
        )  # fmt: skip


class ReasonInTurn(Reason):
    """The reason where some of what reads the tensor is computed from others: these follow, and are not held fixed.

    The tensor moves for one reader at a time, as if each had a copy of its own.
    """

    def _moving(self, own: ShownFormula, step: ShownFormula) -> Words:
        first = "Every " if self.between[0].indices else ""
        readers = self._users("every ")[1:] if first else self._users("every ")
        return words(
            first, *readers, " read ", own, " directly. Move ", own, " by a small step ", step,
            " for one of them at a time, and for nothing else. That one changes by",
        )  # fmt: skip

    def _negligible(self, step: ShownFormula) -> Words:
        said, held = super()._negligible(step), self.back.cotangents.held_fixed(self.tensor)
        for part in (one for one in self.between if held[one.through]):
            local, user, others = self._formula(part.local.partial), self._user(part), held[part.through]
            names = joined(tuple(map(whole, others)), " and ")
            stay = " stays as it is." if len(others) == 1 else " stay as they are."
            said = words(said, " ", local, " is the direct part of how ", user, " changes: ", *names, stay)
        return said

    def _at_once(self, cost: ShownFormula) -> Words:
        return words(
            "Now let ", self._formula(self._own), " move for one after the other, and let all that depends on that one",
            " follow, up to ", cost, ". Each adds its own change to ", cost, self._itself(), ":",
        )  # fmt: skip

    def _rates(self, cost: ShownFormula) -> Words:
        part, after = next((one, after) for one in self.between if (after := self._after(one)))
        assert part.beyond is not None, "it goes through another tensor"
        each = [words("every " if one.indices else "", self._user(one)) for one in after]
        names = words(", ", *joined(tuple(each), " and "), " too") if len(each) <= _MOST_NAMED else ()
        return words(
            self._formula(part.beyond), " says how fast ", cost, " changes when ", self._user(part),
            " changes and all that depends on it follows", *names, ".",
        )  # fmt: skip

    def _after(self, part: Contribution) -> list[Contribution]:
        depending = self.back.cotangents.graph.depending_on([part.through])
        return [one for one in self.between if one is not part and one.through in depending]

    @property
    def _alone(self) -> str:
        return "changes alone, and what depends on it follows"


def _reason(back: Backprop, tensor: Symbol) -> Reason:
    in_turn = any(back.cotangents.held_fixed(tensor).values())
    return ReasonInTurn(back, tensor) if in_turn else Reason(back, tensor)


def _numbered(label: str, said: Words, formulas: tuple[ShownFormula, ...], below: Words = ()) -> Group:
    note = (Note(below),) if below else ()
    return Group((Line(said), Group(formulas, indent=2), *note), role="step", label=label, indent=2)


def _change(tensor: Symbol | str) -> Symbol:
    """Return the name of how far a tensor moves: Δa."""
    if isinstance(tensor, Tensor):
        return Tensor(f"Δ{tensor.name}", tensor.superscript)
    return Tensor(f"Δ{tensor}")


def _nothing_between(own: ShownFormula, cost: ShownFormula, *, direct: bool) -> Words:
    if direct:
        return words(
            cost, " reads ", own, " itself, and depends on it through nothing else: there is nothing to add up."
        )
    return words(cost, " does not depend on ", own, ": moving it moves nothing.")
