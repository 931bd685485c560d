from django.apps import AppConfig


class SandboxControlConfig(AppConfig):
    name = "apps.sandbox.control"
    label = "sandbox_control"
