#!/bin/sh
# Metrics of the database, for Prometheus.
set -eu

if ! command -v prometheus-postgres-exporter > /dev/null; then
    echo "\`prometheus-postgres-exporter\` is not installed: apt-get install prometheus-postgres-exporter" >&2
    exit 1
fi
if [ "${1:-}" = --check ]; then exit 0; fi
# Older versions want a URL there.
format=json
if prometheus-postgres-exporter --help 2>&1 | grep -q 'logger:'; then format='logger:stderr?json=true'; fi
exec prometheus-postgres-exporter --web.listen-address="$BIND" --log.format="$format"
