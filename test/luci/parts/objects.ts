/** The objects on the router's bus, and what each method answers. */

import { METHOD } from '../../../src/host/openwrt/object-table.ts';
import type { Method, Router, Session } from '../router.ts';
import { filesUnder } from './statics.ts';
import {
  BOARD_JSON,
  DEVICE_STATUS,
  FEATURES,
  interfaceOf,
  NETWORK_DEVICES,
  SYSTEM_BOARD,
  SYSTEM_INFO,
} from './system.ts';
import { uciMethods } from './uci-methods.ts';
import { isTable, Refused, type Table, textOf, UBUS } from './values.ts';

type Objects = Record<string, Record<string, Method>>;

export function objectsOf(router: Router): Objects {
  return {
    session: { access: sessionAccess },
    uci: uciMethods(router.uci),
    service: { list: (args) => router.service.list(args) },
    rc: { list: (args) => router.service.rcList(args), init: (args) => router.service.rcInit(args) },
    file: fileMethods(router),
    network: {
      get_proto_handlers: () => Object.fromEntries([...router.protocols].map((name) => [name, protocolOf(name)])),
    },
    'network.interface': { dump: () => ({ interface: interfacesOf(router) }) },
    'network.device': {
      status: (args) => (textOf(args, 'name') === undefined ? devicesStatus() : { ...DEVICE_STATUS }),
    },
    'luci-rpc': {
      getBoardJSON: () => BOARD_JSON,
      getHostHints: () => ({ '02:00:00:00:01:01': { ipaddrs: ['192.168.1.20'], ip6addrs: [], name: 'laptop' } }),
      getNetworkDevices: () => ({ ...NETWORK_DEVICES, ...tunnelDevices(router) }),
      getWirelessDevices: () => ({}),
      getDHCPLeases: () => ({ dhcp_leases: [], dhcp6_leases: [] }),
    },
    luci: {
      getFeatures: () => FEATURES,
      getVersion: () => ({ revision: '25.1', branch: 'LuCI openwrt-25.12' }),
      getUnixtime: () => ({ result: 1_767_225_600 }),
      getMountPoints: () => ({ result: [] }),
      getBuiltinEthernetPorts: () => ({ result: [] }),
      getOdhcp6cStats: () => ({}),
      getSwconfigFeatures: () => ({}),
      getSwconfigPortState: () => ({ result: [] }),
    },
    system: { board: () => SYSTEM_BOARD, info: () => SYSTEM_INFO },
    l2tpwan: Object.fromEntries(
      (Object.keys(METHOD) as (keyof typeof METHOD)[]).map((name): [string, Method] => [
        name,
        (args) => router.l2tpwan.answer(name, args, router.connections),
      ]),
    ),
  };
}

function sessionAccess(args: Table, { grants }: Session): Table {
  const [object, method] = [textOf(args, 'object'), textOf(args, 'function')];
  if (object === undefined || method === undefined) return grants.list;
  return { access: grants.allows(textOf(args, 'scope') ?? 'ubus', object, method) };
}

/** Rights are asked for once more, by path. */
function fileMethods(router: Router): Record<string, Method> {
  const checked = (args: Table, { grants }: Session, right: string): string => {
    const path = textOf(args, 'path');
    if (path === undefined) throw new Refused(UBUS.invalidArgument);
    if (!grants.allows('file', path, right)) throw new Refused(UBUS.permissionDenied);
    return path;
  };
  const contents = (path: string): string => {
    const text = router.files.get(path) ?? router.service.file(path);
    if (text === undefined) throw new Refused(UBUS.notFound);
    return text;
  };
  return {
    read: (args, session) => ({ data: contents(checked(args, session, 'read')) }),
    stat: (args, session) => {
      const path = checked(args, session, 'list');
      return { path, type: 'file', size: contents(path).length, mode: 0o100644, uid: 0, gid: 0 };
    },
    list: (args, session) => {
      const path = checked(args, session, 'list');
      const names = filesUnder(path.replace(/^\/www\//, ''));
      if (names.length === 0) throw new Refused(UBUS.notFound);
      return { entries: names.map((name) => ({ name, type: 'file', size: 1, mode: 0o100644 })) };
    },
  };
}

const protocolOf = (name: string): Table => ({
  immediate: name === 'static' || name === 'none',
  no_device: name === 'l2tpwan',
  init_available: name === 'l2tpwan',
  renew_available: false,
  force_link_default: name === 'static',
  last_error: false,
  teardown_on_l3_link_down: false,
});

function interfacesOf(router: Router): Table[] {
  const { connections } = router.l2tpwan.status;
  return (router.uci.committed('network') ?? [])
    .filter((section) => section['.type'] === 'interface' && section.disabled !== '1')
    .map((section) => {
      const ours = connections[section['.name']];
      if (section.proto !== 'l2tpwan')
        return interfaceOf(section, { up: true, device: String(section.device ?? '') || null });
      const dump = interfaceOf(section, { up: ours?.state === 'up', device: ours?.device ?? null });
      const address = ours?.address;
      return address ? { ...dump, 'ipv4-address': [{ address: address.local, mask: 32 }] } : dump;
    });
}

function tunnelDevices(router: Router): Table {
  const devices = Object.values(router.l2tpwan.status.connections).flatMap(({ device, mtu }) =>
    device === null ? [] : [[device, { ...(NETWORK_DEVICES.eth0 as Table), name: device, mtu, type: 65534 }] as const],
  );
  return Object.fromEntries(devices);
}

const devicesStatus = (): Table =>
  Object.fromEntries(
    Object.entries(NETWORK_DEVICES).map(([name, device]) => [
      name,
      { ...DEVICE_STATUS, ...(isTable(device) && { mtu: device.mtu }) },
    ]),
  );
