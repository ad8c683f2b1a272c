#!/usr/bin/env bash
# What action.yml runs: its inputs, from the environment, become the arguments of `gestalt-runtime conformance`.
# Annotations and the job's summary are the command's own work.
set -euo pipefail

# Calls a function with each line of a text, without the spaces around it; empty ones are left out.
each_line() {
  local line
  while IFS= read -r line || [[ -n $line ]]; do
    line="${line#"${line%%[![:space:]]*}"}"
    line="${line%"${line##*[![:space:]]}"}"
    if [[ -n $line ]]; then "${@:2}" "$line"; fi
  done <<<"$1"
}

args=()
target=()
option() { args+=("$1" "$2"); }
word() { target+=("$1"); }

for name in config check area requirement baseline seed repeat parallel timeout; do
  variable="INPUT_${name^^}"
  each_line "${!variable:-}" option "--$name"
done

case "${INPUT_STRICT:-false}" in
  true) args+=(--strict) ;;
  false | "") ;;
  *)
    echo "::error title=Gestalt runtime conformance::strict is \"$INPUT_STRICT\"; write true or false"
    exit 2
    ;;
esac

reports="${INPUT_REPORTS:-conformance-reports}"
mkdir -p "$reports"
args+=(
  --report "json=$reports/report.json"
  --report "junit=$reports/junit.xml"
  --report "html=$reports/report.html"
  --report "statement=$reports/statement.md"
)
each_line "${INPUT_TARGET:-manifest.yaml}" word

echo "reports=${INPUT_WORKING_DIRECTORY:-.}/$reports" >>"$GITHUB_OUTPUT"
code=0
# Never from a registry: what checks a provider is what its lockfile says.
npx --no-install -- gestalt-runtime conformance "${args[@]}" "${target[@]}" || code=$?
echo "exit-code=$code" >>"$GITHUB_OUTPUT"
exit "$code"
