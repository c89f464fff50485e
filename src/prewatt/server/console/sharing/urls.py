from django.urls import path

from . import views

urlpatterns = [
    path("properties/<int:pk>/shared-costs/", views.shared_costs, name="shared-costs"),
    path("shared-costs/<int:pk>/", views.shared_cost, name="shared-cost"),
    path("shared-costs/<int:pk>/end/", views.end_shared_cost, name="shared-end"),
    path("shared-costs/<int:pk>/remove/", views.remove_shared_cost, name="shared-remove"),
    path("shared-costs/<int:pk>/run/", views.run_shared_cost, name="shared-run"),
    path("runs/<int:pk>/reverse/", views.reverse_run, name="run-reverse"),
    path("properties/<int:pk>/balance/", views.building_balance, name="balance"),
]
