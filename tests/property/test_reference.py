"""The reference executor against explicit loops, on random expressions; batches against single samples."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from chainrule.execute.reference.evaluation import evaluate
from chainrule.execute.reference.expressions import evaluate_expression
from chainrule.expr.binding import free_in_order
from chainrule.expr.nodes import ONE, Expr, Index, Indexed, walk
from chainrule.expr.symbols import Derivative
from chainrule.system.model import Declaration, Equation, System
from property.loops import Loops
from property.random_expressions import FREE, SHAPES, SIZES, expressions, values
from support import assert_close, examples


@examples(200)
@given(expr=expressions(), seed=st.integers(0, 1000))
def test_every_expression_has_the_value_that_loops_give(expr: Expr, seed: int) -> None:
    tensors = values(seed)
    expected = Loops(tensors, SIZES).array(expr, FREE)
    actual = evaluate_expression(expr, tensors, SIZES, FREE)
    defined = np.isfinite(expected) & (np.abs(expected) < 1e12)
    scale = max(1.0, np.abs(expected[defined]).max(initial=0.0))
    assert_close(actual[defined] / scale, expected[defined] / scale, rtol=1e-7, atol=1e-9)


AXES = {name: tuple(Index(f"{name}{n}", e) for n, e in enumerate(extents)) for name, extents in SHAPES.items()}
ROLES = {name: "data" if name in {"u", "M", "s"} else "param" for name in SHAPES}
"""Of some tensors there is one for each sample, others are the same for all."""


@examples(100)
@given(exprs=st.lists(expressions(depth=3), min_size=1, max_size=2), seed=st.integers(0, 1000))
def test_a_batch_is_its_samples_one_by_one(exprs: list[Expr], seed: int) -> None:
    declarations = (*(Declaration(ROLES[name], name, AXES[name]) for name in SHAPES), Declaration("param", "w", FREE))
    equations = [Equation(Indexed(f"e{n}", free_in_order(expr)), expr) for n, expr in enumerate(exprs)]
    total = Indexed(Derivative("C", "w"), FREE)
    equations += [Equation(Indexed("C"), ONE), Equation(total, exprs[0])]
    system = System(declarations, batch="n", cost="C", equations=tuple(equations))
    samples = [values(seed + sample) for sample in range(3)]
    fixed = {name: samples[0][name] for name in SHAPES if ROLES[name] == "param"}
    fixed["w"] = np.zeros([SIZES[i.extent] for i in FREE])
    data = {name: np.stack([sample[name] for sample in samples]) for name in SHAPES if ROLES[name] == "data"}
    batched = evaluate(system, {**data, **fixed})
    single = [evaluate(system, {**{name: sample[name] for name in data}, **fixed}) for sample in samples]
    reads_data = any(isinstance(part, Indexed) and part.tensor in data for part in walk(exprs[0]))
    for name, array in batched.items():
        each = np.stack([one[name] for one in single])
        if name == "∂C/∂w":
            with np.errstate(invalid="ignore"):
                each = each.mean(0)
        elif array.ndim == each.ndim - 1:
            assert not (name == "e0" and reads_data)
            each = each[0]
        defined = np.isfinite(each) & (np.abs(each) < 1e12)
        scale = max(1.0, np.abs(each[defined]).max(initial=0.0))
        assert_close(array[defined] / scale, each[defined] / scale, rtol=1e-7, atol=1e-9)
