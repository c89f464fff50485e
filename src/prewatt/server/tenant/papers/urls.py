from django.urls import path

from . import payment_views, receipt_views, views

urlpatterns = [
    path("tenancies/<int:pk>/statement/", views.tenancy_statement, name="tenancy_statement"),
    path("receipts/<int:pk>/", receipt_views.receipt, name="receipt"),
    path("tenancies/<int:pk>/payments/", payment_views.payments, name="payments"),
    path("tenancies/<int:pk>/codes/<int:number>/", views.code, name="code"),
    path("tenancies/<int:pk>/shares/", views.shares, name="shares"),
    path("tenancies/<int:pk>/shares/<int:share_pk>/", views.share, name="share"),
]
