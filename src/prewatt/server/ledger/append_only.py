"""The database itself refuses to change or delete a transfer. This module holds the triggers for each kind of database.

There is one exception. When the data of a tenant are erased (`privacy.erasing`), the memo of a transfer may become
`tenant 17`, and the parts of its sentence are emptied. Amounts, accounts and instants stay in any case. Only a
migration removes the triggers (`RELEASE`), and creates them again.
"""

REFUSAL = "transfers are never changed or deleted: book the opposite one"
"""The database's error for a change of a transfer."""
KEPT = (
    "id", "kind", "amount", "at", "of", "number", "part", "debit_account_id", "credit_account_id", "meter_id",
    "tenancy_id", "first_seq", "last_seq",
)  # fmt: skip
"""The columns that never change: all but the memo and its parts."""
_CHANGED = " OR ".join(f'NEW."{column}" IS NOT OLD."{column}"' for column in KEPT)
_NO_NUMBER = "NEW.memo NOT GLOB 'tenant [0-9]*' OR substr(NEW.memo, 8) GLOB '*[^0-9]*'"
_WITH_PARTS = "NEW.memo_parts IS NOT '{}'"


def _sqlite(change: str) -> list[str]:
    """Return the triggers of SQLite. `change`: what of an update is refused."""
    return [
        f"CREATE TRIGGER transfer_no_{event} BEFORE {event} ON ledger_transfer {when}"
        f"BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END"
        for event, when in (("update", f"WHEN {change} "), ("delete", ""))
    ]


SQLITE = _sqlite(f"{_CHANGED} OR {_NO_NUMBER} OR {_WITH_PARTS}")
POSTGRESQL = [
    "CREATE FUNCTION ledger_append_only() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
    "IF TG_OP = 'UPDATE' AND NEW.memo ~ '^tenant [0-9]+$' "
    "AND COALESCE(to_jsonb(NEW) -> 'memo_parts', '{}'::jsonb) = '{}'::jsonb "
    "AND to_jsonb(NEW) - 'memo' - 'memo_parts' = to_jsonb(OLD) - 'memo' - 'memo_parts' "
    "THEN RETURN NEW; END IF; "
    f"RAISE EXCEPTION '{REFUSAL}' USING ERRCODE = 'integrity_constraint_violation'; END $$",
    "CREATE TRIGGER transfer_append_only BEFORE UPDATE OR DELETE ON ledger_transfer FOR EACH ROW "
    "EXECUTE FUNCTION ledger_append_only()",
]
STATEMENTS = {"sqlite": SQLITE, "postgresql": POSTGRESQL}
"""The SQL statements that create the triggers, by the vendor of the database."""
BEFORE_PARTS = {"sqlite": _sqlite(f"{_CHANGED} OR {_NO_NUMBER}"), "postgresql": POSTGRESQL}
"""The same statements for a database whose transfers have no parts of a memo yet."""
RELEASE = {
    "sqlite": [f"DROP TRIGGER IF EXISTS transfer_no_{event}" for event in ("update", "delete")],
    "postgresql": [
        "DROP TRIGGER IF EXISTS transfer_append_only ON ledger_transfer",
        "DROP FUNCTION IF EXISTS ledger_append_only()",
    ],
}
"""The SQL statements that remove the triggers, by the vendor of the database."""
