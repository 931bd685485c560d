from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("work", "0003_runs")]

    operations = [
        migrations.CreateModel(
            name="Pace",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("key", models.CharField(max_length=80, unique=True)),
                ("width", models.PositiveSmallIntegerField()),
                ("good_turns", models.PositiveSmallIntegerField(default=0)),
                ("usual_seconds", models.FloatField(null=True)),
                ("narrowed_at", models.DateTimeField(null=True)),
            ],
        ),
    ]
