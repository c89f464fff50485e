from django.urls import path

from . import views

urlpatterns = [
    path("properties/<int:pk>/readings/", views.readings, name="readings"),
    path("units/<int:pk>/read-now/", views.read_now, name="read_now"),
]
