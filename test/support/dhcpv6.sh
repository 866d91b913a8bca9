#!/bin/sh
# shellcheck shell=dash disable=SC1091,SC2016
# Where a rig has no odhcp6c: a protocol of its name that waits for a router that never answers.
. /lib/functions.sh
. ../netifd-proto.sh
init_proto "$@"

proto_dhcpv6_init_config() {
	proto_config_add_defaults
}
proto_dhcpv6_setup() {
	proto_run_command "$1" /bin/sh -c 'while kill -0 "$PPID"; do sleep 1; done'
}
proto_dhcpv6_teardown() {
	proto_kill_command "$1"
}
add_protocol dhcpv6
