from django.db import migrations

from prewatt.server.core.renaming import RenameColumn


class Migration(migrations.Migration):

    dependencies = [('notices', '0006_automatic_top_ups')]

    operations = [
        RenameColumn(model_name='channel', old_name='enabled', new_name='is_enabled'),
        RenameColumn(model_name='channel', old_name='by_office', new_name='is_from_office'),
        RenameColumn(model_name='notice', old_name='overtaken', new_name='is_overtaken'),
        RenameColumn(model_name='crossing', old_name='raised', new_name='is_raised'),
        RenameColumn(model_name='crossing', old_name='reckoned', new_name='is_reckoned'),
    ]
