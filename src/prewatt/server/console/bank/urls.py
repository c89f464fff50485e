from django.urls import path

from . import views

urlpatterns = [
    path("books/bank/", views.bank, name="bank"),
    path("books/bank/so-far/", views.so_far, name="bank-so-far"),
    path("books/bank/book/", views.book, name="bank-book"),
    path("books/bank/<int:pk>/same/", views.same, name="bank-same"),
]
