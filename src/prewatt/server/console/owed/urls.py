from django.urls import path

from . import views

urlpatterns = [
    path("refunds/<int:pk>/paid/", views.refund_paid, name="refund-paid"),
    path("refunds/<int:pk>/to/", views.refund_to, name="refund-to"),
    path("debts/<int:pk>/paid/", views.debt_paid, name="debt-paid"),
    path("debt-payments/<int:pk>/undo/", views.undo_paid, name="undo-debt-payment"),
    path("debts/<int:pk>/set-off/<int:refund_pk>/", views.debt_set_off, name="debt-set-off"),
    path("debts/<int:pk>/write-off/", views.debt_write_off, name="debt-write-off"),
    path("write-offs/<int:pk>/decide/", views.write_off_decided, name="write-off-decide"),
]
