"""The building that most tests start from, set up once a process and put into the database of each test as rows: to set it up takes
a tenth of a second of processor, and few tests are of that.

On PostgreSQL numbers don't begin anew in each test: what a test adds gets higher ones than the rows that are put in.
"""

import copy

from django.db import connection, transaction


class Recorded:
    """What `make` returned, and the rows that it wrote into tables which were empty before."""

    def __init__(self, make):
        with transaction.atomic():
            before = {table: self._rows(table) for table in connection.introspection.table_names()}
            self._made = make()
            after = {table: self._rows(table) for table in before}
            transaction.set_rollback(True)
        self._new = {table: rows for table, rows in after.items() if rows != before[table]}
        changed = [table for table in self._new if before[table]]
        assert not changed, f"these tables were not empty, and the building is in them: {changed}"

    @staticmethod
    def _rows(table):
        """All rows as they are kept: on SQLite an expression has no type that they would be turned into."""
        with connection.cursor() as cursor:
            if connection.vendor == "sqlite":
                columns = cursor.execute("SELECT name FROM pragma_table_info(%s)", [table]).fetchall()
                values = ", ".join(f'coalesce("{name}", NULL)' for (name,) in columns)
            else:
                values = "*"
            cursor.execute(f'SELECT {values} FROM "{table}"')
            return cursor.fetchall()

    def free(self):
        """Whether the tables are as empty as they were."""
        with connection.cursor() as cursor:
            cursor.execute("SELECT " + " OR ".join(f'EXISTS (SELECT 1 FROM "{table}")' for table in self._new))
            return not cursor.fetchone()[0]

    def put(self):
        """Put the rows in; what `make` had returned, anew. In one transaction, at whose end the rows refer to each other."""
        with transaction.atomic(), connection.cursor() as cursor:
            for table, rows in self._new.items():
                places = ", ".join(["%s"] * len(rows[0]))
                cursor.executemany(f'INSERT INTO "{table}" VALUES ({places})', rows)
        return copy.deepcopy(self._made)
