from django.urls import path

from . import edit_views, views

urlpatterns = [
    path("properties/<int:pk>/tariffs/", views.tariffs, name="tariffs"),
    path("properties/<int:pk>/tariffs/new/", edit_views.edit, name="edit"),
    path("properties/<int:pk>/tariffs/schedule/", views.schedule_tariff, name="schedule_tariff"),
    path("properties/<int:pk>/price-cap/", views.set_resale, name="set_resale"),
    path("properties/<int:pk>/tariffs/prices/", views.load_prices, name="load_prices"),
    path("properties/<int:pk>/tariffs/correct/", views.correct_tariff, name="correct_tariff"),
    path("properties/<int:pk>/tariffs/compare/", views.what_if, name="what_if"),
]
