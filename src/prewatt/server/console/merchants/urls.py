from django.urls import path

from . import views

urlpatterns = [
    path("merchants/new/<slug:provider>/", views.new_merchant, name="new_merchant"),
    path("merchants/<int:pk>/", views.merchant, name="merchant"),
]
