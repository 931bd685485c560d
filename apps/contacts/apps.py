from django.apps import AppConfig


class ContactsConfig(AppConfig):
    name = "apps.contacts"

    def ready(self) -> None:
        from apps.contacts.models import OutlookContact
        from apps.mailboxes.clearing import also_clear

        also_clear(OutlookContact)
