from ..addresses import of_flat
from . import views

urlpatterns = of_flat("take-emergency-credit/", views.emergency, "emergency")
