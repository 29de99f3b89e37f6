# shellcheck shell=bash
# Installs the Debian packages that tools/setup/packages names and this machine lacks. Sourced after say.sh.

# When nothing is missing this asks the local package database once and touches neither the network nor sudo.
install_packages() {
  local wanted missing=() name have log
  command -v dpkg-query >/dev/null || die "this set-up is for Debian 12; install what tools/setup/packages names by other means"
  mapfile -t wanted < <(sed 's/#.*//' "$ROOT/tools/setup/packages" | grep .)
  # dpkg-query complains about names that it never heard of: those are missing too.
  have=$(dpkg-query -W -f='${db:Status-Status} ${Package}\n' "${wanted[@]}" 2>/dev/null || true)
  for name in "${wanted[@]}"; do
    grep -qx "installed $name" <<<"$have" || missing+=("$name")
  done
  ((${#missing[@]})) || return 0

  local as_root=()
  if ((EUID != 0)); then
    command -v sudo >/dev/null || die "not root and no sudo; let root run: apt-get install ${missing[*]}"
    as_root=(sudo)
  fi
  mkdir -p "$ROOT/.cache"
  log=$ROOT/.cache/packages.log
  say "installing ${#missing[@]} Debian packages: ${missing[*]} (log: $log)"
  # A failed update is not the end: old lists may do, and a foreign list that does not answer is not our business.
  "${as_root[@]}" apt-get update >"$log" 2>&1 || say "apt-get update failed; going on with the package lists that are here"
  # --no-remove: no package of the user's may vanish for ours (libboost1.81-dev conflicts with other Boosts).
  if ! "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y --no-remove --no-install-recommends "${missing[@]}" </dev/null >>"$log" 2>&1; then
    tail -n 15 "$log" >&2
    die "could not install the packages above; is the network there? (the first set-up needs it, later ones do not)"
  fi
}
