from django.urls import path

from . import cash_views, day_views, receipt_views, views

urlpatterns = [
    path("till/", views.till, name="till"),
    path("till/day/", day_views.day, name="day"),
    path("till/hand-over/", day_views.give_out, name="give_out"),
    path("tenancies/<int:pk>/take-cash/", cash_views.take, name="take"),
    path("receipts/<int:pk>/send/", receipt_views.send_receipt, name="send_receipt"),
]
