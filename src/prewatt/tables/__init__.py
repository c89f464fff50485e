"""Tables as people have them: CSV with any separator and encoding, Excel's workbooks, headers in three languages.

`sheet.read` makes rows of cells of a file's bytes, `columns.find` looks for the line that names the columns, `cells` reads one
cell, `problems` gathers all that is wrong, so that it is said at once. `export` writes what a spreadsheet opens rightly.
"""
