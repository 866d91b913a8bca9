/** The page of connections: adding them by preset, changing, warning, removing; and what it tells when saving fails. */
import type { Locator, Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { openPage, type PageOptions, shoot } from './page.ts';
import { CAMPUS, CONFIGS } from './parts/configs.ts';
import type { SectionRow } from './parts/uci.ts';
import { Router } from './router.ts';

const open = (router: Router, more: Partial<PageOptions> = {}) =>
  openPage({ view: 'connections', router, ...more, allow: [/protocol\/dhcpv6/, /cgi-exec/] });

const modalOf = (page: Page): Locator => page.locator('#modal_overlay .modal');
const field = (page: Page, name: string): Locator => modalOf(page).locator(`.cbi-value[data-name="${name}"]`);
const row = (page: Page, name: string): Locator => page.locator(`tr[data-sid="${name}"]`);
const closed = (page: Page) => page.locator('body.modal-overlay-active').waitFor({ state: 'detached' });

async function edit(page: Page, name: string): Promise<void> {
  await row(page, name).getByRole('button', { name: 'Edit' }).click();
  await page.getByRole('heading', { name: `Connection ${name}` }).waitFor();
}

async function begin(page: Page, name: string, preset: RegExp): Promise<void> {
  await page.getByRole('button', { name: 'Add connection' }).click();
  await page.getByRole('textbox', { name: 'Name' }).fill(name);
  await page.getByRole('radio', { name: preset }).check();
  await page.getByRole('button', { name: 'Continue' }).click();
  await page.getByRole('heading', { name: `Connection ${name}` }).waitFor();
}

/** Types into a field, and leaves it. */
async function fill(page: Page, name: string, value: string): Promise<void> {
  const input = field(page, name).locator('input[type=text], input[type=password]').last();
  await input.fill(value);
  await input.press('Tab');
}

/** Adds to a list, by its plus. */
async function list(page: Page, name: string, ...values: string[]): Promise<void> {
  for (const value of values) {
    await field(page, name).locator('.add-item input').fill(value);
    await field(page, name).locator('.add-item .cbi-button-add').click();
  }
}

const tab = (page: Page, name: string) => modalOf(page).getByRole('link', { name, exact: true }).click();
const save = (page: Page) => modalOf(page).getByRole('button', { name: 'Save' }).click();

const credentials = async (page: Page) => {
  await list(page, 'server', 'vpn.example.com');
  await fill(page, 'username', 'alice');
  await fill(page, 'password', 's3cret');
};
const CREDENTIALS = { server: ['vpn.example.com'], username: 'alice', password: 's3cret' };

/** What was written, without the session's id. */
const written = (router: Router, method: 'add' | 'set' | 'delete') =>
  router.argsOf('uci', method).map(({ ubus_rpc_session: _session, ...args }) => args);

/** A router with these connections, and a WAN that has the default route. */
function routerWith(connections: readonly SectionRow[], wan: Record<string, string> = {}, mtu = 1500): Router {
  const router = new Router();
  const rows = (CONFIGS.network ?? []).filter((section) => section !== CAMPUS);
  const others = rows.map((section) => (section['.name'] === 'wan' ? ({ ...section, ...wan } as SectionRow) : section));
  router.uci.write('network', [...others, ...connections]);
  const { 'network.interface': interfaces = {}, 'luci-rpc': rpc = {} } = router.objects;
  const { dump } = interfaces as { dump: () => { interface: { interface: string }[] } };
  const route = { target: '0.0.0.0', mask: 0, nexthop: '192.0.2.1' };
  interfaces.dump = () => ({
    interface: dump().interface.map((each) => (each.interface === 'wan' ? { ...each, route: [route] } : each)),
  });
  const { getNetworkDevices } = rpc as { getNetworkDevices: () => Record<string, object> };
  rpc.getNetworkDevices = () => {
    const devices = getNetworkDevices();
    return { ...devices, eth0: { ...devices.eth0, mtu } };
  };
  return router;
}

const connection = (name: string, more: Record<string, string | string[]> = {}): SectionRow => ({
  ...CAMPUS,
  '.name': name,
  server: [`${name}.example.net`],
  ...more,
});

/** Every one of them, in the rows below its connection. */
const cautions = (page: Page) => page.locator('.cbi-section-table .l2tpwan-caution').allTextContents();

describe('the list', () => {
  it('says of each connection what it is', async () => {
    const router = routerWith([
      connection('campus', { exclude: ['10.0.0.0/8', '172.16.0.0/12'], server: ['lns.example.net', '10.5.1.9'] }),
      connection('office', { defaultroute: '0', route: ['10.20.0.0/16'], disabled: '1' }),
      connection('idle', { defaultroute: 'no', zone: 'lan' }),
    ]);
    const page = await open(router);
    const words = (name: string) => row(page, name).locator('td').allTextContents();
    expect((await words('campus')).slice(0, 4)).toEqual([
      'campus',
      'lns.example.net10.5.1.9alice',
      'wan',
      'everything but 10.0.0.0/8, 172.16.0.0/12',
    ]);
    expect((await words('office')).slice(2, 4)).toEqual(['none', 'only 10.20.0.0/16']);
    expect((await words('idle')).slice(2, 4)).toEqual(['lan', 'nothing']);
    expect(await row(page, 'campus').getByRole('checkbox').isChecked()).toBe(true);
    expect(await row(page, 'office').getByRole('checkbox').isChecked()).toBe(false);
    expect(await page.locator('tr[data-sid]').count()).toBe(3);
    await shoot(page, 'connections');
  });

  it('shows text of the configuration as text', async () => {
    const evil = '<img src=x onerror=alert(1)>';
    const router = routerWith([
      connection('campus', { server: [evil], username: evil, exclude: [evil], uplink: evil, auth: [evil] }),
    ]);
    const page = await open(router);
    expect(await row(page, 'campus').textContent()).toContain(evil);
    await edit(page, 'campus');
    expect(await page.locator('img[src=x]').count()).toBe(0);
  });

  it('says that there is none yet', async () => {
    const page = await open(routerWith([]));
    expect(await page.locator('.cbi-section').textContent()).toContain('There is no connection yet.');
  });

  it('disables and enables in place', async () => {
    const router = routerWith([connection('campus')]);
    const page = await open(router);
    await row(page, 'campus').getByRole('checkbox').uncheck({ force: true });
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    await expect
      .poll(() => written(router, 'set'))
      .toEqual([{ config: 'network', section: 'campus', values: { disabled: '1' } }]);
  });

  it('keeps what was ticked while another connection is edited', async () => {
    const router = routerWith([connection('campus'), connection('office')]);
    const page = await open(router);
    await row(page, 'campus').getByRole('checkbox').uncheck({ force: true });
    await edit(page, 'office');
    await fill(page, 'username', 'bob');
    await save(page);
    await closed(page);
    expect(await row(page, 'campus').getByRole('checkbox').isChecked()).toBe(false);
    expect(written(router, 'set')).toContainEqual({ config: 'network', section: 'campus', values: { disabled: '1' } });
  });
});

describe('adding', () => {
  const interfaceOf = (router: Router) => written(router, 'add').filter(({ config }) => config === 'network');

  it('makes a campus: some networks stay on the WAN, zone wan', async () => {
    const router = routerWith([]);
    const page = await open(router);
    await begin(page, 'uni', /^Campus/);
    await shoot(page, 'connections-campus');
    await list(page, 'server', 'vpn.example.com', '10.5.1.9', '[2001:db8::1]:1701');
    await fill(page, 'username', 'SX/alice@EXAMPLE.EDU');
    await fill(page, 'password', ' "#\'s3cret');
    await save(page);
    await closed(page);
    expect(interfaceOf(router)).toEqual([
      {
        config: 'network',
        type: 'interface',
        name: 'uni',
        values: {
          proto: 'l2tpwan',
          server: ['vpn.example.com', '10.5.1.9', '[2001:db8::1]:1701'],
          username: 'SX/alice@EXAMPLE.EDU',
          password: ' "#\'s3cret',
          exclude: ['10.0.0.0/8'],
        },
      },
    ]);
    const [zone] = written(router, 'set');
    expect(zone).toMatchObject({ config: 'firewall', values: { network: ['wan', 'wan6', 'campus', 'uni'] } });
    expect(await row(page, 'uni').count()).toBe(1);
  });

  it('makes a WAN of an Internet provider', async () => {
    const router = routerWith([]);
    const page = await open(router);
    await begin(page, 'isp', /^Internet provider/);
    await credentials(page);
    await save(page);
    await closed(page);
    expect(interfaceOf(router)).toEqual([
      { config: 'network', type: 'interface', name: 'isp', values: { proto: 'l2tpwan', ...CREDENTIALS } },
    ]);
    expect(written(router, 'set')).toMatchObject([
      { config: 'firewall', values: { network: ['wan', 'wan6', 'campus', 'isp'] } },
    ]);
  });

  it('makes a company VPN, and a zone for it that the LAN may use', async () => {
    const router = routerWith([]);
    const page = await open(router);
    await begin(page, 'office', /^Company/);
    await credentials(page);
    await tab(page, 'Routing');
    await list(page, 'route', '10.20.0.0/16', '172.16.4.0/24');
    await save(page);
    await closed(page);
    expect(interfaceOf(router)).toMatchObject([
      {
        name: 'office',
        values: { ...CREDENTIALS, defaultroute: '0', peerdns: '0', route: ['10.20.0.0/16', '172.16.4.0/24'] },
      },
    ]);
    expect(written(router, 'add').filter(({ config }) => config === 'firewall')).toEqual([
      {
        config: 'firewall',
        type: 'zone',
        values: {
          name: 'vpn',
          input: 'REJECT',
          output: 'ACCEPT',
          forward: 'REJECT',
          masq: '1',
          mtu_fix: '1',
          network: ['office'],
        },
      },
      { config: 'firewall', type: 'forwarding', values: { src: 'lan', dest: 'vpn' } },
    ]);
    expect(await row(page, 'office').textContent()).toContain('only 10.20.0.0/16, 172.16.4.0/24');
    await begin(page, 'second', /^Company/); // the zone is there now
    expect(await field(page, '_zone').locator('option').allTextContents()).toEqual(['none', 'lan', 'wan', 'vpn']);
    await credentials(page);
    await save(page);
    await closed(page);
    expect(written(router, 'add').filter(({ config }) => config === 'firewall')).toHaveLength(2);
    expect(written(router, 'set').at(-1)).toMatchObject({
      config: 'firewall',
      values: { network: ['office', 'second'] },
    });
  });

  it('makes one with nothing in it', async () => {
    const router = routerWith([]);
    const page = await open(router);
    await begin(page, 'plain', /^Empty/);
    expect(await field(page, '_zone').locator('select').inputValue()).toBe('');
    await credentials(page);
    await save(page);
    await closed(page);
    expect(interfaceOf(router)).toMatchObject([{ name: 'plain', values: { proto: 'l2tpwan', ...CREDENTIALS } }]);
    expect(written(router, 'set')).toEqual([]);
  });

  it('writes nothing when it is dismissed', async () => {
    const router = routerWith([]);
    const page = await open(router);
    await begin(page, 'office', /^Company/);
    await credentials(page);
    await modalOf(page).getByRole('button', { name: 'Dismiss' }).click();
    await closed(page);
    expect(await page.locator('tr[data-sid]').count()).toBe(0);
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    await begin(page, 'office', /^Campus/); // the name is free again
    expect(router.count('uci', 'add')).toBe(0);
  });

  it('wants a name that can be one, and that is free', async () => {
    const page = await open(routerWith([connection('campus')]));
    await page.getByRole('button', { name: 'Add connection' }).click();
    const name = page.getByRole('textbox', { name: 'Name' });
    expect(await name.evaluate((input) => input === document.activeElement)).toBe(true);
    for (const [given, words] of [
      ['', 'Letters, digits and _, but no _ first.'],
      ['my-vpn', 'Letters, digits and _, but no _ first.'],
      ['_vpn', 'Letters, digits and _, but no _ first.'],
      ['a_name_of_16_xxx', '15 characters at most.'],
      ['campus', 'There is something of this name already.'],
      ['wan', 'There is something of this name already.'],
    ] as const) {
      await name.fill(given);
      await name.press('Enter');
      expect([given, await page.getByRole('alert').textContent()]).toEqual([given, words]);
    }
    await shoot(page, 'connections-add');
    await name.fill('office');
    await name.press('Enter');
    await page.getByRole('heading', { name: 'Connection office' }).waitFor();
  });

  it('is saved and applied by LuCI', async () => {
    const router = routerWith([]);
    const page = await open(router);
    await begin(page, 'office', /^Company/);
    await credentials(page);
    await save(page);
    await closed(page);
    await page.locator('.cbi-page-actions').getByText('Save & Apply', { exact: true }).first().click();
    await expect.poll(() => router.applied.length, { timeout: 20_000 }).toBe(1);
    expect(router.applied[0]?.toSorted()).toEqual(['firewall', 'network']);
    expect(router.uci.section('network', 'office')).toMatchObject({ proto: 'l2tpwan', defaultroute: '0' });
  });
});

describe('the form', () => {
  it('has what an interface of any protocol has', async () => {
    const router = routerWith([connection('campus')]);
    const page = await open(router);
    await edit(page, 'campus');
    await field(page, 'auto').getByRole('checkbox').uncheck({ force: true });
    await field(page, '_zone').locator('select').selectOption('lan');
    await tab(page, 'Advanced');
    await field(page, 'peerdns').getByRole('checkbox').uncheck({ force: true });
    await list(page, 'dns', '9.9.9.9');
    await tab(page, 'Routing');
    await fill(page, 'metric', '20');
    await save(page);
    await closed(page);
    expect(written(router, 'set')).toEqual(
      expect.arrayContaining([
        { config: 'network', section: 'campus', values: { auto: '0', peerdns: '0', dns: ['9.9.9.9'], metric: '20' } },
        expect.objectContaining({ config: 'firewall', values: { network: ['wan', 'wan6'] } }),
        expect.objectContaining({ config: 'firewall', values: { network: ['lan', 'campus'] } }),
      ]),
    );
    expect(written(router, 'set')).toHaveLength(3);
    expect(router.count('uci', 'delete')).toBe(0);
  });

  it('moves a connection that names its zone itself', async () => {
    const router = routerWith([connection('office', { zone: 'lan' })]);
    const page = await open(router);
    await edit(page, 'office');
    expect(await field(page, '_zone').locator('select').inputValue()).toBe('lan');
    await field(page, '_zone').locator('select').selectOption('wan');
    await save(page);
    await closed(page);
    expect(written(router, 'delete')).toEqual([{ config: 'network', section: 'office', options: ['zone'] }]);
    expect(written(router, 'set')).toMatchObject([
      { config: 'firewall', values: { network: ['wan', 'wan6', 'campus', 'office'] } },
    ]);
  });

  it('takes a connection out of its zone', async () => {
    const router = routerWith([connection('campus')]);
    const page = await open(router);
    await edit(page, 'campus');
    await field(page, '_zone').locator('select').selectOption('');
    await save(page);
    await closed(page);
    expect(written(router, 'set')).toMatchObject([{ config: 'firewall', values: { network: ['wan', 'wan6'] } }]);
    expect(await row(page, 'campus').textContent()).toContain('none');
  });

  it('writes nothing where nothing was changed', async () => {
    const router = routerWith([
      connection('campus', {
        echo_interval: '0',
        mark: '0x3f00',
        ipv6: '0',
        defaultroute: 'no',
        mtu_probe: 'yes',
        route: ['10.1.0.0/16'],
      }),
    ]);
    const page = await open(router);
    await edit(page, 'campus');
    await save(page);
    await closed(page);
    expect(['set', 'delete', 'add'].map((method) => written(router, method as 'set'))).toEqual([[], [], []]);
  });

  it('shows a field only where it means something, and forgets it otherwise', async () => {
    const router = routerWith([
      connection('campus', {
        echo_failures: '5',
        tunnel_secret: 'x',
        hide_avps: '1',
        split_default: '1',
        udp_checksums: '0',
        mark: '1',
      }),
    ]);
    const page = await open(router);
    await edit(page, 'campus');
    const isShown = (name: string) => field(page, name).evaluate((node) => !node.classList.contains('hidden'));
    const all = async () =>
      Promise.all(['echo_failures', 'hide_avps', 'split_default', 'udp_checksums', 'mark'].map(isShown));
    expect(await all()).toEqual([true, true, true, true, true]);
    await tab(page, 'Advanced');
    await fill(page, 'echo_interval', '0');
    await fill(page, 'tunnel_secret', '');
    await tab(page, 'Routing');
    await field(page, 'defaultroute').getByRole('checkbox').uncheck({ force: true });
    await tab(page, 'Data path');
    await field(page, 'data_path').locator('select').selectOption('tun-gso');
    expect(await all()).toEqual([false, false, false, false, true]);
    await field(page, 'data_path').locator('select').selectOption('tun');
    expect(await all()).toEqual([false, false, false, false, false]);
    await save(page);
    await closed(page);
    const gone = written(router, 'delete').flatMap(({ options }) => options as string[]);
    expect(gone.toSorted()).toEqual([
      'echo_failures',
      'hide_avps',
      'mark',
      'split_default',
      'tunnel_secret',
      'udp_checksums',
    ]);
  });

  it('says what is wrong with a value, and does not save it', async () => {
    const router = routerWith([connection('campus', { exclude: ['10.0.0.0/8'] })]);
    const page = await open(router);
    await edit(page, 'campus');
    await tab(page, 'Advanced');
    await fill(page, 'mtu', '100');
    const input = field(page, 'mtu').locator('input');
    expect(await input.getAttribute('class')).toContain('cbi-input-invalid');
    expect(await input.getAttribute('data-tooltip')).toBe('Expecting: a whole number from 128 to 9000');
    await tab(page, 'Routing');
    await field(page, 'route').locator('.add-item input').fill('10.0.0.0/8');
    await field(page, 'route').locator('.add-item input').press('Tab');
    expect(await field(page, 'route').locator('.add-item input').getAttribute('data-tooltip')).toBe(
      'Expecting: a prefix that does not stay outside as well',
    );
    await save(page);
    const alert = modalOf(page).getByRole('alert');
    expect(await alert.textContent()).toMatch(/It is not saved.*MTU.*128 to 9000/s);
    await shoot(page, 'connections-wrong');
    expect(router.count('uci', 'set')).toBe(0);
    await tab(page, 'Advanced');
    await fill(page, 'mtu', '1400');
    await tab(page, 'Routing');
    await field(page, 'route').locator('.add-item input').fill('');
    await save(page);
    await closed(page);
    expect(written(router, 'set')).toEqual([{ config: 'network', section: 'campus', values: { mtu: '1400' } }]);
  });

  it('wants servers, a user name and a password', async () => {
    const router = routerWith([]);
    const page = await open(router);
    await begin(page, 'office', /^Empty/);
    for (const [name, words] of [
      ['server', 'Servers'],
      ['username', 'User name'],
      ['password', 'Password'],
    ] as const) {
      await save(page);
      await expect.poll(() => modalOf(page).getByRole('alert').textContent()).toContain(`"${words}"`);
      if (name === 'server') await list(page, 'server', 'lns.example.net');
      else await fill(page, name, 'x');
    }
    await save(page);
    await closed(page);
    expect(router.count('uci', 'add')).toBe(1);
  });

  it('hides passwords until they are asked for', async () => {
    const page = await open(routerWith([connection('campus')]));
    await edit(page, 'campus');
    const input = field(page, 'password').locator('input');
    await expect.poll(() => input.getAttribute('type')).toBe('password');
    await field(page, 'password').getByRole('button').click();
    expect(await input.getAttribute('type')).toBe('text');
  });

  it('has a label for every field', async () => {
    const page = await open(routerWith([connection('campus', { tunnel_secret: 'x' })]));
    await edit(page, 'campus');
    const unlabelled = await modalOf(page)
      .locator('.cbi-value')
      .evaluateAll((fields) =>
        fields.filter((node) => !node.querySelector('label.cbi-value-title')?.textContent).map((node) => node.id),
      );
    expect(unlabelled).toEqual([]);
    await page.getByText('User name', { exact: true }).last().click();
    expect(
      await field(page, 'username')
        .locator('input')
        .evaluate((input) => input === document.activeElement),
    ).toBe(true);
  });

  it('offers the interfaces as uplinks, and takes others', async () => {
    const router = routerWith([connection('campus', { uplink: 'eth0.2' }), connection('office')]);
    const page = await open(router);
    await edit(page, 'campus');
    const values = await field(page, 'uplink')
      .locator('li[data-value]')
      .evaluateAll((items) => items.map((item) => item.getAttribute('data-value')));
    expect(values).toEqual(expect.arrayContaining(['wan', 'lan', 'wan6', 'eth0.2']));
    expect(values).not.toContain('office');
    expect(values).not.toContain('loopback');
    await save(page);
    await closed(page);
    expect([router.count('uci', 'set'), router.count('uci', 'delete')]).toEqual([0, 0]);
  });
});

describe('cautions', () => {
  type Given = Record<string, string | string[]>;
  /** What is set besides of `campus`, and of a second connection `office`; the WAN's metric and MTU; what has to be said, if anything. */
  const HURTING: readonly [
    what: string,
    words: RegExp | undefined,
    campus: Given,
    office?: Given | undefined,
    metric?: number,
    mtu?: number,
  ][] = [
    ['nothing', undefined, {}],
    ['an MTU that fits', undefined, { mtu: '1460' }],
    ['an MTU above what fits', /^mtu 1461 octets do not fit: interface wan leaves room for 1460/, { mtu: '1461' }],
    ['an MTU above what fits behind PPPoE', /wan leaves room for 1452/, { mtu: '1460' }, undefined, 0, 1492],
    ['an MTU above what fits, uplink unknown', /most uplinks leave room for 1460/, { mtu: '1461', uplink: 'usb0' }],
    [
      'an MTU above what fits, uplink by its device',
      /interface lan leaves room for 1360/,
      { mtu: '1461', uplink: 'br-lan' },
    ],
    ['an MTU too small for IPv6', /^mtu IPv6 needs 1280/, { mtu: '1200' }],
    ['a small MTU without IPv6', undefined, { mtu: '1200', ipv6: 'off' }],
    [
      'a default route that loses',
      /^metric .*interface wan wins: its metric is 10.*halves/,
      { metric: '20' },
      undefined,
      10,
    ],
    ['a default route that wins', undefined, { metric: '5' }, undefined, 10],
    ['a default route of the same metric, which goes in as halves', undefined, { metric: '10' }, undefined, 10],
    ['halves, which always win', undefined, { metric: '20', split_default: '1' }, undefined, 10],
    ['a table of its own', undefined, { metric: '20', ip4table: '100' }, undefined, 10],
    ['no route at all', /^route Nothing goes into this tunnel/, { defaultroute: '0' }],
    ['no route at all, in another word', /^route Nothing goes into this tunnel/, { defaultroute: 'no' }],
    ['networks instead', undefined, { defaultroute: '0', route: ['10.1.0.0/16'] }],
    [
      'the same device',
      /^device Connection office has the same device.*\ndevice Connection campus/,
      { device: 'vpn0' },
      { device: 'vpn0' },
    ],
    ['a device that another has by its name', /^device Connection office has/, { device: 'l2w-office' }, {}],
    ['a connection that is disabled', undefined, { device: 'vpn0' }, { device: 'vpn0', disabled: '1' }],
    [
      'two default routes of one metric',
      /^metric Connection office has a default route/,
      {},
      { defaultroute: '1', metric: '0' },
    ],
    [
      'one server over two uplinks',
      /^uplink .* the same server/,
      { server: ['LNS.example.net'], uplink: 'wan' },
      { server: ['lns.example.net:1701'], uplink: 'lan' },
    ],
    [
      'one server over one uplink',
      undefined,
      { server: ['[2001:db8::1]:1701'], uplink: 'wan' },
      { server: ['2001:db8::1'], uplink: 'wan' },
    ],
    ['the same port', /^source_port .*from the same port/, { source_port: '1701' }, { source_port: '0x6a5' }],
    ['any port', undefined, { source_port: '0' }, { source_port: '0' }],
    [
      'one network in and out',
      /^exclude The same network/,
      { route: ['10.0.0.0/8'], exclude: ['172.16.0.0/12', '10.0.0.0/8'] },
    ],
    ['a secret that is the password', /^tunnel_secret It is the same/, { tunnel_secret: 's3cret' }],
    ['a blank behind the user name', /^username .*ends with a blank/, { username: 'alice ' }],
    ['a blank before the password', /^password .*ends with a blank/, { password: ' s3cret' }],
    [
      'scripts in the jail',
      /^up_script Where procd-ujail is installed.*\ndown_script Where procd-ujail is installed/,
      { up_script: '/root/up', down_script: '/root/down' },
    ],
    ['a mark that can be set', undefined, { mark: '0x3f00' }],
    ['no zone', /^_zone None: the LAN gets nowhere/, { zone: '' }],
  ];

  it('tell what is known to hurt, and nothing else', async () => {
    const page = await open(routerWith([]));
    for (const [what, words, campus, office, metric = 0, mtu = 1500] of HURTING) {
      const named = { zone: 'wan', ...CREDENTIALS };
      const aside = { defaultroute: '0', route: ['10.99.0.0/16'] };
      const sections: object[] = [{ ...named, server: ['a'], '.name': 'campus', ...campus }];
      if (office) sections.push({ ...named, ...aside, server: ['b'], '.name': 'office', ...office });
      const uplinks = [
        { name: 'wan', device: 'eth0', mtu, metric, hasDefault: true },
        { name: 'lan', device: 'br-lan', mtu: 1400, metric: 0, hasDefault: false },
      ];
      const facts = { uplinks, routed: [], hasFirewall: true, isJailed: true };
      const said = await page.evaluate(`L.require('l2tpwan.cautions').then((cautions) =>
        cautions.of(${JSON.stringify(sections)}, ${JSON.stringify(facts)})
          .map(({ option, words, cure }) => [option, words, cure].join(' ')).join('\\n'))`);
      if (words === undefined) expect([what, said]).toEqual([what, '']);
      else expect([what, said]).toEqual([what, expect.stringMatching(words)]);
    }
  });

  it('know the rest of the router', async () => {
    const route = { '.type': 'route', interface: 'campus', target: '10.9.0.0/16' };
    const router = routerWith(
      [connection('campus', { mtu: '1460', metric: '20', up_script: '/root/up' }), route],
      { metric: '10' },
      1492,
    );
    const page = await open(router);
    expect(await cautions(page)).toEqual([
      expect.stringMatching(/^MTU: 1460 octets do not fit: interface wan leaves room for 1452/),
      expect.stringMatching(/^Metric: The default route of interface wan wins/),
      expect.stringMatching(/^Script when up: Where procd-ujail is installed/),
    ]);
  });

  it('say nothing of scripts where the jail is off, nor of marks that can be set', async () => {
    const router = routerWith([connection('campus', { up_script: '/root/up', mark: '1' })]);
    router.uci.write('l2tpwan', [{ '.type': 'l2tpwan', '.name': 'main', jail: '0', data_path: 'tun' }]);
    const page = await open(router);
    expect(await cautions(page)).toEqual([
      expect.stringContaining('Firewall mark: The data path tun, which is set for all connections'),
    ]);
  });

  it('stand by their fields while one is edited, and go', async () => {
    const page = await open(routerWith([connection('campus')], { metric: '10' }));
    await edit(page, 'campus');
    const found = () => modalOf(page).locator('.l2tpwan-caution').allTextContents();
    await tab(page, 'Routing');
    await fill(page, 'metric', '20');
    expect(await field(page, 'metric').locator('.l2tpwan-caution').textContent()).toContain('interface wan wins');
    await shoot(page, 'connections-caution');
    await field(page, 'split_default').getByRole('checkbox').check({ force: true });
    expect(await found()).toEqual([]);
    await tab(page, 'General');
    await field(page, '_zone').locator('select').selectOption('');
    expect(await field(page, '_zone').locator('.l2tpwan-caution').textContent()).toContain('the LAN gets nowhere');
    await field(page, 'disabled').getByRole('checkbox').uncheck({ force: true });
    expect(await found()).toEqual([]);
  });

  it('are shown in the list, below their connection', async () => {
    const sections = [
      connection('campus', { mtu: '1500' }),
      connection('office', { defaultroute: '0', tunnel_secret: 's3cret' }),
    ];
    const page = await open(routerWith(sections));
    expect(await cautions(page)).toHaveLength(4);
    await shoot(page, 'connections-cautions');
  });
});

describe('removing', () => {
  it('asks, and takes the connection out of its zone and its routes with it', async () => {
    const router = routerWith([
      connection('campus'),
      connection('office'),
      { '.type': 'route', '.name': 'far', interface: 'campus', target: '10.9.0.0/16' },
      { '.type': 'route', '.name': 'near', interface: 'lan', target: '10.8.0.0/16' },
      { '.type': 'rule', '.name': 'in', in: 'campus', lookup: '100' },
    ]);
    const page = await open(router);
    await row(page, 'campus').getByRole('button', { name: 'Delete' }).click();
    await shoot(page, 'connections-remove');
    await modalOf(page).getByRole('button', { name: 'Dismiss' }).click();
    await closed(page);
    expect(router.count('uci', 'delete')).toBe(0);
    await row(page, 'campus').getByRole('button', { name: 'Delete' }).click();
    await modalOf(page).getByRole('button', { name: 'Remove' }).click();
    await closed(page);
    expect(
      written(router, 'delete')
        .map(({ section }) => section)
        .toSorted(),
    ).toEqual(['campus', 'far', 'in']);
    expect(written(router, 'set')).toMatchObject([{ config: 'firewall', values: { network: ['wan', 'wan6'] } }]);
    expect(await page.locator('tr[data-sid]').count()).toBe(1);
  });

  it('tells when that fails, and shows what is there', async () => {
    const router = routerWith([connection('campus')]);
    const page = await open(router);
    router.faults.refused.set('uci.delete', 6);
    await row(page, 'campus').getByRole('button', { name: 'Delete' }).click();
    await modalOf(page).getByRole('button', { name: 'Remove' }).click();
    await closed(page);
    await expect.poll(() => page.locator('.alert-message.error').textContent()).toContain('It is not saved');
    expect(await row(page, 'campus').count()).toBe(1);
  });
});

describe('saving that fails', () => {
  it('is told in the form, which stays; dismissed, nothing is left in hand', async () => {
    const router = routerWith([connection('campus')]);
    const page = await open(router);
    router.faults.refused.set('uci.set', 6);
    await edit(page, 'campus');
    await fill(page, 'username', 'bob');
    await save(page);
    await expect.poll(() => modalOf(page).getByRole('alert').textContent()).toMatch(/It is not saved.*[Pp]ermission/s);
    expect(await field(page, 'username').locator('input').inputValue()).toBe('bob');
    router.faults.refused.clear();
    await modalOf(page).getByRole('button', { name: 'Dismiss' }).click();
    await closed(page);
    await expect.poll(() => row(page, 'campus').textContent()).toContain('alice');
    router.forgetCalls();
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    await edit(page, 'campus');
    expect(router.count('uci', 'set')).toBe(0);
    expect(await field(page, 'username').locator('input').inputValue()).toBe('alice');
  });

  it('can be tried again', async () => {
    const router = routerWith([]);
    const page = await open(router);
    await begin(page, 'office', /^Campus/);
    await credentials(page);
    router.faults.refused.set('uci.add', 10);
    await save(page);
    await modalOf(page).getByRole('alert').waitFor();
    router.faults.refused.clear();
    await save(page);
    await closed(page);
    expect(await row(page, 'office').count()).toBe(1);
  });
});

describe('who may', () => {
  it('only look, may look', async () => {
    const router = routerWith([connection('campus')]);
    router.addUser('reader', { read: ['*'], write: ['luci-base'] });
    const page = await open(router, { user: 'reader' });
    expect(await page.getByRole('button', { name: 'Add connection' }).isDisabled()).toBe(true);
    expect(await row(page, 'campus').getByRole('button', { name: 'Delete' }).isDisabled()).toBe(true);
    await edit(page, 'campus');
    expect(await modalOf(page).getByRole('button', { name: 'Save' }).isDisabled()).toBe(true);
  });

  it('may with no more than the rights of our own groups', async () => {
    const router = routerWith([connection('campus')]);
    const groups = ['unauthenticated', 'luci-base', 'luci-app-l2tpwan', 'luci-app-l2tpwan-settings'];
    router.addUser('keeper', { read: groups, write: groups });
    const page = await open(router, { user: 'keeper' });
    await begin(page, 'office', /^Company/);
    await credentials(page);
    await save(page);
    await closed(page);
    await row(page, 'campus').getByRole('button', { name: 'Delete' }).click();
    await modalOf(page).getByRole('button', { name: 'Remove' }).click();
    await closed(page);
    await page.locator('.cbi-page-actions').getByText('Save & Apply', { exact: true }).first().click();
    await expect.poll(() => router.applied.length, { timeout: 20_000 }).toBe(1);
    expect(router.connections).toEqual(['office']);
    expect(
      router.calls.filter(({ answer }) => answer === 'denied').map(({ object, method }) => `${object}.${method}`),
    ).toEqual([]);
  });
});

describe('the page', () => {
  it.each([
    [360, false],
    [1280, true],
  ])('fits %i pixels, dark: %s', async (width, dark) => {
    const sections = [
      connection('campus', { mtu: '1500', exclude: ['10.0.0.0/8'] }),
      connection('office', { defaultroute: '0' }),
    ];
    const page = await open(routerWith(sections), { width, dark });
    const overflow = () => page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth');
    await shoot(page, `connections-${width}-${dark ? 'dark' : 'light'}`);
    expect(await overflow()).toBeLessThanOrEqual(0);
    await edit(page, 'campus');
    await tab(page, 'Advanced');
    await shoot(page, `connections-edit-${width}-${dark ? 'dark' : 'light'}`);
    expect(await overflow()).toBeLessThanOrEqual(0);
  });
});
