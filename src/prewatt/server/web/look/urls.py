from django.urls import path

from . import views

app_name = "look"
urlpatterns = [path("", views.look, name="look")]
