from django.urls import path

from . import views

app_name = "tasks"
urlpatterns = [
    path("<int:pk>/", views.task, name="task"),
    path("<int:pk>/progress/", views.progress, name="progress"),
    path("<int:pk>/file/", views.file, name="file"),
]
