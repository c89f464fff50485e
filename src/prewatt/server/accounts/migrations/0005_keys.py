import time

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


DAY = 86_400_000_000


def keys_of_before(apps, schema_editor):
    """A key of before had no end. It has one now, a year from its next start, so that nobody's program stops today."""
    at = time.time_ns() // 1000
    keys = apps.get_model("accounts", "ApiKey").objects
    for each in apps.get_model("api", "Token").objects.all():
        made_at = int(each.made_at.timestamp()) * 1_000_000
        keys.create(
            user_id=each.user_id, name=each.name, hash=each.hash, scope="all", made_at=made_at, ends=at + 365 * DAY
        )


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0004_audit_append_only'),
        ('estate', '0003_no_managers'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ('api', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='ApiKey',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=60)),
                ('hash', models.CharField(max_length=64, unique=True)),
                ('scope', models.CharField(choices=[('all', 'all that I may do'), ('read', 'only read'), ('chosen', 'only what is chosen')], default='all', max_length=6)),
                ('rights', models.JSONField(default=list)),
                ('made_at', models.BigIntegerField()),
                ('ends', models.BigIntegerField()),
                ('last_used_at', models.BigIntegerField(null=True)),
                ('revoked_at', models.BigIntegerField(null=True)),
                ('organisation', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='api_keys', to='estate.organisation')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='api_keys', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ('-made_at', '-pk'),
            },
        ),
        migrations.RunPython(keys_of_before, migrations.RunPython.noop),
    ]
