from django.urls import path

from . import views

urlpatterns = [
    path("my/", views.tenancy, name="tenancy"),
]
