from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [('metering', '0011_phones_on_site')]

    operations = [
        migrations.RenameField(model_name='gateway', old_name='revoked', new_name='is_revoked'),
        migrations.RenameField(model_name='gateway', old_name='online', new_name='is_online'),
        migrations.RenameField(model_name='meter', old_name='low', new_name='is_low'),
        migrations.RenameField(model_name='journalentry', old_name='late', new_name='is_late'),
        migrations.RenameField(model_name='silence', old_name='told_back', new_name='is_back_told'),
        migrations.RenameField(model_name='silentmeter', old_name='went_on', new_name='was_read_meanwhile'),
        migrations.RenameField(model_name='silentmeter', old_name='spread', new_name='was_checked_for_spread'),
        migrations.RenameField(model_name='similaruse', old_name='first', new_name='first_day'),
        migrations.RenameField(model_name='similaruse', old_name='last', new_name='last_day'),
    ]
