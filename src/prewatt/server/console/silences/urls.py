from django.urls import path

from . import views

urlpatterns = [
    path("silences/<int:pk>/", views.silence, name="silence"),
    path("silences/<int:pk>/spread/", views.spread_silence, name="spread_silence"),
    path("spreads/<int:pk>/stop/", views.stop_spread, name="stop_spread"),
    path("properties/<int:pk>/silence-rules/", views.silence_rules, name="silence_rules"),
]
