"""Layout and printing of expressions: the only printers. Start with `text` or `latex`."""
