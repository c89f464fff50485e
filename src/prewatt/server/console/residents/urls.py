from django.urls import path

from . import views

urlpatterns = [
    path("properties/<int:pk>/residents/", views.residents, name="residents"),
    path("properties/<int:pk>/residents/invite/", views.invite_all, name="invite_all"),
    path("tenancies/<int:pk>/invite/", views.invite, name="invite"),
    path("tenancies/<int:pk>/revoke-invitations/", views.revoke_invitations, name="revoke_invitations"),
    path("tenancies/<int:pk>/residents/<int:resident_pk>/invite/", views.again, name="again"),
    path("tenancies/<int:pk>/residents/<int:resident_pk>/remove/", views.remove, name="remove"),
]
