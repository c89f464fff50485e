from django.urls import path

from . import views

urlpatterns = [
    path("properties/<int:pk>/shared-costs/", views.shared_costs, name="shared_costs"),
    path("shared-costs/<int:pk>/", views.shared_cost, name="shared_cost"),
    path("shared-costs/<int:pk>/end/", views.end_shared_cost, name="end_shared_cost"),
    path("shared-costs/<int:pk>/remove/", views.remove_shared_cost, name="remove_shared_cost"),
    path("shared-costs/<int:pk>/run/", views.run_shared_cost, name="run_shared_cost"),
    path("runs/<int:pk>/reverse/", views.reverse_run, name="reverse_run"),
    path("properties/<int:pk>/losses/", views.building_balance, name="building_balance"),
]
