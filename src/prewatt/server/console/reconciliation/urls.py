from django.urls import path

from . import views

urlpatterns = [
    path("reconciliation/", views.reconciliation, name="reconciliation"),
    path("reconciliation/fetch/", views.fetch_file, name="fetch_file"),
]
