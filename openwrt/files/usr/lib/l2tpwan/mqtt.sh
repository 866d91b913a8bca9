# shellcheck shell=dash
# Section mqtt of /etc/config/l2tpwan: as the configuration file has it, and what the daemon's jail has to have for it. Sourced.

# For certificates and the like; kept when the firmware is updated.
MQTT_DIRECTORY=/etc/l2tpwan
# Options of section mqtt by their kinds, each with its field in the configuration file where that has another name.
MQTT_SWITCHES='enabled retain reject_unauthorized:rejectUnauthorized commands discovery'
MQTT_NUMBERS='keepalive connect_timeout:connectTimeout interval'
MQTT_TEXTS='server version username password credentials_file:credentialsFile client_id:clientId base_topic:baseTopic
	ca certificate key server_name:serverName logging discovery_prefix:discoveryPrefix
	discovery_status_topic:discoveryStatusTopic id'

# All of them texts: what is wrong would only be left out here, and the daemon says what is wrong.
validate_mqtt() { # [SECTION]
	local each types=''
	for each in $MQTT_SWITCHES $MQTT_NUMBERS $MQTT_TEXTS; do types="$types ${each%:*}:string"; done
	# shellcheck disable=SC2086  # words
	uci_validate_section l2tpwan mqtt "$1" $types
}

# A wrong broker does not keep the WAN down: the daemon leaves MQTT out then, and says why.
add_mqtt() {
	local each
	uci -q get l2tpwan.mqtt >/dev/null 2>&1 || return 0
	for each in $MQTT_SWITCHES $MQTT_NUMBERS $MQTT_TEXTS; do local "${each%:*}="; done
	validate_mqtt mqtt 2>/dev/null # which would be told the password
	json_add_object mqtt
	for each in $MQTT_SWITCHES; do add_option switch "$each"; done
	for each in $MQTT_NUMBERS; do add_option number "$each"; done
	for each in $MQTT_TEXTS; do add_option text "$each"; done
	json_close_object
}

add_option() { # KIND OPTION[:FIELD]
	local value='' field="${2#*:}"
	eval "value=\"\$${2%:*}\""
	[ -n "$value" ] || return 0
	case "$1 $value" in
	'switch 1' | 'switch on' | 'switch true' | 'switch yes' | 'switch enabled') json_add_boolean "$field" 1 ;;
	'switch 0' | 'switch off' | 'switch false' | 'switch no' | 'switch disabled') json_add_boolean "$field" 0 ;;
	'number '*[!0-9.]* | 'number '*.*.* | 'number .' | 'number '??????????*) json_add_string "$field" "$value" ;;
	'number '*.*) json_add_double "$field" "$value" ;;
	'number '*) json_add_int "$field" "$value" ;;
	*) json_add_string "$field" "$value" ;;
	esac
}

# What MQTT reads besides. Our own directory as such, because a file that is renewed is another one by the same name.
mqtt_mounts() (
	unset -v ca certificate key credentials_file
	validate_mqtt mqtt 2>/dev/null
	# shellcheck disable=SC2154  # uci_validate_section has set them
	for file in "$ca" "$certificate" "$key" "$credentials_file"; do
		case "$file" in # also for what comes there later
		"$MQTT_DIRECTORY"/*) [ ! -d "$MQTT_DIRECTORY" ] || echo "$MQTT_DIRECTORY" ;;
		esac
		[ -e "$file" ] || continue
		for each in "$file" "$(readlink -f "$file")"; do
			case "$each" in
			"$MQTT_DIRECTORY"/*) echo "$MQTT_DIRECTORY" ;;
			/*) echo "$each" ;;
			esac
		done
	done | sort -u
)
