# The service without the embedded Postgres: a deployment brings its own database in DATABASE_URL.
FROM python:3.11-slim AS console
WORKDIR /build
COPY requirements-node.lock ./
RUN pip install --no-cache-dir --require-hashes -r requirements-node.lock
COPY service/__init__.py service/
COPY service/console service/console
RUN python -m service.console.build

FROM python:3.11-slim AS build
WORKDIR /build
COPY pyproject.toml requirements.lock README.md ./
RUN python -m venv /opt/cronsole \
 && /opt/cronsole/bin/pip install --no-cache-dir --require-hashes -r requirements.lock
COPY service service
COPY schema schema
# Built of the same source, so that it is not built again.
COPY --from=console /build/service/console/dist service/console/dist
RUN /opt/cronsole/bin/pip install --no-cache-dir --no-deps .

FROM python:3.11-slim
RUN useradd --system --uid 10001 cronsole
COPY --from=build /opt/cronsole /opt/cronsole
USER cronsole
WORKDIR /tmp
ENV PATH=/opt/cronsole/bin:$PATH PYTHONUNBUFFERED=1 HOST=0.0.0.0 CRONSOLE_LOG_FORMAT=json
EXPOSE 8080
# exec form: the service itself gets SIGTERM, and drains within 8 s.
CMD ["cronsole", "serve"]
