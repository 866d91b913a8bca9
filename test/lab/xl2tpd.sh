# xl2tpd.sh: configuration of xl2tpd and pppd, as LNS and as client, from the settings of the script that sources it.
# shellcheck shell=bash disable=SC2154

xl2tpd_lns() { # xl2tpd_lns DIR
  {
    xl2tpd_global
    echo "[lns default]"
    echo "ip range = $pool"
    echo "local ip = $local"
    echo "name = $name"
    echo "hostname = $name"
    echo "pppoptfile = /lab/ppp/options.lns"
    echo "length bit = yes"
    echo "require authentication = no"
    echo "refuse pap = no"
    echo "refuse chap = no"
    [ -z "$secret" ] || echo "challenge = yes"
    [ "$hidden" = no ] || echo "hidden bit = yes"
    lines "$xlopt"
  } >"$1/xl2tpd.conf"
  pppd_files "$1"
  {
    pppd_log
    echo "ms-dns $dns1"
    echo "ms-dns $dns2"
    echo "lcp-echo-interval $echo"
    echo "lcp-echo-failure $echofail"
    [ "$mppe$ccp" != 00 ] || echo noccp
    [ "$ccp" = 1 ] || printf '%s\n' nobsdcomp nodeflate
    [ "$vj" = 1 ] || echo novj
    case $auth in
      any) echo auth ;;
      none) echo noauth ;;
      chap | pap | mschap | mschap-v2 | eap) printf '%s\n' auth "require-$auth" ;;
      *) die "auth=$auth?" ;;
    esac
    if [ "$mppe" = 1 ]; then echo require-mppe-128; else echo nomppe; fi
    if [ "$ipv6" = 1 ]; then echo +ipv6; else echo noipv6; fi
    lines "$pppopt"
  } >"$1/ppp/options.lns"
  for event in ip-up ip-down ipv6-up; do
    # for ipv6-up: a global prefix for the link, for which dnsmasq then sends RAs
    cat <<END >"$1/ppp/$event"
#!/bin/sh
[ $event != ipv6-up ] || ip addr add "2001:db8:64:\$((\${1#ppp} + 1))::1/64" dev "\$1" nodad
echo "$event \$*" >>/lab/events.log
END
    chmod 755 "$1/ppp/$event"
  done
}

xl2tpd_client() { # xl2tpd_client DIR
  {
    xl2tpd_global
    echo "[lac lab]"
    echo "lns = $lns"
    echo "pppoptfile = /lab/ppp/options.lac"
    echo "length bit = yes"
    echo "require authentication = no"
    [ -z "$secret" ] || echo "challenge = yes"
    lines "$xlopt"
  } >"$1/xl2tpd.conf"
  pppd_files "$1"
  {
    pppd_log
    printf '%s\n' noauth "user \"$user\"" "remotename lab" usepeerdns noipdefault ipcp-accept-local ipcp-accept-remote
    printf '%s\n' "lcp-echo-interval 10" "lcp-echo-failure 4"
    case $pppopt in *mppe* | *deflate* | *bsdcomp*) ;; *) echo noccp ;; esac
    case $pppopt in *vj*) ;; *) echo novj ;; esac
    if [ "$ipv6" = 1 ]; then echo +ipv6; else echo noipv6; fi
    for a in pap chap mschap mschap-v2 eap; do [ -z "$auth" ] || [ "$auth" = $a ] || echo "refuse-$a"; done
    lines "$pppopt"
  } >"$1/ppp/options.lac"
  # the moment is noted in 10 ms, the kernel's own tick
  # shellcheck disable=SC2016
  printf '#!/bin/sh\nread -r up rest </proc/uptime; echo "$up" >/run/up.new; mv /run/up.new /run/up\n' >"$1/ppp/ip-up"
  chmod 755 "$1/ppp/ip-up"
}

xl2tpd_global() {
  echo "[global]"
  echo "port = 1701"
  echo "auth file = /lab/l2tp-secrets"
  [ "$mode" != pty ] || echo "force userspace = yes"
  [ "$chatty" = no ] || printf 'debug %s = yes\n' tunnel state avp
}
pppd_log() {
  printf '%s\n' "logfile /lab/pppd.log" nodetach nodefaultroute "mtu $mru" "mru $mru"
  [ "$chatty" = no ] || echo debug
}
pppd_files() {
  local quoted_user=${user//\\/\\\\} quoted_pass=${pass//\\/\\\\}
  mkdir -p "$1/ppp"
  : >"$1/ppp/options"
  printf '"%s" * "%s" *\n' "${quoted_user//\"/\\\"}" "${quoted_pass//\"/\\\"}" | tee "$1/ppp/chap-secrets" >"$1/ppp/pap-secrets"
  if [ -n "$secret" ]; then echo "* * $secret"; fi >"$1/l2tp-secrets"
  chmod 600 "$1"/ppp/*-secrets "$1/l2tp-secrets"
}
