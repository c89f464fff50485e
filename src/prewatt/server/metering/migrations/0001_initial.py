import django.core.validators
import django.db.models.deletion
import prewatt.server.core.fields
import prewatt.server.estate.safety_rules
import prewatt.server.estate.supply_rules
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('estate', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='Meter',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=64, unique=True, validators=[prewatt.server.core.fields.check_meter_name])),
                ('serial', models.CharField(blank=True, default='', editable=False, max_length=64)),
                ('role', models.CharField(choices=[('unit', 'of a unit'), ('common', 'of what is used in common'), ('main', 'of the whole building')], default='unit', max_length=8)),
                ('driver', models.CharField(default='recorded', max_length=32, validators=[prewatt.server.core.fields.check_driver_name])),
                ('power_limit', models.CharField(blank=True, help_text='The highest power, W: 3000, or by the hour 06-22 5000, 22-06 3000. Empty: as for the building.', max_length=300, validators=[prewatt.server.estate.supply_rules.check_power])),
                ('power_highest', models.PositiveIntegerField(default=15000, help_text='The power that the main fuse allows, W. A register that rises faster is not accepted.', validators=[django.core.validators.MinValueValidator(100), django.core.validators.MaxValueValidator(1000000)])),
                ('seq', models.BigIntegerField(default=0, editable=False)),
                ('head', models.BinaryField(default=bytes)),
                ('account', models.BinaryField(default=bytes)),
                ('digest', models.BinaryField(default=bytes)),
                ('offset', models.BigIntegerField(default=0, editable=False)),
                ('at', models.BigIntegerField(editable=False, null=True)),
                ('balance', models.BigIntegerField(default=0, editable=False)),
                ('register', models.BigIntegerField(editable=False, null=True)),
                ('read_at', models.BigIntegerField(editable=False, null=True)),
                ('closed', models.BooleanField(editable=False, null=True)),
                ('low', models.BooleanField(default=False, editable=False)),
                ('commands', models.BigIntegerField(default=0, editable=False)),
                ('taken', models.BigIntegerField(default=0, editable=False)),
                ('told_at', models.BigIntegerField(editable=False, null=True)),
                ('told_seq', models.BigIntegerField(default=0, editable=False)),
                ('told_balance', models.BigIntegerField(editable=False, null=True)),
                ('told_closed', models.BooleanField(editable=False, null=True)),
                ('told_command', models.BigIntegerField(default=0, editable=False)),
                ('late', models.BigIntegerField(default=0, editable=False)),
                ('duplicates', models.BigIntegerField(default=0, editable=False)),
                ('limits', models.TextField(blank=True, help_text='One limit a line. Example: voltage over 253 V for 5 s: off. Empty: as for the building. none: no limit.', max_length=1000, validators=[prewatt.server.estate.safety_rules.check_limits])),
                ('off_hours', models.CharField(blank=True, help_text='Example: daily 23:00-06:00. Empty: as for the building. none: no off hours.', max_length=300, validators=[prewatt.server.estate.safety_rules.check_own_windows])),
                ('off_watts', models.PositiveIntegerField(blank=True, help_text='The power that is allowed in off hours, W. Empty: as for the building.', null=True, validators=[django.core.validators.MaxValueValidator(1000000)])),
                ('off_kwh', models.DecimalField(blank=True, decimal_places=3, help_text='The energy that is allowed in each span of off hours, kWh. Empty: as for the building.', max_digits=9, null=True, validators=[django.core.validators.MinValueValidator(0)])),
                ('told_quantities', models.JSONField(default=dict, editable=False)),
                ('told_switch', models.CharField(blank=True, default='', editable=False, max_length=32)),
            ],
            options={
                'ordering': ('gateway__property', 'role', 'unit__name', 'name'),
            },
        ),
        migrations.CreateModel(
            name='Worker',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('shards', models.CharField(max_length=8, unique=True)),
                ('beat_at', models.DateTimeField(auto_now=True)),
            ],
        ),
        migrations.CreateModel(
            name='Gateway',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=32, unique=True, validators=[prewatt.server.core.fields.check_gateway_name])),
                ('shard', models.SmallIntegerField(editable=False)),
                ('public_key', models.BinaryField(null=True)),
                ('renewals', models.PositiveIntegerField(default=0, editable=False)),
                ('code_hash', models.CharField(blank=True, editable=False, max_length=64)),
                ('revoked', models.BooleanField(default=False, help_text='Nothing that this gateway sends is accepted any more.')),
                ('epoch', models.BigIntegerField(default=0, editable=False)),
                ('number', models.BigIntegerField(default=0, editable=False)),
                ('online', models.BooleanField(default=False, editable=False)),
                ('since', models.BigIntegerField(editable=False, null=True)),
                ('heard_at', models.BigIntegerField(editable=False, null=True)),
                ('sessions', models.JSONField(default=list, editable=False)),
                ('adopted_at', models.BigIntegerField(default=0, editable=False)),
                ('property', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='gateways', to='estate.property')),
            ],
        ),
        migrations.CreateModel(
            name='LiveReading',
            fields=[
                ('meter', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='live', serialize=False, to='metering.meter')),
                ('heard_at', models.BigIntegerField()),
                ('at', models.BigIntegerField()),
                ('register', models.BigIntegerField(null=True)),
                ('power', models.BigIntegerField(null=True)),
                ('closed', models.BooleanField(null=True)),
                ('balance', models.BigIntegerField(null=True)),
                ('cause', models.CharField(blank=True, default='', max_length=200)),
            ],
        ),
        migrations.CreateModel(
            name='Look',
            fields=[
                ('meter', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='look', serialize=False, to='metering.meter')),
                ('until', models.BigIntegerField(db_index=True, default=0)),
                ('asked_at', models.BigIntegerField(db_index=True, default=0)),
            ],
        ),
        migrations.AddField(
            model_name='meter',
            name='gateway',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='meters', to='metering.gateway'),
        ),
        migrations.AddField(
            model_name='meter',
            name='part',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='meters', to='estate.part'),
        ),
        migrations.AddField(
            model_name='meter',
            name='unit',
            field=models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='meter', to='estate.unit'),
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
                'indexes': [
                    models.Index(fields=['meter', 'at'], name='entry_by_time'),
                ],
            },
        ),
        migrations.CreateModel(
            name='Alarm',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(default='difference', max_length=24)),
                ('key', models.CharField(blank=True, default='', max_length=64)),
                ('data', models.JSONField(default=dict)),
                ('seq', models.BigIntegerField(default=0)),
                ('at', models.BigIntegerField()),
                ('text', models.TextField()),
                ('is_resolved', models.BooleanField(default=False)),
                ('resolved_by', models.CharField(blank=True, default='', max_length=150)),
                ('resolved_at', models.BigIntegerField(null=True)),
                ('gateway', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='alarms', to='metering.gateway')),
                ('meter', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='alarms', to='metering.meter')),
            ],
            options={
                'constraints': [
                    models.CheckConstraint(condition=models.Q(models.Q(('gateway__isnull', True), ('meter__isnull', False)), models.Q(('gateway__isnull', False), ('meter__isnull', True)), _connector='OR'), name='alarm_of_one'),
                    models.UniqueConstraint(condition=models.Q(('is_resolved', False), ('meter__isnull', False)), fields=('meter', 'kind', 'key'), name='alarm_of_meter_once'),
                    models.UniqueConstraint(condition=models.Q(('gateway__isnull', False), ('is_resolved', False)), fields=('gateway', 'kind', 'key'), name='alarm_of_gateway_once'),
                ],
            },
        ),
        migrations.CreateModel(
            name='Refusal',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('gateway', models.CharField(blank=True, max_length=32)),
                ('reason', models.CharField(max_length=16)),
                ('count', models.BigIntegerField(default=0)),
                ('first_at', models.BigIntegerField()),
                ('last_at', models.BigIntegerField()),
                ('text', models.TextField()),
            ],
            options={
                'constraints': [
                    models.UniqueConstraint(fields=('gateway', 'reason'), name='refusal_once'),
                ],
            },
        ),
        migrations.CreateModel(
            name='Silence',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('began_at', models.BigIntegerField()),
                ('back_at', models.BigIntegerField(null=True)),
                ('over_at', models.BigIntegerField(null=True)),
                ('told', models.PositiveIntegerField(default=0)),
                ('told_back', models.BooleanField(default=False)),
                ('gateway', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='silences', to='metering.gateway')),
                ('meter', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='silences', to='metering.meter')),
            ],
            options={
                'ordering': ('-began_at', '-id'),
                'constraints': [
                    models.UniqueConstraint(condition=models.Q(('meter', None), ('over_at', None)), fields=('gateway',), name='silence_of_gateway_once'),
                    models.UniqueConstraint(condition=models.Q(('meter__isnull', False), ('over_at', None)), fields=('meter',), name='silence_of_meter_once'),
                ],
            },
        ),
        migrations.CreateModel(
            name='SilentMeter',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('seq', models.BigIntegerField()),
                ('balance', models.BigIntegerField()),
                ('closed', models.BooleanField(null=True)),
                ('read_at', models.BigIntegerField(null=True)),
                ('day_energy', models.BigIntegerField(null=True)),
                ('day_charge', models.BigIntegerField(null=True)),
                ('counted_at', models.BigIntegerField(null=True)),
                ('energy', models.BigIntegerField(default=0)),
                ('charge', models.BigIntegerField(default=0)),
                ('stands', models.BigIntegerField(default=0)),
                ('went_on', models.BooleanField(default=False)),
                ('spread', models.BooleanField(default=False)),
                ('meter', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='metering.meter')),
                ('silence', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='meters', to='metering.silence')),
            ],
            options={
                'ordering': ('silence', 'id'),
                'constraints': [
                    models.UniqueConstraint(fields=('silence', 'meter'), name='silent_meter_once'),
                ],
            },
        ),
        migrations.CreateModel(
            name='StaffGrant',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('holder', models.CharField(max_length=100)),
                ('key', models.CharField(max_length=64)),
                ('actions', models.CharField(max_length=200)),
                ('begins', models.BigIntegerField()),
                ('ends', models.BigIntegerField()),
                ('made_at', models.BigIntegerField()),
                ('by', models.CharField(max_length=150)),
                ('text', models.TextField()),
                ('property', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='staff_grants', to='estate.property')),
            ],
            options={
                'ordering': ('-made_at', '-id'),
            },
        ),
        migrations.AddConstraint(
            model_name='meter',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('role', 'unit'), ('unit__isnull', False)), models.Q(models.Q(('role', 'unit'), _negated=True), ('unit__isnull', True)), _connector='OR'), name='meter_of_unit'),
        ),
        migrations.AddConstraint(
            model_name='meter',
            constraint=models.UniqueConstraint(condition=models.Q(('serial', ''), _negated=True), fields=('gateway', 'serial'), name='meter_serial_once'),
        ),
    ]
