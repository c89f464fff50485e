from django.urls import path

from . import views

urlpatterns = [path("changes/", views.changes, name="changes")]
