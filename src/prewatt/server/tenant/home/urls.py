from ..addresses import of_flat
from . import use_views, views

urlpatterns = [
    *of_flat("", views.tenancy, "tenancy"),
    *of_flat("use/", use_views.use, "use"),
]
