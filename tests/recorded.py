"""What many tests start from, made once a process and put into the database of each test as rows: the building, which takes a tenth of
a second of processor to set up, and what fixtures add to it. Few tests are of that.

On PostgreSQL numbers don't begin anew in each test: what a test adds gets higher ones than the rows that are put in.
"""

import copy
import inspect
from functools import cache

from django.db import connection, transaction


@cache
def _select(table):
    """A table's rows as they are kept: on SQLite an expression has no type that they would be turned into."""
    if connection.vendor != "sqlite":
        return f'SELECT * FROM "{table}"'
    with connection.cursor() as cursor:
        columns = cursor.execute("SELECT name FROM pragma_table_info(%s)", [table]).fetchall()
    values = ", ".join(f'coalesce("{name}", NULL)' for (name,) in columns)
    return f'SELECT {values} FROM "{table}"'


def _rows(table):
    with connection.cursor() as cursor:
        cursor.execute(_select(table))
        return cursor.fetchall()


def _alike(rows, others):
    """Whether rows are the same ones, in any order: a database keeps none."""
    return rows == others or sorted(rows, key=repr) == sorted(others, key=repr)


class Recorded:
    """What `make` returned, and the rows that it wrote, changed and deleted."""

    def __init__(self, make):
        with transaction.atomic():
            before = {table: _rows(table) for table in connection.introspection.table_names()}
            self._made = make()
            after = {table: rows for table in before if not _alike(rows := _rows(table), before[table])}
            transaction.set_rollback(True)
        self._empty = [table for table in after if not before[table]]
        self._before = {table: before[table] for table in after if before[table]}
        self._new = {table: [row for row in rows if row not in before[table]] for table, rows in after.items()}
        self._gone = {table: [row for row in rows if row not in after[table]] for table, rows in self._before.items()}
        for rows in self._before.values():
            assert len({row[0] for row in rows}) == len(rows), (
                "rows are taken out by their first column, which names no single row"
            )
        with transaction.atomic():
            self.put()
            for table, rows in after.items():
                assert _alike(_rows(table), rows), f"put in, the rows of {table} are not what they were"
            transaction.set_rollback(True)

    def fits(self):
        """Whether the tables are as they were."""
        if self._empty:
            with connection.cursor() as cursor:
                cursor.execute("SELECT " + " OR ".join(f'EXISTS (SELECT 1 FROM "{table}")' for table in self._empty))
                if cursor.fetchone()[0]:
                    return False
        return all(_alike(_rows(table), rows) for table, rows in self._before.items())

    def put(self, memo=None):
        """Put the rows in; what `make` had returned, anew (`memo` as of `copy.deepcopy`). In one transaction, at whose end the rows
        refer to each other.
        """
        with transaction.atomic(), connection.cursor() as cursor:
            for table, rows in self._gone.items():
                cursor.execute(f'SELECT * FROM "{table}" LIMIT 0')
                key = cursor.description[0][0]
                cursor.executemany(f'DELETE FROM "{table}" WHERE "{key}" = %s', [row[:1] for row in rows])
            for table, rows in self._new.items():
                if rows:
                    places = ", ".join(["%s"] * len(rows[0]))
                    cursor.executemany(f'INSERT INTO "{table}" VALUES ({places})', rows)
        return copy.deepcopy(self._made, memo)


def recorded_once(make):
    """The function of a fixture that adds rows and moves the `clock`, and changes nothing else that it is given. Its rows are recorded when
    it is first called in a process, and put in from then on, where the database and the clock are as they were. What it returned
    is made anew, with the fixtures of now in the place of those that it was given.
    """
    known = {}

    def fixture(**given):
        clock = given["clock"]
        begins = clock.at
        if begins not in known:
            recorded = Recorded(lambda: make(**given))
            known[begins] = recorded, given, clock.at
            clock.at = begins
        recorded, first, ends = known[begins]
        if not recorded.fits():
            return make(**given)
        clock.at = ends
        return recorded.put({id(first[name]): value for name, value in given.items()})

    fixture.__signature__ = inspect.signature(make)
    fixture.__name__, fixture.__doc__ = make.__name__, make.__doc__
    return fixture
