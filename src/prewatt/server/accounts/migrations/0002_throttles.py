from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0001_memberships'),
    ]

    operations = [
        migrations.CreateModel(
            name='Throttle',
            fields=[
                ('subject', models.CharField(max_length=64, primary_key=True, serialize=False)),
                ('wrong', models.PositiveIntegerField()),
                ('last_at', models.BigIntegerField()),
                ('until', models.BigIntegerField()),
                ('ends', models.BigIntegerField(db_index=True)),
            ],
        ),
    ]
