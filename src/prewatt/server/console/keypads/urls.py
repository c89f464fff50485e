from django.urls import path

from . import views

urlpatterns = [
    path("keypad-meters/", views.keypads, name="keypads"),
]
