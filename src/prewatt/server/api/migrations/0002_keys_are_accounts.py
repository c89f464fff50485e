from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('api', '0001_initial'),
        ('accounts', '0005_keys'),
    ]

    operations = [
        migrations.DeleteModel(name='Token'),
    ]
