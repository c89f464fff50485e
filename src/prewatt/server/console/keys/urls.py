from django.urls import path

from . import views

urlpatterns = [
    path("me/keys/", views.keys, name="keys"),
    path("me/keys/<int:pk>/revoke/", views.revoke_key, name="revoke_key"),
    path("me/keys/revoke/", views.revoke_all, name="revoke_all"),
]
