"""Transfers were told apart by one text, which people could type too: now by what they are of."""

import re

import django.db.models.deletion
from django.db import migrations, models

from prewatt.server.ledger.append_only import RELEASE
from prewatt.server.ledger.references import Of

BATCH = 500
PARTS = {"refund": "refund", "of deposit": "deposit", "debt": "debt"}
"""What was left when an account was closed: as it was called, and is."""
REST = "|".join(PARTS)


def release(apps, schema_editor):
    for statement in RELEASE[schema_editor.connection.vendor]:
        schema_editor.execute(statement)


class Known:
    """What the texts named."""

    def __init__(self, apps):
        top_ups = apps.get_model("vending", "TopUp").objects
        self.top_ups = dict(top_ups.values_list("credit_id", "pk"))
        self.cut = {name[:34]: pk for name, pk in self.top_ups.items()}
        payments = apps.get_model("payments", "Payment").objects.values_list("payment_id", "pk", "top_up")
        self.payments = {name: (pk, top_up) for name, pk, top_up in payments}
        alarms = apps.get_model("metering", "Alarm").objects.filter(kind="unbooked", settled=True)
        self.alarms = {(each.meter_id, each.data.get("credit_id")): each.pk for each in alarms}
        self.corrected = {}
        charges = apps.get_model("tariffs", "CorrectedCharge").objects.order_by("correction", "pk")
        for correction, pk in charges.values_list("correction", "pk"):
            self.corrected.setdefault(correction, []).append(pk)


def reference(known, row):
    """(of, number, part) of a transfer."""
    text, kind = row.credit_id, row.kind
    if kind == "top-up" and text in known.top_ups:
        return Of.TOP_UP, known.top_ups[text], ""
    if kind == "adjustment":
        if (row.meter_id, text) in known.alarms:
            return Of.ALARM, known.alarms[row.meter_id, text], "found"
        if text.endswith(" moved") and text.removesuffix(" moved") in known.cut:
            return Of.TOP_UP, known.cut[text.removesuffix(" moved")], "moved"
        if known.payments.get(text, (0, None))[1] is not None:
            return Of.TOP_UP, known.payments[text][1], "moved"
        if found := re.fullmatch(r"gap (\d+) vacant", text):
            return Of.ALARM, int(found[1]), "vacant"
    for of, name in ((Of.PAYMENT, "held"), (Of.PAYMENT, "back")):
        payment = text.removeprefix(f"{name} ")
        if kind in ("uncredited", "refund-paid") and text.startswith(f"{name} ") and payment in known.payments:
            return of, known.payments[payment][0], name
    return _numbered(known, text) or (Of.EARLIER, row.pk, "")


def _numbered(known, text):
    simple = {
        r"refund (\d+)( paid)?": Of.REFUND, r"adjustment (\d+)": Of.ADJUSTMENT, r"share (\d+)( back)?": Of.SHARE,
        r"deposit (\d+)": Of.DEPOSIT, r"settlement (\d+)": Of.SETTLEMENT, r"move (\d+)( in| out)": Of.MOVE,
        r"cleared-(\d+)-(\d+)": Of.CLEARED, r"emergency-(\d+)-(\d+)": Of.EMERGENCY, r"payout (\d+)": Of.BANK_LINE,
        r"fee (\d+)": Of.FEE,
    }  # fmt: skip
    if found := re.fullmatch(r"settlement (\d+) deposit back", text):
        return Of.DEPOSIT, int(found[1]), "back"
    if found := re.fullmatch(r"refund \d+ part (\d+)", text):
        return Of.REFUND_PART, int(found[1]), ""
    if found := re.fullmatch(r"undo (\d+)", text):
        return Of.TOP_UP, int(found[1]), "undone"
    if found := re.fullmatch(r"carried (\d+) to \d+", text):
        return Of.SETTLEMENT, int(found[1]), "carried"
    rest = re.fullmatch(rf"(.*) ({REST})", text)
    before, left = (rest[1], PARTS[rest[2]]) if rest else (text, "")
    if found := re.fullmatch(rf"correction (\d+)-(\d+)( reversed| anew)?", before):
        charges = known.corrected.get(int(found[1]), [])
        if int(found[2]) < len(charges):
            return Of.CORRECTION, charges[int(found[2])], f"{(found[3] or '').strip()} {left}".strip()
    for pattern, of in simple.items():
        if found := re.fullmatch(pattern, before):
            more = (found[2] or "").strip() if found.lastindex == 2 else ""
            return of, int(found[1]), f"{more} {left}".strip()
    return None


def carry(apps, schema_editor):
    known, transfers = Known(apps), apps.get_model("ledger", "Transfer").objects
    used = set()
    rows = transfers.exclude(kind="charge").select_related("debit_account", "credit_account").order_by("pk")
    for row in list(rows):
        row.of, row.number, row.part = reference(known, row) if row.credit_id else (Of.EARLIER, row.pk, "")
        if (row.of, row.number, row.part) in used:
            row.of, row.number, row.part = Of.EARLIER, row.pk, ""
        used.add((row.of, row.number, row.part))
        if row.of == Of.DEPOSIT:
            row.tenancy_id = row.number
        elif row.debit_account.kind == "deposits":
            row.tenancy_id = row.credit_account.tenancy_id
        if row.of == Of.TOP_UP and row.kind == "top-up":
            # The id that it was given stays in the books.
            row.memo = row.memo or row.credit_id
        row.save(update_fields=["of", "number", "part", "tenancy", "memo"])


class Migration(migrations.Migration):

    dependencies = [
        ('ledger', '0002_closed_sums'),
        ('estate', '0001_initial'),
        ('metering', '0001_initial'),
        ('vending', '0001_initial'),
        ('tariffs', '0001_initial'),
        ('payments', '0001_initial'),
    ]

    operations = [
        migrations.RunPython(release),
        migrations.AddField('transfer', 'of', models.CharField(blank=True, choices=[('top-up', 'top-up'), ('refund', 'refund'), ('refund-part', 'part of a refund'), ('payment', 'payment'), ('bank-line', 'bank line'), ('fee', 'fee'), ('adjustment', 'adjustment'), ('share', 'share of a cost'), ('correction', 'correction'), ('deposit', 'deposit'), ('settlement', 'settlement'), ('move', 'move'), ('alarm', 'alarm'), ('reading', 'reading'), ('early', 'charged early'), ('cleared', 'credit cleared'), ('emergency', 'emergency credit'), ('earlier', 'of an earlier version')], default='', max_length=12)),
        migrations.AddField('transfer', 'number', models.BigIntegerField(null=True)),
        migrations.AddField('transfer', 'part', models.CharField(blank=True, default='', max_length=32)),
        migrations.AddField('transfer', 'tenancy', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='estate.tenancy')),
        migrations.RunPython(carry),
    ]
