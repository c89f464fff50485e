from django.urls import path

from . import views

urlpatterns = [
    path("me/reports/", views.my_reports, name="my_reports"),
    path("reports/<int:pk>/", views.report, name="report"),
    path("photos/<int:pk>/", views.photo, name="photo"),
]
