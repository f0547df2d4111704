"""Spellings from elsewhere, and what is written here instead: textbooks, papers, LaTeX, NumPy, PyTorch.

Data only; `advice` finds the row for a place in a line and fills it in. A row is a pattern, the text to write, and the
sentence around it. What stands in braces is a group of the pattern, {x:p} with parentheses where it is no single
factor, {x:t} where it is no single term, {x:s} without its own. Of an argument {a}, with letters behind tensors that
are named whole, {I} are the letters, {i} is the last of them, {j} one that the line does not use, and {b} is {a} with j
for i; {c} and {d} are the next arguments. A row whose fields are not all known is passed over.
"""

from __future__ import annotations

from dataclasses import dataclass

from chainrule.expr.functions import ARITY, FUNCTIONS
from chainrule.notation.wording import ATOM, INNER, NAME

SYNONYMS = {synonym: name for name, function in FUNCTIONS.items() for synonym in function.synonyms}
"""Functions that are read under a second name, unless something else has that name."""


@dataclass(frozen=True)
class Spelling:
    """What somebody writes (a pattern, or names of a function), the text for it here, and the sentence around that."""

    written: str
    code: str
    says: str = "Write {code}"
    needs: str = ""
    """Signs, one of which any text that the pattern fits has in it: most lines are passed over quickly."""


_ENTRY = rf"{NAME}(?:\[[^\[\]]*\])?"
_BRACED = r"(?:[^{}]|\{[^{}]*\})*"
_FUNCTION = rf"(?<!\w)(?P<f>{'|'.join([*ARITY, *SYNONYMS, 'det'])})"
_PART = r"(?:[^,;()\[\]]|\[[^\[\]]*\]|\([^()]*\))*+"
_CONDITION = r"(?:[^\[\](){}]|\[[^\[\]]*\]|\([^()]*\))*?"

OPENERS: tuple[tuple[str, str], ...] = (
    (r"(?:inputs?|features?|observed|labels?)", "data"),
    (r"(?:weights?|variables?|var|parameters?|params|scalar|vector|matrix|tensor|learn(?:able)?|unknowns?)", "param"),
    (r"(?:constants?|hyperparam(?:eter)?s?)", "const"),
    (r"(?:assum(?:e|ing)|suppose|s\.t\.|subject\s+to|such\s+that)", "given"),
    (r"(?:objective|error|min(?:imi[sz]e)?(?:_\{?\w+\}?)?|arg\s*min(?:_\{?\w+\}?)?|[Cc]ost|[Ll]oss)\s*:?", "cost"),
)
"""What opens a line elsewhere, and the word for it here."""

SYNTAX: tuple[Spelling, ...] = (
    # LaTeX
    Spelling(rf"\\[dt]?frac\s*\{{(?P<x>{_BRACED})\}}\s*\{{(?P<y>{_BRACED})\}}", "{x:p}/{y:p}"),
    Spelling(rf"\\sqrt\s*\{{(?P<x>{_BRACED})\}}", "sqrt({x})"),
    Spelling(rf"\\sigma\s*\((?P<x>{INNER})\)", "sigmoid({x})"),
    Spelling(r"\\partial\s*(?P<x>\w+)\s*/\s*\\partial\s*(?P<y>\w+)", "∂{x}/∂{y}"),
    Spelling(rf"\\(?P<f>exp|log|ln|sin|cos|tan|tanh|sinh|cosh|det)\b\s*(?P<x>{ATOM})", "{f}({x:s})"),
    Spelling(rf"(?P<x>{ATOM})\s*\\(?:cdot|times|odot|ast)\b\s*(?P<y>{ATOM})", "{x}*{y}", needs="\\"),
    Spelling(r"\\(?:mathbf|mathrm|mathcal|boldsymbol|vec|hat|bm|text|operatorname)\s*\{(?P<x>\w+)\}", "{x}"),
    Spelling(
        r"\\(?!sum|prod|max|min|mean|math)(?P<x>[A-Za-z]+)",
        "{x}",
        "Commands of LaTeX are not read; a name is written {code}",
    ),
    Spelling(r"\$", "", "Formulas stand here without $."),
    # Norms, brackets, conditions
    Spelling(
        r"(?:‖|\|\|)(?P<a>[^|‖]+)(?:‖|\|\|)\s*(?:_[2F])?\s*(?:²|\^\s*2)", "sum({I}) {a:p}^2", "A square is {code}"
    ),
    Spelling(r"(?:‖|\|\|)(?P<a>[^|‖]+)(?:‖|\|\|)_1", "sum({I}) abs({a})"),
    Spelling(r"(?:‖|\|\|)(?P<a>[^|‖]+)(?:‖|\|\|)(?:_\{?[2F]\}?)?", "sqrt(sum({I}) {a:p}^2)", "A length is {code}"),
    Spelling(rf"\|(?P<a>{NAME})\|", "det({matrix})", "A determinant is {code}, the size of an entry |{a}|"),
    Spelling(rf"\|(?P<a>{NAME})\|", "sqrt(sum({I}) {a}^2)", "A length is {code}, the size of an entry |{a}|"),
    Spelling(r"\|\|(?P<x>[^|]+)\|\|", "|{x}|"),
    Spelling(rf"[<⟨]\s*(?P<a>{NAME})\s*,\s*(?P<c>{NAME})\s*[>⟩]", "sum({I}) {a}*{c}", "Write the sum out: {code}"),
    Spelling(
        rf"(?:(?<!\w)1|𝟙|𝟏|\\math\w+\{{[1I]\}}|\b(?:I|one|ind|indicator|iverson)\b)\s*_?\s*[\[({{]"
        rf"(?P<when>{_CONDITION}[<>=≤≥≠]{_CONDITION})[\])}}]",
        "[{when}]",
        "A condition in brackets is 1 where it holds, else 0: {code}",
    ),
    Spelling(r"\[\[(?P<x>(?:[^\[\]]|\[[^\[\]]*\])*)\]\]", "[{x}]", "A condition stands in brackets: {code}"),
    Spelling(
        rf"\[(?P<x>{_CONDITION})\s*(?:&&?|∧)\s*(?P<y>{_CONDITION})\]", "[{x} and {y}]", "Conditions are joined: {code}"
    ),
    Spelling(
        rf"\[(?P<x>{_CONDITION})\s*(?:\|\|?|∨)\s*(?P<y>{_CONDITION})\]", "[{x} or {y}]", "Conditions are joined: {code}"
    ),
    Spelling(rf"\[\s*[!~¬]\s*(?P<x>{_CONDITION})\]", "[not {x}]", "The opposite of a condition is written {code}"),
    Spelling(
        rf"\bcount\s*\((?P<x>[\w,\s]+)\)\s*(?P<y>\[{_CONDITION}\])",
        "sum({x}) {y}",
        "A reduction names its indices and stands before its term: {code}",
    ),
    # Choices
    Spelling(
        r"\bif\s+(?P<when>(?:(?!\bthen\b).)++)\bthen\b(?P<x>(?:(?!\belse\b).)++)\belse\b\s*"
        rf"(?P<y>{ATOM})",
        "where({when}, {x}, {y})",
        needs="f",
    ),
    Spelling(
        rf"(?P<x>{ATOM})\s+if\s+(?P<when>(?:(?!\belse\b).)++)\belse\s+(?P<y>-?{ATOM})",
        "where({when}, {x}, {y})",
        needs="f",
    ),
    Spelling(
        rf"(?<==)\s*(?P<x>{ATOM})\s+(?:where|if|for|when)\s+(?P<when>[^,]*[<>=≤≥≠][^,]*)$",
        "where({when}, {x}, 0)",
        "A choice has a condition and two values: {code}",
    ),
    Spelling(r"\botherwise\b", "", "A choice has a condition and two values: where(t > 0, a, b)"),
    Spelling(
        rf"(?P<when>{ATOM}\s*[<>=≤≥≠!]+\s*{ATOM})\s*\?(?P<x>[^:?]++):\s*(?P<y>-?{ATOM})",
        "where({when}, {x}, {y})",
        needs="?",
    ),
    Spelling(
        r"\b(?:piecewise|cases|ifelse|if_else|select|where)\s*\(\s*"
        rf"(?P<when>(?=[^,;]*[<>=≤≥≠]){_PART})[,;](?P<x>{_PART})[,;](?P<y>{_PART})\)",
        "where({when}, {x}, {y})",
    ),
    # Functions and powers
    Spelling(
        rf"(?P<x>{NAME}(?:\[[^\[\]]*\])?|\({INNER}\)|\d+)\s*\*\*\s*(?P<y>[-−]?{ATOM})",
        "{x}^{y}",
        "A power is written {code}",
        "*",
    ),
    Spelling(rf"(?<!\w)e\s*\^\s*\{{(?P<x>{_BRACED})\}}", "exp({x})"),
    Spelling(
        rf"^\s*(?P<x>{NAME}?)\s*\^\s*[\[({{]*(?P<n>\w+)[\])}}]*_\{{?(?P<y>\w)\}}?",
        "{x}{n}[{y}]",
        "Layers have names of their own: {code}",
    ),
    Spelling(
        rf"^\s*(?P<x>{NAME}?)_\{{?(?P<y>\w)\}}?\s*\^\s*[\[({{]*(?P<n>\w+)[\])}}]*",
        "{x}{n}[{y}]",
        "Layers have names of their own: {code}",
    ),
    Spelling(
        rf"^\s*(?P<x>{NAME})\s*\^\s*[\[({{]*(?P<n>\w+)[\])}}]*(?P<rest>\[[^\[\]]*\])",
        "{x}{n}{rest}",
        "Layers have names of their own: {code}",
    ),
    Spelling(
        rf"^\s*(?P<x>{NAME})\s*\^\s*[\[({{]*(?P<n>\w+)[\])}}]*(?=\s*=)",
        "{x}{n}",
        "Layers have names of their own: {code}",
    ),
    Spelling(
        rf"(?P<x>{_ENTRY}|\({INNER}\)|\d+)\s*\^\s*\{{(?![T⊤]\}})(?P<y>{_BRACED})\}}",
        "{x}^({y:s})",
        "An exponent stands in parentheses: {code}",
        "{",
    ),
    Spelling(r"\b(?P<f>max|min)\s*\{(?P<x>[^{},]*),(?P<y>[^{},]*)\}", "{f}imum({x}, {y})"),
    Spelling(rf"{_FUNCTION}\s*\{{(?P<x>{_BRACED})\}}", "{f}({x})", "An argument stands in parentheses: {code}"),
    Spelling(rf"{_FUNCTION}\s*\|(?P<x>[^|]*)\|", "{f}(abs({x}))", "An argument stands in parentheses: {code}"),
    Spelling(
        rf"{_FUNCTION}\s*(?P<n>[²³])\s*(?P<x>{ATOM})", "{f}({x:s})^{n}", "A power stands behind the argument: {code}"
    ),
    Spelling(
        rf"{_FUNCTION}\s*\^\s*(?P<n>\d)\s*(?P<x>{ATOM})", "{f}({x:s})^{n}", "A power stands behind the argument: {code}"
    ),
    Spelling(rf"{_FUNCTION}\s+(?P<x>{ATOM})", "{f}({x})", "An argument stands in parentheses: {code}"),
    Spelling(rf"√\s*(?P<x>{ATOM})", "sqrt({x})", "An argument stands in parentheses: {code}"),
    Spelling(rf"∛\s*(?P<x>{ATOM})", "{x}^(1/3)"),
    Spelling(rf"(?P<a>{NAME})\s*[⊙∘]\s*(?P<c>{NAME})", "{a}*{c}", "Products are of entries: {code}"),
    Spelling(rf"(?P<a>{NAME})\s*⊗\s*(?P<c>{NAME})", "{outer}", "An outer product has a letter for each factor: {code}"),
    Spelling(r"∇_?\{?(?P<a>\w+)\}?\s+(?P<x>\w+)", "∂{x}/∂{a}", "A derivative names its entry: {code}"),
    Spelling(r"∇\s*(?P<x>\w+)", "", "A derivative names what it is taken by: ∂{x}/∂w[i]"),
    Spelling(
        r"(?:∂|\bd)\s*/\s*(?:∂|d)\s*(?P<y>\w+)\s*\S?",
        "∂{cost}/∂{y}",
        "What is differentiated is a tensor with a name: {code}",
    ),
    # Names and positions
    Spelling(
        rf"(?P<x>{NAME}?)_\{{(?P<n>[1-9]\d*)\}}",
        "{entry}",
        "Positions stand in brackets and count from 0; counted from 1, that is {code}",
    ),
    Spelling(
        rf"(?P<x>{NAME}?)_\{{(?P<y>[^{{}}]*)\}}", "{entry}", "Positions stand in brackets and count from 0: {code}"
    ),
    Spelling(
        rf"^\s*(?:(?:data|param|const|cost|update|loss)\s+)?(?P<x>{NAME}?)_\{{(?P<y>[\w\s,]*)\}}",
        "{x}[{split}]",
        "On the left and in declarations indices stand in brackets: {code}",
    ),
    Spelling(
        rf"(?P<x>{NAME}?)_\{{(?P<y>[^{{}}]*)\}}", "{x}[{y}]", "Positions stand in brackets and count from 0: {code}"
    ),
    Spelling(
        r"(?P<x>\w*[^\W\d])(?P<n>[₀-₉]+)(?!\s*\[)",
        "{entry}",
        "Positions stand in brackets and count from 0; counted from 1, that is {code}",
    ),
    Spelling(r"(?P<x>\w*[^\W\d])(?P<n>[₀-₉]+)", "{x}{n}", "Names have plain digits: {code}"),
    Spelling(rf"(?P<x>{NAME})\[(?P<y>[^\[\]]*)\]\s*\[(?P<z>[^\[\]]*)\]", "{x}[{y},{z}]"),
    Spelling(
        rf"(?P<x>{NAME})\[[^\[\]]*?(?::|\.\.)[^\[\]]*\]",
        "{x}[{letters}]",
        "There are no slices: an index stands for all of its values, {code}",
    ),
    Spelling(r"\[[^\[\]]*:", "", "There are no slices: an index stands for all of its values."),
    Spelling(
        r"\[(?P<x>[^\[\]<>=≤≥≠,]*[-+*/][^\[\]<>=≤≥≠,]*)\]",
        "({x})",
        "Brackets that follow no name hold a condition: [x > 0], [i = j]. A group is {code}",
    ),
    Spelling(rf"(?<![\w\]])\[(?:{_ENTRY})\]", "", "Brackets that follow no name hold a condition: [x > 0], [i = j]."),
    Spelling(r"\{(?P<x>(?![^{}]*\bif\b)[^{},]*)\}", "({x})", "A group stands in parentheses: {code}"),
    Spelling(rf"(?P<x>{NAME}?)_(?P<y>\w),(?P<z>\w)(?!\w)", "{tensor}[{y},{z}]"),
    Spelling(r"(?P<x>\d+),(?P<y>\d+)", "{x}.{y}", "A decimal point is a point: {code}"),
    Spelling(r"(?P<x>\d+)_(?P<y>\d+)", "{x}{y}", "Digits stand together: {code}"),
    # Signs
    Spelling(
        rf"^\s*(?:update\s+)?(?P<x>{_ENTRY})\s*(?::=|<[-−]|←|≔)\s*(?P<rest>.*(?<!\w)(?P=x).*)$",
        "update {x} = {rest}",
        "What changes from step to step is an update: {code}",
    ),
    Spelling(r"==", "", "Equality is written with one =."),
    Spelling(r"^(?P<x>[^=<:]*?)\s*(?::=|<[-−]|←|≔)\s*(?P<rest>.*)$", "{x} = {rest}"),
    Spelling(
        rf"^\s*(?:update\s+)?(?P<x>{_ENTRY})\s*(?P<n>[-+*/])=\s*(?P<rest>.*)$",
        "update {tensor} = {x} {n} {rest}",
        "What changes from step to step is an update: {code}",
    ),
    Spelling(rf"(?P<x>{ATOM})\s*[–—‐‒]\s*(?P<y>{ATOM})", "{x} - {y}", "A minus is written -: {code}", "–—‐‒"),
    Spelling(rf"(?P<x>{ATOM})\s*[•∙∗⋆]\s*(?P<y>{ATOM})", "{x}*{y}", "A product has a *: {code}", "•∙∗⋆"),
    Spelling(rf"(?P<a>{_ENTRY})\s*\.(?P<n>[*/])\s*(?P<c>{_ENTRY})", "{a}{n}{c}", "Operations act on entries: {code}"),
    Spelling(rf"(?P<a>{_ENTRY})\s*\.\^\s*(?P<n>\d+)", "{a}^{n}", "Operations act on entries: {code}"),
    Spelling(rf"(?P<x>{ATOM})\s*÷\s*(?P<y>{ATOM})", "{x}/{y}", needs="÷"),
    Spelling(r";|,\s*\w+\s*=(?!=)", "", "One statement stands on a line."),
    Spelling(r",$", "", "A line ends without a comma."),
    Spelling(r"[\w)\]]\s*!(?!=)", "", "There are no factorials."),
    Spelling(r"(?:[=(,*/^+-]|−)\s*\+", "", "A number has no + in front of it."),
    Spelling(r"±", "", "Two signs make two equations."),
    Spelling(r"\d[eE](?![\d+-])", "", "An exponent has digits: 1e5"),
    Spelling(
        rf"(?P<x>{NAME})\s*\?$", "", "The mark of an entry that reads 0 outside stands before positions: {x}?[i-1]"
    ),
    Spelling(r"//|/\*", "", "A comment begins with #; a quotient has one /."),
    Spelling(r"%|\bmod\b", "", "A comment begins with #; there are no remainders."),
    Spelling(r"∞", "", "There is no infinity among the numbers."),
    Spelling(r"[\"“”]", "", "Names stand without quotes."),
)
"""What cannot be parsed, by a pattern that reaches over the place of the error; the first that can be filled in."""

TRANSPOSED: tuple[Spelling, ...] = (
    Spelling(
        rf"(?<!\w)(?P<a>{NAME}?)\s*(?:\.T\b|ᵀ|⊤|['′]|\^\s*\{{?[T⊤]\}}?)(?!\w)",
        "{transposed}",
        "A transposed matrix has its letters exchanged: {code}",
    ),
)
"""One matrix alone with the mark of a transposed one."""

LAST: tuple[Spelling, ...] = (
    Spelling(rf"(?P<x>{ATOM})\s*@\s*(?P<y>{ATOM})", "sum({shared}) {x}*{y}", "Write the sum out: {code}", "@"),
    Spelling(r"@", "", "Write the sum out: sum(j) W[i,j]*x[j]"),
    Spelling(
        r"\bwhere\s*\([^,<>=≤≥≠]*,.*", "", "A choice begins with a condition, without brackets: where(t > 0, a, b)"
    ),
    Spelling(r"\bwhere\s*\(.*", "", "A choice has a condition and two values: where(x > 0, a, b)"),
    Spelling(
        rf"(?P<x>{ATOM})\s*(?P<n>[<>≤≥≠]|[<>!]=)\s*(?P<y>-?{ATOM})",
        "[{x} {n} {y}]",
        "A condition stands in brackets, {code}: 1 where it is true, else 0.",
        "<>≤≥≠!",
    ),
    Spelling(
        r"\b(?:and|or|not)\b|&|\[[^\]]*[|∨∧]",
        "",
        "In brackets conditions are joined, [i < j and j < k]; two facts are two given lines.",
    ),
    Spelling(r"[!~¬]", "", "The opposite of a condition is written [not i = j], or [i != j]."),
    Spelling(r"\|", "", "Bars stand around a number, |t|."),
    Spelling(
        r"[^=]=[^=]*=", "", "An equation has one =, after what it defines; a condition stands in brackets, [i = j]."
    ),
)
"""What is said where nothing more special fits."""

WHOLE: tuple[Spelling, ...] = (
    Spelling(
        rf"(?P<a>{NAME})\s*(?:\^\s*\(?\s*[-−]\s*1\s*\)?|⁻¹)", "inv({matrix})[{I}]", "An entry of the inverse is {code}"
    ),
)
"""A tensor named whole where an entry is expected."""

ENTRIES: tuple[Spelling, ...] = (
    Spelling(rf"{_FUNCTION}\[(?P<x>[^\[\]]*)\]", "{f}({x})", "Its argument stands in parentheses: {code}"),
    Spelling(
        r"(?<!\w)(?:δ|[Dd]elta|I|Id|eye)\[(?P<x>\w+),(?P<y>\w+)\]",
        "[{x} = {y}]",
        "Kronecker's delta is a bracket: {code}",
    ),
    Spelling(r"(?<!\w)E\[(?P<a>[^\[\]]+(?:\[[^\[\]]*\])?)\]", "mean({I}) {a:t}", "An expectation is a mean: {code}"),
)
"""Entries of tensors that are not there."""

NAMES: tuple[Spelling, ...] = (
    Spelling(rf"(?<!\w)e\s*\^\s*(?P<x>[-−]?{ATOM})", "exp({x:s})", "e to a power is written {code}"),
    Spelling(r"(?<!\w)e(?!\w)", "exp(1)", "The number e is written {code}"),
    Spelling(rf"{_FUNCTION}\s*\^\s*(?P<x>[-−]?{ATOM})", "{f}({x:s})", "{f} is a function: {code}"),
    Spelling(rf"{_FUNCTION}\s*[-−]\s*(?P<x>{ATOM})", "{f}(-{x})", "{f} is a function: {code}"),
    Spelling(rf"{_FUNCTION}(?!\w)", "{f}(t)", "{f} is a function; its argument stands in parentheses: {code}"),
    Spelling(
        r"(?<!\w)(?:δ|[Dd]elta|𝛿)_\{?(?P<x>[^\W\d_]),?(?P<y>[^\W\d_])\}?(?!\w)",
        "[{x} = {y}]",
        "Kronecker's delta is a bracket: {code}",
    ),
    Spelling(r"(?<!\w)d(?P<x>\w+)\s*/\s*d(?P<y>\w+)", "∂{x}/∂{y}", "A derivative is written with ∂: {code}"),
    Spelling(
        r"(?<!\w)(?P<x>[^\W\d_]\w*?)_?(?P<n>\d+)(?!\w)",
        "{entry}",
        "Positions stand in brackets and count from 0: {code}",
    ),
    Spelling(r"(?<!\w)(?P<x>[^\W\d_]\w*)_(?P<y>[^\W\d_]+)(?!\w)", "{entry}", "Positions stand in brackets: {code}"),
    Spelling(r"(?<!\w)(?P<x>[^\W\d_])(?P<y>[^\W\d_]{1,3})(?!\w)", "{entry}", "Positions stand in brackets: {code}"),
    Spelling(
        r"(?<!\w)(?P<x>n|N|m|M|d|D|K|B|L)(?!\w)",
        "extent({letter})",
        "How many values {letter} takes is {code}; another number has a line: {line} {x}",
    ),
    Spelling(r"(?<!\w)(?:n|N|m|M|d|D|K|B|L)(?!\w)", "extent({letter})", "How many values {letter} takes is {code}"),
    Spelling(r"(?<!\w)(?:inf|infty|infinity)(?!\w)", "", "There is no infinity among the numbers."),
)
"""Names that stand for nothing, in the same way; the pattern reaches over the name."""
