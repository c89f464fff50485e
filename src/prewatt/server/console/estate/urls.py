from django.urls import path

from . import archive_views, gateway_views, meter_views, sheet_views, unit_views, views

urlpatterns = [
    path("landlord/", views.organisation, name="organisation"),
    path("properties/add/", views.add_property, name="add_property"),
    path("properties/<int:pk>/", views.building, name="building"),
    path("properties/<int:pk>/archive/", archive_views.archive_property, name="archive_property"),
    path("properties/<int:pk>/door-sheet/", sheet_views.door_sheet, name="door_sheet"),
    path("properties/<int:pk>/price/", views.one_price, name="one_price"),
    path("properties/<int:pk>/units/add/", unit_views.add_units, name="add_units"),
    path("units/<int:pk>/change/", unit_views.change_unit, name="change_unit"),
    path("units/<int:pk>/archive/", archive_views.archive_unit, name="archive_unit"),
    path("properties/<int:pk>/gateways/", gateway_views.gateways, name="gateways"),
    path("gateways/<int:pk>/code/", gateway_views.gateway_code, name="gateway_code"),
    path("gateways/<int:pk>/state/", gateway_views.gateway_state, name="gateway_state"),
    path("gateways/<int:pk>/archive/", archive_views.archive_gateway, name="archive_gateway"),
    path("properties/<int:pk>/common-meters/add/", meter_views.add_meter, name="add_meter"),
    path("common-meters/<int:pk>/change/", meter_views.change_meter, name="change_meter"),
    path("common-meters/<int:pk>/archive/", archive_views.archive_meter, name="archive_meter"),
    path("tariffs/<int:pk>/archive/", archive_views.archive_tariff, name="archive_tariff"),
]
