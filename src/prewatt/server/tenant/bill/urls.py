from django.urls import path

from . import views

urlpatterns = [
    path("bills/<int:pk>/", views.bill, name="bill"),
]
