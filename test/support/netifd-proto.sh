#!/bin/sh
# shellcheck shell=dash disable=SC2034,SC2154,SC2317
# What OpenWrt's netifd-proto.sh is to a protocol handler, as far as one uses it that has no device and no task of its own: a stand-in
# for tests. The kinds of options are numbered as in blobmsg.

config_add() { # KIND NAME…
	local kind="$1" name
	shift
	for name; do CONFIG="$CONFIG${CONFIG:+,}[\"${name%%:*}\",$kind]"; done
}
proto_config_add_array() { config_add 1 "$@"; }
proto_config_add_string() { config_add 3 "$@"; }
proto_config_add_int() { config_add 5 "$@"; }
proto_config_add_boolean() { config_add 7 "$@"; }
proto_config_add_defaults() {
	proto_config_add_boolean defaultroute peerdns renew
	proto_config_add_int metric
}

proto_notify() { # INTERFACE MEMBERS
	ubus call network.interface notify_proto "{\"interface\":\"$1\",$2}"
}
proto_notify_error() { # INTERFACE CODE WORDS…
	local interface="$1" all='' each
	shift
	for each; do all="$all${all:+,}\"$each\""; done
	proto_notify "$interface" "\"action\":3,\"error\":[$all]"
}
proto_block_restart() { proto_notify "$1" '"action":4'; }
proto_setup_failed() { proto_notify "$1" '"action":7'; }

init_proto() { # PROTO VERB [INTERFACE SETTINGS]
	verb="$2" interface="$3" data="$4"
	add_protocol() {
		case "$verb" in
		dump)
			no_device=0 no_proto_task=0 available=0 lasterror=0 CONFIG=''
			"proto_$1_init_config"
			printf '{"name":"%s","config":[%s],"no-device":%d,"no-proto-task":%d,"available":%d,"lasterror":%d}\n' \
				"$1" "$CONFIG" "$no_device" "$no_proto_task" "$available" "$lasterror"
			;;
		setup | teardown) "proto_$1_$verb" "$interface" ;;
		esac
	}
}
