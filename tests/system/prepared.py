"""`prewatt demo` in a folder that has the server's database already, and with processes that are copies (`forked.py`): to bring a new
database up to date, and to load what a process needs, takes seconds of processor, and few tests are of that.

    python -m tests.system.prepared demo ...
    python -m tests.system.prepared restarted demo ...      with processes that are the program itself once they are started again
"""

import sys

from prewatt import cli
from prewatt.processes import database
from prewatt.sim import demo
from tests.migrated import put_database
from tests.system.forked import copy_processes


def prepare(and_restarts=True):
    empty_folder = demo._empty_folder

    def prepared(home):
        folder = empty_folder(home)
        put_database(folder / "prewatt.sqlite3")
        return folder

    def setup_django():
        database.load_models()
        copy_processes(and_restarts)
        database.setup_django()

    demo._empty_folder, demo.setup_django = prepared, setup_django


def main():
    and_restarts = sys.argv[1] != "restarted"
    if not and_restarts:
        del sys.argv[1]
    prepare(and_restarts)
    cli.main()


if __name__ == "__main__":
    main()
