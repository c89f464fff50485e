from django.urls import path

from . import views

urlpatterns = [
    path("properties/<int:pk>/emergency-codes/", views.emergency_codes, name="emergency-codes"),
    path("properties/<int:pk>/emergency-codes/make/", views.make_emergency_codes, name="emergency-make"),
    path("properties/<int:pk>/emergency-codes/revoke/", views.revoke_emergency_codes, name="emergency-revoke"),
    path("properties/<int:pk>/emergency-codes/rules/", views.emergency_rules, name="emergency-rules"),
    path("properties/<int:pk>/emergency-codes/sheet/", views.emergency_sheet, name="emergency-sheet"),
]
