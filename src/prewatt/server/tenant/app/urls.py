from django.urls import path

from . import manifest_views, views

urlpatterns = [
    path("app/manifest/", manifest_views.manifest, name="manifest"),
    path("app/worker/", views.worker, name="worker"),
    path("app/offline/", views.offline, name="offline"),
    path("me/kept/", views.kept, name="kept"),
]
