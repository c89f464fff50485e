import django.db.models.deletion
import prewatt.server.core.time
from django.conf import settings
from django.db import migrations, models


def residents_from_users(apps, schema_editor):
    """A flat had one login, which is its first resident's."""
    Resident = apps.get_model("estate", "Resident")
    for each in apps.get_model("estate", "Tenancy").objects.exclude(user=None):
        Resident.objects.create(tenancy=each, user_id=each.user_id, since=each.begins)


class Migration(migrations.Migration):

    dependencies = [
        ('estate', '0003_no_managers'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Resident',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('since', models.BigIntegerField(default=prewatt.server.core.time.now)),
                ('tenancy', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='residents', to='estate.tenancy')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='residences', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ('since', 'pk'),
                'constraints': [models.UniqueConstraint(fields=('tenancy', 'user'), name='resident_once')],
            },
        ),
        migrations.RunPython(residents_from_users, migrations.RunPython.noop),
    ]
