from django.urls import path

from . import views

urlpatterns = [
    path("bank-lines/", views.bank, name="bank"),
    path("bank-lines/progress/", views.so_far, name="so_far"),
    path("bank-lines/book/", views.book, name="book"),
    path("bank-lines/<int:pk>/decide/", views.same, name="same"),
]
