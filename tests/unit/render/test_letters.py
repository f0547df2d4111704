"""Which letters indices get, and that the choice never captures."""

from chainrule.expr.binding import Fresh, reduce_over
from chainrule.expr.nodes import Expr, ExtentValue, Index, Indexed, Position, Reduce, delta, plus, times
from chainrule.expr.sizes import Axis
from chainrule.expr.symbols import Derivative
from chainrule.render.letters import next_letter, with_letters
from chainrule.render.text import equation_text, expression_text

rows, columns, samples = Axis("W", 0), Axis("W", 1), Axis("x", 0)
j, k, i = Index("j", rows), Index("k", rows), Index("i", columns)
n = Index("n", samples)


def entry(tensor: str, *positions: Position) -> Indexed:
    return Indexed(tensor, positions)


def total(body: Expr, *indices: Index) -> Expr:
    return reduce_over("sum", indices, body)


def text(expr: Expr, **options: object) -> str:
    return expression_text(expr, unicode=False, **options)  # type: ignore[arg-type]


def test_next_letter_goes_around_and_then_counts() -> None:
    assert next_letter("k", set()) == "k"
    assert next_letter("n", {"n"}) == "p"
    assert next_letter("w", {"w"}) == "i"
    assert next_letter("k2", set("ijkmpqrstuvw") | {"k2"}) == "k3"
    assert next_letter("~1", {"i"}) == "j"


def test_bound_index_makes_room_for_a_free_one() -> None:
    body = total(times(entry("W", k, i), entry("x", i)), i)
    assert text(body) == "sum(i) W[k,i]*x[i]"
    assert text(times(entry("y", i), body)) == "y[i]*sum(j) W[k,j]*x[j]"


def test_free_index_of_the_target_alone_counts_too() -> None:
    assert equation_text(entry("z", i), total(entry("x", i), i), unicode=False) == "z[i] = sum(j) x[j]"


def test_nested_sums_of_one_letter_are_told_apart() -> None:
    inner = total(entry("x", k), k)
    assert text(total(times(entry("y", k), inner), k)) == "sum(k) y[k]*sum(m) x[m]"


def test_sums_side_by_side_share_a_letter() -> None:
    assert text(plus(total(entry("x", k), k), total(entry("y", k), k))) == "sum(k) x[k] + sum(k) y[k]"


def test_a_letter_that_names_a_tensor_is_not_used() -> None:
    assert text(total(entry("k", k), k)) == "sum(m) k[m]"
    assert text(total(entry(Derivative("C", "k"), k), k)) == "sum(m) ∂C/∂k[m]"
    assert text(total(entry("x", k), k), taken={"k", "m"}) == "sum(p) x[p]"


def test_an_index_without_an_axis_takes_a_letter_declared_with_its_extent() -> None:
    declared = {"k": columns, "q": rows, "r": rows}
    alone = total(delta(k, j), k)
    assert text(alone) == "sum(k) [k = j]"
    assert text(alone, declared=declared) == "sum(q) [q = j]"
    assert text(alone, declared={"r": rows, "k": rows}) == "sum(k) [k = j]"
    assert text(alone, declared=declared, taken={"q"}) == "sum(r) [r = j]"
    assert text(total(entry("x", k), k), declared=declared) == "sum(k) x[k]"


def test_an_extent_that_no_index_has_is_named_by_a_declared_letter() -> None:
    size = ExtentValue(samples, "q")
    assert text(size, declared={"k": rows, "n": samples}) == "extent(n)"
    assert text(size, declared={"n": samples, "q": samples}) == "extent(q)"
    other = Index("n", rows)
    assert text(times(size, total(entry("y", other), other)), declared={"n": samples}) == "extent(n)*sum(p) y[p]"


def test_two_extents_of_one_letter_are_told_apart() -> None:
    q = Index("q", columns)
    sizes = plus(ExtentValue(columns, "q"), ExtentValue(rows, "q"))
    value = times(sizes, total(entry("x", q), q))
    assert text(value, declared={"q": rows}) == "(extent(r) + extent(q))*sum(r) x[r]"


def test_fresh_free_indices_yield_to_named_ones() -> None:
    fresh = Fresh().index(like=k)
    assert text(times(entry("x", fresh), entry("y", k))) == "x[m]*y[k]"
    assert text(times(entry("x", fresh), entry("y", j))) == "x[k]*y[j]"


def test_delta_positions_are_renamed() -> None:
    assert text(times(entry("y", k), total(delta(k, j), j))) == "y[k]*sum(j) [k = j]"
    assert text(times(entry("y", j), total(delta(k, Index("q", rows, "j")), Index("q", rows)))).endswith("[k = q]")


def test_an_extent_is_named_by_an_index_that_has_it() -> None:
    size = ExtentValue(samples, "q")
    assert text(times(size, total(entry("x", n), n))) == "extent(n)*sum(n) x[n]"
    assert text(size) == "extent(q)"
    # n is a tensor here: the index is renamed, and the extent follows.
    assert text(times(ExtentValue(samples, "n"), total(entry("n", n), n))) == "extent(p)*sum(p) n[p]"


def test_a_letter_in_an_extent_means_one_extent_throughout() -> None:
    other = Index("n", rows)
    both = plus(total(entry("x", n), n), total(entry("y", other), other))
    assert text(both) == "sum(n) x[n] + sum(n) y[n]"
    assert text(times(ExtentValue(samples, "n"), both)) == "extent(n)*(sum(n) x[n] + sum(p) y[p])"
    assert text(times(ExtentValue(samples, "n"), total(entry("y", other), other))) == "extent(n)*sum(p) y[p]"


def test_unsettled_extents_keep_their_own_letter() -> None:
    p, q = Index("p"), Index("q")
    assert text(times(ExtentValue(Index("q").extent, "q"), entry("A", p, q))) == "extent(q)*A[p,q]"


def test_binders_keep_extents_and_order() -> None:
    (lettered,) = with_letters(total(entry("W", k, i), k, i))
    assert isinstance(lettered, Reduce)
    assert [index.name for index in lettered.indices] == ["k", "i"]
    assert [index.extent for index in lettered.indices] == [rows, columns]
