"""The second manual: each test's name is a sentence, its docstring the requirement."""
