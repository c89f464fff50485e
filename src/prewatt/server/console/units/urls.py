from django.urls import path

from . import views

urlpatterns = [
    path("units/<int:pk>/", views.unit, name="unit"),
    path("units/<int:pk>/top-up/", views.add_top_up, name="add_top_up"),
]
