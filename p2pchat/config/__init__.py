"""What a person may set: one declaration for each setting, and the one place where its value is decided.

Knows: names, kinds, defaults, precedence. Does not know: where the home keeps a value, or what it leads to.
"""
