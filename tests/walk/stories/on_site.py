"""Site staff: meters, switches, codes and faults, and no money."""


def works_at_meters(walker, place):
    walker.log_in("stan", place.password, "first-page")
    walker.open(f"/units/{place.flat(7)}/", "flat")
    walker.follow("/switch/", "switch")
    walker.unfold("main details:has(form[action$='/order/'])")
    walker.look("orders")
    form = walker.page.locator("form[action$='/order/']:has([name=reason])").locator("visible=true").first
    form.locator("[name=reason]").fill("Work at the wiring")
    form.locator("button").first.click()
    walker.look("asked")
    for page in ("emergency-codes", "alarms", "readings"):
        walker.open(f"/properties/{place.property}/{page}/", page)
    walker.open("/reports/", "fault-reports")
    walker.open("/account/", "own-login")
    walker.refused()
