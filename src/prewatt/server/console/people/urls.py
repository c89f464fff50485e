from django.urls import path

from . import views

urlpatterns = [
    path("people/", views.people, name="people"),
    path("people/<int:pk>/change/", views.change, name="change"),
    path("people/<int:pk>/remove/", views.remove, name="remove"),
    path("people/invite/", views.invite, name="invite"),
    path("people/revoke-invitations/", views.revoke_invitations, name="revoke_invitations"),
]
