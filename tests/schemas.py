"""What a database consists of, whatever the order in which it was made: to compare two."""

import re

POSTGRESQL = {
    "columns": "SELECT table_name, column_name, data_type, character_maximum_length, is_nullable, column_default, is_identity"
    " FROM information_schema.columns WHERE table_schema = 'public'",
    "constraints": "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint"
    " WHERE connamespace = 'public'::regnamespace",
    "indexes": "SELECT tablename, indexdef FROM pg_indexes WHERE schemaname = 'public'",
    "triggers": "SELECT tgrelid::regclass::text, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal",
    "functions": "SELECT proname, prosrc FROM pg_proc WHERE pronamespace = 'public'::regnamespace",
}
SQLITE = "SELECT type, tbl_name, sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%'"
ROWS = {
    "migrations": "SELECT app, name FROM django_migrations",
    "kinds": "SELECT app_label, model FROM django_content_type",
    "permissions": "SELECT app_label, codename, name FROM auth_permission p JOIN django_content_type c ON c.id = p.content_type_id",
}


def parts(vendor, ask):
    """All parts of a database: {(kind, *what it is)}. `ask` returns the rows of a question."""
    found = {(kind, *map(str, row)) for kind, question in ROWS.items() for row in ask(question)}
    if vendor == "postgresql":
        return found | {(kind, *map(str, row)) for kind, question in POSTGRESQL.items() for row in ask(question)}
    for kind, table, sql in ask(SQLITE):
        found |= {(kind, table, each) for each in (_definitions(sql) if kind == "table" else (sql,))}
    return found


def _definitions(sql):
    """The columns and constraints of a table, whose order is that of the changes to it."""
    inner, depth, each = sql[sql.index("(") + 1 : sql.rindex(")")], 0, ""
    for char in inner + ",":
        depth += (char == "(") - (char == ")")
        if char == "," and not depth:
            yield re.sub(r"\s+", " ", each).strip()
            each = ""
        else:
            each += char
