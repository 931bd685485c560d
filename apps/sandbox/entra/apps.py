from django.apps import AppConfig


class SandboxEntraConfig(AppConfig):
    name = "apps.sandbox.entra"
    label = "sandbox_entra"
