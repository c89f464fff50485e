from django.urls import path

from . import views

urlpatterns = [
    path("", views.code, name="code"),
    path("door/", views.door, name="door"),
    path("<slug:code>/", views.link, name="link"),
]
