from django.contrib.auth import views as auth
from django.urls import path

from . import views

login = auth.LoginView.as_view(template_name="web/layout/login.html", redirect_authenticated_user=True)

app_name = "web"
urlpatterns = [
    path("", views.home, name="home"),
    path("login/", login, name="login"),
    path("logout/", auth.LogoutView.as_view(), name="logout"),
]
