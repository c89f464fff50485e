"""The stories, each a function that a walker goes through, and can be read as one. `EMPTY` begin on an empty server, `LIVED` in a
building in which people have lived for two weeks; each comes after those above it.
"""

from tests.walk.stories import beginning, books, door, landlord, on_site, operator, tenant, till

EMPTY = (beginning.from_an_empty_server_to_a_statement,)
LIVED = (
    landlord.looks_at_the_building,
    landlord.looks_at_a_flat,
    landlord.changes_prices_and_shares_costs,
    landlord.does_much_at_once,
    landlord.books_money,
    landlord.invites_people,
    landlord.has_somebody_move_out,
    door.comes_by_invitation,
    door.has_forgotten_a_password,
    till.takes_cash,
    on_site.works_at_meters,
    books.reads_the_books,
    books.looks_and_changes_nothing,
    operator.runs_the_server,
    tenant.looks,
    tenant.pays,
    tenant.has_no_network,
    tenant.says_and_asks,
    tenant.has_a_flatmate_come,
    tenant.lets_others_pay,
    tenant.has_moved_out,
)
