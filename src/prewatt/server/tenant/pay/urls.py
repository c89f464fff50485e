from django.urls import path

from ..addresses import of_flat
from . import views

urlpatterns = [
    *of_flat("pay/", views.pay, "pay"),
    path("me/merchants/<int:pk>/payer/", views.payer, name="payer"),
    path("payments/<slug:payment_id>/", views.payment, name="payment"),
]
