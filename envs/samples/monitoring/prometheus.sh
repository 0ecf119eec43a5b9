#!/bin/sh
# Prometheus for as long as the service runs: its configuration is made from the addresses that the
# environment knows, and what it has collected goes with it.
set -eu

for program in prometheus promtool; do
    if ! command -v "$program" > /dev/null; then
        echo "\`$program\` is not installed: apt-get install prometheus" >&2
        exit 1
    fi
done
if [ "${1:-}" = --check ]; then exit 0; fi

rules=$(cd "$(dirname "$0")" && pwd)/rules.yml
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

# A name stands for all replicas; as processes, the first one's address is all that is known.
case $WORKER_HOST in
    *[!0-9.]*) workers="dns_sd_configs: [{ names: [\"$WORKER_HOST\"], type: A, port: $WORKER_PORT, refresh_interval: 5s }]" ;;
    *) workers="static_configs: [{ targets: [\"$WORKER_HOST:$WORKER_PORT\"] }]" ;;
esac

cat > "$folder/prometheus.yml" << YAML
global:
  scrape_interval: 2s
  evaluation_interval: 5s
rule_files: ["$rules"]
scrape_configs:
  - job_name: api
    static_configs: [{ targets: ["$API_ADDRESS"] }]
  - job_name: worker
    $workers
  - job_name: db
    static_configs: [{ targets: ["$EXPORTER_ADDRESS"] }]
YAML

prometheus --config.file="$folder/prometheus.yml" --storage.tsdb.path="$folder/data" \
    --storage.tsdb.retention.time=1d --web.listen-address="$BIND" --log.format=json &
server=$!
trap 'kill -TERM "$server"' TERM INT
# A signal ends the first wait; the second one is for the server's own end.
wait "$server" || wait "$server"
