from django.contrib import admin
from django.urls import include, path

from .api.views import api
from .payments.callbacks import callback

handler500 = "prewatt.server.trouble.failed"

urlpatterns = [
    path("admin/", admin.site.urls),
    path("api/", include("prewatt.server.metering.urls")),
    path("api/v1/", api.urls),
    path("pay/<slug:provider>/<slug:public_id>/", callback, name="pay-callback"),
    path("", include("prewatt.server.portal.urls")),
]
