from django.urls import path

from . import views

urlpatterns = [
    path("me/residents/", views.residents, name="residents"),
    path("me/residents/invite/", views.invite, name="invite"),
    path("me/residents/revoke-invitations/", views.revoke_invitations, name="revoke_invitations"),
]
