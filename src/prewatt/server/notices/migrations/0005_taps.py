import re

import django.db.models.deletion
from django.db import migrations, models


def fill_links(apps, _editor):
    """Note where notices lead that still wait: until now the link stood in their texts alone."""
    rows = apps.get_model("notices", "Notice").objects.filter(deliveries__state="waiting").distinct()
    for notice in rows.iterator():
        link = re.search(r"https?://\S+", notice.text)
        if link and len(link[0]) <= 300:
            notice.link = link[0]
            notice.save(update_fields=["link"])


class Migration(migrations.Migration):
    dependencies = [("notices", "0004_permissions")]

    operations = [
        migrations.AddField("notice", "link", models.CharField(blank=True, default="", max_length=300), preserve_default=False),
        migrations.CreateModel(
            name="Pace",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("event", models.CharField(max_length=12)),
                ("days", models.PositiveSmallIntegerField()),
                ("hour", models.PositiveSmallIntegerField(default=0)),
                (
                    "channel",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="paces", to="notices.channel"
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("channel", "event"), name="pace_once")],
            },
        ),
        migrations.RunPython(fill_links, migrations.RunPython.noop),
    ]
