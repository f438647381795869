#!/usr/bin/env bats
# The functions of install.sh, one by one, under the shells that Debian and Alpine have.

setup() {
  script=$BATS_TEST_DIRNAME/../../install.sh
  folder=$(mktemp -d)
  # All but the line that calls main.
  sed '$d' "$script" >"$folder/functions.sh"
  mkdir "$folder/bin"
  PATH=$folder/bin:$PATH
  shells='dash|busybox sh'
}

teardown() { rm -rf "$folder"; }

# A program that says this and nothing else.
stand_in() {
  printf '#!/bin/sh\n%s\n' "$2" >"$folder/bin/$1"
  chmod +x "$folder/bin/$1"
}

# Runs a line after the functions under each shell; all must say the same.
each() {
  wanted=$1
  line=$2
  printf '%s' "$shells" | tr '|' '\n' | {
    while read -r shell || [ -n "$shell" ]; do
      found=$($shell -c "PATH=$PATH; json=no dry=no start=yes task=install purge=no message=; . $folder/functions.sh; $line" 2>&1) || :
      if [ "$found" != "$wanted" ]; then
        printf '%s says:\n%s\nand not:\n%s\n' "$shell" "$found" "$wanted"
        exit 1
      fi
    done
  }
}

@test "the script is read by dash and busybox without a complaint" {
  dash -n "$script"
  busybox sh -n "$script"
}

@test "the last line calls main, and no other line at the outermost level does anything" {
  [ "$(tail -n 1 "$script")" = '{ main "$@"; }' ]
  outermost=$(sed '$d' "$script" | grep -E '^[^ #}$]' | grep -vE "^(TOCSIN_[A-Z0-9_]+=''|[a-z_0-9]+\(\) \{.*)\$" | sed -n '/^Installs tocsin/,/^END$/!p')
  [ -z "$outermost" ] || { echo "$outermost"; false; }
}

@test "the processor is named as the archives name it" {
  stand_in getconf 'echo glibc 2.36'
  for pair in x86_64:x64 amd64:x64 aarch64:arm64 arm64:arm64; do
    cat >"$folder/line" <<LINE
uname() { case \$1 in -s) echo Linux ;; -m) echo ${pair%%:*} ;; esac; }
find_init() { :; }; set_places() { :; }; look_at_host; echo \$arch
LINE
    each "${pair##*:}" ". $folder/line"
  done
}

@test "another processor is refused, with what to report" {
  cat >"$folder/line" <<'LINE'
uname() { case $1 in -s) echo Linux ;; -m) echo riscv64 ;; -a) echo Linux guest riscv64 ;; esac; }
(look_at_host) 2>&1 | head -n 2
LINE
  each 'install.sh: there is no build for the processor riscv64. To have it supported, report this:
  uname -a: Linux guest riscv64' ". $folder/line"
}

@test "glibc from 2.28 on is taken, an older one and musl are refused" {
  for libc in 'glibc 2.28' 'glibc 2.36' 'glibc 2.41.9000'; do
    each fine "libc_version() { echo '$libc'; }; refuse_old_libc && echo fine"
  done
  old='install.sh: glibc 2.27 is too old, 2.28 is needed. To have it supported, report this:'
  each "$old" "libc_version() { echo 'glibc 2.27'; }; (refuse_old_libc) 2>&1 | head -n 1"
  musl='install.sh: this system has musl; there are builds for glibc only. To have it supported, report this:'
  each "$musl" "libc_version() { echo 'musl libc (x86_64)'; }; (refuse_old_libc) 2>&1 | head -n 1"
}

@test "a text gets into JSON whatever it holds" {
  cat >"$folder/line" <<'LINE'
quoted "$(printf 'a "b" \\ c\td\ne\033[1mf\001')"
LINE
  each 'a \"b\" \\ c d e[1mf' ". $folder/line"
}

@test "a digest is the same by each of the programs that make one" {
  printf 'tocsin\n' >"$folder/file"
  digest=$(sha256sum "$folder/file" | cut -d' ' -f1)
  each "$digest" "digest_of $folder/file"
  each "$digest" "has() { [ \$1 = openssl ]; }; digest_of $folder/file"
  each "$digest" "has() { false; }; digest_of $folder/file"
}

@test "an option takes its value after a blank or after an equals sign, and a secret from a file" {
  echo https://hooks.example.com/x >"$folder/hook"
  each 1.2.3 'version=; read_call --version v1.2.3; echo $version'
  each 1.2.3 'version=; read_call --version=1.2.3; echo $version'
  each https://hooks.example.com/x "read_call --slack-webhook @$folder/hook; echo \$TOCSIN_SLACK_WEBHOOK_URL"
  each 'install.sh: there is no option --nonsense; --help lists them' '(read_call --nonsense)'
}

@test "a file is written in one step, and nothing is left when it cannot be" {
  each "done 600" "echo text | write_file $folder/out 0600 && echo done \$(stat -c %a $folder/out)"
  each refused "echo text | write_file $folder/none/out 0600 2>/dev/null || echo refused"
}

@test "a process is known by its start, not by its number alone" {
  each same '[ "$(start_of $$)" = "$(start_of $$)" ] && [ -n "$(start_of $$)" ] && echo same'
  each '' 'start_of 4194305'
}

@test "beside the Debian package nothing is installed" {
  touch "$folder/tocsin.list"
  each 'install.sh: the Debian package tocsin is installed here: upgrade that one, or remove it first (apt-get remove tocsin keeps configuration and state)
ended with 65' "mode=system manifest=/nonexistent; (refuse_beside_package $folder/tocsin.list); echo ended with \$?"
  each 'goes on' "mode=system manifest=/nonexistent; refuse_beside_package /nonexistent; echo goes on"
}
