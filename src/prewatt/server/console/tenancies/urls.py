from django.urls import path

from . import views

urlpatterns = [
    path("units/<int:pk>/move-in/", views.add_tenancy, name="add_tenancy"),
    path("tenancies/<int:pk>/move-out/", views.end_tenancy, name="end_tenancy"),
    path("tenancies/<int:pk>/settle/", views.settle_tenancy, name="settle_tenancy"),
]
