from django.urls import path

from . import on_site_views, views

urlpatterns = [
    path("properties/<int:pk>/supply/", views.supply, name="supply"),
    path("properties/<int:pk>/grants/", views.grant, name="grant"),
    path("properties/<int:pk>/on-site-rules/", on_site_views.on_site_rules, name="on_site_rules"),
    path("grants/<int:pk>/revoke/", on_site_views.revoke_grant, name="revoke_grant"),
]
