"""Who lives in a flat: credit and use, paying, papers, notices, a fault, who else lives there; and who has moved out."""


def looks(walker, place):
    walker.log_in("flat03", place.password, "home")
    walker.open(f"/me/use/?period=day&day={place.day}#use", "use-of-a-day")
    walker.open("/me/power/", "why-is-it-dark")
    walker.open("/me/")
    walker.follow("/statement/", "statement")
    walker.open(f"/tenancies/{place.flat(3)}/statement/?month={place.month}", "statement-of-a-month")


def pays(walker, place):
    walker.log_in("flat03", place.password)
    walker.open("/me/")
    walker.unfold("details.pay")
    walker.look("pay")
    walker.fill(amount="20")
    walker.send("payment", form="form[action$='/pay/']", button="button:not(.main)")
    place.pays()
    walker.sees("ol.steps li.done:nth-child(3)")
    walker.look("payment-at-the-meter")
    walker.open("/me/", "home-with-a-payment")


def has_no_network(walker, place):
    walker.log_in("flat03", place.password)
    walker.open("/me/")
    walker.loses_the_network("no-network")
    # It comes back by itself.
    walker.sees("details.pay")


def has_a_flatmate_come(walker, place):
    walker.log_in("flat03", place.password)
    walker.open("/me/residents/", "residents")
    walker.send("resident-invited", form="form[action*='/residents/invite/']", button="button")
    code = walker.text(".invitation .digits")
    walker.role = "flatmate"
    walker.leaves()
    walker.open("/join/", "invitation")
    walker.fill(code=code)
    walker.send("invited")
    walker.fill(name=f"flatmate-{walker.way.size}", password="five green doors")
    walker.send("home-of-a-flatmate")
    walker.open("/me/residents/", "who-lives-here")


def lets_others_pay(walker, place):
    walker.role = "tenant"
    walker.log_in("flat03", place.password)
    walker.open("/me/automatic/", "automatic-top-up")
    walker.fill(amount="20", under_days="0", most_a_month="10")
    walker.send("nobody-can-agree-to-this", form="form[action$='/automatic/agree/']")
    walker.open("/me/gift-links/", "gift-links")
    walker.fill(note="...", shown_name="...")
    walker.send("gift-link", form="form[action$='/gift-links/make/']")
    given = walker.number(r"(/give/[0-9a-f]+/)")
    walker.role = "giver"
    walker.leaves()
    walker.open(given, "pay-for-a-flat")
    walker.fill(giver="...", amount="20")
    walker.send("payment-of-a-giver", form="form[action$='/pay/']", button="button:not(.main)")


def says_and_asks(walker, place):
    walker.log_in("flat03", place.password)
    walker.open("/me/notices/", "notices")
    walker.open("/me/reports/", "report-a-fault")
    walker.fill(text="...")
    walker.send("reported")
    walker.open("/me/", "home-again")
    for page in ("payments", "shares", "use"):
        walker.follow(f"/{page}/", page)
        walker.open("/me/")
    walker.open(f"/tenancies/{place.flat(3)}/personal-data/", "personal-data")
    walker.open("/account/", "own-login")
    walker.refused()


def has_moved_out(walker, place):
    walker.role = "former-tenant"
    walker.log_in("flat05", place.password, "home")
    walker.open(f"/tenancies/{place.flat(5)}/statement/", "statement")
