from django.urls import path

from . import fetch_views, views

urlpatterns = [
    path("reconciliation/", views.reconciliation, name="reconciliation"),
    path("reconciliation/fetch/", fetch_views.fetch_file, name="fetch_file"),
]
