import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('billing', '0001_initial'),
        ('estate', '0003_owed'),
    ]

    operations = [
        migrations.CreateModel(
            name='MoveChange',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.BigIntegerField()),
                ('by', models.CharField(max_length=150)),
                ('reason', models.CharField(max_length=200)),
                ('was', models.JSONField()),
                ('tenancy', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='move_changes', to='estate.tenancy')),
            ],
            options={
                'ordering': ('-at', '-id'),
            },
        ),
    ]
