from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [('notices', '0006_automatic_top_ups')]

    operations = [
        migrations.RenameField(model_name='channel', old_name='enabled', new_name='is_enabled'),
        migrations.RenameField(model_name='channel', old_name='by_office', new_name='is_from_office'),
        migrations.RenameField(model_name='notice', old_name='overtaken', new_name='is_overtaken'),
        migrations.RenameField(model_name='crossing', old_name='raised', new_name='is_raised'),
        migrations.RenameField(model_name='crossing', old_name='reckoned', new_name='is_reckoned'),
    ]
