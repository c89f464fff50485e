from django.urls import path

from . import views

urlpatterns = [
    path("properties/<int:pk>/statements/", views.statements, name="statements"),
    path("properties/<int:pk>/statements/draw/", views.draw, name="draw"),
    path("properties/<int:pk>/statements/send/", views.send, name="send"),
]
