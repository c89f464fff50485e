"""This package makes copies and puts them back: `prewatt backup`, `prewatt restore`, `prewatt edge backup` and `prewatt
edge restore`. `docs/operator/operate.md` is for the people who run them.
"""
