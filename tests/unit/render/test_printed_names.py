"""What tensors are called in print: presets, mappings, and where a name is taken."""

from __future__ import annotations

from dataclasses import replace

import pytest

import chainrule as cr
from chainrule.errors import OptionError
from chainrule.expr.nodes import Index, Indexed, Partial, times
from chainrule.expr.symbols import Derivative, Tensor
from chainrule.render.document import Group, Heading, Line, Note, Table
from chainrule.render.document_latex import document_latex
from chainrule.render.document_text import document_text
from chainrule.render.formula import ShownFormula, formula
from chainrule.render.layout import Applied, Entry, Layout
from chainrule.render.printed_names import Names, naming_of, with_names
from chainrule.rewrite.derivation_text import derivation_document
from chainrule.system.system_document import equations_document

NETWORK = """
data x[i], y[k]
param W1[j,i], W2[k,j]
z1[j] = sum(i) W1[j,i]*x[i]
a1[j] = sigmoid(z1[j])
z2[k] = sum(j) W2[k,j]*a1[j]
cost C = 1/2*(sum(k) (z2[k] - y[k])^2)
"""


def written(names: Names, text: str = NETWORK) -> tuple[list[str], list[str]]:
    """Return the backward pass under these names, as text and as LaTeX."""
    back = cr.backprop(cr.parse(text))
    derived = [e for e in back.system.equations if isinstance(e.name, Derivative)]
    shown = with_names(equations_document(back.system, derived), naming_of(names, tuple(back.forward.names())))
    assert isinstance(shown, Group)
    formulas = [node for node in shown.nodes if isinstance(node, ShownFormula)]
    return [*map(str, formulas)], [one.latex() for one in formulas]


def test_plain_names_are_those_of_the_text() -> None:
    lines, _ = written("plain")
    assert lines == [
        "∂C/∂z2[k] = z2[k] − y[k]",
        "∂C/∂W2[k,j] = a1[j]·∂C/∂z2[k]",
        "∂C/∂z1[j] = a1[j]·(1 − a1[j])·Σ_k W2[k,j]·∂C/∂z2[k]",
        "∂C/∂W1[j,i] = x[i]·∂C/∂z1[j]",
    ]


def test_a_textbook_calls_the_errors_delta() -> None:
    lines, latex = written("textbook")
    assert lines == [
        "δ2[k] = ∂C/∂z2[k] = z2[k] − y[k]",
        "∂C/∂W2[k,j] = a1[j]·δ2[k]",
        "δ1[j] = ∂C/∂z1[j] = a1[j]·(1 − a1[j])·Σ_k W2[k,j]·δ2[k]",
        "∂C/∂W1[j,i] = x[i]·δ1[j]",
    ]
    assert latex[1] == r"\frac{\partial C}{\partial W^{2}_{kj}} = a^{1}_{j} \, \delta^{2}_{k}"


def test_ng_has_a_d_for_every_derivative_and_layers_in_brackets() -> None:
    lines, latex = written("ng")
    assert lines[1] == "dW2[k,j] = ∂C/∂W2[k,j] = a1[j]·dz2[k]"
    assert latex[1] == r"dW^{[2]}_{kj} = \frac{\partial C}{\partial W^{[2]}_{kj}} = a^{[1]}_{j} \, dz^{[2]}_{k}"


def test_a_mapping_and_a_function_name_what_they_name() -> None:
    lines, _ = written({"∂C/∂z2": "e2", "W2": "V"})
    assert lines[:2] == ["e2[k] = ∂C/∂z2[k] = z2[k] − y[k]", "∂C/∂V[k,j] = a1[j]·e2[k]"]
    assert written({"∂C/∂z2": "e2", "W2": "V"}.get)[0] == lines


def test_a_name_that_a_tensor_has_already_is_given_to_nothing_else() -> None:
    taken = NETWORK.replace("z1", "δ2")
    lines, _ = written("textbook", taken)
    assert lines[0] == "∂C/∂z2[k] = z2[k] − y[k]"


def test_a_member_of_a_family_keeps_its_superscript() -> None:
    later = Indexed(Derivative("C", Tensor("z", (("l", 1),))), (Index("k"),))
    shown = with_names(formula(later, ranks={"C": 0}), naming_of("textbook"))
    assert isinstance(shown, ShownFormula)
    assert (str(shown), shown.latex()) == ("δ[l+1; k]", r"\delta^{l+1}_{k}")


def test_local_derivatives_keep_their_form() -> None:
    k, j = Index("k"), Index("j")
    local = Partial(Indexed("a1", (k,)), (Indexed("z1", (j,)),))
    product = times(Indexed(Derivative("C", "a1"), (k,)), local)
    shown = with_names(formula(product, ranks={"C": 0, "a1": 1, "z1": 1}), naming_of("ng"))
    assert str(shown) == "da1[k]·∂a1[k]/∂z1[j]"


def test_names_reach_every_part_of_a_document() -> None:
    delta = formula(Indexed(Derivative("C", "z"), (Index("k"),)), ranks={"C": 0, "z": 1})
    table = Table((delta,), ((("of ", delta),),), (delta,))
    document = Group((Heading((delta,)), Line(("so ", delta)), Note((delta,)), table, delta))
    assert document_text(with_names(document, naming_of("textbook"))).count("δ[k]") == 7


def test_unknown_presets_are_refused() -> None:
    with pytest.raises(OptionError, match="there are no names 'bishop'") as raised:
        naming_of("bishop")
    assert raised.value.expected == "one of plain, textbook, ng"


def test_names_do_not_depend_on_how_deep_a_formula_is() -> None:
    deep: Layout = Entry(Tensor("z"), (Index("k"),))
    for _ in range(3000):
        deep = Applied("exp", (deep,))
    assert str(ShownFormula((deep,), naming=naming_of({"z": "u"}))).endswith("exp(u[k]" + ")" * 3000)


BETWEEN = """
param z[j]
s = sum(j) z[j]^2
cost C = s^2*(sum(j) z[j])
"""


@pytest.mark.parametrize(("names", "called"), [("textbook", "δ[j]"), ("ng", "dz[j]")])
def test_a_book_names_derivatives_of_the_cost_and_no_local_ones(names: str, called: str) -> None:
    back = cr.backprop(cr.parse(BETWEEN))
    shown = document_text(with_names(derivation_document(back.derivation("z")), naming_of(names, cost="C")))
    assert "∂s/∂z[j] = 2·z[j]" not in shown.split("\n")[0]
    assert shown.split("\n")[0] == called
    assert "·∂s/∂z[j] + s^2" in shown
    assert shown.count(called) == shown.count(f"{called} = ∂C/∂z[j]") + 1


def test_a_book_leaves_the_column_of_a_jacobian_its_name() -> None:
    back = cr.backprop(cr.parse("param z[j]\nabstract a[k](z[j])\ncost E(a[k])"))
    page = derivation_document(replace(back.derivation("z"), cases=()))
    shown = document_text(with_names(page, naming_of("textbook", cost="E")))
    assert shown.splitlines()[-1] == "  as a product of vectors: δ[j] = ∂E/∂z[j] = ∇E · ∂a/∂z[j]"
    latex = document_latex(with_names(page, naming_of("ng", cost="E")))
    assert r"dz_{j} = \frac{\partial E}{\partial z_{j}} = \nabla E \cdot \frac{\partial a}{\partial z_{j}}" in latex


def test_a_mapping_names_the_members_of_a_family() -> None:
    text = "param w[l; j,k], z[0; k]\nfor l = 1..L:\n    z[l; j] = sum(k) w[l; j,k]*z[l-1; k]\ncost C(z[L; j])"
    back = cr.backprop(cr.parse(text))
    naming = naming_of({"∂C/∂z": "δ", "w": "V"})
    assert [line.partition("   for")[0] for line in back.lines(naming)] == [
        "δ[l; j] = ∂C/∂z[l; j] = Σ_k V[l+1; k,j]·δ[l+1; k]",
        "∂C/∂V[l; j,k] = z[l-1; k]·δ[l; j]",
    ]


def test_a_mapping_names_one_member_as_it_is_written() -> None:
    back = cr.backprop(cr.parse("param z[L; j]\na[L; j] = exp(z[L; j])\ncost C = sum(j) a[L; j]^2"))
    found = with_names(formula(back.derivation("z[L;]").target), naming_of({"∂C/∂z[L]": "e"}))
    assert str(found) == "e[j]"
