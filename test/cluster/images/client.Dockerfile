# What the policy matrix asks from inside: a shell, nc, wget.
ARG DEBIAN_IMAGE
FROM ${DEBIAN_IMAGE}
RUN apt-get update -qq && apt-get install -y -qq --no-install-recommends busybox-static >/dev/null && rm -rf /var/lib/apt/lists/*
USER 1000
CMD ["/bin/busybox", "sleep", "3600"]
