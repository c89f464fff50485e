from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [('estate', '0010_in_the_building')]

    operations = [
        migrations.RenameField(model_name='terms', old_name='postpaid', new_name='is_postpaid'),
    ]
