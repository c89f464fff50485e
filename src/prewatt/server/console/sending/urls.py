from django.urls import path

from . import views

urlpatterns = [
    path("notices/accounts/<int:pk>/<slug:kind>/", views.account, name="sending-account"),
    path("notices/accounts/<int:pk>/<slug:kind>/templates/", views.templates, name="sending-templates"),
]
