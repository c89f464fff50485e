from django.urls import path

from ..addresses import of_flat
from . import tap_views, views

ME, OFFICE = {"whose": "me"}, {"whose": "office"}
"""The pages of one's own notices, and those of an organisation's manager."""

urlpatterns = [
    *of_flat("notices/", views.notices, "notices", ME),
    *of_flat("notices/channels/new/", views.new_channel, "new_channel", ME),
    *of_flat("notices/channels/new/wechat/", views.wechat, "wechat", ME),
    *of_flat("notices/channels/<int:pk>/", views.change_channel, "change_channel", ME),
    path("n/<slug:token>/", tap_views.tap, name="tap"),
    path("n/<slug:token>/stop/", tap_views.stop, name="stop"),
    path("notices/", views.notices, OFFICE, name="notices"),
    path("notices/channels/new/", views.new_channel, OFFICE, name="new_channel"),
    path("notices/channels/new/wechat/", views.wechat, OFFICE, name="wechat"),
    path("notices/channels/<int:pk>/", views.change_channel, OFFICE, name="change_channel"),
]
