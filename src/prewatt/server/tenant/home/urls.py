from django.urls import path

from . import use_views, views

urlpatterns = [
    path("me/", views.tenancy, name="tenancy"),
    path("me/use/", use_views.use, name="use"),
]
