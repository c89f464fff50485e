from django.urls import path

from . import reading_views, views

urlpatterns = [
    path("keypad-meters/", views.keypads, name="keypads"),
    path("keypad-meters/<int:pk>/", reading_views.keypad_meter, name="keypad_meter"),
    path("keypad-readings/<int:pk>/photo/", reading_views.photo, name="photo"),
]
