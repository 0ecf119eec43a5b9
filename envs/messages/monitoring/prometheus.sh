#!/bin/sh
# Prometheus for as long as the service runs; what it has collected goes with it.
set -eu

for program in prometheus promtool; do
    if ! command -v "$program" > /dev/null; then
        echo "\`$program\` is not installed: apt-get install prometheus" >&2
        exit 1
    fi
done
if [ "${1:-}" = --check ]; then exit 0; fi

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
prometheus --config.file="$CONFIG" --storage.tsdb.path="$folder" \
    --storage.tsdb.retention.time=1d --web.listen-address="$BIND" --log.format=json &
server=$!
trap 'kill -TERM "$server"' TERM INT
trap 'kill -HUP "$server"' HUP
# A signal ends a wait, not the server.
while kill -0 "$server" 2> /dev/null; do
    wait "$server" || true
done
