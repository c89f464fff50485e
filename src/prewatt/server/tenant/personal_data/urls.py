from django.urls import path

from . import views

urlpatterns = [
    path("tenancies/<int:pk>/personal-data/", views.personal_data, name="personal_data"),
    path("tenancies/<int:pk>/personal-data/download/", views.download, name="download"),
]
