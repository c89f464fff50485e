from django.urls import path

from . import views

urlpatterns = [
    path("organisations/<int:pk>/sending-accounts/<slug:kind>/", views.account, name="account"),
    path("organisations/<int:pk>/sending-accounts/<slug:kind>/templates/", views.templates, name="templates"),
]
