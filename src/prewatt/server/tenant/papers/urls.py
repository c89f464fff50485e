from django.urls import path

from . import receipt_views, views

urlpatterns = [
    path("tenancies/<int:pk>/statement/", views.tenancy_statement, name="tenancy_statement"),
    path("receipts/<int:pk>/", receipt_views.receipt, name="receipt"),
    path("tenancies/<int:pk>/codes/<int:number>/", views.code, name="code"),
    path("tenancies/<int:pk>/shares/<int:share_pk>/", views.share, name="share"),
]
