"""Sign-in and sign-out. What allauth offers beyond that has no address here, so it answers 404."""

from django.urls import include, path

from apps.accounts import views

urlpatterns = [
    path("login/", views.sign_in, name="account_login"),
    path("logout/", views.SignOut.as_view(), name="account_logout"),
    path("administrator/", views.AdministratorSignIn.as_view(), name="administrator_sign_in"),
    path("inactive/", views.inactive, name="account_inactive"),
    path("cancelled/", views.cancelled, name="socialaccount_login_cancelled"),
    path("entra/", include("apps.accounts.entra.urls")),
]
