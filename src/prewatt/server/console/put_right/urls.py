from django.urls import path

from . import views

urlpatterns = [
    path("tenancies/<int:pk>/put-move-right/", views.put_move_right, name="put_move_right"),
]
