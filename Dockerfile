# syntax=docker/dockerfile:1
FROM mcr.microsoft.com/dotnet/sdk:10.0 AS build
WORKDIR /repo
COPY . .
RUN --mount=type=cache,target=/root/.nuget/packages \
    dotnet publish src/KiwiCar.Host -c Release -o /app --nologo

# Ubuntu 24.04. libvips-tools scales the photos, util-linux has the prlimit that bounds it, libcrypt1 is the bcrypt,
# tzdata knows when it is three in the morning in New Zealand.
FROM mcr.microsoft.com/dotnet/aspnet:10.0
RUN apt-get update \
    && apt-get install -y --no-install-recommends libvips-tools util-linux libcrypt1 tzdata \
    && rm -rf /var/lib/apt/lists/* \
    && install -d -o "$APP_UID" -g "$APP_UID" /data
WORKDIR /app
COPY --from=build /app .
# /data holds logs, and the mails and photos while no SendGrid or S3 account is configured.
ENV NODE_ENV=production PORT=3000 KIWICAR_DATA=/data
USER $APP_UID
VOLUME /data
EXPOSE 3000
# The image has no curl; bash opens the connection itself.
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s \
    CMD ["bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/$PORT && printf 'GET /health HTTP/1.0\\r\\n\\r\\n' >&3 && head -n 1 <&3 | grep -q ' 200 '"]
ENTRYPOINT ["/app/kiwicar"]
