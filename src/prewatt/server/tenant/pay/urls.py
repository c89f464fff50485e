from django.urls import path

from . import views

urlpatterns = [
    path("my/pay/", views.pay, name="pay"),
    path("my/pay/<int:pk>/", views.payer, name="payer"),
    path("payments/<slug:payment_id>/", views.payment, name="payment"),
]
