"""The database itself refuses to change or delete what was written to the audit log. This module holds the triggers for each
kind of database; only a migration removes them (`RELEASE`).
"""

TABLE = "accounts_auditentry"
REFUSAL = "the audit log is never changed or deleted"
"""The database's error for a change of an entry."""
SQLITE = [
    f"CREATE TRIGGER audit_no_{event} BEFORE {event} ON {TABLE} BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END"
    for event in ("update", "delete")
]
POSTGRESQL = [
    "CREATE FUNCTION audit_append_only() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION "
    f"'{REFUSAL}' USING ERRCODE = 'integrity_constraint_violation'; END $$",
    f"CREATE TRIGGER audit_append_only BEFORE UPDATE OR DELETE ON {TABLE} FOR EACH ROW "
    "EXECUTE FUNCTION audit_append_only()",
]
STATEMENTS = {"sqlite": SQLITE, "postgresql": POSTGRESQL}
"""The SQL statements that create the triggers, by the vendor of the database."""
RELEASE = {
    "sqlite": [f"DROP TRIGGER IF EXISTS audit_no_{event}" for event in ("update", "delete")],
    "postgresql": [
        f"DROP TRIGGER IF EXISTS audit_append_only ON {TABLE}",
        "DROP FUNCTION IF EXISTS audit_append_only()",
    ],
}
"""The SQL statements that remove the triggers, by the vendor of the database."""
