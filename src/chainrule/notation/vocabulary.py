"""What the names around an expression mean, as far as reading it depends on that.

Collected from all statements of a text before any expression is read, or from a system that is there already.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field

from lark import Token, Tree

from chainrule.errors import NotationError
from chainrule.expr.nodes import Number
from chainrule.expr.symbols import Derivative, Symbol, Tensor
from chainrule.families.rewriting import moved
from chainrule.notation.advice import RESERVED
from chainrule.notation.operators import number_of
from chainrule.notation.source import Source, Statement
from chainrule.notation.superscripts import family_of, tensor_of
from chainrule.notation.trees import letters_of, name_token, subtrees
from chainrule.notation.wording import Surroundings
from chainrule.system.model import STEP, System


@dataclass
class Vocabulary:
    """Ranks of tensors, names of functions, arguments of unknown tensors, letters of indices that are declared.

    `per_sample` are the derivatives along samples, by what they are called without them, and `costs` is the cost of the
    samples in a system for all of them, "" elsewhere.
    `written` are the derivatives that an equation above defines: these are read as tensors, not as unknowns. `whole`
    are the consts whose value is a whole number: they can bound a range. `integers` are the tensors of whole numbers,
    which can stand as positions. `counters` are the names that stand for a count unless they are defined: the letter of
    the sample index for the number of the sample, `step` for that of the step; `counted` are those that count what is
    drawn, `uncounted` the errors for those that were read elsewhere, should they count nothing.
    `families` are the ranks of tensors with superscripts, whatever these are, `steps` the letters of `for` lines.
    """

    ranks: MutableMapping[str, int] = field(default_factory=dict)
    functions: set[str] = field(default_factory=set)
    arguments: dict[str, tuple[str, ...]] = field(default_factory=dict)
    letters: set[str] = field(default_factory=set)
    per_sample: Mapping[str, Symbol] = field(default_factory=dict)
    costs: str = ""
    written: set[str] = field(default_factory=set)
    whole: dict[str, int] = field(default_factory=dict)
    integers: set[str] = field(default_factory=set)
    counters: set[str] = field(default_factory=set)
    counted: set[str] = field(default_factory=set)
    uncounted: dict[str, NotationError] = field(default_factory=dict)
    families: dict[str, int] = field(default_factory=dict)
    steps: set[str] = field(default_factory=set)

    def rank_of(self, tensor: Tensor) -> int | None:
        """Return the rank of a tensor, or of the family that it is a member of; None for one that is not there."""
        rank = self.ranks.get(tensor)
        return self.families.get(tensor.name) if rank is None and tensor.superscript else rank

    def arguments_of(self, tensor: Tensor) -> tuple[str, ...]:
        """Return what an unknown tensor is a function of: of z[l+1;], where z[l;] is one of z[l-1;], that is z[l;]."""
        if tensor in self.arguments or not tensor.superscript:
            return self.arguments.get(tensor, ())
        for known, arguments in self.arguments.items():
            if isinstance(known, Tensor) and known.name == tensor.name:
                pairs = list(zip(known.superscript, tensor.superscript, strict=False))
                steps = {own[0]: (there[0], there[1] - own[1]) for own, there in pairs if own[0] in self.steps}
                if moved(known, steps) == tensor:
                    return tuple(moved(a, steps) if isinstance(a, Tensor) else a for a in arguments)
        return ()

    def is_whole(self, tensor: str) -> bool:
        """Say whether a tensor holds whole numbers, or belongs to a family that does."""
        if tensor in self.integers:
            return True
        if not isinstance(tensor, Tensor) or not tensor.superscript:
            return False
        return any(tensor.name == other.partition("[")[0] != other for other in self.integers)


def vocabulary_of(system: System) -> Vocabulary:
    """Return the vocabulary of a system."""
    counters: set[str] = {d.tensor for d in system.declarations if d.implied}
    names = [name for name in system.names() if name not in counters]
    axes = {name: system.axes(name) for name in names}
    return Vocabulary(
        ranks={name: len(indices) for name, indices in axes.items()},
        functions={f.name for f in system.functions},
        arguments={d.tensor: tuple(a.tensor for a in d.arguments) for d in system.declarations if d.arguments},
        letters={i.name for i in system.indices} | {i.name for d in system.declarations for i in d.indices},
        per_sample=system.per_sample,
        costs=system.cost if system.samples else "",
        written={name for name in names if isinstance(name, Derivative)},
        whole=dict(_whole_consts(system)),
        integers={d.tensor for d in system.declarations if d.values is not None},
        counters=counters,
    )


def surroundings_of(system: System) -> Surroundings:
    """Return what advice on an answer in the names of a system can speak of."""
    axes: dict[str, tuple[str, ...]] = {name: tuple(i.preferred for i in system.axes(name)) for name in system.names()}
    return Surroundings(axes, system.cost, answer=True)


def _whole_consts(system: System) -> Iterator[tuple[str, int]]:
    for declaration in system.declarations:
        match declaration.value:
            case Number(value) if value.denominator == 1 and value >= 0:
                yield declaration.tensor, int(value)
            case _:
                pass


@dataclass(frozen=True)
class _Line:
    """A statement whose names are collected."""

    source: Source
    offset: int
    vocabulary: Vocabulary

    def error(self, what: str, token: Token, *, expected: str = "", advice: str = "") -> NotationError:
        return self.source.error(what, self.offset + (token.start_pos or 0), expected=expected, advice=advice)


def collect_names(source: Source, statements: Sequence[tuple[Statement, Tree[Token]]]) -> Vocabulary:
    """Return what the statements of a text define. Raises NotationError for words that cannot be names."""
    vocabulary = Vocabulary(counters={STEP})
    unknown: list[tuple[_Line, Tree[Token]]] = []
    for statement, tree in statements:
        line = _Line(source, statement.offset, vocabulary)
        if tree.data in ("abstract", "unknown_cost"):
            unknown.append((line, tree))
        elif tree.data == "definition":
            vocabulary.functions.add(_defined(line, tree))
        elif tree.data == "batch":
            vocabulary.counters.add(str(name_token(tree)))
        elif tree.data in ("declarations", "constants", "indices"):
            for piece in subtrees(tree):
                _collect_piece(line, piece)
        elif tree.data in ("cost", "equation"):
            target = tree if tree.data == "cost" else subtrees(tree)[0]
            counts = statement.keyword == "update" and str(name_token(target)) in vocabulary.counters
            if target.data != "derivative" and not counts:
                vocabulary.ranks[_defined(line, target)] = _rank(target)
    for line, tree in unknown:
        _collect_unknown(line, tree)
    return vocabulary


def _collect_piece(line: _Line, piece: Tree[Token]) -> None:
    vocabulary = line.vocabulary
    if piece.data == "sized":
        vocabulary.letters.add(str(piece.children[0]))
        return
    vocabulary.ranks[_defined(line, piece)] = _rank(piece)
    last = piece.children[-1]
    if piece.data == "constant" and isinstance(last, Tree) and last.data == "number":
        value = number_of(str(last.children[0]))
        if value is not None and value.denominator == 1:
            vocabulary.whole[tensor_of(piece)] = int(value)
    if any(child.data == "type" for child in subtrees(piece)):
        vocabulary.integers.add(tensor_of(piece))
    if piece.data == "declared":
        vocabulary.letters.update(letters_of(piece) or ())


def _collect_unknown(line: _Line, tree: Tree[Token]) -> None:
    """Decide whether an abstract line names a tensor or a function of numbers."""
    vocabulary = line.vocabulary
    cost = tree.data == "unknown_cost"
    unknown = subtrees(tree)[0] if cost else tree
    name = _defined(line, unknown)
    arguments = [child for child in subtrees(unknown) if child.data == "argument"]
    bare = [a.children[0] for a in arguments if len(a.children) == 1]
    tensors = [token for token in bare if token in vocabulary.ranks]
    if not cost and len(bare) == len(arguments) and not tensors and not _rank(unknown):
        vocabulary.functions.add(name)
        return
    strange = next((token for token in bare if token not in vocabulary.ranks), None)
    if isinstance(strange, Token):
        raise line.error(
            f"{name} could be a function of numbers or of tensors: {strange} is no tensor",
            strange,
            expected="its arguments are either all tensors, a[k](z[j], w), or all new letters, sigma(t)",
        )
    vocabulary.ranks[name] = _rank(unknown)
    vocabulary.arguments[name] = tuple(tensor_of(a) for a in arguments)


def _rank(tree: Tree[Token]) -> int:
    letters = letters_of(tree)
    if letters is not None:
        return len(letters)
    family = family_of(tree)
    if family is not None:
        return len(subtrees(family)) - 1
    return next((len(subtrees(child)) for child in subtrees(tree) if child.data == "brackets"), 0)


def _defined(line: _Line, tree: Tree[Token]) -> Tensor:
    """Return the name that a piece defines."""
    token = name_token(tree)
    if token in RESERVED:
        raise line.error(f"'{token}' is a word of the notation", token, advice="Choose another name.")
    tensor = tensor_of(tree)
    if tensor.superscript:
        line.vocabulary.families[tensor.name] = _rank(tree)
    return tensor
