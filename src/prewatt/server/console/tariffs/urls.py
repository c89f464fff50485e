from django.urls import path

from . import views

urlpatterns = [
    path("properties/<int:pk>/tariffs/", views.tariffs, name="tariffs"),
    path("properties/<int:pk>/tariffs/new/", views.edit, name="tariff-new"),
    path("properties/<int:pk>/tariffs/schedule/", views.schedule_tariff, name="tariff-schedule"),
    path("properties/<int:pk>/tariffs/cap/", views.set_resale, name="tariff-cap"),
    path("properties/<int:pk>/tariffs/prices/", views.load_prices, name="tariff-prices"),
    path("properties/<int:pk>/tariffs/correct/", views.correct_tariff, name="tariff-correct"),
    path("properties/<int:pk>/tariffs/compare/", views.what_if, name="tariff-compare"),
]
