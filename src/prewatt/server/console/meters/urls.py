from django.urls import path

from . import exchange_views, wrong_readings_views

urlpatterns = [
    path("meters/<int:pk>/exchange/", exchange_views.exchange_meter, name="exchange_meter"),
    path("meters/<int:pk>/wrong-readings/", wrong_readings_views.wrong, name="wrong"),
]
