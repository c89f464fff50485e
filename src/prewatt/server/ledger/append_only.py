"""The database itself refuses to change or delete a transfer. This module holds the triggers for each kind of database.

Only a migration removes them (`RELEASE`), and creates them again.
"""

REFUSAL = "transfers are never changed or deleted: book the opposite one"
"""The database's error for a change of a transfer."""
SQLITE = [
    f"CREATE TRIGGER transfer_no_{event} BEFORE {event} ON ledger_transfer BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END"
    for event in ("update", "delete")
]
POSTGRESQL = [
    "CREATE FUNCTION ledger_append_only() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION "
    f"'{REFUSAL}' USING ERRCODE = 'integrity_constraint_violation'; END $$",
    "CREATE TRIGGER transfer_append_only BEFORE UPDATE OR DELETE ON ledger_transfer FOR EACH ROW "
    "EXECUTE FUNCTION ledger_append_only()",
]
STATEMENTS = {"sqlite": SQLITE, "postgresql": POSTGRESQL}
"""The SQL statements that create the triggers, by the vendor of the database."""
RELEASE = {
    "sqlite": [f"DROP TRIGGER IF EXISTS transfer_no_{event}" for event in ("update", "delete")],
    "postgresql": [
        "DROP TRIGGER IF EXISTS transfer_append_only ON ledger_transfer",
        "DROP FUNCTION IF EXISTS ledger_append_only()",
    ],
}
"""The SQL statements that remove the triggers, by the vendor of the database."""
