import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


def owners_from_managers(apps, schema_editor):
    """Who managed an organisation could do everything in it, and is its owner now."""
    Membership = apps.get_model("accounts", "Membership")
    for organisation in apps.get_model("estate", "Organisation").objects.all():
        for user in organisation.managers.all():
            Membership.objects.get_or_create(organisation=organisation, user=user, defaults={"role": "owner"})


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('estate', '0002_purchase_tariff'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Membership',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('role', models.CharField(choices=[('owner', 'owner'), ('manager', 'manager'), ('cashier', 'cashier'), ('site_staff', 'site staff'), ('accountant', 'accountant'), ('read_only', 'read-only')], max_length=20)),
                ('organisation', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='memberships', to='estate.organisation')),
                ('properties', models.ManyToManyField(blank=True, help_text='Empty: all buildings.', related_name='+', to='estate.property')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='memberships', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ('organisation', 'user__username'),
                'constraints': [models.UniqueConstraint(fields=('user', 'organisation'), name='one_role_an_organisation')],
            },
        ),
        migrations.RunPython(owners_from_managers, migrations.RunPython.noop),
    ]
