#!/usr/bin/env bash
# Removes the program and the service. Configuration, ledger and backups stay, unless --purge is given.
#   sudo deploy/uninstall.sh [--purge] [--root DIR]
set -euo pipefail

ROOT=""
PURGE=no

while [ $# -gt 0 ]; do
  case "$1" in
    --root)
      [ -d "${2:-}" ] || { echo "uninstall.sh: --root needs a directory that exists" >&2 && exit 1; }
      ROOT="$(cd "$2" && pwd)"
      shift 2
      ;;
    --purge)
      PURGE=yes
      shift
      ;;
    *)
      echo "uninstall.sh: unknown option $1; there are --purge and --root DIR" >&2
      exit 1
      ;;
  esac
done

if [ -z "$ROOT" ] && [ "$(id -u)" -ne 0 ]; then
  echo "uninstall.sh: run it with sudo" >&2
  exit 1
fi

if [ -z "$ROOT" ]; then systemctl disable --now wattledger 2> /dev/null || true; fi
rm -f "$ROOT/etc/systemd/system/wattledger.service" "$ROOT/usr/local/bin/wattledger"
if [ -z "$ROOT" ]; then systemctl daemon-reload; fi
rm -rf "$ROOT/opt/wattledger" "$ROOT/opt/wattledger.new" "$ROOT/opt/wattledger.previous" "$ROOT/opt/wattledger.failed"
rm -rf "$ROOT/var/cache/wattledger"

if [ "$PURGE" = yes ]; then
  rm -rf "$ROOT/etc/wattledger" "$ROOT/var/lib/wattledger"
  if [ -z "$ROOT" ] && id wattledger > /dev/null 2>&1; then userdel wattledger; fi
  echo "wattledger was removed, with its configuration and its ledger."
else
  echo "wattledger was removed. $ROOT/etc/wattledger and $ROOT/var/lib/wattledger stay; --purge removes them too."
fi
