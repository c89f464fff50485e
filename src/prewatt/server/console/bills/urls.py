from django.urls import path

from . import views

urlpatterns = [
    path("tenancies/<int:pk>/terms/", views.terms, name="terms"),
    path("bills/", views.bills, name="bills"),
]
