import django.db.models.deletion
import prewatt.server.notices.languages
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('estate', '0001_initial'),
        ('metering', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='Recipient',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('language', models.CharField(choices=prewatt.server.notices.languages.language_choices, default='en', max_length=12)),
                ('quiet_from', models.PositiveSmallIntegerField(default=22)),
                ('quiet_until', models.PositiveSmallIntegerField(default=7)),
                ('low_money', models.JSONField(default=list)),
                ('low_energy', models.JSONField(default=list)),
                ('low_days', models.JSONField(default=list)),
                ('muted', models.JSONField(default=list)),
                ('since', models.BigIntegerField()),
                ('seen', models.BigIntegerField(default=0)),
                ('closed', models.BooleanField(null=True)),
                ('day', models.DateField(null=True)),
                ('looked_at', models.BigIntegerField(default=0)),
                ('changed_at', models.BigIntegerField(null=True)),
                ('meter', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='metering.meter')),
                ('organisation', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='recipients', to='estate.organisation')),
                ('tenancy', models.OneToOneField(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='recipient', to='estate.tenancy')),
            ],
            options={
                'constraints': [
                    models.UniqueConstraint(condition=models.Q(('tenancy__isnull', True)), fields=('organisation',), name='one_manager_to_tell'),
                ],
            },
        ),
        migrations.CreateModel(
            name='Notice',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('event', models.CharField(choices=[('low', 'credit is running low'), ('exhausted', 'credit is used up'), ('cut-off', 'power was cut off'), ('restored', 'power is back'), ('top-up', 'a payment was received'), ('taken-back', 'a payment was taken back'), ('shared-cost', 'a shared cost was booked'), ('tariff', 'the tariff will change'), ('statement', "the month's statement is ready"), ('unusual', 'unusual use: something may have been left on'), ('overload', 'overload'), ('offline', 'a gateway or a meter is silent'), ('back', 'a gateway or a meter is back'), ('trouble', 'something a person must look at'), ('leak', 'unusual use of the common supply'), ('held', 'money waits for a person'), ('owed', 'money is owed to somebody for long'), ('note', 'a note from the manager'), ('report', 'a fault report, or an answer to one'), ('bill', 'a bill is ready'), ('bill-due', 'a bill is due soon'), ('overdue', 'a bill is overdue'), ('press-button', "the power waits for a press of the meter's button")], max_length=12)),
                ('key', models.CharField(max_length=120)),
                ('title', models.CharField(max_length=200)),
                ('text', models.TextField()),
                ('facts', models.JSONField(default=dict)),
                ('made_at', models.BigIntegerField()),
                ('due_at', models.BigIntegerField()),
                ('overtaken', models.BooleanField(default=False)),
                ('recipient', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='notices', to='notices.recipient')),
            ],
            options={
                'ordering': ('-made_at', '-id'),
                'constraints': [
                    models.UniqueConstraint(fields=('recipient', 'key'), name='notice_once'),
                ],
            },
        ),
        migrations.CreateModel(
            name='Crossing',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('step', models.CharField(max_length=60)),
                ('raised', models.BooleanField(default=False)),
                ('count', models.PositiveIntegerField(default=0)),
                ('reckoned', models.BooleanField(default=False)),
                ('recipient', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='crossings', to='notices.recipient')),
            ],
            options={
                'constraints': [
                    models.UniqueConstraint(fields=('recipient', 'step'), name='crossing_once'),
                ],
            },
        ),
        migrations.CreateModel(
            name='Channel',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(max_length=12)),
                ('sealed', models.BinaryField()),
                ('shown', models.CharField(max_length=100)),
                ('enabled', models.BooleanField(default=True)),
                ('made_at', models.BigIntegerField()),
                ('failing', models.CharField(blank=True, max_length=200)),
                ('tested_at', models.BigIntegerField(null=True)),
                ('by_office', models.BooleanField(default=False)),
                ('recipient', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='channels', to='notices.recipient')),
            ],
            options={
                'ordering': ('recipient', 'pk'),
            },
        ),
        migrations.CreateModel(
            name='Seen',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('seq', models.BigIntegerField()),
                ('meter', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='metering.meter')),
                ('recipient', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='seen_meters', to='notices.recipient')),
            ],
            options={
                'constraints': [
                    models.UniqueConstraint(fields=('recipient', 'meter'), name='seen_once'),
                ],
            },
        ),
        migrations.CreateModel(
            name='SendingAccount',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(max_length=12)),
                ('settings', models.JSONField(default=dict)),
                ('sealed', models.BinaryField()),
                ('made_at', models.BigIntegerField()),
                ('organisation', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='sending_accounts', to='estate.organisation')),
            ],
            options={
                'ordering': ('organisation', 'kind'),
                'constraints': [
                    models.UniqueConstraint(fields=('organisation', 'kind'), name='sending_account_once'),
                ],
            },
        ),
        migrations.CreateModel(
            name='SendingTemplate',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('carrier', models.CharField(blank=True, max_length=20)),
                ('event', models.CharField(blank=True, max_length=12)),
                ('language', models.CharField(blank=True, max_length=12)),
                ('template', models.CharField(max_length=100)),
                ('fields', models.JSONField(default=list)),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='templates', to='notices.sendingaccount')),
            ],
            options={
                'ordering': ('account', 'event', 'language'),
                'constraints': [
                    models.UniqueConstraint(fields=('account', 'carrier', 'event', 'language'), name='sending_template_once'),
                ],
            },
        ),
        migrations.CreateModel(
            name='Delivery',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('state', models.CharField(choices=[('waiting', 'waits'), ('sent', 'sent'), ('failed', 'not delivered'), ('overtaken', 'no longer needed')], default='waiting', max_length=9)),
                ('tries', models.PositiveIntegerField(default=0)),
                ('next_try_at', models.BigIntegerField(null=True)),
                ('sent_at', models.BigIntegerField(null=True)),
                ('error', models.CharField(blank=True, max_length=200)),
                ('channel', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='deliveries', to='notices.channel')),
                ('notice', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='deliveries', to='notices.notice')),
            ],
            options={
                'ordering': ('-id',),
                'indexes': [
                    models.Index(condition=models.Q(('state', 'waiting')), fields=['next_try_at'], name='delivery_to_try'),
                ],
                'constraints': [
                    models.UniqueConstraint(fields=('notice', 'channel'), name='delivery_once'),
                ],
            },
        ),
    ]
