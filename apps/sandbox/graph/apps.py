from django.apps import AppConfig


class SandboxGraphConfig(AppConfig):
    name = "apps.sandbox.graph"
    label = "sandbox_graph"
