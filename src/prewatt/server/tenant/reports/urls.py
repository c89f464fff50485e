from django.urls import path

from . import views

urlpatterns = [
    path("my/reports/", views.my_reports, name="my-reports"),
    path("reports/<int:pk>/", views.report, name="report"),
    path("photos/<int:pk>/", views.photo, name="photo"),
]
