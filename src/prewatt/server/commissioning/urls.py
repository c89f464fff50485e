from django.urls import path

from . import views

urlpatterns = [
    path("gateways/enrol", views.enrol, name="enrol"),
    path("gateways/set-up", views.set_up, name="set-up"),
]
