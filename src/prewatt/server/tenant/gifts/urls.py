from ..addresses import of_flat
from . import views

urlpatterns = [
    *of_flat("gift-links/", views.gift_links, "gift_links"),
    *of_flat("gift-links/make/", views.make, "make"),
    *of_flat("gift-links/<int:pk>/", views.gift_link, "gift_link"),
    *of_flat("gift-links/<int:pk>/end/", views.end, "end"),
]
