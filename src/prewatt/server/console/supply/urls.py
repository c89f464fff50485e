from django.urls import path

from . import views

urlpatterns = [
    path("properties/<int:pk>/supply/", views.supply, name="supply"),
    path("properties/<int:pk>/grants/", views.grant, name="grant"),
]
