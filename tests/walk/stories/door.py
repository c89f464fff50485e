"""Who has no login yet, or has forgotten the password."""


def comes_by_invitation(walker, place):
    walker.open("/login/", "log-in")
    walker.open("/join/", "invitation")
    walker.fill(code=place.invitation)
    walker.send("invited")
    walker.fill(name="new-cashier", password="five green doors")
    walker.send("inside")


def has_forgotten_a_password(walker, place):
    walker.page.context.clear_cookies()
    walker.open("/login/")
    walker.follow("/password/", "forgotten")
    walker.follow("/join/")
    walker.fill(code="AAAA-BBBB-CCCC-DDDD")
    walker.send("no-such-code")
    walker.open("/nothing/", "no-such-page")
