# What the whole-process yardsticks share: a hub (nginx), Keypace in front of it, a load (wrk), and the CPU time that a server used a query.
# Sourced by gateway.sh and against.sh; `seconds` (the length of one run) is set by them.
for tool in nginx wrk curl; do
  command -v $tool >/dev/null || { echo "$tool is missing. Install it: apt-get install nginx wrk curl" >&2; exit 3; }
done

work=$(mktemp -d /tmp/keypace-bench-XXXXXX); children=()
finish() { for child in "${children[@]}"; do kill "$child" 2>/dev/null || true; done; wait 2>/dev/null || true; rm -rf "$work"; }
trap finish EXIT
free_port() { # below 32768, where outgoing connections do not take their ports from
  local port; while port=$(( 15000 + RANDOM % 17000 )); (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do :; done; echo "$port"
}
hub_port=$(free_port)
secret=pretend-hub-key-not-a-secret-0001
ticks=$(getconf CLK_TCK)

# --- the hub: an nginx with its own process
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

# --- keypace
start_keypace() { # NAME EXECUTABLE -> NAME_pid, NAME_port, NAME_start_ms, and the load's script for it
  local name=$1 keypace=$2 began port pid home=$work/$1
  mkdir -p "$home"; port=$(free_port)
  printf "a long password for the bench\n" > "$home/password"
  HOME=$home $keypace init --data "$home/data" --kek-file "$home/kek" --owner-email bench@example.com --password-file "$home/password" --token-file "$home/token" >/dev/null
  began=$(date +%s%N)
  HOME=$home KEYPACE_EGRESS__ALLOW=127.0.0.1:$hub_port $keypace serve --data "$home/data" --kek-file "$home/kek" --urls "http://127.0.0.1:$port" > "$home/keypace.log" 2>&1 & pid=$!
  children+=($pid)
  until curl -fs -o /dev/null "http://127.0.0.1:$port/healthz"; do kill -0 $pid || { cat "$home/keypace.log" >&2; exit 1; }; done
  printf -v "${name}_start_ms" %s $(( ($(date +%s%N) - began) / 1000000 ))
  printf -v "${name}_pid" %s "$pid"; printf -v "${name}_port" %s "$port"
  curl -fsS -o /dev/null "http://127.0.0.1:$port/v1/api-keys" -H "Authorization: Bearer $(cat "$home/token")" -H 'Content-Type: application/json' \
    -d "{\"name\":\"bench\",\"hub\":\"custom\",\"value\":\"$secret\",\"url\":\"http://127.0.0.1:$hub_port/v1\",\"rate_limit_per_interval\":1000000,\"rate_limit_interval\":1}"
  write_load "$port" "$(cat "$home/token")"
}
rss_mib() { awk '/^VmRSS/ { printf "%.0f", $2 / 1024 }' "/proc/$1/status"; }

# --- the load: 515 bytes of question
write_load() { # PORT TOKEN
cat > "$work/load-$1.lua" <<LUA
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
wrk.headers["Authorization"] = "Bearer $2"
wrk.headers["x-keypace-key"] = "bench"
wrk.body = '{"model":"m","messages":[{"role":"user","content":"' .. string.rep("x", 459) .. '"}]}'
function done(summary, latency, requests)
  local e = summary.errors
  io.stderr:write(string.format("%d %d %.0f %.0f\n", summary.requests, e.connect + e.read + e.write + e.status + e.timeout, latency:percentile(50), latency:percentile(99)))
end
LUA
}
cpu_ticks() { # a process and its children
  local pid total=0
  for pid in "$1" $(cat "/proc/$1/task/$1/children"); do total=$(( total + $(awk '{ sub(/.*\) /, ""); print $12 + $13 }' "/proc/$pid/stat") )); done; echo $total
}
run() { # PID PORT CONNECTIONS -> "µs a query, errors, p50 µs, p99 µs"
  local before figures after
  before=$(cpu_ticks "$1")
  figures=$(wrk -t2 -c"$3" -d"${seconds}s" -s "$work/load-$2.lua" "http://127.0.0.1:$2/v1/chat/completions" 2>&1 >/dev/null)
  sleep 2 # what was put off to later counts too
  after=$(cpu_ticks "$1")
  awk -v ticks=$(( after - before )) -v hz="$ticks" '{ printf "%.1f %d %d %d\n", ticks * 1e6 / hz / $1, $2, $3, $4 }' <<< "$figures"
}
