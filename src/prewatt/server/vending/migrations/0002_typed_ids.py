"""Ids that people type are theirs within their organisation; adjustments that the books name are named by what they are of."""

import re

import django.db.models.deletion
from django.db import migrations, models

from prewatt.server.ledger.references import Of


def carry(apps, schema_editor):
    tenancies = apps.get_model("estate", "Tenancy").objects.filter(pk=models.OuterRef("tenancy"))
    owner = models.Subquery(tenancies.values("unit__property__organisation")[:1])
    for name in ("TopUp", "Adjustment"):
        apps.get_model("vending", name).objects.update(organisation=owner)
    _name_adjustments(apps.get_model("vending", "Adjustment").objects)


def _name_adjustments(adjustments):
    known = dict(adjustments.values_list("adjustment_id", "pk"))
    for row in adjustments.filter(kind="charged"):
        text, of = row.adjustment_id, None
        if found := re.fullmatch(r"(.*) back", text):
            if found[1] in known and found[1].startswith("gap "):
                of = Of.ADJUSTMENT, known[found[1]], "back"
        elif found := re.fullmatch(r"gap (\d+)-(\d+)", text):
            of = Of.ALARM, int(found[1]), ""
        elif found := re.fullmatch(r"(reading|ahead) (\d+)-(\d+)-(\d+)(\+\d+)?", text):
            of = {"reading": Of.READING, "ahead": Of.EARLY}[found[1]], int(found[2]), found[3]
        if of:
            row.of, row.number, row.part = of
            row.adjustment_id = None
            row.save(update_fields=["of", "number", "part", "adjustment_id"])


class Migration(migrations.Migration):

    dependencies = [
        ('estate', '0001_initial'),
        ('vending', '0001_initial'),
    ]

    operations = [
        migrations.AlterField('topup', 'credit_id', models.CharField(max_length=40)),
        migrations.AlterField('adjustment', 'adjustment_id', models.CharField(max_length=40, null=True)),
        migrations.AddField('adjustment', 'organisation', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='estate.organisation')),
        migrations.AddField('adjustment', 'of', models.CharField(blank=True, choices=[('top-up', 'top-up'), ('refund', 'refund'), ('refund-part', 'part of a refund'), ('payment', 'payment'), ('bank-line', 'bank line'), ('fee', 'fee'), ('adjustment', 'adjustment'), ('share', 'share of a cost'), ('correction', 'correction'), ('deposit', 'deposit'), ('settlement', 'settlement'), ('move', 'move'), ('alarm', 'alarm'), ('reading', 'reading'), ('early', 'charged early'), ('cleared', 'credit cleared'), ('emergency', 'emergency credit'), ('earlier', 'of an earlier version')], default='', max_length=12)),
        migrations.AddField('adjustment', 'number', models.BigIntegerField(null=True)),
        migrations.AddField('adjustment', 'part', models.CharField(blank=True, default='', max_length=32)),
        migrations.RunPython(carry),
    ]
