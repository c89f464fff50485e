from django.urls import path

from . import views

urlpatterns = [
    path("units/<int:pk>/move-in/", views.add_tenancy, name="move-in"),
    path("tenancies/<int:pk>/move-out/", views.end_tenancy, name="move-out"),
    path("tenancies/<int:pk>/settle/", views.settle_tenancy, name="settle"),
]
