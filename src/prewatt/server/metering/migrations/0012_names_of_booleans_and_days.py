from django.db import migrations

from prewatt.server.core.renaming import RenameColumn


class Migration(migrations.Migration):

    dependencies = [('metering', '0011_phones_on_site')]

    operations = [
        RenameColumn(model_name='gateway', old_name='revoked', new_name='is_revoked'),
        RenameColumn(model_name='gateway', old_name='online', new_name='is_online'),
        RenameColumn(model_name='meter', old_name='low', new_name='is_low'),
        RenameColumn(model_name='journalentry', old_name='late', new_name='is_late'),
        RenameColumn(model_name='silence', old_name='told_back', new_name='is_back_told'),
        RenameColumn(model_name='silentmeter', old_name='went_on', new_name='was_read_meanwhile'),
        RenameColumn(model_name='silentmeter', old_name='spread', new_name='was_checked_for_spread'),
        RenameColumn(model_name='similaruse', old_name='first', new_name='first_day'),
        RenameColumn(model_name='similaruse', old_name='last', new_name='last_day'),
    ]
