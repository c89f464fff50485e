from django.urls import path

from . import views

urlpatterns = [
    path("books/", views.books, name="books"),
    path("books/export/", views.export, name="export"),
    path("tenancies/<int:pk>/give-back/", views.give_back, name="give_back"),
    path("top-ups/<int:pk>/undo/", views.undo_top_up, name="undo_top_up"),
    path("adjustments/<int:pk>/decide/", views.decide_adjustment, name="decide_adjustment"),
]
