from django.urls import path

from . import views

urlpatterns = [
    path("books/reconciliation/", views.reconciliation, name="reconciliation"),
    path("books/reconciliation/fetch/", views.fetch_file, name="fetch-file"),
]
