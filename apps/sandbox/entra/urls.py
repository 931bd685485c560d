from django.urls import path

from apps.sandbox.entra.views import discovery, sign_in, token

urlpatterns = [
    path("common/discovery/instance", discovery.instances),
    path("oidc/userinfo", token.userinfo),
    path("<str:tenant>/v2.0/.well-known/openid-configuration", discovery.openid_configuration),
    path("<str:tenant>/discovery/v2.0/keys", discovery.published_keys),
    path("<str:tenant>/oauth2/v2.0/authorize", sign_in.authorize, name="authorize"),
    path("<str:tenant>/oauth2/v2.0/token", token.token),
    path("<str:tenant>/oauth2/v2.0/logout", sign_in.sign_out),
    path("<str:tenant>/adminconsent", sign_in.admin_consent),
    path("<str:tenant>/v2.0/adminconsent", sign_in.admin_consent, name="admin-consent"),
    path("<str:tenant>/login", sign_in.sign_in, name="sign-in"),
    path("<str:tenant>/consent", sign_in.consent, name="consent"),
]
