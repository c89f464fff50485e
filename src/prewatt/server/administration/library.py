"""The configuration of `unfold`, the library of the set-up pages. The library's own configuration would load all of it
in every process, and few processes have pages.

It does not stand in `apps.py`: if `apps.py` has two configurations, Django uses neither unless it is told which.
"""

from django.apps import AppConfig


class LibraryConfig(AppConfig):
    name = "unfold"
