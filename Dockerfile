# One image for web, workers, scheduler and migrations; compose.yaml says which command is which.
# The patch release is left open on purpose: a rebuild takes the security fixes of Debian and Python.
FROM python:3.11-slim-bookworm AS build

ENV PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PATH=/opt/venv/bin:$PATH
WORKDIR /opt/portal
RUN python -m venv /opt/venv
COPY requirements.txt ./
RUN pip install --no-cache-dir --require-hashes -r requirements.txt
COPY . .
# The settings of production want their variables; none of these values is kept, since collecting files uses none.
RUN pybabel -q compile -d locale -D django \
    && DJANGO_SETTINGS_MODULE=portal.settings.production \
       PORTAL_URL=https://build.invalid \
       SECRET_KEY=build \
       FIELD_ENCRYPTION_KEYS=build \
       DATABASE_URL=postgresql://build.invalid/build \
       CELERY_BROKER_URL=redis://build.invalid \
       MICROSOFT_CLIENT_ID=build \
       MICROSOFT_CLIENT_SECRET=build \
       MICROSOFT_TENANT=build \
       CORIPO_BASE_URL=https://build.invalid \
       python manage.py collectstatic --noinput \
    && python -m compileall -q apps portal

FROM python:3.11-slim-bookworm

ENV DJANGO_SETTINGS_MODULE=portal.settings.production \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    PATH=/opt/venv/bin:$PATH
RUN useradd --system --uid 10001 --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin portal
WORKDIR /opt/portal
COPY --from=build /opt/venv /opt/venv
# Everything stays root's: the portal can read its own code and cannot change it.
COPY --from=build /opt/portal ./
USER 10001
EXPOSE 8000
CMD ["python", "-m", "gunicorn", "portal.wsgi", "-b", "0.0.0.0:8000", "-k", "gthread", "--workers", "2", "--threads", "8", "--no-control-socket", "--log-level", "warning", "--worker-tmp-dir", "/tmp"]
