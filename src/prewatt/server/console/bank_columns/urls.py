from django.urls import path

from . import views

urlpatterns = [
    path("bank-lines/columns/", views.columns, name="columns"),
]
