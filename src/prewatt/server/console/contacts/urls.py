from django.urls import path

from . import views

urlpatterns = [
    path("tenancies/<int:pk>/contact/", views.contact, name="contact"),
    path("properties/<int:pk>/unreached-tenants/", views.not_reached, name="not_reached"),
    path("properties/<int:pk>/contacts/", views.contact_list, name="contact_list"),
]
