"""`prewatt demo` in a folder that has the server's database already: to bring a new one up to date takes seconds of processor, and
few tests are of that.

    python -m tests.system.prepared demo ...
"""

from prewatt import cli
from prewatt.sim import demo
from tests.migrated import put_database


def main():
    empty_folder = demo._empty_folder

    def prepared(home):
        folder = empty_folder(home)
        put_database(folder / "prewatt.sqlite3")
        return folder

    demo._empty_folder = prepared
    cli.main()


if __name__ == "__main__":
    main()
