#!/usr/bin/env bash
# CPU per query of the whole gateway beside nginx doing the least that a gateway must: pass on, with one header swapped.
#   wrk -> nginx (one header swapped) -> hub        wrk -> keypace (its limit never binds) -> the same hub
# Usage: bench/gateway.sh [rounds] [seconds a run] [connections ...]      defaults: 5 4 32 64
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/.."
rounds=${1:-5} seconds=${2:-4}; shift $(( $# < 2 ? $# : 2 )); connections=("${@:-}"); [[ -n ${connections[0]} ]] || connections=(32 64)
for tool in nginx wrk curl; do
  command -v $tool >/dev/null || { echo "$tool is missing. Install it: apt-get install nginx wrk curl" >&2; exit 3; }
done
[[ -x ${KEYPACE_EXECUTABLE:-artifacts/keypace/keypace} ]] || { echo "Run ./dev build first." >&2; exit 3; }

work=$(mktemp -d /tmp/keypace-bench-XXXXXX); children=()
finish() { for child in "${children[@]}"; do kill "$child" 2>/dev/null || true; done; wait 2>/dev/null || true; rm -rf "$work"; }
trap finish EXIT
free_port() { # below 32768, where outgoing connections do not take their ports from
  local port; while port=$(( 15000 + RANDOM % 17000 )); (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do :; done; echo "$port"
}
hub_port=$(free_port) nginx_port=$(free_port) keypace_port=$(free_port)
secret=pretend-hub-key-not-a-secret-0001
ticks=$(getconf CLK_TCK)

# --- the hub and the yardstick: two nginx, each with its own processes
nginx_config() { # NAME WORKERS SERVER-BLOCK
  cat > "$work/$1.conf" <<CONF
worker_processes $2; daemon off; pid $work/$1.pid; error_log $work/$1.err;
events { worker_connections 4096; }
http {
  access_log off; keepalive_requests 100000000; client_body_temp_path $work/$1.body; proxy_temp_path $work/$1.proxy;
  fastcgi_temp_path $work/$1.f; uwsgi_temp_path $work/$1.u; scgi_temp_path $work/$1.s;
  upstream hub { server 127.0.0.1:$hub_port; keepalive 256; keepalive_requests 100000000; }
  $3
}
CONF
  nginx -c "$work/$1.conf" -p "$work" & children+=($!)
}
answer=$(printf '{"id":"chatcmpl-1","object":"chat.completion","created":1767225600,"model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"%0800d"},"finish_reason":"stop"}],"usage":{"prompt_tokens":11,"completion_tokens":7,"total_tokens":18}}' 0)
nginx_config hub 1 "server { listen 127.0.0.1:$hub_port; location / { default_type application/json; return 200 '$answer'; } }"
nginx_config proxy 2 "server { listen 127.0.0.1:$nginx_port; location / { proxy_pass http://hub; proxy_http_version 1.1;
  proxy_set_header Connection ''; proxy_set_header Authorization 'Bearer $secret'; } }"
nginx_pid=${children[1]}

# --- keypace
keypace=${KEYPACE_EXECUTABLE:-artifacts/keypace/keypace}; unset KEYPACE_EXECUTABLE # the server takes it for a setting
printf "a long password for the bench\n" > "$work/password"
HOME=$work $keypace init --data "$work/data" --kek-file "$work/kek" --owner-email bench@example.com --password-file "$work/password" --token-file "$work/token" >/dev/null
began=$(date +%s%N)
HOME=$work KEYPACE_EGRESS__ALLOW=127.0.0.1:$hub_port $keypace serve --data "$work/data" --kek-file "$work/kek" --urls "http://127.0.0.1:$keypace_port" > "$work/keypace.log" 2>&1 & keypace_pid=$!
children+=($keypace_pid)
until curl -fs -o /dev/null "http://127.0.0.1:$keypace_port/healthz"; do kill -0 $keypace_pid || { cat "$work/keypace.log" >&2; exit 1; }; done
start_ms=$(( ($(date +%s%N) - began) / 1000000 ))
curl -fsS -o /dev/null "http://127.0.0.1:$keypace_port/v1/api-keys" -H "Authorization: Bearer $(cat "$work/token")" -H 'Content-Type: application/json' \
  -d "{\"name\":\"bench\",\"hub\":\"custom\",\"value\":\"$secret\",\"url\":\"http://127.0.0.1:$hub_port/v1\",\"rate_limit_per_interval\":1000000,\"rate_limit_interval\":1}"
rss_mib() { awk '/^VmRSS/ { printf "%.0f", $2 / 1024 }' "/proc/$1/status"; }
idle=$(rss_mib $keypace_pid)

# --- the load: 515 bytes of question
cat > "$work/load.lua" <<LUA
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
wrk.headers["Authorization"] = "Bearer $(cat "$work/token")"
wrk.headers["x-keypace-key"] = "bench"
wrk.body = '{"model":"m","messages":[{"role":"user","content":"' .. string.rep("x", 459) .. '"}]}'
function done(summary, latency, requests)
  local e = summary.errors
  io.stderr:write(string.format("%d %d %.0f %.0f\n", summary.requests, e.connect + e.read + e.write + e.status + e.timeout, latency:percentile(50), latency:percentile(99)))
end
LUA
cpu_ticks() { # a process and its children
  local pid total=0
  for pid in "$1" $(cat "/proc/$1/task/$1/children"); do total=$(( total + $(awk '{ sub(/.*\) /, ""); print $12 + $13 }' "/proc/$pid/stat") )); done; echo $total
}
run() { # PID PORT CONNECTIONS -> "µs a query, errors, p50 µs, p99 µs"
  local before figures after
  before=$(cpu_ticks "$1")
  figures=$(wrk -t2 -c"$3" -d"${seconds}s" -s "$work/load.lua" "http://127.0.0.1:$2/v1/chat/completions" 2>&1 >/dev/null)
  sleep 2 # what was put off to later counts too
  after=$(cpu_ticks "$1")
  awk -v ticks=$(( after - before )) -v hz="$ticks" '{ printf "%.1f %d %d %d\n", ticks * 1e6 / hz / $1, $2, $3, $4 }' <<< "$figures"
}

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
echo "ready after $start_ms ms; resident: $idle MiB idle, $(rss_mib $keypace_pid) MiB after the load"
