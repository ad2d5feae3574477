#!/usr/bin/env bash
# CPU per query of the whole gateway beside nginx doing the least that a gateway must: pass on, with one header swapped.
#   wrk -> nginx (one header swapped) -> hub        wrk -> keypace (its limit never binds) -> the same hub
# Usage: bench/gateway.sh [rounds] [seconds a run] [connections ...]      defaults: 5 4 32 64
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/.."
rounds=${1:-5} seconds=${2:-4}; shift $(( $# < 2 ? $# : 2 )); connections=("${@:-}"); [[ -n ${connections[0]} ]] || connections=(32 64)
[[ -x ${KEYPACE_EXECUTABLE:-artifacts/keypace/keypace} ]] || { echo "Run ./dev build first." >&2; exit 3; }
. bench/load.sh

nginx_port=$(free_port)
nginx_config proxy 2 "server { listen 127.0.0.1:$nginx_port; location / { proxy_pass http://hub; proxy_http_version 1.1;
  proxy_set_header Connection ''; proxy_set_header Authorization 'Bearer $secret'; } }"
nginx_pid=${children[1]}
keypace=${KEYPACE_EXECUTABLE:-artifacts/keypace/keypace}; unset KEYPACE_EXECUTABLE # the server takes it for a setting
start_keypace keypace "$keypace"
write_load $nginx_port none
idle=$(rss_mib $keypace_pid)

run $nginx_pid $nginx_port 32 >/dev/null; run $keypace_pid $keypace_port 32 >/dev/null; run $keypace_pid $keypace_port 64 >/dev/null # warm
echo "c   nginx µs  keypace µs  ratio  keypace p50/p99 µs  errors"
for c in "${connections[@]}"; do
  for (( round = 1; round <= rounds; round++ )); do
    if (( round % 2 )); then
      read -r a _ <<< "$(run $nginx_pid $nginx_port "$c")"; read -r b errors p50 p99 <<< "$(run $keypace_pid $keypace_port "$c")"
    else
      read -r b errors p50 p99 <<< "$(run $keypace_pid $keypace_port "$c")"; read -r a _ <<< "$(run $nginx_pid $nginx_port "$c")"
    fi
    awk -v c="$c" -v a="$a" -v b="$b" -v e="$errors" -v p="$p50" -v q="$p99" 'BEGIN { printf "%-3d %8.1f  %10.1f  %5.2f  %9d/%-8d  %d\n", c, a, b, b / a, p, q, e }' | tee -a "$work/rows"
  done
done
for c in "${connections[@]}"; do
  awk -v c="$c" '$1 == c { print $4 }' "$work/rows" | sort -n | awk -v c="$c" '{ v[NR] = $1 } END { printf "median ratio to nginx at %d connections: %.2f (of %d rounds, %.2f to %.2f)\n", c, (v[int((NR + 1) / 2)] + v[int(NR / 2) + 1]) / 2, NR, v[1], v[NR] }'
done
echo "ready after $keypace_start_ms ms; resident: $idle MiB idle, $(rss_mib $keypace_pid) MiB after the load"
