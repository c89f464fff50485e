import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('estate', '0001_initial'),
        ('notices', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='Entry',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('asked', models.CharField(max_length=40)),
                ('at', models.BigIntegerField()),
                ('by', models.CharField(max_length=150)),
                ('office', models.BooleanField()),
                ('text', models.TextField(blank=True)),
                ('state', models.CharField(blank=True, choices=[('open', 'open'), ('work', 'in work'), ('done', 'done')], max_length=4)),
            ],
            options={
                'ordering': ('report', 'at', 'id'),
            },
        ),
        migrations.CreateModel(
            name='Note',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('asked', models.CharField(max_length=40)),
                ('title', models.CharField(max_length=100)),
                ('text', models.TextField()),
                ('texts', models.JSONField(default=dict)),
                ('urgent', models.BooleanField(default=False)),
                ('at', models.BigIntegerField()),
                ('by', models.CharField(max_length=150)),
                ('organisation', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='notes', to='estate.organisation')),
            ],
            options={
                'ordering': ('-at', '-id'),
                'constraints': [
                    models.UniqueConstraint(fields=('organisation', 'asked'), name='note_once'),
                ],
            },
        ),
        migrations.CreateModel(
            name='NoteTo',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('seen_at', models.BigIntegerField(null=True)),
                ('note', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='addressed', to='correspondence.note')),
                ('notice', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='notices.notice')),
                ('tenancy', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='notes', to='estate.tenancy')),
            ],
            options={
                'ordering': ('note', 'id'),
                'constraints': [
                    models.UniqueConstraint(fields=('note', 'tenancy'), name='note_to_once'),
                ],
            },
        ),
        migrations.CreateModel(
            name='Photo',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('content', models.BinaryField()),
                ('width', models.PositiveIntegerField()),
                ('height', models.PositiveIntegerField()),
                ('entry', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='photos', to='correspondence.entry')),
            ],
            options={
                'ordering': ('entry', 'id'),
            },
        ),
        migrations.CreateModel(
            name='Report',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('asked', models.CharField(max_length=40)),
                ('category', models.CharField(choices=[('danger', 'danger: sparks, smell of burning, a shock'), ('no-power', 'no power'), ('wiring', 'light, socket or fuse'), ('meter', 'meter or codes'), ('payment', 'payment or bill'), ('other', 'something else')], max_length=8)),
                ('state', models.CharField(choices=[('open', 'open'), ('work', 'in work'), ('done', 'done')], default='open', max_length=4)),
                ('made_at', models.BigIntegerField()),
                ('changed_at', models.BigIntegerField()),
                ('closed_at', models.BigIntegerField(null=True)),
                ('tenancy', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='reports', to='estate.tenancy')),
            ],
            options={
                'ordering': ('-changed_at', '-id'),
                'constraints': [
                    models.UniqueConstraint(fields=('tenancy', 'asked'), name='report_once'),
                ],
            },
        ),
        migrations.AddField(
            model_name='entry',
            name='report',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='entries', to='correspondence.report'),
        ),
        migrations.AddConstraint(
            model_name='entry',
            constraint=models.UniqueConstraint(fields=('report', 'asked'), name='report_entry_once'),
        ),
    ]
