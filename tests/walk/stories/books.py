"""Who reads: the accountant all, the books too; somebody with the role read-only, all but the books."""


def reads_the_books(walker, place):
    walker.log_in("alma", place.password, "first-page")
    for page in ("books", "reconciliation", "payments", "bills", "bank-lines"):
        walker.open(f"/{page}/", page)
    walker.open(f"/properties/{place.property}/statements/", "statements")
    walker.open(f"/units/{place.flat(3)}/money/", "flat-money")
    walker.refused()


def looks_and_changes_nothing(walker, place):
    walker.role = "viewer"
    walker.log_in("rita", place.password, "first-page")
    walker.open(f"/units/{place.flat(3)}/", "flat")
    for tab in ("money", "people", "journal"):
        walker.follow(f"/units/{place.flat(3)}/{tab}/", f"tab-{tab}")
    walker.open(f"/properties/{place.property}/tariffs/", "tariffs")
    walker.open(f"/properties/{place.property}/plan/", "plan")
    walker.refused()
