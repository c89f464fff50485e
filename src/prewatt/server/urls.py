from django.contrib import admin
from django.urls import include, path

from .api.views import api

urlpatterns = [
    path("admin/", admin.site.urls),
    path("api/", include("prewatt.server.metering.urls")),
    path("api/v1/", api.urls),
    path("", include("prewatt.server.portal.urls")),
]
