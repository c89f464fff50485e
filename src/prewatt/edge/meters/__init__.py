"""Models of meters, a file each: what a model can be asked, where its values stand, and how its switch is moved.

A file `NAME.toml` describes the model `NAME`. Those that lie here come with prewatt; a folder of the user's own may
hold more, and a file there is used instead of one of the same name here. `model.py` has the schema; each protocol adds
its own.
"""
