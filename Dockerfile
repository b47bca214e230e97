# One image for every service; docker-compose.yml says which one a container is.
FROM python:3.13-slim AS packages
COPY requirements.lock /
RUN python -m venv /opt/venv \
    && /opt/venv/bin/pip install --no-cache-dir --disable-pip-version-check --require-hashes -r /requirements.lock

FROM python:3.13-slim
LABEL org.opencontainers.image.title="easun-bridge" org.opencontainers.image.licenses="MIT"
# the same user as the official Mosquitto image's, so that the broker's password files can be read by their owner alone
RUN groupadd --gid 1883 easun && useradd --uid 1883 --gid 1883 --no-create-home --home-dir /data easun \
    && mkdir /data && chown easun:easun /data
COPY --from=packages /opt/venv /opt/venv
WORKDIR /app
COPY pyproject.toml ./
COPY shared shared
COPY services services
COPY simulators simulators
# the root file system is read-only at run time, so nothing can be compiled then
RUN /opt/venv/bin/python -m compileall -q shared services simulators
ENV PATH=/opt/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 ENV_FILE="" DB_PATH=/data/easun.db
USER easun
VOLUME /data
EXPOSE 8000
