from django.contrib.auth import views as auth
from django.urls import path

from . import views

urlpatterns = [
    path("", views.home, name="home"),
    path(
        "login/",
        auth.LoginView.as_view(template_name="portal/login.html", redirect_authenticated_user=True),
        name="login",
    ),
    path("logout/", auth.LogoutView.as_view(), name="logout"),
    path("properties/", views.properties, name="properties"),
    path("units/<int:pk>/", views.unit, name="unit"),
    path("units/<int:pk>/top-up/", views.add_top_up, name="top-up"),
    path("my/", views.tenancy, name="tenancy"),
]
