"""The tables of this room."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('estate', '0001_initial'),
        ('metering', '0001_initial'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Command',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.BigIntegerField()),
                ('kind', models.CharField(max_length=16)),
                ('body', models.BinaryField()),
                ('signature', models.BinaryField()),
                ('issued', models.BigIntegerField()),
                ('state', models.CharField(choices=[('queued', 'waiting'), ('sent', 'sent'), ('applied', 'applied'), ('rejected', 'refused')], default='queued', max_length=8)),
                ('applied_seq', models.BigIntegerField(null=True)),
                ('applied_at', models.BigIntegerField(null=True)),
                ('reason', models.CharField(blank=True, max_length=200)),
                ('meter', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='credit_log', to='metering.meter')),
            ],
            options={
                'ordering': ('meter', 'number'),
            },
        ),
        migrations.CreateModel(
            name='TopUp',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('credit_id', models.CharField(max_length=40, unique=True)),
                ('amount', models.BigIntegerField()),
                ('paid', models.BigIntegerField()),
                ('note', models.CharField(blank=True, max_length=100)),
                ('by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('command', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='top_up', to='vending.command')),
                ('tenancy', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='top_ups', to='estate.tenancy')),
            ],
            options={
                'ordering': ('-paid', '-id'),
            },
        ),
        migrations.AddIndex(
            model_name='command',
            index=models.Index(condition=models.Q(('state__in', ('queued', 'sent'))), fields=['meter', 'number'], name='command_open'),
        ),
        migrations.AddConstraint(
            model_name='command',
            constraint=models.UniqueConstraint(fields=('meter', 'number'), name='command_number_once'),
        ),
        migrations.AddConstraint(
            model_name='topup',
            constraint=models.CheckConstraint(condition=models.Q(('amount__gt', 0)), name='top_up_positive'),
        ),
    ]
