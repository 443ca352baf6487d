# customdb-contract, Node, and the npm modules that custom database scripts use most. For its usage, see docs/how-to/run-in-ci.md
FROM node:22-bookworm-slim AS drivers
COPY tests/drivers/package.json /opt/drivers/package.json
RUN npm install --prefix /opt/drivers --omit=dev --no-audit --no-fund

FROM python:3.13-slim-bookworm
COPY --from=drivers /opt/drivers/node_modules /opt/node_modules
COPY pyproject.toml README.md LICENSE /src/
COPY src /src/src
RUN pip install --no-cache-dir "/src[http,mongo,node,passwords,sql,yaml]" && rm -r /src
RUN useradd --create-home customdb
USER customdb
WORKDIR /work
ENTRYPOINT ["customdb-contract"]
