"""Who runs the server: all organisations, and *Set-up*."""


def runs_the_server(walker, place):
    walker.log_in("oskar", place.password, "first-page")
    walker.open("/people/", "people")
    walker.open("/books/", "books")
    walker.refused()
    walker.open("/account/factors/", "second-factor")
    walker.open("/look/", "look")
    walker.open("/admin/", "set-up")
    walker.open("/admin/estate/organisation/", "organisations")
