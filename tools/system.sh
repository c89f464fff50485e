#!/usr/bin/env bash
# Packages of Debian and its kin that pip can't bring. Prints, then runs, what needs root; silent where nothing is missing.
#
#   tools/system.sh PART...
#
#   python    Python itself, and what makes a virtual environment
#   paper     what draws statements as PDF, in Chinese too; without it all else works, and the page says so
#   browser   what the tests of pages need: Chromium, its engine alone, which most of them take if it is there, and a library of its driver
#   node      what runs Lighthouse, which judges pages in tests, and the tests of the WeChat mini program; nothing that is installed needs it
set -euo pipefail

library() { /sbin/ldconfig -p 2>/dev/null | grep "$1" >/dev/null; }
a_chinese_font() { [ -n "$(find /usr/share/fonts /usr/local/share/fonts -name '*CJK*' -o -name 'DroidSansFallback*' -o -name 'wqy*' 2>/dev/null)" ]; }
a_browser() { command -v chromium chromium-browser google-chrome >/dev/null; }

lacks() {
  case "$1" in
    python) "${PYTHON:-python3}" -c 'import ensurepip, venv' 2>/dev/null || echo python3 python3-venv ;;
    paper)
      { library libpangoft2-1.0.so.0 && library libharfbuzz-subset.so.0 && a_chinese_font; } \
        || echo libpangoft2-1.0-0 libharfbuzz-subset0 fonts-dejavu-core fonts-droid-fallback
      ;;
    browser) { a_browser && library libatomic.so.1; } || echo chromium chromium-headless-shell libatomic1 ;;
    node) { command -v node && command -v npm; } >/dev/null || echo nodejs npm ;;
    *) echo "system: there is no part '$1': python, paper, browser or node" >&2 && exit 2 ;;
  esac
}

run() {
  echo "  $*" >&2
  "$@" >/dev/null
}

packages=()
for part in "$@"; do
  missing=$(lacks "$part")
  read -ra missing <<<"$missing"
  packages+=("${missing[@]}")
done
[ ${#packages[@]} -gt 0 ] || exit 0

root=()
if [ "$(id -u)" != 0 ]; then
  # Where nobody can type a password, none is waited for.
  if [ -t 0 ]; then root=(sudo); else root=(sudo -n); fi
fi
echo "system: ${packages[*]} are missing. As root:" >&2
if run "${root[@]}" apt-get update -qq && run "${root[@]}" apt-get install -y -qq "${packages[@]}"; then
  exit 0
fi
for part in "$@"; do
  if [ "$part" != paper ] && [ -n "$(lacks "$part")" ]; then
    echo "system: that failed. Install these packages, or what your system calls them, and try again: ${packages[*]}" >&2
    exit 1
  fi
done
echo "system: that failed. All but statements as PDF works without: ${packages[*]}" >&2
