"""The readers of bank statements: one module for each format, all with the result of `shape.Statement`."""
