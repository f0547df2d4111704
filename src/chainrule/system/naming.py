"""NameTable and places: what a system's tensors and functions are called, and what may be read where.

Each name stands for one thing, each tensor is assigned once and read after that. An unknown function is there as soon
as all of its arguments are. Extents are no matter of this module; `typecheck` calls it and `constraints` asks it.
"""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Collection, Iterator, Mapping, Sequence

from chainrule.errors import TypecheckError, listed
from chainrule.expr.functions import ARITY, CONSTANTS, DRAWN, FUNCTIONS, REDUCTIONS
from chainrule.expr.nodes import Call, Expr, ExtentValue, Indexed, IndexValue, MatrixEntry, Partial, Reduce, walk
from chainrule.expr.symbols import Derivative, Symbol, taken_by, tensors_of
from chainrule.system.locations import Location, check_calls, check_target, did_you_mean, first_repeated
from chainrule.system.model import Equation, FunctionDefinition, System
from chainrule.system.recurrences import recurrence_of

BEFORE_ALL = -1


class NameTable:
    """The names of one system: where each tensor is there from, and the arities of all functions."""

    def __init__(self, system: System) -> None:
        self.system = system
        self.arities = {**ARITY, **{f.name: len(f.parameters) for f in system.functions}}
        self.unknown = frozenset(f.name for f in system.functions if f.body is None)
        self._updated: set[str] = set()
        self.after_backprop: set[str] = set()
        """Equations that read, at once or through others, a derivative which is still to be derived."""
        self.positions: dict[str, int] = {d.tensor: BEFORE_ALL for d in system.declarations}
        self.positions |= {e.name: number for number, e in enumerate(system.equations)}
        for declaration in system.declarations:
            if declaration.arguments:
                needed = (self.positions.get(a.tensor, BEFORE_ALL) for a in declaration.arguments)
                self.positions[declaration.tensor] = max(needed)

    def check(self) -> None:
        """Check that no name is used twice, and that declarations are in order. Raises TypecheckError."""
        self._check_distinct()
        self._check_declarations()
        self._check_functions()
        self._check_constants()
        letters = {self.system.batch}
        for number, index in enumerate(self.system.indices):
            if index.name in letters:
                raise Location("index", number).error(f"index {index.name} is declared already", index.name, "target")
            letters.add(index.name)

    def check_defined(self, tensor: Symbol, place: Location) -> None:
        """Check that a statement may read a tensor. Raises TypecheckError."""
        position = self.positions.get(tensor)
        if position is None and self._is_of_an_equation(tensor, place):
            return
        if place.statement == "equation" and (tensor in self.after_backprop or position is None):
            self.after_backprop.add(place.name)
        if position is None:
            if not self._is_gradient(tensor, place):
                raise self.unknown_tensor(tensor, place)
        elif place.statement == "equation" and position >= place.number:
            together = recurrence_of(self.system, place.name)
            if together is None or tensor not in together.axes:
                advice = f"Move the equation of {tensor} up, before that of {place.name}."
                raise place.error(f"{tensor} is used before it is defined", tensor, advice=advice)

    def is_of_other_steps(self, tensor: Symbol, place: Location) -> bool:
        """Say whether an equation reads a tensor of the recurrence that it belongs to."""
        together = recurrence_of(self.system, place.name) if place.statement == "equation" else None
        return together is not None and tensor in together.axes

    def check_update(self, update: Equation, place: Location) -> None:
        """Check that an update is of a param or state. Raises TypecheckError."""
        declaration = self.system.declared.get(update.name)
        check_target(update, place)
        if declaration is None or declaration.role not in ("param", "state"):
            raise place.error(
                f"{update.name} cannot be updated: it is neither a param nor a state",
                update.name,
                "target",
                expected=f"expected is one of the params and states: {listed(self.system.kept) or 'there are none'}",
            )
        if update.name in self._updated:
            raise place.error(
                f"{update.name} is updated twice", update.name, "target", advice="Write it as one update."
            )
        self._updated.add(update.name)

    def check_partials(self, partials: Sequence[Partial], place: Location) -> None:
        """Check that derivatives that stay symbols are of unknown functions by their arguments."""
        for partial in partials:
            declaration = self.system.declared.get(partial.of.tensor)
            arguments = [a.tensor for a in declaration.arguments] if declaration else []
            strange = next((w.tensor for w in partial.wrt if w.tensor not in arguments), None)
            if strange is not None:
                raise place.error(
                    f"{partial.of.tensor} is not an unknown function of {strange}",
                    partial.of.tensor,
                    expected=f"its arguments are {listed(arguments)}"
                    if arguments
                    else "expected is an abstract tensor",
                )

    def unknown_tensor(self, tensor: Symbol, place: Location, side: str = "value") -> TypecheckError:
        """Return the error for a tensor that is not there, with the name that may be meant."""
        if isinstance(tensor, Derivative):
            missing = next((part for part in tensors_of(tensor) if part not in self.positions), None)
            if missing is not None and missing == tensor.of and not self.system.cost:
                return place.error(
                    f"no tensor is named {missing}", missing, side, declare=f"The cost has a line: cost {missing} = …"
                )
            if missing is not None:
                return self.unknown_tensor(missing, place, side)
            return place.error(
                f"{tensor} is not defined",
                tensor,
                side,
                expected="the derivative of what an equation above defines, ∂z/∂x after z = …",
                advice=f"Of the cost, updates read {self._gradients()}.",
            )
        if tensor in ARITY or tensor in self.system.function:
            return place.error(
                f"{tensor} is a function, not a tensor",
                tensor,
                side,
                advice=f"Its argument stands in parentheses: {tensor}(…)",
            )
        meant = did_you_mean(tensor, self.positions)
        named = listed(self.positions) if place.statement == "expression" and not meant else ""
        return place.error(
            f"no tensor is named {tensor}",
            tensor,
            side,
            expected=f"expected is one of the system: {named}" if named else "",
            advice=meant,
            declare=f"Declare it: data {tensor}, or param {tensor}.",
        )

    def _gradients(self) -> str:
        cost = self.system.cost or "C"
        return listed([Derivative(cost, p) for p in self.system.params]) or "the cost's by params"

    def _is_gradient(self, tensor: Symbol, place: Location) -> bool:
        by = taken_by(tensor, self.system.cost)
        if place.statement not in ("equation", "update") or by is None:
            return False
        declared = self.system.declared.get(by)
        return declared is not None and declared.role == "param"

    def _is_of_an_equation(self, tensor: Symbol, place: Location) -> bool:
        """Say whether a tensor is the derivative of what an equation above a place defines, and that is no cost."""
        if not isinstance(tensor, Derivative) or place.statement not in ("equation", "update"):
            return False
        above = place.number if place.statement == "equation" else len(self.system.equations)
        known = [self.positions.get(part, above) for part in tensors_of(tensor)]
        return tensor.of != self.system.cost and known[0] != BEFORE_ALL and all(n < above for n in known)

    def _check_distinct(self) -> None:
        reserved = [name for name, known in FUNCTIONS.items() if name in self.unknown or not known.yields]
        taken = {**dict.fromkeys(reserved, "a function"), **dict.fromkeys(REDUCTIONS, "a reduction")}
        taken |= dict.fromkeys(CONSTANTS, "a constant")
        for name, kind, place in self._names():
            if name in taken:
                twice = taken[name] == kind
                declared = self.system.declared.get(name) if twice and place.statement == "equation" else None
                raise place.error(
                    f"{name} is defined twice" if twice else f"{name} names {taken[name]} already",
                    name,
                    "target",
                    advice=f"What an optimizer does to a param is an update: update {name} = …"
                    if declared is not None and declared.role == "param"
                    else "Choose another name" + ("; each tensor is assigned once." if twice else "."),
                )
            taken[name] = kind

    def _names(self) -> Iterator[tuple[str, str, Location]]:
        for number, declaration in enumerate(self.system.declarations):
            yield declaration.tensor, "a tensor", Location("declaration", number, declaration.tensor)
        for number, equation in enumerate(self.system.equations):
            yield equation.name, "a tensor", Location("equation", number, equation.name)
        for number, function in enumerate(self.system.functions):
            yield function.name, "a function", Location("function", number, function.name)

    def _check_declarations(self) -> None:
        seen: set[str] = set()
        for number, declaration in enumerate(self.system.declarations):
            place = Location("declaration", number, declaration.tensor)
            letters = [i.name for i in declaration.indices]
            repeated = first_repeated(letters)
            if repeated is not None:
                raise place.error(
                    f"two axes of {declaration.tensor} are labelled {repeated}",
                    repeated,
                    advice="Label each axis by a letter of its own; equations tell which extents are equal.",
                )
            if self.system.batch and self.system.batch in letters:
                raise place.error(
                    f"{declaration.tensor} has the sample index {self.system.batch}",
                    self.system.batch,
                    expected="equations are for one sample; the sample index is added to data later",
                    advice=f"Leave {self.system.batch} out of {declaration.tensor}, or take the batch line away.",
                )
            for argument in declaration.arguments:
                self._check_argument(argument.tensor, seen, place)
            seen.add(declaration.tensor)

    def _check_argument(self, tensor: Symbol, seen: Collection[str], place: Location) -> None:
        if tensor not in self.positions:
            raise self.unknown_tensor(tensor, place)
        later = self.system.declared.get(tensor)
        if later is not None and later.arguments and tensor not in seen:
            raise place.error(
                f"{tensor} is used before it is declared", tensor, advice=f"Move its abstract line above {place.name}."
            )

    def _check_functions(self) -> None:
        known = dict(ARITY)
        consts: dict[str, None] = dict.fromkeys(self.system.with_role("const"))
        for number, function in enumerate(self.system.functions):
            place = Location("function", number, function.name)
            self._check_parameters(function, place)
            if function.body is not None:
                self._check_scalar(function.body, ChainMap(dict.fromkeys(function.parameters), consts), known, place)
            known[function.name] = len(function.parameters)

    def _check_constants(self) -> None:
        known: dict[str, None] = {}
        for number, declaration in enumerate(self.system.declarations):
            if declaration.role not in ("const", "state"):
                continue
            place = Location("declaration", number, declaration.tensor)
            if declaration.value is not None:
                if declaration.indices and declaration.role == "const":
                    raise place.error(f"{declaration.tensor} is one number, but has indices", declaration.tensor)
                self._check_scalar(declaration.value, known, self.arities, place)
            if declaration.role == "const":
                known[declaration.tensor] = None

    def _check_scalar(
        self, value: Expr, readable: Mapping[str, None], arities: Mapping[str, int], place: Location
    ) -> None:
        """Check an expression that stands outside of all equations: numbers, functions and known numbers by name."""
        for node in walk(value):
            match node:
                case Indexed(tensor, positions) if positions or tensor not in readable:
                    raise place.error(
                        f"{place.name} cannot depend on {tensor}",
                        tensor,
                        expected=f"it may read {listed(readable) or 'no tensor'}",
                    )
                case Reduce() | IndexValue() | ExtentValue() | Partial() | MatrixEntry():
                    raise place.error(
                        f"{place.name} cannot depend on an index",
                        expected="expected are numbers and functions of them",
                        advice="Write it as an equation.",
                    )
                case Call(function) if function in DRAWN:
                    raise place.error(
                        f"{place.name} cannot draw: {function} stands in equations only",
                        function,
                        advice=f"Give what is drawn an equation: u[j] = {function}(…)",
                    )
                case Call(function) if function not in arities and function in self.arities:
                    raise place.error(f"{function} is used before it is defined", function)
                case Call():
                    check_calls([node], arities, self.unknown, place)
                case _:
                    pass

    def _check_parameters(self, function: FunctionDefinition, place: Location) -> None:
        repeated = first_repeated(function.parameters)
        if repeated is not None:
            raise place.error(f"two parameters of {function.name} are named {repeated}", repeated, "target")
        if function.body is None and any(p in self.positions for p in function.parameters):
            tensor = next(p for p in function.parameters if p in self.positions)
            raise place.error(
                f"{function.name} could be a function of a number or of the tensor {tensor}",
                tensor,
                advice="Give the parameter a name that no tensor has.",
            )
