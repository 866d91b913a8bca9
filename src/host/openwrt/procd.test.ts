import { expect, it } from 'vitest';
import { FakeNetifd } from '../../../test/support/fake-netifd.ts';
import { onOrphaned } from './procd.ts';
import type { Table } from './ubus/blobmsg.ts';
import type { Bus } from './ubus/bus.ts';

it('hears of procd when the process that it knows has ended, and of nobody else’s end', () => {
  const heard = new Map<string, (event: string, data: Table) => void>();
  const subscribe: Bus['subscribe'] = (object, hear) => {
    heard.set(object, hear);
    return () => heard.delete(object);
  };
  const bus: Bus = Object.assign(new FakeNetifd(), { subscribe });
  let count = 0;
  const end = onOrphaned(bus, () => count++);
  const say = (event: string, service: string) => heard.get('service')?.(event, { service, instance: 'main' });
  say('instance.start', 'l2tpwan');
  say('instance.stop', 'dnsmasq');
  say('service.stop', 'l2tpwan');
  expect(count).toBe(0);
  say('instance.stop', 'l2tpwan');
  expect(count).toBe(1);
  end();
  say('instance.stop', 'l2tpwan');
  expect(count).toBe(1);
});
