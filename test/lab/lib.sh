# lib.sh: what the scripts of the lab have in common: settings, the outer link, the jail of an LNS, taking it all down.
# shellcheck shell=bash disable=SC2034,SC2154 # settings are variables that the scripts set by name
#
# One LNS is: a network namespace CLIENT-KIND[-TAG], a veth into the client's namespace, a jail (PID and mount namespace,
# `inside/`), whose death is the death of everything in it, and a state directory $RUN/CLIENT-KIND[-TAG].
set -u
HERE=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
RUN=${L2TPWAN_LAB_RUN:-/run/l2tpwan-lab}
KIND=${NAME#lns-}
PATH=$PATH:/usr/sbin:/sbin

say() { printf '%s: %s\n' "$NAME" "$*" >&2; }
die() { say "$*"; exit 1; }
[ "$(id -u)" = 0 ] || die "must be root"
for p in ip unshare setsid chroot mount; do command -v $p >/dev/null || die "no $p on this machine"; done

# sets the variables of the key=value arguments that $KEYS allows
settings() {
  local a k
  for a; do
    k=${a%%=*}
    [[ $a == *=* ]] || die "expected key=value, got '$a'"
    [[ " $KEYS " == *" $k "* ]] || die "unknown setting '$k' (have: $KEYS)"
    printf -v "$k" %s "${a#*=}"
  done
}
# prints KEY='value' lines for a shell inside
environment() {
  local k
  for k; do printf "%s='%s'\n" "$k" "${!k//\'/\'\\\'\'}"; done
}
lines() { [ -z "$1" ] || tr ';' '\n' <<<"$1"; } # 'a;b' -> two lines
fill() { # fill FILE SETTING...: prints it with each @SETTING@ replaced
  local text k
  text=$(<"$1")
  shift
  for k; do text=${text//"@$k@"/"${!k}"}; done
  printf '%s\n' "$text"
}
exists() { [ -e "/run/netns/$1" ]; }
# waits until CMD succeeds, up to SECONDS
within() {
  local end=$((SECONDS + $1))
  shift
  until "$@" >/dev/null 2>&1; do
    [ $SECONDS -lt $end ] || return 1
    sleep 0.02
  done
}
gone() { # a zombie is as good as gone
  local state
  read -r _ _ state _ <"/proc/$1/stat" || return 0
  [ "$state" = Z ]
}
ready_or_dead() { [ -e "$ST/ready" ] || gone "$(<"$ST/pid")"; }

# NETNS[/TAG] -> CLIENT, TAG, LNS_NETNS, ST
instance() {
  CLIENT=${1%%/*} TAG=
  [[ $1 == */* ]] && TAG=-${1#*/}
  [[ $CLIENT$TAG =~ ^[A-Za-z0-9._-]+$ ]] || die "not a name for a network namespace: '$1'"
  LNS_NETNS=$CLIENT-$KIND$TAG
  ST=$RUN/$LNS_NETNS
}
running() { instance "$1"; [ -e "$ST/pid" ] || die "not up in '$1'"; }

# Starts CMD as process 1 of a jail in the network namespace $1, its standard input a FIFO that never ends.
jail() {
  local netns=$1
  shift
  mkfifo "$ST/stdin"
  setsid ip netns exec "$netns" unshare --mount --pid --uts --fork --kill-child \
    sh "$HERE/inside/jail" "$ROOT" "$ST" "$@" <>"$ST/stdin" >>"$ST/console.log" 2>&1 &
  echo $! >"$ST/pid"
  disown
}
# The same for User-Mode Linux with inside/init: uml NETNS MEMORY CONSOLE-OPTION... It must not be process 1 itself.
# What is left out of its boot (benchmarks of RAID code, 256 old-style pseudo terminals, file systems) takes 1.6 s of 2.
uml() {
  local netns=$1 mem=$2
  shift 2
  jail "$netns" sh -c 'TMPDIR=/tmp HOME=/tmp linux.uml "$@"; exit' uml mem="$mem" umid=lab uml_dir=/tmp/ \
    root=/dev/root rootfstype=hostfs rootflags=/ ro init=/lab/init LAB_UML=1 con=null con0=fd:0,fd:1 quiet \
    lpj=12000000 pty.legacy_count=0 \
    initcall_blacklist=raid6_select_algo,calibrate_xor_blocks,init_zswap,init_btrfs_fs,init_xfs_fs,init_jfs_fs "$@"
}
# makes the state directory with what the inside needs; what follows are the names of settings to hand over
state() {
  mkdir -p "$RUN"
  mkdir "$ST" || exit
  mkdir "$ST/ctl"
  cp "$HERE"/inside/* "$ST/"
  from=$HERE
  environment kind from "$@" >"$ST/env"
  echo "$CLIENT${TAG/#-//}" >"$ST/name"
}

# Takes down the instance ($CLIENT, $LNS_NETNS, $ST); what is not there is no error.
remove() {
  local f
  f=$(cat "$ST/guard" 2>/dev/null) && [ "$f" != $$ ] && kill -- "-$f" 2>/dev/null
  f=$(cat "$ST/pid" 2>/dev/null) && kill -KILL "$f" 2>/dev/null && within 5 gone "$f"
  if exists "$LNS_NETNS"; then
    f=$(cat "$ST/ifname" 2>/dev/null) && exists "$CLIENT" && ip -n "$CLIENT" link del "$f" 2>/dev/null
    "$HERE/remove-netns" "$LNS_NETNS" # a capture, or what a test runs there, ends with it
  fi
  if [ -e "$ST/client" ] && exists "$CLIENT" && [ -z "$(ip netns pids "$CLIENT")" ]; then
    f=$(grep -lxE "$CLIENT(/.*)?" "$RUN"/*/name | grep -vxF "$ST/name" | head -n 1) # another LNS's client as well?
    if [ -n "$f" ]; then : >"${f%/name}/client"; else ip netns del "$CLIENT"; fi
  fi
  rm -rf --one-file-system "$ST"
  rmdir "$RUN" 2>/dev/null
  return 0
}

# The outer link: namespaces, veth, addresses. hop: the LNS is behind a router, the client's default gateway.
outer() {
  if ! exists "$CLIENT"; then
    ip netns add "$CLIENT" || return
    : >"$ST/client" # ours to remove
    ip -n "$CLIENT" link set lo up
  fi
  ip netns add "$LNS_NETNS" || return
  echo "$ifname" >"$ST/ifname"
  ip -n "$LNS_NETNS" link set lo up
  ip link add "$ifname" netns "$CLIENT" mtu "$mtu" type veth peer name wan0 netns "$LNS_NETNS" mtu "$mtu" || return
  ip -n "$CLIENT" addr add "$client/24" dev "$ifname"
  ip -n "$CLIENT" link set "$ifname" up
  ip -n "$LNS_NETNS" link set wan0 up
  if [ "$hop" != 0 ]; then
    ip -n "$LNS_NETNS" addr add "${client%.*}.1/24" dev wan0
    ip netns exec "$LNS_NETNS" sh -c 'echo 1 >/proc/sys/net/ipv4/ip_forward'
    ip -n "$CLIENT" route replace default via "${client%.*}.1" dev "$ifname" ${metric:+metric "$metric"}
  fi
  [ -z "$cap" ] || capture "$cap"
}
# the LNS's outer address on a namespace of the host kernel
outer_address() {
  if [ "$hop" = 0 ]; then ip -n "$LNS_NETNS" addr add "$lns/24" dev wan0; return; fi
  ip -n "$LNS_NETNS" addr add "$lns/32" dev lo
  [ "$hop" = asym ] || ip -n "$LNS_NETNS" route replace "${client%.*}.0/24" dev wan0 src "$lns"
}
capture() {
  : >"$1" || return
  ip netns exec "$LNS_NETNS" chroot "$ROOT" tcpdump -Z root -i wan0 --immediate-mode -U -w - >"$1" 2>"$ST/tcpdump.log" &
  disown
  within 5 grep -q listening "$ST/tcpdump.log"
}

# up NETNS[/TAG] [key=value...]
up() {
  local begun=${EPOCHREALTIME/./}
  instance "$1"
  shift
  ifname+=${TAG#-}
  settings "$@"
  [ "$hop" = 0 ] || [ "$lns" != 10.0.2.72 ] || lns=198.51.100.72
  # shellcheck disable=SC2086
  launch $KEYS
  say "up after $(((${EPOCHREALTIME/./} - begun) / 1000)) ms: LNS $lns:1701, client $client on $ifname of netns $CLIENT, user=$user pass=$pass"
}
# launch SETTING...: the script's own `configure` writes the files of the state directory, `boot` starts the jail
launch() {
  ROOT=$("$HERE/root") || exit
  for p in $PROGRAMS; do [ -e "$ROOT/usr/$p" ] || die "cannot run here: this release has no package with $p"; done
  if [ -e "$ST" ] || exists "$LNS_NETNS"; then remove; fi # it is restarted
  kind=$NAME
  state "$@"
  trap 'trap "" INT TERM HUP; remove' EXIT # a second signal must not end the removal
  trap 'say interrupted; exit 130' INT TERM HUP
  if outer && configure && boot && within 60 ready_or_dead && [ -e "$ST/ready" ]; then :; else
    say "did not start:"
    tail -n 15 "$ST"/*.log >&2
    exit 1
  fi
  if [ -n "$owner" ]; then
    setsid "$HERE/guard" "$owner" "$HERE/$NAME" down "$CLIENT${TAG/#-//}" >/dev/null 2>&1 </dev/null &
    echo $! >"$ST/guard"
    disown
  fi
  trap - EXIT INT TERM HUP
}

# runs a command inside, prints what it prints, returns its status
inside() {
  local id=${EPOCHREALTIME/./}.$$
  printf '%s\n' "$*" >"$ST/ctl/$id.cmd" || return
  echo "$id" 1<>"$ST/stdin" # read and write: opening never blocks
  within 300 answered_or_dead "$id"
  cat "$ST/ctl/$id.out" 2>/dev/null
  [ -e "$ST/ctl/$id.rc" ] || { say "no answer from inside"; return 124; }
  return "$(<"$ST/ctl/$id.rc")"
}
answered_or_dead() { [ -e "$ST/ctl/$1.rc" ] || gone "$(<"$ST/pid")"; }

# all of this kind that this clone started
remove_all() {
  local d
  for d in "$RUN"/*; do
    [[ $(cat "$d/env" 2>/dev/null) == "kind='$NAME'"$'\n'"from='$HERE'"$'\n'* ]] || continue
    instance "$(<"$d/name")"
    remove
  done
}

usage() {
  sed -n '2,/^[^#]/{/shellcheck/d; s/^# \{0,1\}//p}' "$0"
  echo "Settings:"
  sed -n '/^# settings/,/^# end/{/^#/!p}' "$0"
}

main() {
  local verb=${1:-help} where=${2:-}
  [ -n "$where" ] || [ "$verb" = down ] || { usage; exit 2; }
  shift; [ $# -eq 0 ] || shift
  case $verb in
    up) up "$where" "$@" ;;
    down) if [ -n "$where" ]; then instance "$where"; remove; else remove_all; fi ;;
    exec) running "$where"; inside "$@" ;;
    start) running "$where"; inside /lab/init start ;;
    # the whole LNS or, with a name, one program of it
    kill) running "$where"; inside "/lab/init stop ${1:-TERM} ${2:-${DAEMONS%% *}}" ;;
    restart) running "$where"; inside "/lab/init restart ${1:-KILL} $DAEMONS" ;;
    log) running "$where"; find "$ST" -name '*.log' -exec tail -n +1 {} + ;;
    env) running "$where"; echo "$ST" ;;
    setting) running "$where"; sh -c '. "$0/env"; eval "printf %s\\\\n \"\$$1\""' "$ST" "${1:-lns}" ;;
    *) if declare -F "verb_$verb" >/dev/null; then running "$where"; "verb_$verb" "$@"; else usage; exit 2; fi ;;
  esac
}
