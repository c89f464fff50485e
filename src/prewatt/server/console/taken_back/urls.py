from django.urls import path

from . import views

urlpatterns = [
    path("properties/<int:pk>/taken-back-rules/", views.back_rules, name="back_rules"),
    path("taken-back-payments/<int:pk>/decide/", views.taken_back, name="taken_back"),
    path("settlement-lines/<int:pk>/explain/", views.settlement_line, name="settlement_line"),
]
