from django.urls import path

from . import views

urlpatterns = [
    path("silences/<int:pk>/", views.silence, name="silence"),
    path("silences/<int:pk>/spread/", views.spread_silence, name="silence-spread"),
    path("spreads/<int:pk>/stop/", views.stop_spread, name="spread-stop"),
    path("properties/<int:pk>/supply/silence/", views.silence_rules, name="silence-rules"),
]
