from django.urls import path

from . import views

urlpatterns = [
    path("personal-data/", views.retention, name="retention"),
    path("tenancies/<int:pk>/personal-data/erase/", views.erase_tenant, name="erase_tenant"),
]
