from django.db import migrations

from prewatt.server.core.renaming import RenameColumn


class Migration(migrations.Migration):

    dependencies = [('correspondence', '0001_initial')]

    operations = [
        RenameColumn(model_name='note', old_name='urgent', new_name='is_urgent'),
        RenameColumn(model_name='entry', old_name='office', new_name='is_from_office'),
    ]
