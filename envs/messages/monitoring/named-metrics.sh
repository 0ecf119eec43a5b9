#!/bin/sh
# Fails where a rule names a metric that no scrape has: such a rule can never fire.
set -eu

rules=$(dirname "$0")/rules.yml
names=$(sed -n 's/^ *expr: *//p' "$rules" | grep -oE '\b(up|(api|haproxy|http|messages)_[a-z_]+)\b' | sort -u)
missing=
for name in $names; do
    found=$(promtool query instant "http://$BIND" "count({__name__=\"$name\"})")
    if [ -z "$found" ]; then missing="$missing $name"; fi
done
if [ -n "$missing" ]; then
    echo "no scrape has:$missing"
    exit 1
fi
echo "all are there: $(echo "$names" | wc -l)"
