from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('payments', '0001_initial'),
    ]

    operations = [
        migrations.AlterField(
            model_name='payment',
            name='state',
            field=models.CharField(choices=[('open', 'not paid yet'), ('paid', 'paid'), ('held', 'paid, and waits for a person'), ('closed', 'not paid'), ('returned', 'paid back'), ('debt', 'paid a debt')], default='open', max_length=8),
        ),
    ]
