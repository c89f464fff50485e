"""When people change a building or a tenancy, the pages that show it are told, even if no figure has changed."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.db import transaction
from django.db.models.signals import post_delete, post_save
from django.dispatch import receiver

from ..estate.models import Organisation, Property, Tenancy, Unit
from .places import touch


@receiver((post_save, post_delete), sender=Tenancy)
@receiver((post_save, post_delete), sender=Unit)
@receiver(post_save, sender=Property)
@receiver(post_save, sender=Organisation)
def _hear(instance: Tenancy | Unit | Property | Organisation, **_more: Any) -> None:
    # After the transaction: it may lock rows that come before these.
    transaction.on_commit(partial(_tell, instance))


def _tell(instance: Tenancy | Unit | Property | Organisation) -> None:
    if isinstance(instance, Organisation):
        homes = Property.objects.filter(organisation=instance.pk).values_list("pk", flat=True)
    elif isinstance(instance, Tenancy):
        homes = Property.objects.filter(units=instance.unit_id).values_list("pk", flat=True)
    else:
        touch([instance.pk if isinstance(instance, Property) else instance.property_id])
        return
    touch(homes)
