from django.urls import path

from . import views

urlpatterns = [
    path("my/emergency/", views.emergency, name="emergency"),
]
