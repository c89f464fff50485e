from django.db import migrations, models

from prewatt.server.core.renaming import RenameColumn


class Migration(migrations.Migration):

    dependencies = [("ledger", "0005_memo_parts")]

    operations = [
        RenameColumn(model_name="closedsum", old_name="amount", new_name="nano"),
        migrations.AddField(model_name="closedsum", name="whole", field=models.BigIntegerField(default=0)),
    ]
