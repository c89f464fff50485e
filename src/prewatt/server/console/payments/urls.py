from django.urls import path

from . import views

urlpatterns = [
    path("payments/", views.payments, name="payments"),
    path("payments/tenancies/", views.tenancies, name="tenancies"),
    path("payments/<slug:payment_id>/decide/", views.decide, name="decide"),
    path("unexpected-payments/<int:pk>/settle/", views.settle_unexpected, name="settle_unexpected"),
    path("refunds/<int:pk>/send-back/", views.refund_by_provider, name="refund_by_provider"),
]
