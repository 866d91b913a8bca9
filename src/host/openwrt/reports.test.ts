import { describe, expect, it } from 'vitest';
import { FakeNetifd } from '../../../test/support/fake-netifd.ts';
import { Netifd } from './netifd.ts';
import { Reports } from './reports.ts';

const LINK = {
  device: 'l2w-campus',
  link: {
    localAddress: '10.64.0.10',
    peerAddress: '192.0.2.72',
    dns: [],
    mtu: 1400,
    server: { address: '192.0.2.72', port: 1701 },
  },
  defaultRoute: true,
  routes: [],
  facts: {},
};
const CHILD = { name: 'campus_6', proto: 'dhcpv6', parent: 'campus', zone: undefined, options: {} };

function scene() {
  const bus = new FakeNetifd();
  bus.add('campus', { state: 'setup' });
  return { bus, reports: new Reports(new Netifd(bus), { write: () => undefined }) };
}

describe('a tunnel that is lost while netifd is about to be told of it', () => {
  it('is not told', async () => {
    const { bus, reports } = scene();
    const link = async () => {
      void reports.linkDown('campus');
      return LINK;
    };
    await reports.linkUp('campus', { link, settle: () => Promise.reject(new Error('the device is gone')) });
    expect(bus.calls).toEqual(['link-down campus']);
  });

  it('is not settled', async () => {
    const { bus, reports } = scene();
    bus.others.set('network.interface notify_proto', () => {
      bus.others.clear();
      void reports.linkDown('campus');
      return {};
    });
    const settle = () => Promise.reject(new Error('the device is gone'));
    await reports.linkUp('campus', { link: async () => LINK, settle });
    expect(bus.calls).toEqual(['link-up campus', 'link-down campus']);
  });

  it('has no child', async () => {
    const { bus, reports } = scene();
    bus.others.set('network get_proto_handlers', () => {
      void reports.childDown('campus');
      return { dhcpv6: {} };
    });
    await reports.childUp('campus', CHILD);
    expect(bus.calls).toEqual([]);
  });
});

describe('the last error', () => {
  it('is told again, with all its words, unless the link has come up since', async () => {
    const { bus, reports } = scene();
    const peer = { message: 'PAP Nak', text: 'wrong' } as const;
    reports.failed('campus', { code: 'auth-rejected', detail: 'why', peer });
    bus.get('campus').errors = [];
    await reports.again('campus');
    expect(bus.get('campus').errors).toEqual([['AUTH_REJECTED', 'why', 'the server said: "wrong"']]);
    await reports.linkUp('campus', { link: async () => LINK, settle: async () => undefined });
    await reports.linkDown('campus');
    await reports.again('campus');
    expect(bus.get('campus').errors).toEqual([]);
  });
});
