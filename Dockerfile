# One image with all actors. docs/installing.md says how it is used.
FROM debian:13-slim AS build
WORKDIR /opt/parley
COPY parley ./
RUN apt-get update \
 && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
    $(./parley packages build | grep -v '^postgresql') nodejs npm \
 && rm -rf /var/lib/apt/lists/*
COPY . .
# The console is built where it is part of the tree.
RUN console=$(grep -q "'console'" meson_options.txt && echo -Dconsole=true); \
    meson setup build --buildtype=release $console \
 && ninja -C build \
 && deploy/collect build /image

FROM debian:13-slim
COPY --from=build /image/packages /tmp/packages
RUN apt-get update \
 && xargs -a /tmp/packages env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends ca-certificates \
 && rm -rf /var/lib/apt/lists/* /tmp/packages \
 && useradd --system --uid 10001 --home-dir /nonexistent --shell /usr/sbin/nologin parley
COPY --from=build /image/root/ /
ENV PATH=/opt/parley/build/services:/opt/parley/build/cli:/usr/local/bin:/usr/bin:/bin
WORKDIR /opt/parley
USER 10001:10001
CMD ["parley", "--help"]
