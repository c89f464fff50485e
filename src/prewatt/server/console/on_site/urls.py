from django.urls import path

from . import views

urlpatterns = [
    path("on-site/", views.on_site, name="on_site"),
    path("on-site/files/", views.files, name="files"),
    path("on-site/worker/", views.worker, name="worker"),
]
