from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [('correspondence', '0001_initial')]

    operations = [
        migrations.RenameField(model_name='note', old_name='urgent', new_name='is_urgent'),
        migrations.RenameField(model_name='entry', old_name='office', new_name='is_from_office'),
    ]
