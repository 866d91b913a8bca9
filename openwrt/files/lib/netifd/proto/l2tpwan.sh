#!/bin/sh
# shellcheck shell=dash disable=SC2174
# What netifd runs for an interface with `option proto l2tpwan`. The daemon does the work and reports to netifd by itself; this
# script hands it the interface's settings, in a file because everybody can read an argument list, and says up or down.

# shellcheck disable=SC1091  # both are the router's
[ -n "$INCLUDE_ONLY" ] || {
	. /lib/functions.sh
	. ../netifd-proto.sh
	init_proto "$@"
}

L2TPWAN_RUN_DIR=/var/run/l2tpwan
# A daemon that has just been started is there within seconds, also on a slow router.
L2TPWAN_WAIT_SECONDS=15

# Numbers and yes or no are declared as text too: netifd drops a number that is none, and `yes`, without a word; the daemon
# understands them, or says what is wrong.
proto_l2tpwan_init_config() {
	# Never teardown_on_l3_link_down: whenever a connection is lost its device goes down, and netifd would end the interface, setup
	# and all, where the daemon only dials anew.
	# shellcheck disable=SC2034  # netifd-proto.sh reads them
	no_device=1 available=1 no_proto_task=1 lasterror=1

	proto_config_add_defaults
	proto_config_add_array 'server:list(string)'
	proto_config_add_string username
	proto_config_add_string password
	proto_config_add_string tunnel_secret
	proto_config_add_string hide_avps
	proto_config_add_string tolerate_unknown_avps
	proto_config_add_string host_name
	proto_config_add_string vendor_name
	proto_config_add_array 'auth:list(string)'
	proto_config_add_string device
	proto_config_add_string uplink
	proto_config_add_string data_path
	proto_config_add_string udp_checksums
	proto_config_add_string mark
	proto_config_add_string mtu
	proto_config_add_string mtu_probe
	proto_config_add_string mss
	proto_config_add_string ipv6
	proto_config_add_string source_port
	proto_config_add_string split_default
	proto_config_add_array 'route:list(string)'
	proto_config_add_array 'exclude:list(string)'
	proto_config_add_array 'resolver:list(string)'
	proto_config_add_string up_script
	proto_config_add_string down_script
	proto_config_add_string hello
	proto_config_add_string echo_interval
	proto_config_add_string echo_failures
	proto_config_add_string redial_first
	proto_config_add_string redial_max
	proto_config_add_string redial_busy
	proto_config_add_string redial_slow
	proto_config_add_string redial_reset_after
	proto_config_add_string connect_timeout
	proto_config_add_string server_order
	proto_config_add_string accept_reply_from
}

proto_l2tpwan_setup() {
	local interface="$1" now deadline status

	if ! l2tpwan_is_name "$interface"; then
		echo "an interface of this name cannot be set up: it takes letters, digits and _, behind the first also . and -"
		proto_notify_error "$interface" SETTINGS_NOT_WRITTEN
		return 1
	fi
	# shellcheck disable=SC2154  # netifd-proto.sh: the interface's settings as JSON
	if ! l2tpwan_write "$interface.options" "$(l2tpwan_option_names "$interface")" ||
		! l2tpwan_write "$interface.json" "$data"; then
		echo "the settings cannot be written to $L2TPWAN_RUN_DIR"
		proto_notify_error "$interface" SETTINGS_NOT_WRITTEN
		return 1
	fi

	# Without -S, ubus ends with another status when its complaints are for no terminal.
	now="$(l2tpwan_uptime)"
	deadline=$((now + L2TPWAN_WAIT_SECONDS))
	while [ "$now" -lt "$deadline" ]; do
		if l2tpwan_interruptible ubus -S -t $((deadline - now)) wait_for l2tpwan; then
			l2tpwan_interruptible ubus -S -t 10 call l2tpwan connect "$(l2tpwan_words "$interface")"
			status=$?
			case "$status" in
			0) return 0 ;;
			# UBUS_STATUS_INVALID_ARGUMENT: these settings cannot work; the daemon has told netifd why. Neither proto_setup_failed,
			# which would begin anew at once, nor proto_block_restart, which would outlive the mending: the interface waits with
			# this error, for the next settings.
			2) return 1 ;;
			esac
		fi
		sleep 1
		now="$(l2tpwan_uptime)"
	done

	# No proto_setup_failed: netifd would begin anew at once, and again and again. The interface stays as it is, with this error,
	# until the daemon comes and has netifd set it up again.
	echo "no answer from the daemon: see 'service l2tpwan status' and 'logread -e l2tpwan'"
	proto_notify_error "$interface" NO_DAEMON
	return 1
}

proto_l2tpwan_teardown() {
	local interface="$1"
	l2tpwan_is_name "$interface" || return 0 # it was never set up
	# First of all: netifd kills this script after 5 s.
	rm -f "$L2TPWAN_RUN_DIR/interfaces/$interface.json" "$L2TPWAN_RUN_DIR/interfaces/$interface.options"
	ubus -S -t 4 call l2tpwan disconnect "$(l2tpwan_words "$interface")" >/dev/null 2>&1
	return 0
}

# One that is the same in a path and in JSON.
l2tpwan_is_name() { # INTERFACE
	case "$1" in
	'' | [!A-Za-z0-9_]* | *[!A-Za-z0-9_.-]*) return 1 ;;
	esac
}

# It is netifd that asks, not a person.
l2tpwan_words() { # INTERFACE
	printf '{"interface":"%s","netifd":true}' "$1"
}

# The names of the options that stand in the section, one a line: those that nobody has declared netifd drops without a word, and
# the daemon names them. What the options hold stays between uci and this shell.
l2tpwan_option_names() { # INTERFACE
	local line name
	uci -q show "network.$1" 2>/dev/null | while IFS= read -r line; do
		line="${line%%=*}"
		name="${line#"network.$1."}"
		case "$name" in
		"$line" | '' | *[!A-Za-z0-9_]*) ;;
		*) echo "$name" ;;
		esac
	done
}

# Whole or not at all, and never readable for others.
l2tpwan_write() { # FILE TEXT
	local directory="$L2TPWAN_RUN_DIR/interfaces"
	# The daemon keeps resolv files in the outer directory, which others have to read.
	mkdir -p -m 0755 "$L2TPWAN_RUN_DIR" && mkdir -p -m 0700 "$directory" || return 1
	(umask 077 && printf '%s\n' "$2" >"$directory/.$1.new") 2>/dev/null &&
		mv -f "$directory/.$1.new" "$directory/$1"
}

l2tpwan_uptime() {
	local seconds
	read -r seconds </proc/uptime
	echo "${seconds%%.*}"
}

# netifd ends a setup that is no longer wanted with SIGTERM; what the script waits for ends with it.
l2tpwan_interruptible() {
	local status
	"$@" >/dev/null 2>&1 &
	# shellcheck disable=SC2064  # this very process
	trap "kill $! 2>/dev/null; exit 143" TERM
	wait $!
	status=$?
	trap - TERM
	return "$status"
}

[ -n "$INCLUDE_ONLY" ] || add_protocol l2tpwan
