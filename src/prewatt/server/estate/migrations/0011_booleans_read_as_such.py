from django.db import migrations

from prewatt.server.core.renaming import RenameColumn


class Migration(migrations.Migration):

    dependencies = [('estate', '0010_in_the_building')]

    operations = [
        RenameColumn(model_name='terms', old_name='postpaid', new_name='is_postpaid'),
    ]
