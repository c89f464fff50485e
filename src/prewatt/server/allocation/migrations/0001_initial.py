import django.core.validators
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('estate', '0001_initial'),
        ('metering', '0001_initial'),
        ('vending', '0001_initial'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Run',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('begins', models.BigIntegerField()),
                ('ends', models.BigIntegerField()),
                ('energy', models.BigIntegerField(null=True)),
                ('cost', models.BigIntegerField()),
                ('memo', models.CharField(blank=True, max_length=100)),
                ('rule', models.JSONField()),
                ('made_at', models.BigIntegerField()),
                ('reversed_at', models.BigIntegerField(null=True)),
                ('by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('reversed_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ('-ends', '-id'),
            },
        ),
        migrations.CreateModel(
            name='Share',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('days', models.IntegerField()),
                ('weights', models.JSONField()),
                ('amount', models.BigIntegerField()),
                ('command', models.OneToOneField(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='vending.command')),
                ('reversal', models.OneToOneField(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='vending.command')),
                ('run', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='shares', to='allocation.run')),
                ('tenancy', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='shares', to='estate.tenancy')),
                ('unit', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='estate.unit')),
            ],
            options={
                'ordering': ('run', 'unit__name', 'id'),
            },
        ),
        migrations.CreateModel(
            name='SharedCost',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=60)),
                ('equal', models.DecimalField(decimal_places=4, default=100, max_digits=7, validators=[django.core.validators.MinValueValidator(0), django.core.validators.MaxValueValidator(100)], verbose_name='in equal shares, %')),
                ('area', models.DecimalField(decimal_places=4, default=0, max_digits=7, validators=[django.core.validators.MinValueValidator(0), django.core.validators.MaxValueValidator(100)], verbose_name='by floor area, %')),
                ('occupants', models.DecimalField(decimal_places=4, default=0, max_digits=7, validators=[django.core.validators.MinValueValidator(0), django.core.validators.MaxValueValidator(100)], verbose_name='by occupants, %')),
                ('consumption', models.DecimalField(decimal_places=4, default=0, max_digits=7, validators=[django.core.validators.MinValueValidator(0), django.core.validators.MaxValueValidator(100)], verbose_name='by consumption, %')),
                ('fixed', models.DecimalField(decimal_places=4, default=0, max_digits=7, validators=[django.core.validators.MinValueValidator(0), django.core.validators.MaxValueValidator(100)], verbose_name='by fixed weights, %')),
                ('vacancy', models.CharField(choices=[('landlord', 'the landlord'), ('others', 'the other units')], default='landlord', max_length=8, verbose_name='vacant units are borne by')),
                ('schedule', models.CharField(choices=[('none', 'by hand'), ('daily', 'every day'), ('weekly', 'every week'), ('monthly', 'every month')], default='none', max_length=8, verbose_name='runs')),
                ('since', models.BigIntegerField(blank=True, null=True)),
                ('ends', models.BigIntegerField(blank=True, null=True)),
                ('meters', models.ManyToManyField(blank=True, related_name='shared_costs', to='metering.meter')),
                ('part', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='shared_costs', to='estate.part')),
                ('property', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='shared_costs', to='estate.property')),
            ],
            options={
                'ordering': ('property', 'name'),
                'constraints': [
                    models.UniqueConstraint(fields=('property', 'name'), name='shared_cost_name_once'),
                ],
            },
        ),
        migrations.AddField(
            model_name='run',
            name='shared_cost',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='runs', to='allocation.sharedcost'),
        ),
        migrations.CreateModel(
            name='FixedWeight',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('weight', models.DecimalField(decimal_places=3, max_digits=10, validators=[django.core.validators.MinValueValidator(0)])),
                ('unit', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='estate.unit')),
                ('shared_cost', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='weights', to='allocation.sharedcost')),
            ],
            options={
                'constraints': [
                    models.UniqueConstraint(fields=('shared_cost', 'unit'), name='weight_once'),
                ],
            },
        ),
        migrations.AddConstraint(
            model_name='run',
            constraint=models.UniqueConstraint(condition=models.Q(('energy__isnull', False), ('reversed_at__isnull', True)), fields=('shared_cost', 'begins'), name='run_once'),
        ),
    ]
