from django.urls import path

from . import views

urlpatterns = [
    path("books/merchants/new/<slug:provider>/", views.new_merchant, name="new-merchant"),
    path("books/merchants/<int:pk>/", views.merchant, name="merchant"),
]
