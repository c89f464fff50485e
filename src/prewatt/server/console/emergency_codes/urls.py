from django.urls import path

from . import views

urlpatterns = [
    path("properties/<int:pk>/emergency-codes/", views.emergency_codes, name="emergency_codes"),
    path("properties/<int:pk>/emergency-codes/make/", views.make_emergency_codes, name="make_emergency_codes"),
    path("properties/<int:pk>/emergency-codes/revoke/", views.revoke_emergency_codes, name="revoke_emergency_codes"),
    path("properties/<int:pk>/emergency-rules/", views.emergency_rules, name="emergency_rules"),
    path("properties/<int:pk>/emergency-codes/sheet/", views.emergency_sheet, name="emergency_sheet"),
]
