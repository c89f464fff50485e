from django.contrib.auth import views as auth
from django.urls import path

from . import sharing_views, supply_views, tariff_views, tenancy_views, views

urlpatterns = [
    path("", views.home, name="home"),
    path(
        "login/",
        auth.LoginView.as_view(template_name="portal/login.html", redirect_authenticated_user=True),
        name="login",
    ),
    path("logout/", auth.LogoutView.as_view(), name="logout"),
    path("properties/", views.properties, name="properties"),
    path("units/<int:pk>/", views.unit, name="unit"),
    path("units/<int:pk>/top-up/", views.add_top_up, name="top-up"),
    path("my/", views.tenancy, name="tenancy"),
    path("units/<int:pk>/move-in/", tenancy_views.add_tenancy, name="move-in"),
    path("tenancies/<int:pk>/move-out/", tenancy_views.end_tenancy, name="move-out"),
    path("tenancies/<int:pk>/settle/", tenancy_views.settle_tenancy, name="settle"),
    path("tenancies/<int:pk>/statement/", tenancy_views.tenancy_statement, name="statement"),
    path("tenancies/<int:pk>/shares/<int:share_pk>/", tenancy_views.share, name="share"),
    path("properties/<int:pk>/tariffs/", tariff_views.tariffs, name="tariffs"),
    path("properties/<int:pk>/tariffs/new/", tariff_views.edit, name="tariff-new"),
    path("properties/<int:pk>/tariffs/schedule/", tariff_views.schedule_tariff, name="tariff-schedule"),
    path("properties/<int:pk>/tariffs/cap/", tariff_views.set_resale, name="tariff-cap"),
    path("properties/<int:pk>/tariffs/prices/", tariff_views.load_prices, name="tariff-prices"),
    path("properties/<int:pk>/tariffs/correct/", tariff_views.correct_tariff, name="tariff-correct"),
    path("properties/<int:pk>/tariffs/compare/", tariff_views.what_if, name="tariff-compare"),
    path("properties/<int:pk>/shared-costs/", sharing_views.shared_costs, name="shared-costs"),
    path("shared-costs/<int:pk>/run/", sharing_views.run_shared_cost, name="shared-run"),
    path("runs/<int:pk>/reverse/", sharing_views.reverse_run, name="run-reverse"),
    path("properties/<int:pk>/balance/", sharing_views.building_balance, name="balance"),
    path("properties/<int:pk>/supply/", supply_views.supply, name="supply"),
    path("properties/<int:pk>/grants/", supply_views.grant, name="grant"),
    path("units/<int:pk>/order/", supply_views.order, name="order"),
    path("units/<int:pk>/pin/", supply_views.pin, name="pin"),
    path("my/emergency/", supply_views.emergency, name="emergency"),
    path("keypad-meters/", supply_views.keypads, name="keypads"),
]
