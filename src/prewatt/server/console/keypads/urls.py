from django.urls import path

from . import reading_views, views

urlpatterns = [
    path("keypad-meters/", views.keypads, name="keypads"),
    path("keypad-meters/<int:pk>/", reading_views.keypad_meter, name="keypad_meter"),
    path("keypad-meters/readings/<int:pk>.jpg", reading_views.photo, name="reading_photo"),
]
