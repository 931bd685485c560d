from django.urls import path

from apps.mailboxes import views

app_name = "mailboxes"
urlpatterns = [
    path("connect/", views.connect, name="connect"),
    path("callback/", views.callback, name="callback"),
    path("<int:pk>/refresh/", views.refresh, name="refresh"),
    path("<int:pk>/write/", views.write, name="write"),
]
