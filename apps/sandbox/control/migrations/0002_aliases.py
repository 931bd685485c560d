from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("sandbox_control", "0001_initial")]

    operations = [
        migrations.AddField(model_name="person", name="aliases", field=models.JSONField(default=list)),
    ]
