"""`prewatt demo` in which somebody pays in the very moment when it ends its gateway to compare both sides: it is run as
`python -m tests.system.paying_at_the_end demo ...`.
"""

from prewatt import cli
from prewatt.kernel.units import NANO
from prewatt.processes.supervisor import Child
from tests.system.prepared import prepare

CREDIT_ID = "e" * 32


def pay_at_the_end():
    stop, paid = Child.stop, []

    def stop_and_pay(child):
        stop(child)
        if child.name == "agent" and not paid:
            # Loaded here, because it imports the models.
            from prewatt.server.estate.models import Tenancy
            from prewatt.server.sales.top_ups import top_up

            paid.append(top_up(Tenancy.objects.earliest("pk"), NANO, CREDIT_ID))

    Child.stop = stop_and_pay


if __name__ == "__main__":
    prepare()
    pay_at_the_end()
    cli.main()
