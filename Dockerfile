# The image of AI-Shell: Node, the bundle and nothing else; no shell, no package manager, no packages.
# Both images are arguments. The build image needs Node 24 and npm; the base needs glibc and libstdc++, as in
# distroless/cc. The classic builder and BuildKit both build it.
ARG BUILD_IMAGE=node:24-bookworm-slim
ARG BASE_IMAGE=gcr.io/distroless/cc-debian12:latest

FROM ${BUILD_IMAGE} AS build
WORKDIR /build
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY src src
COPY scripts/build.ts scripts/sbom.ts scripts/
RUN node scripts/build.ts /image/app/lib \
 && node scripts/sbom.ts /image/app/lib \
 && mkdir -p /image/app/config /image/app/data /image/usr/local/bin \
 && cp "$(node -p process.execPath)" /image/usr/local/bin/node \
 && printf '#!/usr/local/bin/node\nimport("/app/lib/aishell.js")\n' >/image/usr/local/bin/aishell \
 && chmod 755 /image/usr/local/bin/node /image/usr/local/bin/aishell

FROM ${BASE_IMAGE}
ARG VERSION=unknown
ARG REVISION=unknown
LABEL org.opencontainers.image.title="AI-Shell" \
      org.opencontainers.image.description="Ask your databases in plain language. Guarded, limited, recorded." \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
COPY --from=build /image/usr/local/bin /usr/local/bin
COPY --from=build /image/app/lib /app/lib
COPY --from=build /image/app/config /app/config
COPY --from=build --chown=1000:1000 /image/app/data /app/data
ENV PATH=/usr/local/bin:/usr/bin:/bin \
    APP_ENV=production \
    DATA_DIR=/app/data \
    CONFIG_DIR=/app/config \
    PORT=8000
USER 1000:1000
WORKDIR /app
VOLUME ["/app/data"]
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 CMD ["/usr/local/bin/node", "/app/lib/health-probe.js"]
ENTRYPOINT ["/usr/local/bin/node", "/app/lib/aishell.js"]
CMD ["serve"]
