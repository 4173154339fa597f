from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("kith_realtime", "0002_numbering")]

    operations = [
        migrations.AddField(
            model_name="loggedevent",
            name="tally",
            field=models.TextField(help_text="what the act added to a total, as a JSON array", null=True),
        ),
    ]
