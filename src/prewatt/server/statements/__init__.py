"""Statements and bills of tenancies, as pages, files and paper."""
