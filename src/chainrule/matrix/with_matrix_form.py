"""What has derivatives that can be written in matrix form."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from chainrule.keywords import answers

if TYPE_CHECKING:
    from chainrule.matrix.matrix_lines import MatrixForms
    from chainrule.render.printed_names import Names, Naming
    from chainrule.system.model import Equation, System


class _WithDerivatives(Protocol):
    @property
    def system(self) -> System: ...

    @property
    def derived(self) -> Sequence[Equation]: ...


class WithMatrixForm:
    """A result with a system, in which some equations are of derivatives."""

    __slots__ = ()

    @answers
    def matrix(
        self: _WithDerivatives,
        *,
        batched: bool | str = False,
        layout: str = "mixed",
        names: Names | Naming = "textbook",
    ) -> MatrixForms:
        """Return the equations of derivatives in matrix form; see `matrix_forms`."""
        from chainrule.matrix.of_systems import matrix_forms

        return matrix_forms(self.system, self.derived, batched=batched, layout=layout, names=names)
