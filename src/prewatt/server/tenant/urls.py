from django.urls import include, path

urlpatterns = [
    path("", include("prewatt.server.tenant.bill.urls")),
    path("", include("prewatt.server.tenant.emergency.urls")),
    path("", include("prewatt.server.tenant.home.urls")),
    path("", include("prewatt.server.tenant.notices.urls")),
    path("", include("prewatt.server.tenant.papers.urls")),
    path("", include("prewatt.server.tenant.pay.urls")),
    path("", include("prewatt.server.tenant.reports.urls")),
]
