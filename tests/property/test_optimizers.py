"""The lines of any optimizer, on any network: read back as they are printed, named apart, and one update for each."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from chainrule import nn
from chainrule.network import Network
from chainrule.nn.optimizers import Optimizer
from chainrule.nn.schedules import Schedule, Timing
from chainrule.nn.updates import updates_text
from chainrule.notation import parse
from chainrule.system.stages import before_backprop, for_updates
from support import examples

fractions = st.just(0.0) | st.floats(1e-6, 0.999)
rates = st.floats(1e-6, 10)
steps = st.integers(1, 50)
after_warm_up = st.one_of(
    rates,
    st.builds(nn.StepDecay, rates, rates, steps=steps),
    st.builds(nn.Cosine, rates, minimum=fractions, epochs=st.none() | rates),
)
schedules: st.SearchStrategy[float | Schedule] = st.one_of(
    after_warm_up,
    st.builds(nn.WarmUp, after_warm_up, steps=steps, start=fractions),
    st.builds(nn.OneCycle, rates, warm_up=fractions, steps=steps | st.none()),
)


@st.composite
def optimizers(draw: st.DrawFn) -> Optimizer:
    rate, decay = draw(schedules), draw(fractions)
    clip = draw(st.sampled_from([{}, {"clip_norm": 1.0}, {"clip_value": 0.5}]))
    kind = draw(st.sampled_from([nn.SGD, nn.RMSProp, nn.Adam, nn.AdamW]))
    if kind is nn.SGD:
        momentum = draw(fractions)
        return nn.SGD(rate, decay, momentum, bool(momentum) and draw(st.booleans()), **clip)
    return kind(rate, decay, **clip)


layers = st.sampled_from([nn.Sigmoid(), nn.LeakyReLU(), nn.Softmax(), nn.Activation("a[k] = beta*z[k]", beta=1.0)])


@given(optimizers(), st.lists(layers, min_size=1, max_size=3))
@examples(60)
def test_lines_of_optimizers(optimizer: Optimizer, chosen: list[nn.Layer]) -> None:
    stack = [layer for activation in chosen for layer in (nn.Linear(3, 3), activation)]
    network = Network(stack, cost=nn.QuadraticCost())
    whole = network.with_updates(updates_text(optimizer, network.system, Timing(10, 100)))
    assert parse(str(whole)) == whole
    assert sorted(update.name for update in whole.updates) == sorted(whole.kept)
    added = [e.name for e in whole.equations if e.name not in network.system.defined]
    assert [e.name for e in for_updates(whole)] == added
    assert [e for e in before_backprop(whole).equations if e.name not in added] == list(network.system.equations)
