from django.urls import path

from . import views

urlpatterns = [
    path("units/<int:pk>/order/", views.order, name="order"),
    path("units/<int:pk>/supply/", views.supply, name="supply"),
    path("units/<int:pk>/renew-pin/", views.pin, name="pin"),
]
