from django.urls import path

from . import views

urlpatterns = [
    path("me/take-emergency-credit/", views.emergency, name="emergency"),
]
