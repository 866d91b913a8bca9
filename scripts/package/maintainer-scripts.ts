/** What package managers run on a router: OpenWrt's own steps (enable, start, stop, disable), and the few that are ours. */

const POST_INSTALL: Readonly<Record<string, string>> = {
  l2tpwan: `[ -n "$IPKG_INSTROOT" ] || {
	# ubusd reads the new rules for users other than root.
	killall -HUP ubusd 2>/dev/null
	ubus call network get_proto_handlers 2>/dev/null | grep -q '"l2tpwan"' ||
		echo "l2tpwan: run 'service network restart' once, so that netifd knows the protocol l2tpwan"
}
exit 0
`,
  'luci-app-l2tpwan': `[ -n "$IPKG_INSTROOT" ] || {
	rm -rf /tmp/luci-indexcache.* /tmp/luci-modulecache/
	/etc/init.d/rpcd reload 2>/dev/null
}
exit 0
`,
};

const PRE_REMOVE: Readonly<Record<string, string>> = {
  l2tpwan: `[ -n "$IPKG_INSTROOT" ] || [ "$PKG_UPGRADE" = 1 ] || /usr/sbin/l2tpwan-runtime remove
exit 0
`,
};

const HEAD = `#!/bin/sh
[ "\${IPKG_NO_SCRIPT}" = "1" ] && exit 0
[ -s "\${IPKG_INSTROOT}/lib/functions.sh" ] || exit 0
. "\${IPKG_INSTROOT}/lib/functions.sh"
`;

/** For opkg, by name in the control archive; ours stand apart there, and OpenWrt's run them. */
export function opkgScripts(name: string): Map<string, string> {
  const scripts = new Map([
    ['postinst', `${HEAD}default_postinst "$0" "$@"\n`],
    ['prerm', `${HEAD}default_prerm "$0" "$@"\n`],
  ]);
  const [after, before] = [POST_INSTALL[name], PRE_REMOVE[name]];
  if (after !== undefined) scripts.set('postinst-pkg', `#!/bin/sh\n${after}`);
  if (before !== undefined) scripts.set('prerm-pkg', `#!/bin/sh\n${before}`);
  return scripts;
}

/** For apk, by the names that \`apk mkpkg --script\` takes. */
export function apkScripts(name: string): Map<string, string> {
  const head = `${HEAD}export root="\${IPKG_INSTROOT}"\nexport pkgname="${name}"\n`;
  const install = `add_group_and_user\ndefault_postinst\n${POST_INSTALL[name] ?? ''}`;
  return new Map([
    ['post-install', `${head}${install}`],
    ['post-upgrade', `${head}export PKG_UPGRADE=1\n${install}`],
    ['pre-deinstall', `${head}default_prerm\n${PRE_REMOVE[name] ?? ''}`],
  ]);
}
