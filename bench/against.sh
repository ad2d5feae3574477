#!/usr/bin/env bash
# CPU per query of this tree beside another commit's: both programs run, the same hub, the same load, in turns.
# Usage: bench/against.sh COMMIT [rounds] [seconds a run] [connections ...]      defaults: 20 4 32 64
# Prints the median of the paired ratios with its 95 % interval (order statistics: no shape of the noise is assumed).
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/.."
commit=${1:?"Which commit? bench/against.sh COMMIT [rounds] [seconds] [connections ...]"}; shift
rounds=${1:-20} seconds=${2:-4}; shift $(( $# < 2 ? $# : 2 )); connections=("${@:-}"); [[ -n ${connections[0]} ]] || connections=(32 64)
[[ -x artifacts/keypace/keypace ]] || { echo "Run ./dev build first." >&2; exit 3; }
. bench/load.sh

other=$work/other
git worktree add -q --detach "$other" "$commit"
forget_worktree() { git worktree remove --force "$other" 2>/dev/null || true; finish; }
trap forget_worktree EXIT
(cd "$other" && ./dev build >&2)
start_keypace old "$other/artifacts/keypace/keypace"
start_keypace new artifacts/keypace/keypace

for name in old new; do pid=${name}_pid port=${name}_port; for c in 32 64 32; do run "${!pid}" "${!port}" $c >/dev/null; done; done # warm
echo "c    old µs  new µs  new/old  errors old, new"
for c in "${connections[@]}"; do
  for (( round = 1; round <= rounds; round++ )); do
    if (( round % 2 )); then
      read -r a wrong_a _ <<< "$(run $old_pid $old_port "$c")"; read -r b wrong_b _ <<< "$(run $new_pid $new_port "$c")"
    else
      read -r b wrong_b _ <<< "$(run $new_pid $new_port "$c")"; read -r a wrong_a _ <<< "$(run $old_pid $old_port "$c")"
    fi
    awk -v c="$c" -v a="$a" -v b="$b" -v wa="$wrong_a" -v wb="$wrong_b" 'BEGIN { printf "%-3d %7.1f %7.1f  %7.3f  %d %d\n", c, a, b, b / a, wa, wb }' | tee -a "$work/rows"
  done
  # The median's interval: ranks n/2 -/+ 0.98 sqrt(n), the binomial's 2.5 and 97.5 % in its normal form.
  awk -v c="$c" '$1 == c { print $4 }' "$work/rows" | sort -n | awk -v c="$c" '{ v[NR] = $1 }
    END { low = int(NR / 2 - 0.98 * sqrt(NR)); high = NR + 1 - low; if (low < 1) { low = 1; high = NR }
          printf "new/old at %d connections: median %.3f, 95 %% between %.3f and %.3f (%d rounds)\n", c, (v[int((NR + 1) / 2)] + v[int(NR / 2) + 1]) / 2, v[low], v[high], NR }'
done
