from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('estate', '0004_residents'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveField(
            model_name='tenancy',
            name='user',
        ),
        migrations.AddField(
            model_name='tenancy',
            name='people',
            field=models.ManyToManyField(blank=True, related_name='tenancies', through='estate.Resident', to=settings.AUTH_USER_MODEL),
        ),
    ]
