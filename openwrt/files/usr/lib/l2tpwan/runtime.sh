# shellcheck shell=dash disable=SC2034  # for whoever sources this
# Which JavaScript runtime runs the daemon, and how. Sourced.

L2TPWAN_LIB="${L2TPWAN_LIB:-/usr/lib/l2tpwan}"
L2TPWAN_BUNDLE="$L2TPWAN_LIB/l2tpwan.cjs"
# Where l2tpwan-runtime puts the one that it downloads.
L2TPWAN_OWN_RUNTIME="$L2TPWAN_LIB/runtime/node"
L2TPWAN_LEAST_VERSION=20

# Node keeps a router's memory for itself if it is let. Resident after 4000 requests while dialling all the time, x86_64, Node 20,
# idle once more: 76 MB as it comes, 56 MB with these. Packets are moved as fast as before.
#   --optimize-for-size      what it does not need any more, it gives back: 65 -> 56 MB
#   --max-semi-space-size=1  it tidies up sooner, 16 MB later otherwise: 76 -> 65 MB
#   --v8-pool-size=1         one helper thread instead of four: 1 MB, and three threads fewer
#   --max-old-space-size=64  the end of a leak is a restart of the daemon, not of the router; it has never used 20
# --lite-mode would bring it down to 49 MB, but without a compiler nothing is moved fast on a TUN device.
L2TPWAN_FLAGS='--optimize-for-size --max-semi-space-size=1 --v8-pool-size=1 --max-old-space-size=64'

# Sets RUNTIME to the first that can be used: the one named, `node` on the path, our own. RUNTIME_TROUBLE says why not, or what is
# odd; with RUNTIME empty it holds the cure too.
l2tpwan_find_runtime() { # [PATH-OF-THE-ONE-NAMED]
	local candidate why
	RUNTIME='' RUNTIME_TROUBLE=''
	for candidate in "$1" "$(command -v node)" "$L2TPWAN_OWN_RUNTIME"; do
		[ -n "$candidate" ] || continue
		if why="$(l2tpwan_why_not "$candidate")"; then
			RUNTIME="$(readlink -f "$candidate")"
			return 0
		fi
		# Nobody asked for our own, so nobody wonders where it is.
		[ "$candidate" = "$L2TPWAN_OWN_RUNTIME" ] && [ ! -e "$candidate" ] && continue
		RUNTIME_TROUBLE="$RUNTIME_TROUBLE${RUNTIME_TROUBLE:+; }$candidate $why"
	done
	RUNTIME_TROUBLE="${RUNTIME_TROUBLE:-there is no JavaScript runtime}: $(l2tpwan_cure)"
	return 1
}

l2tpwan_why_not() { # PATH
	local version
	[ -e "$1" ] || {
		echo 'does not exist'
		return 1
	}
	if [ ! -x "$1" ] || [ -d "$1" ]; then
		echo 'cannot be executed'
		return 1
	fi
	version="$("$1" --version 2>/dev/null)"
	case "$version" in
	v[0-9]*.*) ;;
	*) echo 'does not run here (not Node.js, or made for another machine, or a library is missing)'; return 1 ;;
	esac
	version="${version#v}"
	[ "${version%%.*}" -ge "$L2TPWAN_LEAST_VERSION" ] 2>/dev/null || {
		echo "is Node.js $version, and $L2TPWAN_LEAST_VERSION or newer is needed"
		return 1
	}
}

l2tpwan_cure() {
	if command -v opkg >/dev/null; then
		echo "run 'opkg update; opkg install node' or 'l2tpwan-runtime install', or name one: uci set l2tpwan.main.runtime=PATH"
	else
		echo "run 'l2tpwan-runtime install', or name one: uci set l2tpwan.main.runtime=PATH"
	fi
}
