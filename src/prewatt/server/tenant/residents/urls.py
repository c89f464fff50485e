from ..addresses import of_flat
from . import views

urlpatterns = [
    *of_flat("residents/", views.residents, "residents"),
    *of_flat("residents/invite/", views.invite, "invite"),
    *of_flat("residents/revoke-invitations/", views.revoke_invitations, "revoke_invitations"),
    *of_flat("residents/name/", views.name, "name"),
    *of_flat("residents/leave/", views.leave, "leave"),
    *of_flat("residents/<int:pk>/remove/", views.remove, "remove"),
]
