from django.urls import path

from . import views

urlpatterns = [
    path("notices/<slug:whose>/", views.notices, name="notices"),
    path("notices/<slug:whose>/add/", views.new_channel, name="notices-add"),
    path("notices/<slug:whose>/wechat/", views.wechat, name="notices-wechat"),
    path("notices/<slug:whose>/<int:pk>/", views.change_channel, name="notices-channel"),
    path("push-worker.js", views.push_worker, name="push-worker"),
]
