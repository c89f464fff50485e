from django.urls import path

from . import views

urlpatterns = [
    path("top-ups/<int:pk>/move/", views.move, name="move"),
    path("top-ups/<int:pk>/move/tenancies/", views.tenancies, name="tenancies"),
]
