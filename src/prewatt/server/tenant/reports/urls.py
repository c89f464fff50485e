from django.urls import path

from ..addresses import of_flat
from . import views

urlpatterns = [
    *of_flat("reports/", views.my_reports, "my_reports"),
    path("reports/<int:pk>/", views.report, name="report"),
    path("photos/<int:pk>/", views.photo, name="photo"),
]
