from django.db import migrations

from prewatt.server.core.renaming import RenameColumn


class Migration(migrations.Migration):

    dependencies = [('overview', '0001_initial')]

    operations = [
        RenameColumn(model_name='summary', old_name='moved', new_name='moved_at'),
    ]
