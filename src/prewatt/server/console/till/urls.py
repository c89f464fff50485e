from django.urls import path

from . import day_views, views

urlpatterns = [
    path("till/", views.till, name="till"),
    path("till/day/", day_views.day, name="day"),
    path("till/hand-over/", day_views.give_out, name="give_out"),
    path("tenancies/<int:pk>/take-cash/", views.take, name="take"),
    path("receipts/<int:pk>/send/", views.send_receipt, name="send_receipt"),
]
