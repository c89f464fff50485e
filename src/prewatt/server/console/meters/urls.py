from django.urls import path

from . import views

urlpatterns = [
    path("meters/<int:pk>/exchange/", views.exchange_meter, name="exchange_meter"),
    path("meters/<int:pk>/wrong-readings/", views.wrong, name="wrong"),
]
