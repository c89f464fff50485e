from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [('overview', '0001_initial')]

    operations = [
        migrations.RenameField(model_name='summary', old_name='moved', new_name='moved_at'),
    ]
