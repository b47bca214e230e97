# Three images: `app` runs any service (docker-compose.yml names which), `app-demo` adds the simulators, `broker` is Mosquitto
# with our configuration.
FROM python:3.13-slim AS packages
COPY requirements.lock /
RUN python -m venv /opt/venv \
    && /opt/venv/bin/pip install --no-cache-dir --disable-pip-version-check --require-hashes -r /requirements.lock

FROM packages AS packages-demo
COPY requirements-demo.lock /
RUN /opt/venv/bin/pip install --no-cache-dir --disable-pip-version-check --require-hashes -r /requirements-demo.lock

FROM eclipse-mosquitto:2.1.2 AS broker
LABEL org.opencontainers.image.title="easun-bridge broker" org.opencontainers.image.licenses="MIT AND (EPL-2.0 OR BSD-3-Clause)"
COPY mosquitto /easun
# openssl makes the certificates for MQTT_TLS_PORT; a new volume takes its owner from the directory it is mounted on
RUN (command -v openssl || apk add --no-cache openssl) >/dev/null \
    && for account in poller bms schedule tuya recorder outlook dashboard bot homeassistant; do mkdir -p -m 700 "/mosquitto/shares/$account"; done \
    && chown -R 1883:1883 /mosquitto/shares
USER 1883:1883
CMD ["/easun/start.sh"]

FROM python:3.13-slim AS app
LABEL org.opencontainers.image.title="easun-bridge" org.opencontainers.image.licenses="MIT"
# the same uid as in the official Mosquitto image: the broker's password files are readable by their owner only
RUN groupadd --gid 1883 easun && useradd --uid 1883 --gid 1883 --no-create-home --home-dir /data easun \
    && mkdir /data && chown easun:easun /data
COPY --from=packages /opt/venv /opt/venv
WORKDIR /app
COPY pyproject.toml LICENSE .env.example ./
COPY shared shared
COPY services services
COPY configure configure
# compiled now, because the root file system is read-only at run time
RUN /opt/venv/bin/python -m compileall -q shared services configure
ENV PATH=/opt/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 ENV_FILE="" DB_PATH=/data/easun.db \
    MALLOC_ARENA_MAX=2 MALLOC_TRIM_THRESHOLD_=131072
USER easun
VOLUME /data
EXPOSE 8000

FROM app AS app-demo
LABEL org.opencontainers.image.title="easun-bridge demo"
USER root
COPY --from=packages-demo /opt/venv /opt/venv
COPY simulators simulators
RUN /opt/venv/bin/python -m compileall -q simulators
USER easun

# The Home Assistant add-on: all services in one container. The last stage, for Home Assistant builds that one.
FROM app AS addon
LABEL org.opencontainers.image.title="easun-bridge add-on"
USER root
COPY supervisor supervisor
# the default paths are below data/
RUN ln -s /data data && /opt/venv/bin/python -m compileall -q supervisor
CMD ["python", "-m", "supervisor.addon"]
