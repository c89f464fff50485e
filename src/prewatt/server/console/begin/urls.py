from django.urls import path

from . import views

urlpatterns = [
    path("begin/", views.begin, name="begin"),
    path("begin/codes/<slug:code>/", views.link, name="link"),
    path("properties/<int:pk>/first-payment/", views.first_payment, name="first_payment"),
]
