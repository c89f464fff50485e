"""Who owns the building: what they see first, a flat's tabs, prices and shared costs, one act over many flats, money, people."""


def looks_at_the_building(walker, place):
    walker.log_in("olga", place.password, "first-page")
    walker.click("ul.tiles a.tile[href*='show=']", "cut-off-alone")
    walker.open("/properties/?q=Flat+1", "search")
    walker.follow("/plan/", "plan")
    for page in ("losses", "statements", "readings", "alarms", "supply", "residents"):
        walker.open(f"/properties/{place.property}/{page}/", page)
    walker.open(f"/properties/{place.property}/", "building")
    walker.open(f"/properties/{place.property}/gateways/", "gateways")
    walker.open("/landlord/", "landlord")
    walker.refused()


def looks_at_a_flat(walker, place):
    walker.log_in("olga", place.password)
    walker.open(f"/units/{place.flat(3)}/", "flat")
    walker.click("figure.use a[href*='period=day']")
    walker.open(f"/units/{place.flat(3)}/?period=day&day={place.day}#use", "chart-day")
    walker.click("figure.use a[href*='period=year']", "chart-year")
    for tab in ("money", "switch", "people", "papers", "journal"):
        walker.follow(f"/units/{place.flat(3)}/{tab}/", f"tab-{tab}")
    walker.open(f"/units/{place.flat(3)}/money/")
    walker.fill(amount="12,50")
    walker.send("flat-paid", form="form[action*='/top-up/']")


def changes_prices_and_shares_costs(walker, place):
    walker.log_in("olga", place.password)
    walker.open(f"/properties/{place.property}/tariffs/", "tariffs")
    walker.follow("/tariffs/compare/", "what-if")
    walker.open(f"/properties/{place.property}/tariffs/new/", "tariff-editor")
    walker.open(f"/properties/{place.property}/shared-costs/", "shared-costs")
    walker.click("main a[href='?add']")
    walker.fill(name="Lift")
    walker.send("shared-cost")
    # The bill of days for which every reading is there.
    walker.fill(first="2013-09-16", last="2013-09-16", amount="24,12")
    walker.send("shared-preview", form="form[action$='/run/']", button="button")
    walker.send("shared-booked", button="button[name=book]")


def does_much_at_once(walker, place):
    walker.log_in("olga", place.password)
    walker.open(f"/properties/{place.property}/batches/?do=top-up", "batch")
    walker.page.locator("main [name=every]").check()
    walker.fill(amount="5")
    walker.send("batch-preview", form="form[action*='/preview/']")
    walker.send(form="form[action*='/run/']")
    # The page sees by itself that the worker has done it.
    walker.sees("main [role=status] h2")
    walker.look("batch-done")
    walker.open("/notes/", "notes")
    walker.page.locator("main [name=everybody], main [name=property]").first.check()
    walker.fill(title="Lift", text="7:00–9:00")
    walker.send("note-sent")
    walker.open("/notices/", "notices")
    walker.open("/reports/", "fault-reports")


def books_money(walker, place):
    walker.log_in("olga", place.password)
    walker.open("/bank-lines/", "bank")
    walker.page.locator("[name=statement]").set_input_files(place.bank_statement())
    walker.send(form="form:has([name=statement])", button="button")
    walker.sees("main table")
    walker.look("bank-lines")
    for page in ("payments", "bills", "books", "reconciliation", "till", "till/day"):
        walker.open(f"/{page}/", page.replace("/", "-"))


def invites_people(walker, place):
    walker.log_in("olga", place.password)
    walker.open("/people/", "people")
    walker.page.locator("form[action*='/people/invite/'] [name=role]").select_option("cashier")
    walker.print("invitation", form="form[action*='/people/invite/']")
    place.invitation = walker.page.locator(".digits").first.inner_text()
    walker.open("/changes/", "changes")
    walker.open("/personal-data/", "personal-data-kept")


def has_somebody_move_out(walker, place):
    walker.log_in("olga", place.password)
    walker.open(f"/units/{place.flat(5)}/people/", "before-move-out")
    walker.unfold("main details:has(form[action*='/move-out/'])")
    walker.send("sure", form="form[action*='/move-out/']", button="button")
    walker.send("move-out", form="form:has([name=sure])", button="button")
    walker.sees("main .toast.success")
    walker.follow("/papers/", "papers-of-who-left")
    walker.click("main a[href*='/statement/?month=']:not([href*=pdf])", "statement")
