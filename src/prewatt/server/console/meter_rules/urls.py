from django.urls import path

from . import views

urlpatterns = [
    path("units/<int:pk>/rules/", views.meter_rules, name="meter-rules"),
]
