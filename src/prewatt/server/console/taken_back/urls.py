from django.urls import path

from . import views

urlpatterns = [
    path("properties/<int:pk>/supply/taken-back/", views.back_rules, name="back-rules"),
    path("taken-back/<int:pk>/", views.taken_back, name="taken-back"),
    path("settlement-lines/<int:pk>/", views.settlement_line, name="settlement-line"),
]
