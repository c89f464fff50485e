"""This package reads tables as people have them: CSV with any separator and encoding, Excel workbooks, headers in three
languages.

`sheet.read` turns a file's bytes into rows of cells. `columns.find` looks for the line that names the columns. `cells`
reads one cell. `problems` gathers everything that is wrong, so that it is reported at once. `export` writes CSV that
spreadsheets open correctly.
"""
