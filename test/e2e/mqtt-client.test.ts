/** The MQTT client and a real broker: every way to it, and everything that can be wrong with certificates, accounts and the way. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { mqttClient } from '../../src/host/mqtt/client.ts';
import type { BrokerSettings, Message, MqttFailure, MqttLink } from '../../src/ports/mqtt.ts';
import { run } from '../lab/command.ts';
import { Authority, type Issued, selfSigned } from '../support/certificates.ts';
import { type BrokerOptions, Mosquitto } from '../support/mosquitto.ts';
import { brokerSettings, Door, Heard, passing, retained } from '../support/mqtt-ends.ts';

const directory = mkdtempSync(join(tmpdir(), 'l2tpwan-tls-'));
const brokers: Mosquitto[] = [];
const links: MqttLink[] = [];
let authority: Authority;
let stranger: Authority;
let server: Issued;

beforeAll(async () => {
  authority = await Authority.create(directory, 'Home CA');
  stranger = await Authority.create(directory, 'Some other CA');
  server = await authority.issue('broker.home', { names: ['DNS:broker.home', 'DNS:*.lan', 'IP:127.0.0.1'] });
});
afterEach(async () => {
  await Promise.all(links.splice(0).map((link) => link.end(200)));
  await Promise.all(brokers.splice(0).map((broker) => broker.destroy()));
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

async function mosquitto(options: BrokerOptions = {}): Promise<Mosquitto> {
  const broker = await Mosquitto.start(options);
  brokers.push(broker);
  return broker;
}

function dial(settings: BrokerSettings, will?: Message): { link: MqttLink; heard: Heard } {
  const heard = new Heard();
  const link = mqttClient.connect(settings, will, heard);
  links.push(link);
  return { link, heard };
}

async function connected(settings: BrokerSettings, will?: Message): Promise<{ link: MqttLink; heard: Heard }> {
  const dialled = dial(settings, will);
  await dialled.heard.whenConnected();
  return dialled;
}

const failure = (settings: BrokerSettings): Promise<MqttFailure> => dial(settings).heard.whenRefused();

/** Publishes, and hears it. */
async function works(settings: BrokerSettings): Promise<void> {
  const { link, heard } = await connected(settings);
  await link.subscribe(['l2tpwan/#']);
  await link.publish(passing('l2tpwan/wan', '{"state":"up","words":"verbunden – läuft"}'));
  const message = { topic: 'l2tpwan/wan', payload: '{"state":"up","words":"verbunden – läuft"}', retain: false };
  await expect.poll(() => heard.messages).toEqual([message]);
  await link.end(1000);
  expect(heard.words).toEqual(['connected']);
}

const secure = (port: number, more: Partial<BrokerSettings> = {}): BrokerSettings =>
  brokerSettings(port, { server: `mqtts://127.0.0.1:${port}`, ca: authority.certificate, ...more });

describe.each(['3.1.1', '5'] as const)('MQTT %s', (version) => {
  it('over TCP, TLS, WebSocket, and WebSocket with TLS', async () => {
    const [tcp, tls, web, webTls] = await Promise.all([
      mosquitto(),
      mosquitto({ tls: server }),
      mosquitto({ webSockets: true }),
      mosquitto({ webSockets: true, tls: server }),
    ]);
    await works(brokerSettings(tcp.port, { version }));
    await works(secure(tls.port, { version }));
    await works(brokerSettings(web.port, { version, server: `ws://127.0.0.1:${web.port}/mqtt` }));
    await works(secure(webTls.port, { version, server: `wss://127.0.0.1:${webTls.port}/mqtt` }));
  });

  it('retains, forgets, and leaves the will to the broker unless we take our leave', async () => {
    const { port } = await mosquitto();
    const will = retained('l2tpwan/bridge/state', 'offline');
    const { link, heard } = await connected(brokerSettings(port, { version }), will);
    await link.publish(retained('l2tpwan/bridge/state', 'online'));
    await link.publish(retained('l2tpwan/wan', 'up'));
    await link.publish(retained('l2tpwan/lan', 'up'));
    await link.publish(retained('l2tpwan/lan', ''));
    const kept = async () => {
      const other = await connected(brokerSettings(port, { version, clientId: 'other' }));
      await other.link.subscribe(['l2tpwan/#']);
      await expect.poll(() => other.heard.messages.length).toBeGreaterThan(1);
      await other.link.end(500);
      return other.heard.messages.map(({ topic, payload, retain }) => `${topic} ${payload} ${retain}`).sort();
    };
    expect(await kept()).toEqual(['l2tpwan/bridge/state online true', 'l2tpwan/wan up true']);
    // Another client of the same id throws this one out: no leave is taken.
    const again = await connected(brokerSettings(port, { version }));
    expect((await heard.whenLost()).stage).toBe('lost');
    await expect.poll(kept).toContain('l2tpwan/bridge/state offline true');
    await again.link.publish(retained('l2tpwan/bridge/state', 'online'));
    await again.link.end(1000);
    expect(await kept()).toContain('l2tpwan/bridge/state online true');
  });

  it('says that user or password is wrong, and never which', async () => {
    const { port } = await mosquitto({ accounts: { alice: 's3cret' } });
    const wrong = await failure(brokerSettings(port, { version, username: 'alice', password: 'wr0ng' }));
    expect(wrong).toEqual({
      stage: 'connack',
      words: 'the broker refuses the connection: user or password is wrong or missing, or this user may not connect',
      detail: version === '5' ? '135 not authorised' : '5 not authorised',
    });
    await works(brokerSettings(port, { version, username: 'alice', password: 's3cret' }));
    const path = join(directory, 'credentials');
    writeFileSync(path, 'alice\ns3cret\n');
    await works(brokerSettings(port, { version, credentialsFile: path }));
  });

  it('survives the death of the broker, and finds it again when asked', async () => {
    const broker = await mosquitto();
    const { heard } = await connected(brokerSettings(broker.port, { version }));
    await broker.kill();
    expect(await heard.whenLost()).toMatchObject({ stage: 'lost' });
    expect(await failure(brokerSettings(broker.port, { version }))).toMatchObject({ stage: 'tcp' });
    await broker.resume();
    await works(brokerSettings(broker.port, { version }));
  });
});

describe('what a user may not do', () => {
  const acl = ['user alice', 'topic readwrite l2tpwan/#'];

  it('is refused in MQTT 5, and silently dropped in 3.1.1', async () => {
    const { port } = await mosquitto({ accounts: { alice: 's3cret' }, acl });
    const account = { username: 'alice', password: 's3cret' };
    const five = await connected(brokerSettings(port, { ...account, version: '5' }));
    await expect(five.link.publish(passing('homeassistant/x', 'y'))).rejects.toMatchObject({
      failure: {
        stage: 'publish',
        words: 'the broker does not take homeassistant/x: this user may not do that',
        detail: '135 not authorised',
      },
    });
    await five.link.publish(passing('l2tpwan/x', 'y'));
    const three = await connected(brokerSettings(port, { ...account, clientId: 'three' }));
    await three.link.subscribe(['homeassistant/x']);
    await three.link.publish(passing('homeassistant/x', 'y'));
    await three.link.publish(passing('l2tpwan/x', 'y'));
    expect(three.heard.messages).toEqual([]);
  });
});

describe('a certificate of the broker', () => {
  const words = async (settings: BrokerSettings) => {
    const { stage, words: said, detail } = await failure(settings);
    return `${stage} ${detail}: ${said}`;
  };
  const day = '\\d{4}-\\d\\d-\\d\\d';

  it('that another authority has issued is not trusted', async () => {
    const { port } = await mosquitto({ tls: server });
    expect(await words(secure(port, { ca: stranger.certificate }))).toBe(
      "tls UNABLE_TO_VERIFY_LEAF_SIGNATURE: the broker's certificate (broker.home, issued by Home CA) is not trusted: " +
        `the CA file ${stranger.certificate} does not hold who issued it`,
    );
    expect(await words(secure(port, { ca: undefined }))).toMatch(
      /Home CA\) is not trusted: (the CA file \/etc\/ssl\/certs\/ca-certificates\.crt|the certificates that Node\.js brings along) does not hold who issued it$/,
    );
    await works(secure(port, { ca: stranger.certificate, rejectUnauthorized: false }));
  });

  it('that nobody has issued is not trusted', async () => {
    const alone = await selfSigned(directory, 'my broker', ['IP:127.0.0.1']);
    const { port } = await mosquitto({ tls: alone });
    expect(await words(secure(port))).toContain(
      `(my broker, issued by my broker) is signed by itself alone, and is not in the CA file ${authority.certificate}`,
    );
    await works(secure(port, { ca: alone.certificate }));
  });

  it('that has expired, with the day, and the day it is here', async () => {
    const expired = await authority.issue('broker.old', { names: ['IP:127.0.0.1'], days: -1 });
    const { port } = await mosquitto({ tls: expired });
    expect(await words(secure(port))).toMatch(
      new RegExp(
        `^tls CERT_HAS_EXPIRED: the broker's certificate \\(broker\\.old, issued by Home CA\\) has expired on ${day}; this machine's clock says ${day}$`,
      ),
    );
  });

  it('that is for another name, with the names it is for', async () => {
    const other = await authority.issue('elsewhere', { names: ['DNS:elsewhere.home', 'DNS:*.lan'] });
    const { port } = await mosquitto({ tls: other });
    expect(await words(secure(port))).toContain(
      '(elsewhere, issued by Home CA) is for elsewhere.home, *.lan, not for 127.0.0.1: use one of its names, or set serverName to it',
    );
    await works(secure(port, { serverName: 'elsewhere.home' }));
    expect(await words(secure(port, { serverName: 'broker.home' }))).toContain('not for broker.home');
  });

  it('that is no certificate: the port does not speak TLS', async () => {
    const { port } = await mosquitto();
    expect(await words(secure(port))).toContain('as a port does that has no TLS: mqtts:// is commonly on 8883');
  });

  it('that is not asked for: a port with TLS hangs up', async () => {
    const { port } = await mosquitto({ tls: server });
    expect(await words(brokerSettings(port))).toContain('as a port does that wants TLS');
  });
});

describe('our certificate', () => {
  it('is shown to a broker that demands one', async () => {
    const client = await authority.issue('router', { purpose: 'clientAuth' });
    const foreign = await stranger.issue('intruder', { purpose: 'clientAuth' });
    for (const version of ['tlsv1.2', 'tlsv1.3']) {
      const { port } = await mosquitto({
        tls: server,
        clientCa: authority.certificate,
        lines: [`tls_version ${version}`],
      });
      await works(secure(port, { certificate: client.certificate, key: client.key }));
      expect(await failure(secure(port))).toMatchObject({
        stage: 'tls',
        words: expect.stringContaining(`127.0.0.1 port ${port} demands a client certificate, and none is configured`),
      });
      expect(await failure(secure(port, { certificate: foreign.certificate, key: foreign.key }))).toMatchObject({
        stage: 'tls',
        words: expect.stringContaining(`does not trust our certificate ${foreign.certificate}`),
      });
    }
  });

  it('and its files: what is wrong with them is said before anything is sent', async () => {
    const client = await authority.issue('client', { purpose: 'clientAuth' });
    const { certificate, key } = client;
    const locked = join(directory, 'locked.key');
    await run('openssl', ['pkey', '-in', key, '-aes256', '-passout', 'pass:x', '-out', locked]);
    const files = (more: Partial<BrokerSettings>) => failure(secure(1, more)).then(({ words }) => words);
    expect(await files({ ca: '/no/ca.pem' })).toBe('the CA file /no/ca.pem cannot be read: there is no such file');
    expect(await files({ ca: directory })).toContain('cannot be read: it is a directory');
    expect(await files({ ca: key })).toBe(`the CA file ${key} holds no certificate in PEM`);
    expect(await files({ certificate, key: certificate })).toContain('holds no private key in PEM');
    expect(await files({ certificate, key: server.key })).toBe(
      `the key ${server.key} does not belong to the client certificate ${certificate}`,
    );
    expect(await files({ certificate, key: locked })).toContain('is protected with a passphrase');
    expect(await files({ credentialsFile: '/no/credentials' })).toContain('the credentials file /no/credentials');
    writeFileSync(join(directory, 'empty'), '');
    expect(await files({ credentialsFile: join(directory, 'empty') })).toContain('the user in its first line');
  });
});

describe('a message that is too large', () => {
  it('is kept by the broker in MQTT 5, and ends the connection in 3.1.1', async () => {
    const { port } = await mosquitto();
    const [three, five] = await Promise.all([
      connected(brokerSettings(port, { clientId: 'three' })),
      connected(brokerSettings(port, { clientId: 'five', version: '5' })),
    ]);
    await three.link.subscribe(['l2tpwan/+/set']);
    await five.link.subscribe(['l2tpwan/+/set']);
    const { link } = await connected(brokerSettings(port, { clientId: 'flooder' }));
    await link.publish(passing('l2tpwan/wan/set', 'x'.repeat(100_000)));
    await link.publish(passing('l2tpwan/wan/set', 'small'));
    expect(await three.heard.whenLost()).toMatchObject({ detail: 'packet too large' });
    await expect.poll(() => five.heard.messages.map(({ payload }) => payload)).toEqual(['small']);
    expect(three.heard.messages).toEqual([]);
  });
});

describe('a way that is no way any more', () => {
  /** Passes on what comes, until it is told to keep everything to itself: as if the way had been cut, with nobody to say so. */
  async function proxy(port: number): Promise<{ door: Door; fallSilent: () => void }> {
    let isSilent = false;
    const pass = (from: Socket, to: Socket) =>
      from.on('data', (octets) => {
        if (!isSilent) to.write(octets);
      });
    const door = await Door.open((socket) => {
      const onward = connect(port, '127.0.0.1').on('error', () => undefined);
      pass(socket, onward);
      pass(onward, socket);
      socket.on('close', () => onward.destroy());
    });
    return {
      door,
      fallSilent: () => {
        isSilent = true;
      },
    };
  }

  it.each(['mqtt', 'mqtts', 'ws'])('is found out over %s by asking', async (scheme) => {
    const broker = await mosquitto(scheme === 'mqtts' ? { tls: server } : { webSockets: scheme === 'ws' });
    const { door, fallSilent } = await proxy(broker.port);
    try {
      const { link, heard } = await connected(
        secure(door.port, { server: `${scheme}://127.0.0.1:${door.port}`, keepaliveS: 2 }),
      );
      await link.publish(passing('l2tpwan/a', 'b'));
      const since = Date.now();
      fallSilent();
      const unheard = link.publish(passing('l2tpwan/a', 'c'));
      await expect(unheard).rejects.toMatchObject({ failure: { stage: 'lost', detail: 'keepalive timeout' } });
      expect(Date.now() - since).toBeLessThan(4500);
      expect((await heard.whenLost()).words).toBe('the broker has said nothing for 3 s, not even when asked');
    } finally {
      door.close();
    }
  });

  it('before TLS or WebSocket is there: it says how far it got', async () => {
    const door = await Door.open(() => undefined);
    try {
      const limit = { connectTimeoutMs: 1500 };
      const within = async (server: string) => (await failure(secure(door.port, { ...limit, server }))).words;
      expect(await within(`mqtts://127.0.0.1:${door.port}`)).toContain('completes no TLS handshake within 1.5 s');
      expect(await within(`ws://127.0.0.1:${door.port}/mqtt`)).toContain('opens no WebSocket within 1.5 s');
    } finally {
      door.close();
    }
  });
});

describe('a web server that is no broker', () => {
  it.each([
    [
      'has nothing there',
      'HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n',
      'has no WebSocket at /mqtt',
      '404 Not Found',
    ],
    ['is no web server', 'SSH-2.0-OpenSSH_9.2\r\n', 'cannot be opened', 'HPE_INVALID_CONSTANT'],
    ['hangs up', '', 'cannot be opened: socket hang up', 'ECONNRESET'],
  ])('because it %s', async (_, answer, words, detail) => {
    const door = await Door.open((socket) => socket.once('data', () => socket.end(answer)));
    try {
      const found = await failure(brokerSettings(0, { server: `ws://127.0.0.1:${door.port}/mqtt` }));
      expect(found).toMatchObject({ stage: 'websocket', words: expect.stringContaining(words), detail });
    } finally {
      door.close();
    }
  });
});
