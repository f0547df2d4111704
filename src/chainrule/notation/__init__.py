"""The notation: its grammar and parser. Text goes in, a System or an expression comes out."""

from chainrule.notation.parser import parse, parse_equation, parse_expression, parse_scalar

__all__ = ["parse", "parse_equation", "parse_expression", "parse_scalar"]
