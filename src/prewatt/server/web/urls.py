from django.urls import path

from . import views
from .tasks import views as tasks

app_name = "web"
urlpatterns = [
    path("", views.home, name="home"),
    path("tasks/<int:pk>/", tasks.task, name="task"),
    path("tasks/<int:pk>/progress/", tasks.progress, name="task-progress"),
    path("tasks/<int:pk>/file/", tasks.file, name="task-file"),
]
