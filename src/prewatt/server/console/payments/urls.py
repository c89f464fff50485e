from django.urls import path

from . import views

urlpatterns = [
    path("books/payments/", views.payments, name="payments"),
    path("books/payments/<slug:payment_id>/decide/", views.decide, name="payment-decide"),
    path("books/unexpected/<int:pk>/settled/", views.settle_unexpected, name="unexpected-settled"),
    path("books/refunds/<int:pk>/provider/", views.refund_by_provider, name="refund-by-provider"),
]
