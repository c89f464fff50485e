from django.urls import path

from . import views

urlpatterns = [
    path("refunds/<int:pk>/pay-out/", views.refund_paid, name="refund_paid"),
    path("refunds/<int:pk>/send-to/", views.refund_to, name="refund_to"),
    path("debts/<int:pk>/pay/", views.debt_paid, name="debt_paid"),
    path("debt-payments/<int:pk>/undo/", views.undo_paid, name="undo_paid"),
    path("debts/<int:pk>/set-off/<int:refund_pk>/", views.debt_set_off, name="debt_set_off"),
    path("debts/<int:pk>/write-off/", views.debt_write_off, name="debt_write_off"),
    path("write-offs/<int:pk>/decide/", views.write_off_decided, name="write_off_decided"),
]
