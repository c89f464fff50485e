from django.urls import path

from . import views

urlpatterns = [
    path("me/", views.tenancy, name="tenancy"),
]
