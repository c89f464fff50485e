from django.urls import include, path

from . import views

app_name = "web"
urlpatterns = [
    path("", views.home, name="home"),
    path("language/", views.language, name="language"),
    path("look/", include("prewatt.server.web.look.urls")),
    path("tasks/", include("prewatt.server.web.tasks.urls")),
]
