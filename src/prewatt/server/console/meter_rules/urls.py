from django.urls import path

from . import views

urlpatterns = [
    path("units/<int:pk>/meter-rules/", views.meter_rules, name="meter_rules"),
]
