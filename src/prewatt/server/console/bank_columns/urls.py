from django.urls import path

from . import views

urlpatterns = [
    path("books/bank/columns/", views.columns, name="bank-columns"),
]
