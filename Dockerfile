# Two images: every service (`app`; docker-compose.yml says which one a container is), and the broker with its configuration.
FROM python:3.13-slim AS packages
COPY requirements.lock /
RUN python -m venv /opt/venv \
    && /opt/venv/bin/pip install --no-cache-dir --disable-pip-version-check --require-hashes -r /requirements.lock

FROM eclipse-mosquitto:2.0 AS broker
LABEL org.opencontainers.image.title="easun-bridge broker" org.opencontainers.image.licenses="MIT AND (EPL-2.0 OR BSD-3-Clause)"
COPY mosquitto /easun
# openssl makes the certificates of MQTT_TLS_PORT; a volume takes its owner from the directory that it is first mounted on
RUN (command -v openssl || apk add --no-cache openssl) >/dev/null \
    && for account in poller bms schedule tuya recorder dashboard bot; do mkdir -p -m 700 "/mosquitto/shares/$account"; done \
    && chown -R 1883:1883 /mosquitto/shares
USER 1883:1883
CMD ["/easun/start.sh"]

FROM python:3.13-slim AS app
LABEL org.opencontainers.image.title="easun-bridge" org.opencontainers.image.licenses="MIT"
# the same user as the official Mosquitto image's, so that the broker's password files can be read by their owner alone
RUN groupadd --gid 1883 easun && useradd --uid 1883 --gid 1883 --no-create-home --home-dir /data easun \
    && mkdir /data && chown easun:easun /data
COPY --from=packages /opt/venv /opt/venv
WORKDIR /app
COPY pyproject.toml LICENSE .env.example ./
COPY shared shared
COPY services services
COPY simulators simulators
COPY configure configure
# the root file system is read-only at run time, so nothing can be compiled then
RUN /opt/venv/bin/python -m compileall -q shared services simulators configure
ENV PATH=/opt/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 ENV_FILE="" DB_PATH=/data/easun.db
USER easun
VOLUME /data
EXPOSE 8000
