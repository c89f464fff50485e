from django.urls import path

from . import views

urlpatterns = [path("gateways/enrol", views.enrol, name="enrol")]
