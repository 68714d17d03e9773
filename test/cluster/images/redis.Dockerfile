# Debian's Redis, under the names and the uid of the official images of Redis and Valkey.
ARG DEBIAN_IMAGE
FROM ${DEBIAN_IMAGE}
RUN groupadd -r -g 999 redis && useradd -r -u 999 -g 999 redis \
 && apt-get update -qq && apt-get install -y -qq --no-install-recommends redis-server redis-sentinel redis-tools >/dev/null \
 && rm -rf /var/lib/apt/lists/* && mkdir -p /data && chown 999:999 /data \
 && for program in server cli sentinel; do ln -s "redis-$program" "/usr/bin/valkey-$program"; done
USER 999
WORKDIR /data
EXPOSE 6379
CMD ["redis-server"]
