import django.core.validators
import django.db.models.deletion
import prewatt.server.core.fields
import prewatt.server.estate.safety_rules
import prewatt.server.estate.supply_rules
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Organisation',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=100, unique=True)),
                ('adjustment_limit', models.DecimalField(decimal_places=2, default=50, help_text='Giving or taking more credit than this needs a second person.', max_digits=12, validators=[django.core.validators.MinValueValidator(0)])),
                ('refund_reminder', models.PositiveSmallIntegerField(default=30, help_text='Days after which somebody is reminded of money that is owed to a tenant and not paid out.', validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(3650)])),
                ('refund_unclaimed', models.PositiveSmallIntegerField(default=365, help_text='Days after which money that is owed to a tenant counts as unclaimed; it stays owed.', validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(3650)])),
                ('managers', models.ManyToManyField(blank=True, related_name='organisations', to=settings.AUTH_USER_MODEL)),
            ],
        ),
        migrations.CreateModel(
            name='Property',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=100)),
                ('zone', models.CharField(help_text='IANA time zone, such as Europe/Berlin', max_length=64, validators=[prewatt.server.core.fields.check_zone])),
                ('currency', models.CharField(max_length=3, validators=[prewatt.server.core.fields.check_currency])),
                ('low_credit', models.CharField(blank=True, help_text='The tenant is reminded when less money than this is left. Several steps are possible: 20, 10, 5. Empty: no reminder.', max_length=100)),
                ('low_credit_kwh', models.CharField(blank=True, default='10', help_text='The tenant is reminded when fewer kWh than this are left, at the present price. Several steps are possible: 20, 10.', max_length=100)),
                ('clearance', models.DecimalField(decimal_places=4, default=0, help_text='After a cut-off, the power comes back when the balance has reached this amount.', max_digits=14, validators=[django.core.validators.MinValueValidator(0)])),
                ('emergency_credit', models.DecimalField(decimal_places=4, default=0, help_text='The amount that a tenant may take once, without asking, when the credit is low or used up. 0: nothing.', max_digits=14, validators=[django.core.validators.MinValueValidator(0)])),
                ('emergency_repayment', models.PositiveSmallIntegerField(default=100, help_text='The percentage of each top-up that first repays the emergency credit.', validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(100)])),
                ('friendly_hours', models.CharField(blank=True, help_text='In these hours nobody is cut off because the credit is used up. Example: daily 20:00-07:00, sat-sun 00:00-24:00.', max_length=300, validators=[prewatt.server.estate.supply_rules.check_windows])),
                ('friendly_holidays', models.CharField(blank=True, help_text='On public holidays of this country or region nobody is cut off all day. Example: DE or DE-BE.', max_length=10, validators=[prewatt.server.estate.supply_rules.check_region])),
                ('friendly_days', models.TextField(blank=True, help_text='More days on which nobody is cut off, such as days of frost or heat. Type dates such as 2026-12-24.', max_length=3000, validators=[prewatt.server.estate.supply_rules.check_days])),
                ('friendly_debt', models.DecimalField(decimal_places=4, default=0, help_text='A debt larger than this cuts a tenant off in friendly hours too. 0: no debt does.', max_digits=14, validators=[django.core.validators.MinValueValidator(0)])),
                ('power_limit', models.CharField(blank=True, help_text='The highest power that a meter allows, W: 3000, or by the hour 06-22 5000, 22-06 3000. Empty: no limit.', max_length=300, validators=[prewatt.server.estate.supply_rules.check_power])),
                ('overload_delay', models.PositiveIntegerField(default=10, help_text='The power is cut off when it has been over the limit for this many seconds.', validators=[django.core.validators.MaxValueValidator(3600)])),
                ('reclose_after', models.PositiveIntegerField(default=60, help_text='The power comes back by itself this many seconds after an overload cut it off.', validators=[django.core.validators.MinValueValidator(5), django.core.validators.MaxValueValidator(86400)])),
                ('recloses', models.PositiveSmallIntegerField(default=3, help_text='How many times the power comes back by itself within an hour. After that a person must switch it on.', validators=[django.core.validators.MaxValueValidator(100)])),
                ('forbidden_step', models.PositiveIntegerField(default=0, help_text='A heating load of this many W that appears at once cuts off the power until a person switches it on. 0: no load does.', validators=[django.core.validators.MaxValueValidator(1000000)])),
                ('tamper_locks', models.BooleanField(default=False, help_text='A meter that was tampered with stays off until a person has been there.')),
                ('doubtful_readings', models.PositiveSmallIntegerField(default=5, help_text='A doubtful register is accepted after this many readings in a row that agree with it. Counting goes on from there.', validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(1000)])),
                ('foreign_hours', models.PositiveIntegerField(default=0, help_text='When another meter answers in the place of the known one, the power stays on for this many hours. 0: without end.', validators=[django.core.validators.MaxValueValidator(8784)])),
                ('back_grace', models.PositiveSmallIntegerField(default=3, help_text='When a bank takes a payment back, the power stays on for this many days although the credit is below zero. 0: no days.', validators=[django.core.validators.MaxValueValidator(30)])),
                ('back_cuts_off', models.BooleanField(default=True, help_text='If this is on, money that a bank takes back may bring the credit below zero, and the power is cut off after those days. If this is off, the part that the credit does not cover is a debt of the tenant, and the power stays on.')),
                ('price_cap', models.DecimalField(blank=True, decimal_places=6, help_text='The highest price per kWh, with fee and tax, that the law allows for tenants. Empty: no cap.', max_digits=10, null=True, validators=[django.core.validators.MinValueValidator(0), django.core.validators.MaxValueValidator(1000)])),
                ('low_credit_days', models.CharField(blank=True, default='3, 1', help_text='The tenant is reminded when the credit lasts for only this many days at the usual use. Several steps are possible: 5, 3, 1.', max_length=100)),
                ('loss_alarm', models.DecimalField(decimal_places=2, default=10, help_text="An alarm is raised when more than this percentage of a month's energy is not accounted for.", max_digits=5, validators=[django.core.validators.MinValueValidator(0), django.core.validators.MaxValueValidator(100)])),
                ('limits', models.TextField(blank=True, help_text='One limit a line, for meters that measure it. Example: voltage over 253 V for 5 s: off. Write tell, off, or off until a person at the end.', max_length=1000, validators=[prewatt.server.estate.safety_rules.check_limits])),
                ('off_hours', models.CharField(blank=True, help_text='There is no power in these hours of the week. Example: daily 23:00-06:00. Empty: there is always power.', max_length=300, validators=[prewatt.server.estate.supply_rules.check_windows])),
                ('off_holidays', models.CharField(blank=True, help_text='Public holidays of this country or region are special days. Example: DE or DE-BE. In nights that begin on a special day, hours for mon to sun do not apply, but hours for daily do. Hours for special apply only in these nights.', max_length=10, validators=[prewatt.server.estate.supply_rules.check_region])),
                ('off_days', models.TextField(blank=True, help_text='More special days. Type dates such as 2026-12-24.', max_length=3000, validators=[prewatt.server.estate.supply_rules.check_days])),
                ('off_watts', models.PositiveIntegerField(blank=True, help_text='The power that is allowed in off hours, W. Empty: no such allowance.', null=True, validators=[django.core.validators.MaxValueValidator(1000000)])),
                ('off_kwh', models.DecimalField(blank=True, decimal_places=3, help_text='The energy that is allowed in each span of off hours, kWh. Empty: no such allowance.', max_digits=9, null=True, validators=[django.core.validators.MinValueValidator(0)])),
                ('emergency_code_amount', models.DecimalField(decimal_places=4, default=5, help_text='The highest amount that one emergency code lends.', max_digits=14, validators=[django.core.validators.MinValueValidator(0), django.core.validators.MaxValueValidator(1000)])),
                ('emergency_code_number', models.PositiveSmallIntegerField(default=1, help_text='The most emergency codes of one flat that are valid at a time. Used codes count until they would have ended. 0: none can be made.', validators=[django.core.validators.MaxValueValidator(10)])),
                ('emergency_code_days', models.PositiveSmallIntegerField(default=7, help_text='The most days for which an emergency code is valid.', validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(31)])),
                ('silence_minutes', models.PositiveSmallIntegerField(default=10, help_text='Managers are told when a gateway or a meter has been silent for this many minutes.', validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(1440)])),
                ('silence_again', models.PositiveSmallIntegerField(default=24, help_text='Managers are told again each time this many hours have passed. 0: only once.', validators=[django.core.validators.MaxValueValidator(720)])),
                ('alone_kwh', models.DecimalField(decimal_places=3, default=0, help_text='While no gateway reaches a meter that can cut off by itself, the meter supplies this many kWh beyond the credit, and then cuts off. 0: it supplies without end.', max_digits=9, validators=[django.core.validators.MinValueValidator(0)])),
                ('alone_days', models.PositiveSmallIntegerField(default=0, help_text='The same limit in days of usual use. The gateway calculates it for each meter. 0: no days.', validators=[django.core.validators.MaxValueValidator(60)])),
                ('spread_rule', models.CharField(choices=[('ask', 'ask'), ('self', 'spread by itself'), ('never', 'never')], default='ask', help_text='What happens when more was used during a silence than a flat had paid for.', max_length=5)),
                ('spread_over', models.DecimalField(decimal_places=4, default=0, help_text='Only an amount larger than this is spread by itself.', max_digits=14, validators=[django.core.validators.MinValueValidator(0)])),
                ('spread_share', models.PositiveSmallIntegerField(default=25, help_text='The percentage of each payment that pays back the spread amount. The rest goes to the meter.', validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(80)])),
                ('spread_weeks', models.PositiveSmallIntegerField(default=12, help_text='The percentage is higher if paying back would take longer than this many weeks at the usual use. 0: it may take any time.', validators=[django.core.validators.MaxValueValidator(104)])),
                ('spread_days', models.PositiveSmallIntegerField(default=3, help_text='After the amount was spread, the power stays on for this many days although there is no credit yet. 0: no days.', validators=[django.core.validators.MaxValueValidator(30)])),
                ('organisation', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='properties', to='estate.organisation')),
            ],
            options={
                'verbose_name_plural': 'properties',
                'ordering': ('name',),
                'constraints': [
                    models.UniqueConstraint(fields=('organisation', 'name'), name='property_name_once'),
                ],
            },
        ),
        migrations.CreateModel(
            name='Part',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=50)),
                ('property', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='parts', to='estate.property')),
            ],
            options={
                'ordering': ('property', 'name'),
                'constraints': [
                    models.UniqueConstraint(fields=('property', 'name'), name='part_name_once'),
                ],
            },
        ),
        migrations.CreateModel(
            name='Tenancy',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('tenant', models.CharField(max_length=100)),
                ('begins', models.BigIntegerField()),
                ('ends', models.BigIntegerField(blank=True, null=True)),
                ('occupants', models.PositiveSmallIntegerField(default=1, validators=[django.core.validators.MaxValueValidator(1000)])),
                ('deposit', models.BigIntegerField(default=0, editable=False)),
                ('settled_at', models.BigIntegerField(editable=False, null=True)),
                ('settlements', models.PositiveSmallIntegerField(default=0, editable=False)),
                ('user', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='tenancies', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name_plural': 'tenancies',
                'constraints': [
                    models.CheckConstraint(condition=models.Q(('ends__isnull', True), ('ends__gt', models.F('begins')), _connector='OR'), name='tenancy_ends_later'),
                ],
            },
        ),
        migrations.CreateModel(
            name='Terms',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('begins', models.BigIntegerField()),
                ('postpaid', models.BooleanField()),
                ('limit', models.BigIntegerField(default=0)),
                ('limit_cuts', models.BooleanField(default=True)),
                ('due_days', models.PositiveSmallIntegerField(default=14, validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(90)])),
                ('overdue', models.CharField(choices=[('remind', 'a reminder, nothing more'), ('ask', 'a person is asked'), ('cut', 'the supply ends by itself')], default='remind', max_length=6)),
                ('overdue_days', models.PositiveSmallIntegerField(default=14, validators=[django.core.validators.MinValueValidator(3), django.core.validators.MaxValueValidator(180)])),
                ('owed', models.CharField(choices=[('debt', 'stays owed, beside the meter'), ('spread', 'is spread over payments')], default='debt', max_length=6)),
                ('made_at', models.BigIntegerField()),
                ('by', models.CharField(max_length=150)),
                ('applied_at', models.BigIntegerField(null=True)),
                ('ended_at', models.BigIntegerField(null=True)),
                ('tenancy', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='terms', to='estate.tenancy')),
            ],
            options={
                'verbose_name_plural': 'terms',
                'ordering': ('begins', 'id'),
                'constraints': [
                    models.CheckConstraint(condition=models.Q(('limit__gte', 0)), name='terms_limit_natural'),
                    models.UniqueConstraint(condition=models.Q(('applied_at__isnull', True), ('ended_at__isnull', True)), fields=('tenancy',), name='terms_wait_once'),
                ],
            },
        ),
        migrations.CreateModel(
            name='Lowering',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('limit', models.BigIntegerField()),
                ('at', models.BigIntegerField()),
                ('why', models.CharField(max_length=200)),
                ('ended_at', models.BigIntegerField(null=True)),
                ('terms', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='lowerings', to='estate.terms')),
            ],
            options={
                'ordering': ('at', 'id'),
                'constraints': [
                    models.UniqueConstraint(condition=models.Q(('ended_at__isnull', True)), fields=('terms',), name='lowering_once'),
                ],
            },
        ),
        migrations.CreateModel(
            name='Unit',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=50)),
                ('area', models.DecimalField(decimal_places=2, default=0, max_digits=8, validators=[django.core.validators.MinValueValidator(0)], verbose_name='floor area, m²')),
                ('occupants', models.PositiveSmallIntegerField(default=1, validators=[django.core.validators.MaxValueValidator(1000)])),
                ('pin_hash', models.CharField(blank=True, editable=False, max_length=200)),
                ('parts', models.ManyToManyField(blank=True, related_name='units', to='estate.part')),
                ('property', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='units', to='estate.property')),
            ],
            options={
                'ordering': ('property', 'name'),
                'constraints': [
                    models.UniqueConstraint(fields=('property', 'name'), name='unit_name_once'),
                ],
            },
        ),
        migrations.AddField(
            model_name='tenancy',
            name='unit',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='tenancies', to='estate.unit'),
        ),
        migrations.AddConstraint(
            model_name='tenancy',
            constraint=models.UniqueConstraint(condition=models.Q(('ends__isnull', True)), fields=('unit',), name='one_open_tenancy'),
        ),
    ]
