from ..addresses import of_flat
from . import power_views, use_views, views

urlpatterns = [
    *of_flat("", views.tenancy, "tenancy"),
    *of_flat("power/", power_views.power, "power"),
    *of_flat("use/", use_views.use, "use"),
]
