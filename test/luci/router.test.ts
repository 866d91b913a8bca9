/** Whether the router of the bench answers as rpcd, procd and netifd do, who may what, and how what is recorded grows older. */
import { describe, expect, it } from 'vitest';
import { answerRpc } from './parts/rpc.ts';
import { isTable, type Table } from './parts/values.ts';
import { Router, type UserName } from './router.ts';

/** One call through LuCI's door: its data, or how it was refused. */
function caller(router: Router, user: UserName = 'admin') {
  const { id } = router.login(user);
  return async (object: string, method: string, args: Table = {}): Promise<unknown> => {
    const request = { jsonrpc: '2.0', id: 1, method: 'call', params: [id, object, method, args] };
    const answer = await answerRpc(router, 'luci', JSON.stringify(request), undefined);
    if (!isTable(answer)) throw new Error('no answer');
    if (isTable(answer.error)) return answer.error.message;
    const [code, data] = answer.result as [number, unknown];
    return code === 0 ? data : code;
  };
}

describe('users', () => {
  it('may what our own ACL file grants them', async () => {
    const router = new Router();
    const [admin, viewer] = [caller(router), caller(router, 'viewer')];
    expect(await viewer('l2tpwan', 'status')).toMatchObject({ connections: { campus: { state: 'up' } } });
    expect(await viewer('l2tpwan', 'redial', { interface: 'campus' })).toBe('Access denied');
    expect(await admin('l2tpwan', 'redial', { interface: 'campus' })).toEqual({ name: 'campus', enabled: true });
    expect(await viewer('uci', 'get', { config: 'network' })).toBe(6);
    expect(await viewer('rc', 'init', { name: 'l2tpwan', action: 'stop' })).toBe('Access denied');
    expect(router.calls.map(({ user, answer }) => `${user} ${answer}`)).toEqual([
      'viewer 0',
      'viewer denied',
      'admin 0',
      'viewer 6',
      'viewer denied',
    ]);
  });

  it('have groups, by pattern, and writing is reading', async () => {
    const router = new Router();
    router.addUser('helper', {
      read: ['unauthenticated', 'luci-base'],
      write: ['luci-app-*', '!luci-app-l2tpwan-settings'],
    });
    const helper = caller(router, 'helper');
    expect(await helper('l2tpwan', 'redial', { interface: 'campus' })).toMatchObject({ enabled: true });
    expect(await helper('l2tpwan', 'status')).toMatchObject({ connections: {} });
    expect(await helper('uci', 'get', { config: 'network' })).toBe(6);
    expect(await helper('session', 'access', { scope: 'uci', object: 'luci', function: 'read' })).toEqual({
      access: true,
    });
  });
});

describe('the configuration', () => {
  it('is changed by a session, and written when that is applied', async () => {
    const router = new Router();
    const [call, other] = [caller(router), caller(router)];
    await call('uci', 'set', { config: 'network', section: 'campus', values: { mtu: '1400', server: ['a', 'b'] } });
    await call('uci', 'delete', { config: 'network', section: 'campus', options: ['username'] });
    await call('uci', 'add', { config: 'network', type: 'interface', name: 'office', values: { proto: 'l2tpwan' } });
    expect(await call('uci', 'changes')).toEqual({
      changes: {
        network: [
          ['set', 'campus', 'mtu', '1400'],
          ['remove', 'campus', 'server'],
          ['list-add', 'campus', 'server', 'a'],
          ['list-add', 'campus', 'server', 'b'],
          ['remove', 'campus', 'username'],
          ['set', 'office', 'interface'],
          ['set', 'office', 'proto', 'l2tpwan'],
        ],
      },
    });
    expect(await other('uci', 'changes')).toEqual({ changes: {} });
    expect(router.connections).toEqual(['campus']);
    expect(await call('uci', 'apply', { rollback: true })).toBeUndefined();
    expect(router.connections).toEqual(['campus', 'office']);
    router.uci.rollback();
    expect(router.connections).toEqual(['campus']);
    expect(router.uci.section('network', 'campus')).toMatchObject({ server: ['lns.example.net'] });
  });

  it('has sections without a name, in an order', async () => {
    const router = new Router();
    const call = caller(router);
    const { section } = (await call('uci', 'add', {
      config: 'firewall',
      type: 'zone',
      values: { name: 'vpn' },
    })) as Table;
    expect(section).toMatch(/^cfg/);
    expect(await call('uci', 'get', { config: 'firewall', section })).toMatchObject({
      values: { '.anonymous': true, '.type': 'zone', name: 'vpn' },
    });
    await call('uci', 'order', { config: 'firewall', sections: [section] });
    const { values } = (await call('uci', 'get', { config: 'firewall' })) as { values: Record<string, Table> };
    expect(Object.keys(values)[0]).toBe(section);
    expect(await call('uci', 'get', { config: 'wireless' })).toBe(4);
    expect(await call('uci', 'set', { config: 'network', section: 'nobody', values: { a: '1' } })).toBe(4);
    expect(await call('uci', 'apply', {})).toBeUndefined();
    expect(await call('uci', 'apply', {})).toBe(5);
  });
});

describe('the service', () => {
  const list = { l2tpwan: { instances: { main: expect.objectContaining({ running: true }) } } };

  it('runs, is stopped, crashes, or finds no runtime', async () => {
    const router = new Router();
    const call = caller(router);
    const file = () => call('file', 'read', { path: '/var/run/l2tpwan/service.json' });
    expect(await call('service', 'list', { name: 'l2tpwan' })).toEqual(list);
    await call('rc', 'init', { name: 'l2tpwan', action: 'stop' });
    expect(await call('service', 'list', { name: 'l2tpwan' })).toEqual({});
    expect(await call('rc', 'list', { name: 'l2tpwan' })).toMatchObject({ l2tpwan: { enabled: true, running: false } });
    expect(await call('l2tpwan', 'status')).toBe(4);
    await call('rc', 'init', { name: 'l2tpwan', action: 'start' });
    expect(await call('service', 'list', { name: 'l2tpwan' })).toEqual(list);
    router.service.crash(70);
    expect(await call('service', 'list', {})).toMatchObject({
      l2tpwan: { instances: { main: { running: false, exit_code: 70 } } },
    });
    router.service.missRuntime('neither Node nor its own runtime is there');
    expect(await file()).toEqual({ data: expect.stringContaining('no-runtime') });
    router.service.stateFile = undefined;
    expect(await file()).toBe(4);
    router.service.isInstalled = false;
    expect(await call('rc', 'list', { name: 'l2tpwan' })).toEqual({});
  });
});

describe('what is recorded', () => {
  it('grows older, and its counters move', () => {
    const { l2tpwan } = new Router('up');
    const before = l2tpwan.status;
    l2tpwan.traffic = { sent: 1000, received: 2000 };
    l2tpwan.advance(5000);
    const { daemon, connections } = l2tpwan.status;
    expect(daemon.ageMs - before.daemon.ageMs).toBe(5000);
    const octets = (name: string) =>
      (connections.campus?.counters?.[name] ?? 0) - (before.connections.campus?.counters?.[name] ?? 0);
    expect([octets('sentOctets'), octets('receivedOctets')]).toEqual([5000, 10_000]);
    l2tpwan.show('wrong-password');
    const { inMs = 0 } = l2tpwan.status.connections.campus?.nextAttempt ?? {};
    l2tpwan.advance(1000);
    expect(l2tpwan.status.connections.campus?.nextAttempt?.inMs).toBe(inMs - 1000);
  });

  it('answers as the ubus object does', async () => {
    const router = new Router('two-connections');
    const call = caller(router);
    expect(
      Object.keys(((await call('l2tpwan', 'status', { interface: 'office' })) as Table).connections ?? {}),
    ).toEqual(['office']);
    expect(await call('l2tpwan', 'status', { interface: 'nobody' })).toBe(4);
    expect(await call('l2tpwan', 'status', { watch: true })).toBe(2);
    expect(await call('l2tpwan', 'redial')).toBe(2);
    expect(await call('l2tpwan', 'events', { limit: 2 })).toMatchObject({ events: [{}, {}] });
    expect(await call('l2tpwan', 'negotiated', { interface: 'campus' })).toMatchObject({ name: 'campus', state: 'up' });
    expect(await call('l2tpwan', 'status', { format: 'text' })).toMatchObject({
      text: expect.stringContaining('campus: up'),
    });
    router.l2tpwan.after.disconnect = 'hanging-up';
    expect(await call('l2tpwan', 'disconnect', { interface: 'campus' })).toEqual({});
    expect(router.l2tpwan.status.connections.campus?.state).toBe('hanging-up');
    expect(router.argsOf('l2tpwan', 'disconnect')).toEqual([{ interface: 'campus' }]);
  });
});
