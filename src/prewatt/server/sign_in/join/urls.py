from django.urls import path

from . import views

app_name = "join"
urlpatterns = [
    path("", views.code, name="code"),
    path("door/", views.door, name="door"),
    path("<str:code>/", views.link, name="link"),
]
