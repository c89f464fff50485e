"""The library of the set-up pages as a part of each process: its own configuration loads all of it, and few processes have pages.

Not in `apps.py`: of two configurations there Django takes neither by itself.
"""

from django.apps import AppConfig


class LibraryConfig(AppConfig):
    name = "unfold"
