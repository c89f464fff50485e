from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("admin/", admin.site.urls),
    path("api/", include("prewatt.server.metering.urls")),
    path("", include("prewatt.server.portal.urls")),
]
