from django.urls import path

from . import views

urlpatterns = [
    path("batches/", views.chosen_anywhere, name="chosen_anywhere"),
    path("properties/<int:pk>/batches/", views.batch, name="batch"),
    path("properties/<int:pk>/batches/preview/", views.preview_batch, name="preview_batch"),
    path("properties/<int:pk>/batches/run/", views.run_batch, name="run_batch"),
]
