from django.urls import path

from . import views

urlpatterns = [
    path("properties/", views.properties, name="properties"),
    path("properties/<int:pk>/plan/", views.plan, name="plan"),
]
