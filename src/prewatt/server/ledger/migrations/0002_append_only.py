"""The database itself refuses to change or delete a transfer."""

from django.db import migrations

_REFUSAL = "transfers are never changed or deleted: book the opposite one"

_SQLITE = [
    f"CREATE TRIGGER transfer_no_{event} BEFORE {event} ON ledger_transfer BEGIN SELECT RAISE(ABORT, '{_REFUSAL}'); END"
    for event in ("update", "delete")
]
_POSTGRESQL = [
    f"CREATE FUNCTION ledger_append_only() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION '{_REFUSAL}' USING ERRCODE = 'integrity_constraint_violation'; END $$",
    "CREATE TRIGGER transfer_append_only BEFORE UPDATE OR DELETE ON ledger_transfer FOR EACH ROW EXECUTE FUNCTION ledger_append_only()",
]


def protect(apps, schema_editor):
    for statement in {"sqlite": _SQLITE, "postgresql": _POSTGRESQL}[schema_editor.connection.vendor]:
        schema_editor.execute(statement)


class Migration(migrations.Migration):
    dependencies = [("ledger", "0001_initial")]
    operations = [migrations.RunPython(protect)]
