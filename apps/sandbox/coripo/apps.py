from django.apps import AppConfig
from django.db.backends.signals import connection_created

from apps.sandbox.coripo.collation import teach_mysql_manners


class SandboxCoripoConfig(AppConfig):
    name = "apps.sandbox.coripo"
    label = "sandbox_coripo"

    def ready(self) -> None:
        connection_created.connect(teach_mysql_manners, dispatch_uid="coripo_mysql_manners")
