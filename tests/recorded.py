"""The building that most tests start from, set up once a process and put into the database of each test as rows: to set it up takes
half a tenth of a second of processor, and few tests are of that. Only on SQLite, whose numbers begin anew in each test.
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
        """All rows as they are kept: an expression has no type that they would be turned into."""
        columns = [column.name for column in connection.introspection.get_table_description(connection.cursor(), table)]
        values = ", ".join(f'coalesce("{name}", NULL)' for name in columns)
        return connection.connection.execute(f'SELECT {values} FROM "{table}"').fetchall()

    def free(self):
        """Whether the tables are as empty as they were."""
        return not any(
            connection.connection.execute(f'SELECT 1 FROM "{table}" LIMIT 1').fetchone() for table in self._new
        )

    def put(self):
        """Put the rows in; what `make` had returned, anew."""
        for table, rows in self._new.items():
            places = ", ".join("?" * len(rows[0]))
            connection.connection.executemany(f'INSERT INTO "{table}" VALUES ({places})', rows)
        return copy.deepcopy(self._made)
