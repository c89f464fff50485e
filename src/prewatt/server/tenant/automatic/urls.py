from ..addresses import of_flat
from . import views

urlpatterns = [
    *of_flat("automatic/", views.automatic, "automatic"),
    *of_flat("automatic/agree/", views.agree, "agree"),
    *of_flat("automatic/back/", views.back, "back"),
    *of_flat("automatic/end/", views.end, "end"),
    *of_flat("automatic/resume/", views.resume, "resume"),
]
