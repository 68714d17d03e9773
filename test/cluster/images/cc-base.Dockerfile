ARG DEBIAN_IMAGE
FROM ${DEBIAN_IMAGE} AS packages
RUN apt-get update -qq && mkdir /packages /root-fs && cd /packages \
 && apt-get download -qq base-files libc6 libgcc-s1 libstdc++6 libatomic1 netbase tzdata gcc-12-base \
 && for package in *.deb; do dpkg-deb -x "$package" /root-fs; done \
 && rm -rf /root-fs/usr/share/doc/*/changelog* /root-fs/usr/share/locale /root-fs/usr/share/lintian /root-fs/usr/lib/*-linux-gnu/gconv \
 && mkdir -p /root-fs/etc /root-fs/etc/ssl/certs /root-fs/home/aishell && chmod 1777 /root-fs/tmp \
 && printf 'root:x:0:0:root:/root:/sbin/nologin\naishell:x:1000:1000:aishell:/home/aishell:/sbin/nologin\n' >/root-fs/etc/passwd \
 && printf 'root:x:0:\naishell:x:1000:\n' >/root-fs/etc/group \
 && cp /etc/ssl/certs/ca-certificates.crt /root-fs/etc/ssl/certs/

FROM scratch
COPY --from=packages /root-fs /
