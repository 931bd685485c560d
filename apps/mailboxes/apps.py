from django.apps import AppConfig
from django.db.models.signals import post_migrate


class MailboxesConfig(AppConfig):
    name = "apps.mailboxes"

    def ready(self) -> None:
        from apps.mailboxes.search_index import install_triggers

        post_migrate.connect(install_triggers, sender=self)
