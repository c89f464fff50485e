"""The cashier: takes money at the counter, gives a receipt, hands the day's sum over."""


def takes_cash(walker, place):
    walker.log_in("carla", place.password, "first-page")
    walker.follow("/till/", "till")
    walker.fill(q="Flat 0")
    walker.send("found", button="button.main")
    walker.open(f"/tenancies/{place.flat(6)}/take-cash/", "take-cash")
    walker.click("[data-fill]")
    walker.send("receipt", at="**/receipts/**")
    walker.open("/till/day/", "sum-of-the-day")
    walker.open(f"/units/{place.flat(6)}/", "flat")
    walker.follow("/money/", "flat-money")
    walker.refused()
    walker.open("/books/", "not-allowed")
