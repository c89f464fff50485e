from django.urls import path

from . import views

urlpatterns = [
    path("me/pay/", views.pay, name="pay"),
    path("me/merchants/<int:pk>/payer/", views.payer, name="payer"),
    path("payments/<slug:payment_id>/", views.payment, name="payment"),
]
