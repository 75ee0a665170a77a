# One image for all parts of the hub; compose.yaml says who runs what. Built as the package is: scripts/setup has the one
# list of what is needed, scripts/package makes the .deb, and the second stage is a system with that installed.
FROM debian:12 AS build
WORKDIR /src
COPY scripts/setup scripts/setup
RUN scripts/setup
COPY . .
RUN mkdir /out && cp "$(scripts/package)" /out/strawberry-hub.deb

FROM debian:12-slim
COPY --from=build /out/strawberry-hub.deb /tmp/
COPY config/docker/prepare config/docker/mosquitto.conf /tmp/
RUN apt-get update \
  && apt-get install -y --no-install-recommends /tmp/strawberry-hub.deb ca-certificates \
  && /tmp/prepare \
  && rm -rf /var/lib/apt/lists/* /tmp/strawberry-hub.deb /tmp/prepare /tmp/mosquitto.conf
VOLUME /data
USER strawberry
EXPOSE 1883
EXPOSE 8080
CMD ["strawberry-bridge", "--config", "/etc/strawberry/bridge.toml"]
HEALTHCHECK --interval=30s --timeout=10s --start-period=20s CMD ["strawberryctl", "ready", "--timeout", "8s"]
