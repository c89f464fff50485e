from django.urls import path

from . import views

urlpatterns = [
    path("tenancies/<int:pk>/put-right/", views.put_move_right, name="put-right"),
]
