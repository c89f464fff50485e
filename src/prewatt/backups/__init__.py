"""`prewatt backup`, `prewatt restore`, `prewatt edge backup` and `prewatt edge restore`: what a copy holds, and how it is put
back. `docs/operator/operate.md` is for whoever runs them.
"""
