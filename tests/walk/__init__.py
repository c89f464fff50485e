"""A walk through every story of every role, as people do it: a real server, a real browser, on a phone and on a desk, in each language.

`make walk` keeps a picture of each step in dist/walk, and says what is wrong with which: `python -m tests.walk --help`.
"""
