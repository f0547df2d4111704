"""The notation: its grammar and parser. Text goes in, a System or an expression comes out."""

from chainrule.notation.parser import parse, parse_equation, parse_expression, parse_scalar, parse_system
from chainrule.notation.symbol_names import named_symbol

__all__ = ["named_symbol", "parse", "parse_equation", "parse_expression", "parse_scalar", "parse_system"]
