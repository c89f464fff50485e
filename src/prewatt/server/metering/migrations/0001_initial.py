"""The tables of this room."""

import django.db.models.deletion
from django.db import migrations, models

import prewatt.server.fields


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('estate', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='Worker',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('shards', models.CharField(max_length=8, unique=True)),
                ('beat', models.DateTimeField(auto_now=True)),
            ],
        ),
        migrations.CreateModel(
            name='Gateway',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=32, unique=True, validators=[prewatt.server.fields.check_gateway_name])),
                ('shard', models.SmallIntegerField(editable=False)),
                ('public_key', models.BinaryField(null=True)),
                ('code_hash', models.CharField(blank=True, editable=False, max_length=64)),
                ('revoked', models.BooleanField(default=False, help_text='Nothing that it sends is accepted any more.')),
                ('epoch', models.BigIntegerField(default=0, editable=False)),
                ('number', models.BigIntegerField(default=0, editable=False)),
                ('online', models.BooleanField(default=False, editable=False)),
                ('since', models.BigIntegerField(editable=False, null=True)),
                ('heard', models.BigIntegerField(editable=False, null=True)),
                ('property', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='gateways', to='estate.property')),
            ],
        ),
        migrations.CreateModel(
            name='Meter',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=64, unique=True, validators=[prewatt.server.fields.check_meter_name])),
                ('driver', models.CharField(choices=[('recorded', 'recorded consumption')], default='recorded', max_length=16)),
                ('seq', models.BigIntegerField(default=0, editable=False)),
                ('head', models.BinaryField(default=bytes)),
                ('account', models.BinaryField(default=bytes)),
                ('offset', models.BigIntegerField(default=0, editable=False)),
                ('at', models.BigIntegerField(editable=False, null=True)),
                ('balance', models.BigIntegerField(default=0, editable=False)),
                ('register', models.BigIntegerField(editable=False, null=True)),
                ('read_at', models.BigIntegerField(editable=False, null=True)),
                ('closed', models.BooleanField(editable=False, null=True)),
                ('low', models.BooleanField(default=False, editable=False)),
                ('commands', models.BigIntegerField(default=0, editable=False)),
                ('told_at', models.BigIntegerField(editable=False, null=True)),
                ('told_seq', models.BigIntegerField(default=0, editable=False)),
                ('told_balance', models.BigIntegerField(editable=False, null=True)),
                ('told_closed', models.BooleanField(editable=False, null=True)),
                ('late', models.BigIntegerField(default=0, editable=False)),
                ('duplicates', models.BigIntegerField(default=0, editable=False)),
                ('gateway', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='meters', to='metering.gateway')),
                ('unit', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='meter', to='estate.unit')),
            ],
            options={
                'ordering': ('unit__property', 'unit__name'),
            },
        ),
        migrations.CreateModel(
            name='Alarm',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('seq', models.BigIntegerField()),
                ('at', models.BigIntegerField()),
                ('text', models.TextField()),
                ('settled', models.BooleanField(default=False)),
                ('meter', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='alarms', to='metering.meter')),
            ],
        ),
        migrations.CreateModel(
            name='Refusal',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('gateway', models.CharField(blank=True, max_length=32)),
                ('reason', models.CharField(max_length=16)),
                ('count', models.BigIntegerField(default=0)),
                ('first', models.BigIntegerField()),
                ('last', models.BigIntegerField()),
                ('text', models.TextField()),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('gateway', 'reason'), name='refusal_once')],
            },
        ),
        migrations.CreateModel(
            name='JournalEntry',
            fields=[
                ('pk', models.CompositePrimaryKey('meter_id', 'seq', blank=True, editable=False, primary_key=True, serialize=False)),
                ('seq', models.BigIntegerField()),
                ('at', models.BigIntegerField()),
                ('kind', models.CharField(max_length=16)),
                ('balance', models.BigIntegerField()),
                ('register', models.BigIntegerField(null=True)),
                ('energy', models.BigIntegerField(null=True)),
                ('charge', models.BigIntegerField(null=True)),
                ('closed', models.BooleanField(null=True)),
                ('late', models.BooleanField(default=False)),
                ('body', models.BinaryField()),
                ('hash', models.BinaryField()),
                ('meter', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='entries', to='metering.meter')),
            ],
            options={
                'indexes': [models.Index(fields=['meter', 'at'], name='entry_by_time')],
            },
        ),
    ]
