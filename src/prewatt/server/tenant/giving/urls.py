from django.urls import path

from . import views

urlpatterns = [
    path("give/payments/<slug:payment_id>/", views.payment, name="payment"),
    path("give/merchants/<int:pk>/payer/", views.payer, name="payer"),
    path("give/<slug:token>/", views.give, name="give"),
    path("give/<slug:token>/pay/", views.pay, name="pay"),
]
