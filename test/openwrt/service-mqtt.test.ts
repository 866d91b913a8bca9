/** Section mqtt, as the init script has it from UCI to the configuration file and into the jail; see service.test.ts for the rest of it. */
import { existsSync, mkdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readSettings } from '../../src/daemon/settings.ts';
import { fieldsAt } from '../../src/daemon/settings-schema.ts';
import { MqttSection } from './mqtt-section.ts';
import { FILES, type Userland } from './userland.ts';

/** An option for each field, and what is to come of it. */
const EVERYTHING: Readonly<Record<string, readonly [uci: string, json: unknown]>> = {
  enabled: ['yes', true],
  server: ['wss://broker.example.net:8084/mqtt', 'wss://broker.example.net:8084/mqtt'],
  version: ['5', '5'],
  username: ['router', 'router'],
  password: [`it's "$HOME" \\ and more`, `it's "$HOME" \\ and more`],
  credentials_file: ['', undefined],
  client_id: ['hall', 'hall'],
  keepalive: ['30', 30],
  connect_timeout: ['2.5', 2.5],
  base_topic: ['home/l2tp', 'home/l2tp'],
  retain: ['off', false],
  ca: ['/etc/l2tpwan/ca.pem', '/etc/l2tpwan/ca.pem'],
  certificate: ['/etc/l2tpwan/router.pem', '/etc/l2tpwan/router.pem'],
  key: ['/etc/l2tpwan/router.key', '/etc/l2tpwan/router.key'],
  server_name: ['broker', 'broker'],
  reject_unauthorized: ['0', false],
  interval: ['60', 60],
  logging: ['off', 'off'],
  commands: ['1', true],
  discovery: ['1', true],
  discovery_prefix: ['ha', 'ha'],
  discovery_status_topic: ['ha/status', 'ha/status'],
  id: ['hall', 'hall'],
};

describe('section mqtt of the service', () => {
  let section: MqttSection;
  let router: Userland;
  const run = (call: string, options: Record<string, string> = {}) => section.run(call, options);
  const config = (options: Record<string, string>) => {
    expect(run('start_service', options).stderr).toBe('');
    return section.mqtt;
  };
  const mounts = () => section.said.flatMap((line) => /^add_jail_mount (\S+)$/.exec(line)?.[1] ?? []);

  beforeEach(() => {
    section = new MqttSection();
    router = section.router;
  });
  afterEach(() => section.remove());

  it('is not in the configuration where it is not in UCI', () => {
    router.program('uci', 'exit 1');
    expect(config({ enabled: '1' })).toBeUndefined();
  });

  it('holds what is set and nothing else', () => {
    expect(config({})).toEqual({});
    expect(config({ enabled: '0' })).toEqual({ enabled: false });
    expect(config({ enabled: '1', server: 'mqtt://192.168.1.2' })).toEqual({
      enabled: true,
      server: 'mqtt://192.168.1.2',
    });
  });

  it('knows every field there is, in its kind', () => {
    const options = Object.fromEntries(Object.entries(EVERYTHING).map(([name, [uci]]) => [name, uci]));
    const snake = fieldsAt(['mqtt']).map((field) => field.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`));
    expect(Object.keys(options).sort()).toEqual(snake.sort());
    const camel = (name: string) => name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
    const wanted = Object.entries(EVERYTHING).filter(([, [, json]]) => json !== undefined);
    expect(config(options)).toEqual(Object.fromEntries(wanted.map(([name, [, json]]) => [camel(name), json])));
    const reading = readSettings({ connections: {}, netifd: true, mqtt: section.mqtt }, { hostName: 'router' });
    expect(reading).toMatchObject({ settings: { mqttFaults: [] } });
    expect(config({ credentials_file: '/etc/l2tpwan/mqtt' })).toEqual({ credentialsFile: '/etc/l2tpwan/mqtt' });
  });

  it.each([
    ['commands', 'perhaps', 'perhaps'],
    ['keepalive', 'often', 'often'],
    ['keepalive', '-5', '-5'],
    ['keepalive', '99999999999999999999', '99999999999999999999'],
    ['interval', '1.2.3', '1.2.3'],
    ['interval', '.', '.'],
    ['interval', '.5', 0.5],
    ['interval', '0', 0],
  ])('leaves it to the daemon to say what is wrong with %s %s, which keeps no WAN down', (name, uci, json) => {
    const [field] = Object.keys(config({ enabled: '1', [name]: uci }) ?? {}).filter((each) => each !== 'enabled');
    expect(section.mqtt).toEqual({ enabled: true, [name]: json });
    const reading = readSettings({ connections: {}, netifd: true, mqtt: section.mqtt }, { hostName: 'router' });
    expect(reading).toMatchObject({ settings: { mqttFaults: [expect.stringContaining(`mqtt.${field}: found `)] } });
    expect(section.said).toContain('open_instance main');
  });

  it('shows no secret to anybody', () => {
    const { stdout, stderr } = run('start_service', { username: 'router', password: 's3cret' });
    expect(stdout + stderr).not.toContain('s3cret');
    expect(section.said.filter((line) => line.includes('s3cret'))).toEqual(['json string password s3cret']);
    const config = router.path('run/config.json');
    expect(statSync(config).mode & 0o777).toBe(0o600);
    expect(run('add_mqtt; echo "<$password$server$id>"', { password: 's3cret' }).stdout).toBe('<of the environment>\n');
  });

  it('has the files that it names in the jail, and what TLS and names need in any case', () => {
    router.script('ujail', '');
    const [ca, real] = [router.path('ca.pem'), router.path('real.pem')];
    writeFileSync(real, '');
    symlinkSync(real, ca);
    run('start_service');
    const least = mounts();
    expect(least).toEqual(expect.arrayContaining(['/etc/ssl/certs', '/etc/resolv.conf'].filter(existsSync)));
    run('start_service', { ca, certificate: router.path('nowhere'), key: 'relative', credentials_file: '/etc/hosts' });
    expect(mounts()).toEqual([...least, ...['/etc/hosts', ca, real].sort()]);
  });

  it('has our own directory there as a whole, where files are renewed', () => {
    const [own, key, elsewhere] = ['own', 'own/router.key', 'elsewhere'].map((name) => router.path(name));
    mkdirSync(router.path('own'));
    for (const path of [key, elsewhere]) writeFileSync(path ?? '', '');
    const listed = (file = '') => run(`MQTT_DIRECTORY=${own}; mqtt_mounts`, { key: file }).stdout;
    expect(listed(key)).toBe(`${own}\n`);
    expect(listed(`${own}/later`)).toBe(`${own}\n`);
    expect(listed(elsewhere)).toBe(`${elsewhere}\n`);
  });

  it('asks for another process only where that has to see another file', () => {
    const [ca, other] = [router.path('ca.pem'), router.path('other.pem')];
    const reload = (options: Record<string, string>) => {
      run('reload_service', options);
      return section.said.filter((line) => line === 'stop' || line === 'start');
    };
    writeFileSync(ca, '');
    run('start_service', { enabled: '0' });
    expect(reload({ enabled: '1', server: 'mqtts://192.168.1.2', password: 'x', ca })).toEqual(['start']);
    router.script('ujail', '');
    run('start_service', { enabled: '0' });
    expect(reload({ enabled: '1', server: 'mqtt://192.168.1.2', commands: '1', id: 'hall' })).toEqual(['start']);
    expect(reload({ enabled: '1', ca })).toEqual(['stop', 'start']);
    expect(reload({ enabled: '1', ca, key: other, server: 'mqtts://192.168.1.3' })).toEqual(['start']);
    writeFileSync(other, '');
    expect(reload({ enabled: '1', ca, key: other })).toEqual(['stop', 'start']);
  });

  it('is made, beside the other one, where it is missing', () => {
    const there = ['l2tpwan.main'];
    const harmless = ['touch', 'chmod'].map((name) => `${name}() { echo ${name} "$@" >>${router.path('said')}; };`);
    const calls = () => {
      writeFileSync(router.path('said'), '');
      const known = there.map((section) => `"-q get ${section}"`).join(' | ') || 'none';
      router.program(
        'uci',
        `case "$*" in ${known}) exit 0 ;; *get*) exit 1 ;; esac; echo "$*" >>${router.path('said')}`,
      );
      expect(router.run(['-c', `${harmless.join('')} . ${join(FILES, 'etc/uci-defaults/60-l2tpwan')}`]).status).toBe(0);
      return section.said;
    };
    const first = ['touch /etc/config/l2tpwan', 'chmod 0600 /etc/config/l2tpwan'];
    expect(calls()).toEqual([...first, '-q set l2tpwan.mqtt=mqtt', '-q commit l2tpwan']);
    there.push('l2tpwan.mqtt');
    expect(calls()).toEqual([...first, '-q commit l2tpwan']);
    there.length = 0;
    expect(calls()).toContain('-q set l2tpwan.main=l2tpwan');
  });
});
