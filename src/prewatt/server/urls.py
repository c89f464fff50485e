from allauth.account.decorators import secure_admin_login
from django.contrib import admin
from django.contrib.admin import sites
from django.urls import include, path
from django.views.generic import RedirectView
from unfold.sites import UnfoldAdminSite

from .api.routes import api
from .payments.callbacks import callback

handler400 = "prewatt.server.web.trouble.not_understood"
handler403 = "prewatt.server.web.trouble.forbidden"
handler404 = "prewatt.server.web.trouble.not_found"
handler500 = "prewatt.server.web.trouble.failed"

# Here and not when a process starts: commands, head-end and worker have no pages, and start in two thirds of the time without them.
admin.site = sites.site = UnfoldAdminSite()
admin.autodiscover()
# One log-in for all: name and password, and the second factor, are asked for at one place.
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]

urlpatterns = [
    path("admin/password_change/", RedirectView.as_view(pattern_name="account_change_password"), name="staff-password"),
    path("admin/", admin.site.urls),
    path("api/", include("prewatt.server.commissioning.urls")),
    path("api/v1/", api.urls),
    path("callbacks/<slug:provider>/<slug:public_id>/", callback, name="pay-callback"),
    path("", include("prewatt.server.web.urls")),
    path("", include("prewatt.server.sign_in.urls")),
    path("", include("prewatt.server.console.urls")),
    path("", include("prewatt.server.tenant.urls")),
]
