from django.urls import path

from . import views

urlpatterns = [
    path("properties/<int:pk>/alarms/", views.alarms, name="alarms"),
    path("alarms/<int:pk>/", views.alarm, name="alarm"),
]
