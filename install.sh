#!/bin/sh
# Installs tocsin, upgrades it, or takes it away again; `sh install.sh --help` says how.
#
# Everything is in functions and the last line calls them, in braces: of a download that was cut short the
# shell runs nothing. POSIX sh, so that dash and busybox run it too.
#
# The order on a new host: look, fetch, verify, unpack, try the program, configure, validate, send one test,
# and only then put files into place and start. On an upgrade the old version runs until the new one has
# accepted the configuration, and comes back when the new one is not well within half a minute.

# release: begin
TOCSIN_VERSION=''
TOCSIN_BASE_URL=''
TOCSIN_SHA256_LINUX_X64=''
TOCSIN_SHA256_LINUX_X64_GZ=''
TOCSIN_SHA256_LINUX_ARM64=''
TOCSIN_SHA256_LINUX_ARM64_GZ=''
TOCSIN_PUBLIC_KEY=''
# release: end

usage() {
  cat <<'END'
Installs tocsin on this host, upgrades it, or takes it away again.

  sh install.sh [OPTIONS]

What to install
  --version VERSION        another version than the one of this script
  --base-url URL           where releases are, instead of the address in this script
  --offline DIR            take the files from this folder, load nothing
  --allow-unsigned         accept a release without a signature
  --prefix DIR             instead of /usr/local (~/.local without root)

Whom to tell (for a host without a configuration; better in the environment or as @FILE)
  --slack-webhook URL      TOCSIN_SLACK_WEBHOOK_URL
  --pagerduty-key KEY      TOCSIN_PAGERDUTY_KEY
  --email ADDRESS          TOCSIN_EMAIL
  --smarthost HOST:PORT    TOCSIN_SMTP_SMARTHOST (and TOCSIN_SMTP_USERNAME, TOCSIN_SMTP_PASSWORD)
  --no-test                send no test message

How
  --grant NAME[,NAME]      rights that reach far beyond the sandbox: docker, listeners, other-users, kernel-log
  --watch SECONDS          how long a new version has to run until an upgrade counts as done; 15 unless told
  --no-start               install, and start nothing
  --dry-run                print every command, do nothing
  --json                   say what came of it as one line of JSON on standard output
  --uninstall              remove what was installed; configuration and state stay
  --purge                  with --uninstall: configuration, state and the user as well

Exit codes: 0 done, or nothing to do; 1 something failed; 64 wrong call; 65 this system is not supported;
66 a download failed; 67 a file is not what was published; 68 no room, or a place that cannot be written;
69 the configuration was refused; 70 the test message did not arrive; 71 the agent did not become well
(an upgrade was taken back); 72 another installation is running; 129, 130, 141 and 143 interrupted.
END
}

# --- what is said ---------------------------------------------------------------------------------------

# That nobody can be told is no reason to fail.
say() { printf '%s\n' "$*" || :; }

step() { say "==> $*"; }

# fail CODE SENTENCE...: ends everything; what was begun is taken back by the trap.
fail() {
  exit_code=$1
  shift
  message="$*"
  printf 'install.sh: %s\n' "$message" >&2
  exit "$exit_code"
}

# A text within the quotes of JSON, on one line.
quoted() {
  printf '%s' "$1" | tr '\n\t' '  ' | tr -d '\000-\037\177' | sed 's/\\/\\\\/g; s/"/\\"/g'
}

# Standard output was moved to 3, so that nothing else gets there.
tell_json() {
  [ "$json" = yes ] || return 0
  printf '{"apiVersion":1,"result":"%s","changed":%s,"exitCode":%s,"version":"%s","previous":"%s","config":"%s","message":"%s"}\n' \
    "$result" "$changed" "$1" "$(quoted "$version")" "$(quoted "$previous")" "$(quoted "$config")" "$(quoted "$message")" >&3
}

# Runs a command, or prints it when nothing is to be done.
run() {
  if [ "$dry" = yes ]; then plan "$@"; else "$@"; fi
}

# What would be done. A value that may be a secret is never an argument here, but for a password in an address.
plan() {
  [ "$dry" = no ] || say "+ $(shown "$*")"
}

# Addresses as they may be shown.
shown() { printf '%s' "$1" | sed 's#://[^/@ ]*@#://***@#g'; }

# write_file PATH MODE: what stands on standard input becomes the file, in one step.
write_file() {
  if ! { cat >"$1.tocsin-new" && chmod "$2" "$1.tocsin-new" && mv -f "$1.tocsin-new" "$1"; }; then
    rm -f "$1.tocsin-new"
    return 1
  fi
}

has() { command -v "$1" >/dev/null 2>&1; }

# limited SECONDS COMMAND...: a program that hangs must not hang this script, nor hold up one who interrupts it.
limited() {
  if has timeout; then
    timeout ${foreground:+"$foreground"} "$@"
  else
    shift
    "$@"
  fi
}

# Seconds since the host was booted, which no change of the clock touches.
uptime_seconds() { cut -d. -f1 /proc/uptime; }

digest_of() {
  if has sha256sum; then
    sha256sum "$1" | cut -d' ' -f1
  elif has openssl; then
    openssl dgst -sha256 -r "$1" | cut -d' ' -f1
  else
    busybox sha256sum "$1" | cut -d' ' -f1
  fi
}

# --- the call --------------------------------------------------------------------------------------------

read_call() {
  while [ $# -gt 0 ]; do
    option=$1
    case $option in
      --*=*)
        value=${option#*=}
        option=${option%%=*}
        shift
        set -- "$option" "$value" "$@"
        ;;
    esac
    case $option in
      --help | -h)
        usage
        exit 0
        ;;
      --json) json=yes ;;
      --dry-run) dry=yes ;;
      --no-start) start=no ;;
      --no-test) test_message=no ;;
      --allow-unsigned) allow_unsigned=yes ;;
      --uninstall) task=uninstall ;;
      --purge) purge=yes ;;
      --version | --base-url | --offline | --prefix | --grant | --watch | --slack-webhook | --pagerduty-key | --email | --smarthost)
        case ${2---} in --*) fail 64 "$option needs a value; --help says which" ;; esac
        take_value "$option" "$2"
        shift
        ;;
      *) fail 64 "there is no option $option; --help lists them" ;;
    esac
    shift
  done
  [ "$purge" = no ] || [ "$task" = uninstall ] || fail 64 '--purge goes with --uninstall'
}

take_value() {
  case $1 in
    --version) version=${2#v} ;;
    --base-url) base_url=${2%/} ;;
    --offline) offline=$2 ;;
    --prefix)
      prefix=${2%/}
      case $prefix in /*) ;; *) prefix=$(pwd)/$prefix ;; esac
      ;;
    --grant) granted="$granted $(printf '%s' "$2" | tr ',' ' ')" ;;
    --watch)
      case $2 in '' | *[!0-9]*) fail 64 "--watch takes a number of seconds, not $2" ;; esac
      watch_seconds=$2
      ;;
    --slack-webhook) TOCSIN_SLACK_WEBHOOK_URL=$(text_of "$2") || exit ;;
    --pagerduty-key) TOCSIN_PAGERDUTY_KEY=$(text_of "$2") || exit ;;
    --email) TOCSIN_EMAIL=$2 ;;
    --smarthost) TOCSIN_SMTP_SMARTHOST=$2 ;;
  esac
}

# What stands in the file of @FILE; anything else as it is.
text_of() {
  case $1 in
    @*) cat "${1#@}" 2>/dev/null || fail 64 "${1#@} cannot be read" ;;
    *) printf '%s' "$1" ;;
  esac
}

# --- the host --------------------------------------------------------------------------------------------

refuse_host() {
  fail 65 "$1. To have it supported, report this:
  uname -a: $(uname -a)
  os-release: $(sed -n 's/^PRETTY_NAME=//p' /etc/os-release 2>/dev/null)
  libc: $(libc_version)
  init: $(cat /proc/1/comm 2>/dev/null)"
}

look_at_host() {
  [ "$(uname -s)" = Linux ] || refuse_host "tocsin is built for Linux, this is $(uname -s)"
  case $(uname -m) in
    x86_64 | amd64) arch=x64 ;;
    aarch64 | arm64) arch=arm64 ;;
    *) refuse_host "there is no build for the processor $(uname -m)" ;;
  esac
  refuse_old_libc
  if [ "$(id -u)" = 0 ]; then
    mode=system
  else
    mode=user
    [ -n "${HOME:-}" ] || fail 68 'HOME is not set: without root everything is installed there'
  fi
  find_init
  set_places
}

libc_version() {
  getconf GNU_LIBC_VERSION 2>/dev/null || ldd --version 2>&1 | head -n 1
}

# Node needs glibc 2.28 (2018).
refuse_old_libc() {
  libc=$(libc_version)
  case $libc in
    *musl*) refuse_host 'this system has musl; there are builds for glibc only' ;;
    'glibc '*)
      minor=${libc#glibc 2.}
      minor=${minor%%[!0-9]*}
      [ "${minor:-99}" -ge 28 ] || refuse_host "$libc is too old, 2.28 is needed"
      ;;
  esac
}

find_init() {
  if [ -d /run/systemd/system ]; then
    init=systemd
  elif has rc-service && has openrc-run; then
    init=openrc
  elif [ -d /etc/init.d ] && has update-rc.d; then
    init=sysvinit
  else
    init=none
  fi
  if [ "$mode" = user ]; then find_user_manager; fi
  [ "$init" != none ] || [ "$start" = no ] || [ "$task" = uninstall ] ||
    refuse_host 'neither systemd nor OpenRC nor sysvinit runs here (--no-start installs without a service)'
}

# Without root only the user's own systemd can run a service.
find_user_manager() {
  if [ -z "${XDG_RUNTIME_DIR:-}" ] && [ -d "/run/user/$(id -u)" ]; then
    XDG_RUNTIME_DIR=/run/user/$(id -u)
    export XDG_RUNTIME_DIR
  fi
  if [ "$init" = systemd ] && systemctl --user show-environment >/dev/null 2>&1; then return 0; fi
  [ "$start" = no ] || [ "$task" = uninstall ] ||
    fail 65 "without root the service belongs to your own systemd (systemctl --user), which does not answer: log in directly, not by su or sudo, or let root call loginctl enable-linger $(id -un); or use --no-start and begin ${prefix:-$HOME/.local}/bin/tocsin run yourself"
  [ "$init" = systemd ] || init=none
}

# former_prefix FILE: where the service of an earlier installation has its program, so that nobody has to say it again.
former_prefix() {
  found=$(sed -n 's#^[A-Za-z]*=\([^ ]*\)/bin/tocsin\( .*\)\{0,1\}$#\1#p' "$1" 2>/dev/null | head -n 1)
  if [ -f "$found/lib/tocsin/manifest" ]; then printf '%s' "$found"; fi
}

set_places() {
  if [ "$mode" = system ]; then
    units=/etc/systemd/system
    [ -n "$prefix" ] || prefix=$(former_prefix "$units/tocsin.service")
    [ -n "$prefix" ] || prefix=$(former_prefix /etc/init.d/tocsin)
    prefix=${prefix:-/usr/local}
    etc=/etc/tocsin
    state=/var/lib/tocsin
    lock=/run/tocsin-install.lock
    [ -d /run ] || lock=/tmp/tocsin-install.lock
  else
    units=${XDG_CONFIG_HOME:-$HOME/.config}/systemd/user
    [ -n "$prefix" ] || prefix=$(former_prefix "$units/tocsin.service")
    prefix=${prefix:-$HOME/.local}
    etc=${XDG_CONFIG_HOME:-$HOME/.config}/tocsin
    state=${XDG_STATE_HOME:-$HOME/.local/state}/tocsin
    lock=$HOME/.tocsin-install.lock
  fi
  # Units and lists are made of them.
  case $prefix$etc$state in
    *[!A-Za-z0-9/._+@-]*) fail 64 "a folder with a blank or another sign than letters, digits and / . _ + @ - cannot be used: $prefix, $etc, $state" ;;
  esac
  bin=$prefix/bin/tocsin
  lib=$prefix/lib/tocsin
  manifest=$lib/manifest
  # What this script made and no manifest lists: of a removal without --purge, of an installation that was cut off.
  # Not in the folder of the state: there the agent could write what root would then believe.
  traces=$etc/.left-behind
  dropins=$units/tocsin.service.d
  config=$etc/agent.config.yaml
  for found in "$etc"/agent.config.yaml "$etc"/agent.config.yml "$etc"/agent.config.json; do
    if [ -e "$found" ]; then
      config=$found
      break
    fi
  done
}

# The lock is a link that leads nowhere: to make one is a single step, and it is signed from the first moment. It
# names its holder by process and start, as a number alone comes again, and the folder in which the holder works.
take_lock() {
  plan ln -sn PROCESS "$lock"
  [ "$dry" = no ] || return 0
  signature="$$ $(start_of "$$") $work"
  for _ in 1 2 3; do
    if ln -sn "$signature" "$lock" 2>/dev/null; then break; fi
    # Gone meanwhile: once more.
    held=$(readlink "$lock") || continue
    break_lock
  done
  [ "$(readlink "$lock")" = "$signature" ] || fail 68 "$lock cannot be made"
  # One that was killed before it took the lock. One that begins now comes too late anyway: the lock is ours.
  find "${work%/*}" -maxdepth 1 -type d -name 'tocsin-install.*' -user "$(id -u)" ! -path "$work" -exec rm -rf {} + 2>/dev/null || :
}

# Takes away the lock of one who is gone. Two may find the same one: who moves it away looks at what that was.
break_lock() {
  holder=${held%% *}
  left=${held#* }
  if [ "$(start_of "$holder")" = "${left%% *}" ]; then
    fail 72 "another installation is running (process $holder)"
  fi
  mv -f "$lock" "$lock.$$" 2>/dev/null || return 0
  if [ "$(readlink "$lock.$$")" != "$held" ]; then
    mv -f "$lock.$$" "$lock"
    fail 72 'another installation is running'
  fi
  rm -f "$lock.$$"
  left=${left#* }
  case $left in */tocsin-install.*) rm -rf "$left" ;; esac
}

start_of() {
  # Field 22; the name in field 2 may hold blanks.
  sed -n 's/^.*) //p' "/proc/$1/stat" 2>/dev/null | cut -d' ' -f20
}

# Where everything is loaded and tried: a place in which programs may be started and that has room.
make_work() {
  for place in "${TMPDIR:-/tmp}" ${TMPDIR:-/var/tmp}; do
    work=$(mktemp -d "$place/tocsin-install.XXXXXX" 2>/dev/null) || continue
    [ "$dry" = no ] && [ "$task" = install ] || return 0
    if ! { printf '#!/bin/sh\n' >"$work/try" && chmod 755 "$work/try" && "$work/try"; } 2>/dev/null; then
      obstacle="no program can be started in $place"
    elif ! enough_room "$work" "$1"; then
      obstacle="$place has less room than the $(($1 / 1000)) MB that are needed"
    else
      return 0
    fi
    rm -rf "$work"
  done
  work=
  fail 68 "${obstacle:-no folder can be made in ${TMPDIR:-/tmp}}; TMPDIR names another place"
}

# --- the release -----------------------------------------------------------------------------------------

# fetch NAME FILE: a file of the release. 22 if it is not there.
fetch() {
  if [ -n "$offline" ]; then
    [ -f "$offline/$1" ] || [ "$dry-${checkout:+checkout}" = yes-checkout ] || return 22
    run cp "$offline/$1" "$2"
    return
  fi
  url=$base_url/$version/$1
  if has curl; then
    run curl -fsSL --proto '=https' --proto-redir '=https' --tlsv1.2 --retry 2 --connect-timeout 15 --max-time 900 -o "$2" "$url"
  elif has wget && wget --help 2>&1 | grep -q -e --max-redirect; then
    plan wget -O "$2" "$url"
    [ "$dry" = yes ] || fetch_with_wget "$url" "$2"
  else
    fail 66 'neither curl nor GNU wget is here; install one of them, or use --offline'
  fi
}

# wget itself would follow a redirection to plain HTTP: each step is looked at.
fetch_with_wget() {
  url=$1
  for _ in 1 2 3 4 5 6; do
    case $url in
      https://*) ;;
      *)
        printf 'install.sh: %s is not loaded, as it is not https\n' "$(shown "$url")" >&2
        return 1
        ;;
    esac
    if wget -nv -S --max-redirect=0 --secure-protocol=TLSv1_2 --tries=3 --timeout=60 -O "$2" "$url" 2>"$work/wget.log"; then
      return 0
    fi
    next=$(sed -n 's/^ *[Ll]ocation: *\([^ ]*\).*/\1/p' "$work/wget.log" | head -n 1)
    case $next in
      '') break ;;
      *://*) url=$next ;;
      /*) url=$(printf '%s' "$url" | sed 's#^\(https://[^/]*\).*#\1#')$next ;;
      *) url=${url%/*}/$next ;;
    esac
  done
  if grep -q '^ *HTTP/[0-9.]* 4' "$work/wget.log"; then return 22; fi
  tail -n 1 "$work/wget.log" >&2
  return 1
}

must_fetch() {
  fetch "$1" "$2" && return 0
  # A disk that is full looks like a broken connection.
  enough_room "$work" 1024 || fail 68 "$work has no room"
  if [ -n "$offline" ]; then fail 66 "$offline has no $1"; fi
  fail 66 "$(shown "$base_url")/$version/$1 could not be loaded (a proxy is taken from https_proxy; --offline DIR needs no network)"
}

enough_room() {
  free=$(df -Pk "$1" 2>/dev/null | sed -n '2s/  */ /gp' | cut -d' ' -f4)
  [ -z "$free" ] || [ "$free" -ge "$2" ]
}

choose_release() {
  if needs_build; then
    find_checkout
    return 0
  fi
  [ -n "$version" ] || version=$TOCSIN_VERSION
  [ -n "$base_url" ] || base_url=$TOCSIN_BASE_URL
  if [ -n "$offline" ]; then
    [ -d "$offline" ] || fail 66 "$offline is no folder"
    offline=$(cd "$offline" && pwd)
    [ -n "$version" ] || version=$(sed -n 's/^[0-9a-f]*  tocsin-\(.*\)-linux-.*\.tar\..*$/\1/p' "$offline/SHA256SUMS" 2>/dev/null | head -n 1)
    [ ! -d "$offline/$version" ] || offline=$offline/$version
  fi
  [ -n "$version" ] || fail 64 'say which version with --version'
  [ -n "$offline" ] || [ -n "$base_url" ] || fail 64 'say where releases are with --base-url'
  case $base_url in
    '' | https://*) ;;
    *) [ -n "$offline" ] || fail 64 "$(shown "$base_url") does not begin with https://" ;;
  esac
}

# A script of no release, that was told of none: it stands in a clone of the repository.
needs_build() { [ -z "$TOCSIN_VERSION$TOCSIN_BASE_URL$offline$base_url" ]; }

find_checkout() {
  checkout=$(cd "$(dirname "$0")" 2>/dev/null && pwd)
  [ -f "${checkout:-/nowhere}/scripts/release.ts" ] || fail 64 'this script belongs to no release: say --base-url URL or --offline DIR'
  [ -z "$version" ] || fail 64 'a checkout is built as the version that it is: --version goes with --base-url or --offline'
  [ "$arch" = x64 ] || fail 65 "a release is built on x64, this is $arch: build it there (docs/release.md), and say --offline DIR here"
  if ! has npm || ! has node; then
    fail 65 'to build from a checkout, Node.js 20 or newer and npm are needed; a release needs neither'
  fi
  found=$(node -p process.versions.node 2>/dev/null)
  [ "${found%%.*}" -ge 20 ] 2>/dev/null || fail 65 "to build from a checkout, Node.js 20 or newer is needed, and this is ${found:-one that does not start}; a release needs none"
}

# Packed loosely, as nobody has to load it.
build_from_checkout() {
  step "building from $checkout"
  offline=$work/release
  allow_unsigned=yes
  if [ "$dry" = yes ]; then
    run npm run --silent release -- --fast --gz --only "$arch" --out "$offline"
    version=$(sed -n "s/^export const version = '\(.*\)';/\1/p" "$checkout/src/model/version.ts")
  else
    mkdir "$work/build"
    (cd "$checkout" && TMPDIR=$work/build npm run --silent release -- --fast --gz --only "$arch" --out "$offline" >&2) ||
      fail 1 "the build failed, for the reason above; nothing was changed"
    rm -rf "$work/build"
    version=$(find "$offline" -mindepth 1 -maxdepth 1 -type d -exec basename {} \;)
  fi
  offline=$offline/$version
}

baked_digest() {
  [ "$version" = "$TOCSIN_VERSION" ] || return 0
  case $arch-$packing in
    x64-xz) printf '%s' "$TOCSIN_SHA256_LINUX_X64" ;;
    x64-gz) printf '%s' "$TOCSIN_SHA256_LINUX_X64_GZ" ;;
    arm64-xz) printf '%s' "$TOCSIN_SHA256_LINUX_ARM64" ;;
    arm64-gz) printf '%s' "$TOCSIN_SHA256_LINUX_ARM64_GZ" ;;
  esac
}

get_release() {
  packing=gz
  if [ -z "$checkout" ] && { has xz || has unxz; }; then packing=xz; fi
  archive=tocsin-$version-linux-$arch.tar.$packing
  step "fetching tocsin $version for linux $arch"
  must_fetch SHA256SUMS "$work/SHA256SUMS"
  verify_signature
  must_fetch "$archive" "$work/$archive"
  verify_archive
}

# Before anything is loaded: every place that will be written to, and the room for the former and the new program.
look_at_places() {
  for place in "$prefix" "$etc" "$state" "$units"; do
    near=$(nearest_folder "$place")
    [ -w "$near" ] && continue
    [ "$place" = "$prefix" ] || fail 68 "$place is needed, and $near cannot be written"
    fail 68 "$prefix cannot be written (read-only?); --prefix DIR names another place, such as --prefix /opt/tocsin"
  done
  enough_room "$(nearest_folder "$prefix")" 250000 || fail 68 "$prefix needs 250 MB, half of them for the time of the installation"
}

verify_signature() {
  if [ "$dry" = yes ]; then
    fetch SHA256SUMS.sig "$work/SHA256SUMS.sig"
    [ -z "$TOCSIN_PUBLIC_KEY" ] || ! has openssl || check_signature
    return 0
  fi
  [ "$(head -c 1 "$work/SHA256SUMS")" != '<' ] || fail 67 'what came as SHA256SUMS is a page of HTML, not what was published'
  fetch SHA256SUMS.sig "$work/SHA256SUMS.sig" 2>/dev/null
  case $? in
    0) ;;
    22)
      [ "$allow_unsigned" = yes ] || fail 67 'this release has no signature; --allow-unsigned accepts it all the same'
      say '    unsigned, as was allowed'
      return 0
      ;;
    *) fail 66 "the signature could not be loaded" ;;
  esac
  if [ -z "$TOCSIN_PUBLIC_KEY" ]; then
    [ "$allow_unsigned" = yes ] || fail 67 'this script has no key to verify the signature with; --allow-unsigned goes on without'
    say '    signature not verified, as was allowed: this script has no key'
    return 0
  fi
  if ! has openssl; then
    [ -n "$(baked_digest)" ] || fail 67 'openssl is needed to verify another version than the one of this script'
    say '    openssl is not here: only the digest in this script is verified'
    return 0
  fi
  printf '%s\n' "$TOCSIN_PUBLIC_KEY" >"$work/key.pem"
  check_signature >/dev/null 2>&1 || fail 67 "the signature of SHA256SUMS is wrong: this is not what was published"
  say '    signature verified'
}

check_signature() { run openssl dgst -sha256 -verify "$work/key.pem" -signature "$work/SHA256SUMS.sig" "$work/SHA256SUMS"; }

verify_archive() {
  plan sha256sum "$work/$archive"
  if [ "$dry" = yes ]; then
    # What is said of a host on which this release runs already.
    archive_digest=$(baked_digest)
    return 0
  fi
  found=$(digest_of "$work/$archive")
  listed=$(sed -n "s/^\([0-9a-f]\{64\}\)  $archive\$/\1/p" "$work/SHA256SUMS")
  baked=$(baked_digest)
  [ -n "$listed" ] || fail 67 "SHA256SUMS does not list $archive: it is no list of digests, or of another version"
  if [ "$found" != "$listed" ] || { [ -n "$baked" ] && [ "$found" != "$baked" ]; }; then
    what='it was damaged on the way, or changed'
    [ "$(head -c 1 "$work/$archive")" != '<' ] || what='it is a page of HTML'
    fail 67 "$archive is not what was published: $what (digest $found)"
  fi
  archive_digest=$found
  say '    digest verified'
}

unpack() {
  if [ "$dry" = yes ]; then
    unpacker=gzip
    [ "$packing" = gz ] || unpacker=xz
    plan "$unpacker -dc $work/$archive | tar -xf - -C $work/tree"
    plan tocsin --version
    return 0
  fi
  mkdir "$work/tree"
  # A pipe has only the last one's exit code.
  { open_archive || : >"$work/broken"; } 2>"$work/error" | tar -xf - -C "$work/tree" 2>>"$work/error" || : >"$work/broken"
  [ ! -e "$work/broken" ] || fail 68 "$archive could not be unpacked (is $work full?): $(head -n 2 "$work/error")"
  rm -f "$work/$archive"
  tree=$work/tree/tocsin-$version-linux-$arch
  said=$(limited 60 "$tree/tocsin" --version 2>"$work/error") || fail 65 "the program does not run here: $said$(cat "$work/error")"
  [ "$said" = "tocsin $version" ] || fail 67 "the program calls itself \"$said\", not tocsin $version"
}

open_archive() {
  if [ "$packing" = gz ]; then
    gzip -dc "$work/$archive"
  elif has xz; then
    xz -dc "$work/$archive"
  else
    unxz -c "$work/$archive"
  fi
}

nearest_folder() {
  folder=$1
  while [ ! -d "$folder" ]; do folder=$(dirname "$folder"); done
  printf '%s' "$folder"
}

# --- what is there ---------------------------------------------------------------------------------------

installed_version() {
  sed -n 's/^version //p' "$manifest" 2>/dev/null
}

# Whether every file of the manifest is as it was installed, the archive is the same, and the drop-ins are what
# configuration and call ask for.
is_unchanged() {
  [ -f "$manifest" ] && [ "$(sed -n 's/^archive //p' "$manifest")" = "$1" ] || return 1
  while read -r kind digest path; do
    [ "$kind" = file ] || continue
    [ -f "$path" ] && [ "$(digest_of "$path")" = "$digest" ] || return 1
  done <"$manifest"
  if [ "$init" != systemd ] || [ "$mode" = user ]; then return 0; fi
  credentials_dropin | cmp -s - "$dropins/10-credentials.conf" || return 1
  choose_grants "$bin" "$prefix/share/doc/tocsin/grants" || return 0
  [ "$(given_grants)" = "$(cat "$work/chosen")" ]
}

# --- configuration ---------------------------------------------------------------------------------------

make_account() {
  [ "$mode" = system ] || return 0
  if ! grep -q '^tocsin:' /etc/group; then
    has groupadd || has addgroup || fail 68 'the group tocsin cannot be made: neither groupadd nor addgroup is here'
    made group tocsin
    if has groupadd; then run groupadd --system tocsin; else run addgroup -S tocsin; fi ||
      fail 68 'the group tocsin cannot be made'
  fi
  if ! id tocsin >/dev/null 2>&1; then
    has useradd || has adduser || fail 68 'the user tocsin cannot be made: neither useradd nor adduser is here'
    made user tocsin
    shell=/usr/sbin/nologin
    [ -x "$shell" ] || shell=/bin/false
    if has useradd; then
      run useradd --system --gid tocsin --home-dir "$state" --no-create-home --shell "$shell" tocsin
    else
      run adduser -S -D -H -G tocsin -h "$state" -s "$shell" tocsin
    fi || fail 68 'the user tocsin cannot be made'
  fi
}

# make_folder PATH MODE OWNER
make_folder() {
  if [ -d "$1" ] && [ "$dry" = no ]; then
    printf '%s %s\n' "$(stat -c '%a %u:%g' "$1")" "$1" >>"$work/rights"
  fi
  make_parents "$1/."
  run chmod "$2" "$1"
  [ "$mode" = user ] || run chown "$3" "$1"
}

# made KIND WHAT: a folder, user, group or file that was not there before. It is remembered until the end of this run,
# to be taken back, and beside the configuration, should this run be cut off.
made() {
  [ "$dry" = no ] || return 0
  printf '%s\n' "$*" >>"$work/made"
  [ "$1" = file ] || [ ! -d "$etc" ] || printf '%s\n' "$*" >>"$traces"
}

configure() {
  # First of all, as it keeps what is made from here on.
  had_traces=no
  if [ "$dry" = no ] && [ -f "$traces" ]; then
    had_traces=yes
    cp "$traces" "$work/traces"
  fi
  taking_back=yes
  if [ ! -d "$etc" ]; then
    make_folder "$etc" 0700 root:root
    plan "cat $work/made >> $traces"
    [ "$dry" = yes ] || cat "$work/made" >>"$traces"
  fi
  make_account
  make_folder "$etc" 0750 root:tocsin
  make_folder "$etc/conf.d" 0750 root:tocsin
  make_folder "$state" 0700 tocsin:tocsin
  make_folder "$etc/credentials" 0700 root:root
  if [ -e "$config" ]; then
    say "    $config is there and stays as it is"
  else
    write_configuration
  fi
  # Without LoadCredential the agent itself has to read them.
  if [ "$mode" = system ] && [ "$init" != systemd ]; then
    run chown -R tocsin:tocsin "$etc/credentials"
  fi
  forget_secrets
  validate
}

# No process that is started from here on needs them.
forget_secrets() {
  unset TOCSIN_SLACK_WEBHOOK_URL TOCSIN_PAGERDUTY_KEY TOCSIN_WEBHOOK_URL TOCSIN_SMTP_PASSWORD
}

write_configuration() {
  step "looking at this host, writing $config"
  if [ "$dry" = yes ]; then
    plan tocsin init -o "$config" --credentials "$etc/credentials" --yes
    own_configuration
    return 0
  fi
  made file "$config"
  ls -A "$etc/credentials" >"$work/credentials"
  # Secrets go by the environment, which no other user can read, and from there into files of mode 0600.
  TOCSIN_SLACK_WEBHOOK_URL=${TOCSIN_SLACK_WEBHOOK_URL:-} TOCSIN_PAGERDUTY_KEY=${TOCSIN_PAGERDUTY_KEY:-} \
    TOCSIN_EMAIL=${TOCSIN_EMAIL:-} TOCSIN_SMTP_SMARTHOST=${TOCSIN_SMTP_SMARTHOST:-} \
    "$tree/tocsin" init -o "$config" --credentials "$etc/credentials" --yes >"$work/init.log" 2>&1 ||
    fail 69 "no configuration could be written: $(cat "$work/init.log")"
  own_configuration
  # What it says to do next is done here.
  sed -e '/^next:/,$d' -e 's/^/    /' "$work/init.log"
}

own_configuration() {
  run chmod 0640 "$config"
  [ "$mode" = user ] || run chown root:tocsin "$config"
}

validate() {
  if [ "$dry" = yes ]; then
    plan tocsin validate -c "$config"
    return 0
  fi
  limited 60 "$tree/tocsin" validate -c "$config" >"$work/validate.log" 2>&1 && return 0
  sed 's/^/    /' "$work/validate.log" >&2
  fail 69 "tocsin $version does not accept $config; nothing was changed"
}

send_test() {
  [ "$test_message" = yes ] || return 0
  if [ "$dry" = yes ]; then
    plan tocsin notify test --direct -c "$config"
    return 0
  fi
  step 'sending a test message to every receiver'
  if limited 120 "$tree/tocsin" notify test --direct -c "$config" >"$work/test.log" 2>&1; then
    sed 's/^/    /' "$work/test.log"
    return 0
  fi
  sed 's/^/    /' "$work/test.log" >&2
  # What it found out about the host is kept, to be mended.
  taking_back=no
  fail 70 "the test message did not arrive; mend the receiver in $config and run this again, or use --no-test"
}

# --- files into place ------------------------------------------------------------------------------------

# Lines of the manifest that is being made.
note() {
  if [ "$dry" = no ]; then printf '%s\n' "$*" >>"$work/manifest"; fi
}

# place SOURCE PATH MODE: by one rename; what was there before is kept until all is well.
place() {
  if [ "$dry" = yes ]; then
    make_parents "$2"
    plan install -m "$3" "${1##*/}" "$2"
    return 0
  fi
  # A release older than this script may lack a page or a completion.
  [ -e "$1" ] || return 0
  make_parents "$2"
  keep_former "$2"
  if ! { cp "$1" "$2.tocsin-new" && chmod "$3" "$2.tocsin-new" && mv -f "$2.tocsin-new" "$2"; } 2>"$work/error"; then
    rm -f "$2.tocsin-new"
    fail 68 "$2 cannot be written: $(cat "$work/error")"
  fi
  note "file $(digest_of "$2") $2"
}

# Before PATH changes or goes: a copy, or a line that there was nothing.
keep_former() {
  if [ ! -e "$1" ]; then
    made file "$1"
    return 0
  fi
  if ! { mkdir -p "$work/old$(dirname "$1")" && cp -p "$1" "$work/old$1"; }; then fail 68 "no room to keep the former $1"; fi
}

# Makes the folder of a file, and remembers every folder that was not there.
make_parents() {
  missing=$(dirname "$1")
  [ ! -d "$missing" ] || return 0
  if [ "$dry" = yes ]; then
    grep -qxF "$missing" "$work/planned" 2>/dev/null || plan mkdir -p "$missing"
    printf '%s\n' "$missing" >>"$work/planned"
    return 0
  fi
  chain=
  while [ ! -d "$missing" ]; do
    chain="$missing
$chain"
    missing=$(dirname "$missing")
  done
  printf '%s' "$chain" | while read -r folder; do made folder "$folder"; done
  mkdir -p "$(dirname "$1")" 2>"$work/error" || fail 68 "$(dirname "$1") cannot be made: $(cat "$work/error")"
}

place_files() {
  step "installing below $prefix"
  taking_back=yes
  place "${tree:-}/tocsin" "$bin" 0755
  share=$prefix/share
  place "${tree:-}/man/tocsin.1" "$share/man/man1/tocsin.1" 0644
  place "${tree:-}/man/agent.config.yaml.5" "$share/man/man5/agent.config.yaml.5" 0644
  place "${tree:-}/completions/tocsin.bash" "$share/bash-completion/completions/tocsin" 0644
  place "${tree:-}/completions/_tocsin" "$share/zsh/site-functions/_tocsin" 0644
  place "${tree:-}/completions/tocsin.fish" "$share/fish/vendor_completions.d/tocsin.fish" 0644
  for name in LICENSE THIRD-PARTY-LICENSES README.md CHANGELOG.md agent.config.example.yaml agent.config.schema.json; do
    place "${tree:-}/$name" "$share/doc/tocsin/$name" 0644
  done
  if [ "$dry" = yes ]; then place 'grants/*.conf' "$share/doc/tocsin/grants/*.conf" 0644; fi
  for path in "${tree:-/nowhere}"/grants/*.conf; do
    [ ! -e "$path" ] || place "$path" "$share/doc/tocsin/grants/${path##*/}" 0644
  done
  case $init in
    systemd) place_unit ;;
    openrc | sysvinit) place_script "${tree:-}/tocsin.$init" ;;
  esac
  place_manifest
}

place_manifest() {
  if [ "$dry" = yes ]; then
    place manifest "$manifest" 0644
    return 0
  fi
  note "version $version"
  note "archive $archive_digest"
  make_parents "$manifest"
  keep_former "$manifest"
  # Folders and accounts that an earlier run made are still ours.
  cat "$manifest" "$traces" "$work/made" 2>/dev/null | grep -E '^(folder|user|group) ' >>"$work/manifest"
  sort -u "$work/manifest" | write_file "$manifest" 0644 || fail 68 "$manifest cannot be written"
}

# The unit with the places of this installation.
place_unit() {
  unit=tocsin.service
  [ "$mode" = system ] || unit=tocsin.user.service
  if [ "$dry" = no ]; then
    sed -e "s#/usr/local/bin/tocsin#$bin#g" -e "s#/etc/tocsin/agent.config.yaml#$config#g" \
      -e "s#%h/.local/state#${state%/tocsin}#" "$tree/$unit" >"$work/unit"
  fi
  keep_edited_unit "$units/tocsin.service"
  place "$work/unit" "$units/tocsin.service" 0644
  [ "$mode" = system ] || return 0
  place_credentials
  place_grants
}

# What somebody wrote into our unit is not lost, though it belongs into a drop-in.
keep_edited_unit() {
  [ -f "$1" ] && [ -f "$manifest" ] || return 0
  was=$(sed -n "s#^file \([0-9a-f]*\) $1\$#\1#p" "$manifest")
  [ -n "$was" ] && [ "$(digest_of "$1")" != "$was" ] || return 0
  run cp -p "$1" "$1.edited"
  say "    $1 had been edited: kept as $1.edited; move the changes to a drop-in (systemctl edit tocsin)"
}

place_credentials() {
  [ "$dry" = yes ] || credentials_dropin >"$work/credentials.conf"
  place "$work/credentials.conf" "$dropins/10-credentials.conf" 0644
}

credentials_dropin() {
  printf '# Secrets that the configuration refers to as credentials.\n\n[Service]\n'
  for secret in "$etc"/credentials/*; do
    [ ! -f "$secret" ] || printf 'LoadCredential=%s:%s\n' "${secret##*/}" "$secret"
  done
}

# Rights that the checks need: harmless ones are given, powerful ones only when asked for, or given before.
place_grants() {
  if [ "$dry" = yes ]; then
    plan "tocsin grants -c $config (and for each right a drop-in $dropins/grant-NAME.conf)"
    return 0
  fi
  choose_grants "$tree/tocsin" "$tree/grants" || return 0
  cat "$work/remarks"
  while read -r name; do
    place "$tree/grants/$name.conf" "$dropins/grant-$name.conf" 0644
  done <"$work/chosen"
  for name in $(given_grants); do
    grep -qx "$name" "$work/chosen" || withdraw "$dropins/grant-$name.conf"
  done
}

# choose_grants PROGRAM FOLDER: which to give into `chosen`, what to say about the others into `remarks`.
choose_grants() {
  : >"$work/chosen"
  : >"$work/remarks"
  limited 60 "$1" grants -c "$config" >"$work/needed" 2>/dev/null || return 1
  while read -r name power checks; do
    [ -f "$2/$name.conf" ] || continue
    is_granted "$name" "$power" "$checks" "$2" && printf '%s\n' "$name" >>"$work/chosen"
  done <"$work/needed"
  for name in $granted; do
    cut -d' ' -f1 "$work/needed" | grep -qx -e "$name" || printf '    --grant %s: no check needs it\n' "$name" >>"$work/remarks"
  done
}

is_granted() {
  # is_granted NAME POWER CHECKS FOLDER
  group=$(sed -n 's/^SupplementaryGroups=//p' "$4/$1.conf")
  if [ -n "$group" ] && ! grep -q "^$group:" /etc/group; then
    printf '    %s: there is no group %s here, so that the right "%s" cannot be given\n' "$3" "$group" "$1" >>"$work/remarks"
    return 1
  fi
  if [ "$2" = harmless ] || [ -f "$dropins/grant-$1.conf" ]; then return 0; fi
  case " $granted " in *" $1 "*) return 0 ;; esac
  printf '    %s: would need the right "%s", which reaches far; to give it: sh install.sh --grant %s\n' "$3" "$1" "$1" >>"$work/remarks"
  return 1
}

# The names of those that are in place.
given_grants() {
  for given in "$dropins"/grant-*.conf; do
    [ -f "$given" ] || continue
    given=${given##*/grant-}
    printf '%s\n' "${given%.conf}"
  done
}

withdraw() {
  keep_former "$1"
  rm -f "$1"
  say "    ${1##*/}: no check needs it any more"
}

place_script() {
  [ "$dry" = yes ] || sed -e "s#/usr/local/bin/tocsin#$bin#g" -e "s#/etc/tocsin/agent.config.yaml#$config#g" "$1" >"$work/script"
  place "$work/script" /etc/init.d/tocsin 0755
  if [ -d /etc/logrotate.d ]; then place "${tree:-}/tocsin.logrotate" /etc/logrotate.d/tocsin 0644; fi
}

# --- the service -----------------------------------------------------------------------------------------

query() {
  if [ "$mode" = system ]; then systemctl "$@"; else systemctl --user "$@"; fi 2>/dev/null
}

ctl() {
  if [ "$mode" = system ]; then run systemctl "$@"; else run systemctl --user "$@"; fi
}

start_service() {
  started=yes
  case $init in
    systemd)
      ctl daemon-reload
      # After several starts in vain systemd would refuse one more.
      ctl reset-failed tocsin.service 2>/dev/null || :
      ctl enable --quiet tocsin.service
      ctl restart --no-block tocsin.service
      ;;
    openrc)
      run rc-update -q add tocsin default
      if [ "$dry" = yes ]; then
        run rc-service -q tocsin restart
      else
        # The supervisor stays with every descriptor it was given, 3 too: whoever reads our output to its end must
        # not wait for it.
        rc-service -q tocsin restart </dev/null >"$work/start.log" 2>&1 3>&- || cat "$work/start.log" >&2
      fi
      ;;
    sysvinit)
      run update-rc.d tocsin defaults
      run /etc/init.d/tocsin restart
      ;;
  esac
}

disable_service() {
  case $init in
    systemd) ctl disable --quiet --now tocsin.service ;;
    openrc)
      run rc-service -q tocsin stop
      run rc-update -q del tocsin default
      ;;
    sysvinit)
      run /etc/init.d/tocsin stop
      run update-rc.d -f tocsin remove
      ;;
  esac 2>/dev/null || :
}

# Waits until the agent that answers is the wanted version and ready; half a minute at most.
wait_until_well() {
  [ "$dry" = no ] || return 0
  step "waiting until tocsin $1 is well"
  until=$(($(uptime_seconds) + 30))
  while :; do
    if says_well "$1"; then return 0; fi
    if has_given_up; then return 1; fi
    [ "$(uptime_seconds)" -lt "$until" ] || return 1
    sleep 0.5
  done
}

# How often systemd has started the service again by itself.
restarts_so_far() {
  restarts=$(query show --property=NRestarts --value tocsin.service)
  printf '%s' "${restarts:-0}"
}

# Whether the service ended for good, or again and again.
has_given_up() {
  case $init in
    systemd)
      [ "$(query is-active tocsin.service)" != failed ] || return 0
      [ "$(restarts_so_far)" -ge 3 ]
      ;;
    # Nobody starts it again.
    sysvinit) ! start-stop-daemon --status --pidfile /run/tocsin.pid ;;
    # Its supervisor gives up later than we do.
    *) false ;;
  esac
}

# Whether the agent that answers is this version and ready; `run_since` becomes the start of its run.
says_well() {
  status=$(limited 10 "$bin" status --json -c "$config" 2>/dev/null)
  run_since=$(printf '%s' "$status" | sed -n 's/.*"ready":true,"startedAt":"\([^"]*\)".*/\1/p')
  case $status in
    *"\"version\":\"$1\""*'"ready":true'*) return 0 ;;
  esac
  return 1
}

# Whether a version that took the place of another is still in the same run after a while: one that starts, looks
# and falls over would otherwise be all that is left.
stays_well() {
  if [ "$dry" = yes ] || [ -z "$previous" ] || [ "$previous" = "$1" ] || [ "$watch_seconds" = 0 ]; then return 0; fi
  step "watching tocsin $1 for $watch_seconds seconds"
  run_before=$run_since
  until=$(($(uptime_seconds) + watch_seconds))
  while [ "$(uptime_seconds)" -lt "$until" ]; do
    sleep 1
    if [ "$init" = systemd ] && has_ended; then return 1; fi
  done
  # A busy host may take its time to answer.
  for _ in 1 2 3; do
    if says_well "$1"; then
      [ "$run_since" = "$run_before" ]
      return
    fi
    sleep 1
  done
  return 1
}

# Whether the service is between two runs, or in another one than the first.
has_ended() {
  case $(query is-active tocsin.service) in
    active | reloading)
      [ "$(restarts_so_far)" != 0 ]
      ;;
    *) return 0 ;;
  esac
}

# A version that hangs would hold up the former one for as long as its unit lets it take to end.
stop_at_once() {
  case $init in
    openrc) rc-service -q tocsin stop </dev/null >/dev/null 2>&1 ;;
    sysvinit) /etc/init.d/tocsin stop >/dev/null 2>&1 ;;
  esac
  [ "$init" = systemd ] || return 0
  ctl stop --no-block tocsin.service
  for _ in 1 2 3 4 5; do
    sleep 1
    case $(query is-active tocsin.service) in inactive | failed) return 0 ;; esac
  done
  ctl kill --signal=KILL tocsin.service
}

# A version that brought the state into a form of its own has kept a copy in the form before, which the former one reads.
put_back_state() {
  copy=$(find "$state" -maxdepth 1 -type f -name 'tocsin.db.schema-*' -newer "$work/manifest" 2>/dev/null | head -n 1)
  [ -n "$copy" ] || return 0
  stop_at_once
  say "    the state is put back as it was before $version"
  rm -f "$state/tocsin.db-wal" "$state/tocsin.db-shm"
  mv -f "$copy" "$state/tocsin.db"
}

last_words() {
  case $init in
    systemd)
      if [ "$mode" = system ]; then journalctl -u tocsin -n 15 --no-pager -o cat; else journalctl --user -u tocsin -n 15 --no-pager -o cat; fi
      ;;
    *) tail -n 15 /var/log/tocsin.log ;;
  esac 2>/dev/null | sed 's/^/    /' >&2
}

# Puts back what was there before, and nothing beside it.
take_back() {
  taking_back=no
  [ "$dry" = no ] && [ -d "$work" ] || return 0
  if [ "$started" = yes ] && [ -z "$previous" ]; then disable_service; fi
  if [ -d "$work/old" ]; then
    (cd "$work/old" && find . -type f) | while read -r path; do
      path=${path#.}
      cp -p "$work/old$path" "$path.tocsin-new" && mv -f "$path.tocsin-new" "$path"
    done
  fi
  if [ -f "$work/made" ]; then take_away_made; fi
  [ "$init" != systemd ] || ctl daemon-reload 2>/dev/null || :
}

take_away_made() {
  sed -n 's/^file //p' "$work/made" | while read -r path; do rm -f "$path" "$path.tocsin-new"; done
  if [ -f "$work/credentials" ]; then
    for secret in "$etc"/credentials/*; do
      grep -qxF "${secret##*/}" "$work/credentials" || rm -f "$secret"
    done
  fi
  if grep -qx "folder $state" "$work/made"; then
    # An agent that ran for some seconds has left something there.
    rm -rf "$state"
  fi
  if [ "$had_traces" = yes ]; then cp "$work/traces" "$traces"; else rm -f "$traces"; fi
  if [ -f "$work/rights" ]; then
    # Backwards: of a folder that was looked at twice the first look counts.
    sed '1!G;h;$!d' "$work/rights" | while read -r rights owner path; do
      chmod "$rights" "$path"
      [ "$mode" = user ] || chown "$owner" "$path"
    done
  fi
  remove_accounts "$work/made"
  remove_folders "$work/made"
}

# remove_folders LIST [first|last]: the deepest first; what holds something else stays. Last are those of the manifest and
# of the unit, which are there to the end.
remove_folders() {
  sed -n 's/^folder //p' "$1" | sort -r | while read -r folder; do
    turn=first
    case $manifest in "$folder"/*) turn=last ;; esac
    case $units/tocsin.service in "$folder"/*) turn=last ;; esac
    [ "$turn" = "${2:-$turn}" ] || continue
    if [ -d "$folder" ] && ! would_be_purged "$folder"; then run rmdir "$folder" 2>/dev/null || :; fi
  done
}

would_be_purged() {
  [ "$dry$purge" = yesyes ] || return 1
  case $1/ in "$etc"/* | "$state"/*) return 0 ;; esac
  return 1
}

# --- the tasks -------------------------------------------------------------------------------------------

# The package and this script would each take the other's files for its own.
refuse_beside_package() {
  if [ "$mode" = system ] && [ ! -f "$manifest" ] && [ -f "$1" ]; then
    fail 65 'the Debian package tocsin is installed here: upgrade that one, or remove it first (apt-get remove tocsin keeps configuration and state)'
  fi
}

install_all() {
  refuse_beside_package /var/lib/dpkg/info/tocsin.list
  choose_release
  previous=$(installed_version)
  look_at_places
  [ -z "$checkout" ] || build_from_checkout
  get_release
  if [ -n "$archive_digest" ] && [ -e "$config" ] && is_unchanged "$archive_digest" && is_well_now; then
    result=unchanged
    message="tocsin $version is installed and well: nothing to do"
    say "$message"
    return 0
  fi
  unpack
  if [ -n "$previous" ] && [ -e "$config" ]; then
    forget_secrets
    validate
    taking_back=yes
    make_account
  else
    configure
    [ "$start" = no ] || send_test
  fi
  changed=true
  place_files
  if [ "$start" = yes ]; then
    start_service
    if ! wait_until_well "$version" || ! stays_well "$version"; then give_up; fi
  fi
  finish
}

is_well_now() {
  [ "$start" = yes ] || return 0
  says_well "$version"
}

give_up() {
  last_words
  if [ -z "$previous" ]; then
    taking_back=no
    rm -f "$traces"
    disable_service
    fail 71 "tocsin $version is installed but did not become well, and was stopped; the lines above are its last words"
  fi
  step "tocsin $version is not well: going back to $previous"
  stop_at_once
  put_back_state
  take_back
  changed=false
  start_service
  if wait_until_well "$previous"; then
    fail 71 "tocsin $version did not become well; $previous runs again"
  fi
  last_words
  fail 71 "tocsin $version did not become well, and $previous does not either, for the reason above: tocsin doctor"
}

finish() {
  # All is done: there is nothing left to interrupt.
  trap '' HUP INT PIPE TERM
  taking_back=no
  run rm -f "$traces"
  if [ "$dry" = yes ]; then
    result=planned
    changed=false
    message="a dry run: nothing was done to install tocsin $version"
    say "$message"
    return 0
  fi
  if [ -z "$previous" ]; then
    result=installed
    message="tocsin $version runs"
  elif [ "$previous" = "$version" ]; then
    result=repaired
    message="tocsin $version was there already: files, rights and service were put right"
  else
    result=upgraded
    message="tocsin $version runs in place of $previous"
  fi
  [ "$start" = yes ] || message="tocsin $version is installed; nothing was started"
  say "$message"
  say "    configuration: $config"
  say "    next: $bin status, $bin doctor"
  [ "$mode" = system ] || tell_about_linger
  case ":$PATH:" in
    *":$prefix/bin:"*) ;;
    *) say "    $prefix/bin is not in your PATH" ;;
  esac
}

tell_about_linger() {
  if [ ! -e "/var/lib/systemd/linger/$(id -un)" ]; then
    say "    it runs while you are logged in; for longer: loginctl enable-linger $(id -un)"
  fi
}

uninstall() {
  # What a first removal left behind is listed beside the configuration.
  listed=$manifest
  [ -f "$listed" ] || listed=$traces
  if [ ! -f "$listed" ]; then
    # Of a removal that was cut off at the very end.
    [ "$dry" = yes ] || rmdir "$lib" 2>/dev/null || :
    result=unchanged
    message='tocsin was not installed by this script: nothing to remove'
    say "$message"
    return 0
  fi
  previous=$(installed_version)
  [ "$dry" = yes ] || changed=true
  step 'stopping the service'
  disable_service
  step 'removing what was installed'
  cat "$manifest" "$traces" 2>/dev/null | sort -u >"$work/listed"
  remove_files first
  # Where no manager answered, its link is still there.
  for link in "$units"/*.wants/tocsin.service; do
    if [ -h "$link" ] && [ "$dry" = no ]; then
      rm -f "$link"
      rmdir "${link%/*}" 2>/dev/null || :
    fi
  done
  # What lists all that is still there goes last, so that a removal that was cut off can be done to its end.
  if [ "$purge" = yes ]; then
    case $init in openrc | sysvinit) run rm -f /var/log/tocsin.log /var/log/tocsin.log.* ;; esac
    remove_accounts "$work/listed"
    run rm -rf "$state"
    run rm -rf "$etc"
  elif [ -d "$etc" ] && [ "$dry" = yes ]; then
    plan "grep -E '^(folder|user|group) ' $work/listed > $traces"
  elif [ -d "$etc" ]; then
    grep -E '^(folder|user|group) ' "$work/listed" >"$traces" || :
  fi
  remove_folders "$work/listed" first
  trap '' HUP INT PIPE TERM
  remove_files last
  run rm -f "$manifest"
  remove_folders "$work/listed" last
  if [ "$init" = systemd ]; then ctl daemon-reload 2>/dev/null || :; fi
  result=uninstalled
  message="tocsin is removed; $etc and $state stay (--uninstall --purge removes them)"
  [ "$purge" = no ] || message='tocsin, its configuration and its state are removed'
  if [ "$dry" = yes ]; then
    result=planned
    message='a dry run: nothing was removed'
  fi
  say "$message"
}

# remove_files first|last: the unit or the script of the service tells where all the rest is, and so it goes last.
remove_files() {
  while read -r kind digest path; do
    [ "$kind" = file ] || continue
    turn=first
    case $path in "$units/tocsin.service" | /etc/init.d/tocsin) turn=last ;; esac
    if [ "$turn" = "$1" ]; then remove_file "$digest" "$path"; fi
  done <"$work/listed"
}

remove_file() {
  [ ! -e "$2.tocsin-new" ] || run rm -f "$2.tocsin-new"
  [ -e "$2" ] || return 0
  if [ "$(digest_of "$2")" != "$1" ]; then
    say "    $2 was changed since it was installed: it stays"
    return 0
  fi
  run rm -f "$2"
}

# remove_accounts LIST
remove_accounts() {
  if grep -qx 'user tocsin' "$1" && id tocsin >/dev/null 2>&1; then
    if has userdel; then run userdel tocsin; else run deluser tocsin; fi || say '    the user tocsin stays'
  fi
  if grep -qx 'group tocsin' "$1" && grep -q '^tocsin:' /etc/group; then
    if has groupdel; then run groupdel tocsin; else run delgroup tocsin; fi
  fi
}

# Runs at every end: takes back what is half done, tells the outcome.
clean_up() {
  code=$1
  trap - EXIT
  # To be interrupted once more would leave a half of each.
  trap '' HUP INT PIPE TERM
  if [ "$taking_back" = yes ] && [ "$dry" = no ]; then
    printf 'install.sh: taking back what was half done\n' >&2
    was_started=$started
    if [ -n "$previous" ] && [ "$started" = yes ]; then put_back_state; fi
    take_back
    changed=false
    if [ -n "$previous" ] && [ "$was_started" = yes ]; then start_service; fi
  fi
  [ -z "$lock" ] || [ "$code" != 0 ] || plan rm -f "$lock"
  [ -z "$work" ] || rm -rf "$work"
  # Only our own.
  if [ -n "$signature" ] && [ "$(readlink "$lock")" = "$signature" ]; then rm -f "$lock"; fi
  [ "$code" = 0 ] || result=failed
  [ -n "$message" ] || [ "$code" -lt 129 ] || message='interrupted'
  tell_json "$code"
  exit "$code"
}

main() {
  # Whatever the caller has set: errors are looked at where they happen.
  set +e -u
  umask 022
  LC_ALL=C
  # `su` keeps the PATH of a user, in which the programs of the administrator are not.
  PATH=${PATH:+$PATH:}/usr/local/sbin:/usr/sbin:/sbin:/usr/bin:/bin
  export LC_ALL PATH
  unset CDPATH
  # What is closed would be taken by the next file that is opened; a folder that is gone is no place to begin in.
  { true 9<&0; } 2>/dev/null || exec </dev/null
  { true 9>&1; } 2>/dev/null || exec >/dev/null
  { true 9>&2; } 2>/dev/null || exec 2>/dev/null
  pwd -P >/dev/null 2>&1 || cd /
  json=no dry=no start=yes test_message=yes allow_unsigned=no task=install purge=no
  version='' base_url='' offline='' prefix='' granted='' config='' previous='' message='' tree='' work='' archive_digest='' checkout='' watch_seconds=15
  result=failed changed=false taking_back=no started=no had_traces=no signature='' lock='' init=none
  # In the foreground as this script is, where busybox has no other place: an interruption reaches it, too.
  if timeout --foreground 1 true 2>/dev/null; then foreground=--foreground; else foreground=; fi
  for word in "$@"; do
    if [ "$word" = --json ]; then json=yes; fi
  done
  # Whatever a command prints, only the one line gets to standard output.
  if [ "$json" = yes ]; then exec 3>&1 1>&2; fi
  trap 'clean_up $?' EXIT
  trap 'exit 129' HUP
  trap 'exit 130' INT
  # Nobody reads any more what is said.
  trap 'exit 141' PIPE
  trap 'exit 143' TERM
  read_call "$@"
  look_at_host
  # The packed and the unpacked archive, in kilobytes; on an upgrade the former program too; what a build takes.
  room=160000
  [ ! -e "$bin" ] || room=230000
  ! needs_build || room=350000
  make_work "$room"
  take_lock
  if [ "$task" = uninstall ]; then uninstall; else install_all; fi
}

{ main "$@"; }
