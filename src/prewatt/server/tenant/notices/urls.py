from django.urls import URLPattern, path

from . import views


def _pages(whose: str, prefix: str) -> list[URLPattern]:
    """The pages of one's own notices (`me`), or those of an organisation's manager (`office`)."""
    return [
        path(f"{prefix}notices/", views.notices, {"whose": whose}, name="notices"),
        path(f"{prefix}notices/channels/new/", views.new_channel, {"whose": whose}, name="new_channel"),
        path(f"{prefix}notices/channels/new/wechat/", views.wechat, {"whose": whose}, name="wechat"),
        path(f"{prefix}notices/channels/<int:pk>/", views.change_channel, {"whose": whose}, name="change_channel"),
    ]


urlpatterns = [
    *_pages("me", "me/"),
    *_pages("office", ""),
    path("push-worker.js", views.push_worker, name="push_worker"),
]
