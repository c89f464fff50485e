"""Says of files with published frames whether each is understood as the file states, and refused where it says so.

    python -m tests.edge.frames FILE...

A file has one of three forms, which `docs/developer/protocols/` explains: DL/T 645 frames (`cases`), Modbus register maps and
captures (`meters`, `captures`), or DLMS transcripts (`transcripts`). One line is printed for each disagreement; the exit
status is 1 if there is one, 2 if a file can't be read.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from tests.edge.frames import dlms, dlt645, modbus

FORMS = {"cases": dlt645, "captures": modbus, "meters": modbus, "transcripts": dlms}


def main(paths: list[str]) -> int:
    """Check files. Returns the exit status."""
    if not paths:
        print(__doc__)
        return 2
    status = 0
    for path in paths:
        try:
            document = json.loads(Path(path).read_text(encoding="utf-8"))
            form = next(form for field, form in FORMS.items() if field in document)
        except OSError as error:
            print(f"{path}: can't be read ({error.strerror})")
            return 2
        except (ValueError, StopIteration, TypeError):
            print(f"{path}: is none of the forms {', '.join(FORMS)}")
            return 2
        disagreements = form.check(document)
        for line in disagreements:
            print(f"{path}: {line}")
        print(f"{path}: {len(disagreements)} disagreements" if disagreements else f"{path}: all as stated")
        status = max(status, int(bool(disagreements)))
    return status


sys.exit(main(sys.argv[1:]))
