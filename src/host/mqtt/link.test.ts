/** Links to servers that are none: every answer of the specifications, in octets. */
import type { Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { brokerSettings, Door, Heard, passing, retained } from '../../../test/support/mqtt-ends.ts';
import type { BrokerSettings, Message } from '../../ports/mqtt.ts';
import { mqttClient } from './client.ts';

const hex = (octets: string): Buffer => Buffer.from(octets.replace(/\s+/g, ''), 'hex');
const CONNACK = hex('20 02 00 00');
const CONNACK_5 = hex('20 03 00 00 00');

let door: Door | undefined;
afterEach(() => door?.close());

/** A server that answers what it gets with what it was told, one packet each. */
const answering = (...answers: (Buffer | 'end' | 'nothing' | ((packet: Buffer) => Buffer))[]) => {
  const left = [...answers];
  return (socket: Socket) =>
    socket.on('data', (packet: Buffer) => {
      const answer = left.shift();
      if (answer === 'end') socket.end();
      else if (answer !== undefined && answer !== 'nothing')
        socket.write(typeof answer === 'function' ? answer(packet) : answer);
    });
};

async function dial(serve: (socket: Socket) => void, more: Partial<BrokerSettings> = {}, will?: Message) {
  door = await Door.open(serve);
  const heard = new Heard();
  const link = mqttClient.connect(brokerSettings(door.port, more), will, heard);
  return { link, heard };
}

/** How a connection to such a server fails. */
async function failure(serve: (socket: Socket) => void, more: Partial<BrokerSettings> = {}) {
  const { heard } = await dial(serve, more);
  return heard.whenRefused();
}

async function connected(serve: (socket: Socket) => void, more: Partial<BrokerSettings> = {}) {
  const dialled = await dial(serve, more);
  await dialled.heard.whenConnected();
  return dialled;
}

describe('what a link says first', () => {
  const first = (more: Partial<BrokerSettings>, will?: Message) =>
    new Promise<string>((resolve) => {
      void dial((socket) => socket.once('data', (octets) => resolve(octets.toString('hex'))), more, will);
    });

  it('is CONNECT of MQTT 3.1.1 (§3.1), with user, password and will', async () => {
    const will = retained('l2tpwan/bridge/state', 'off');
    const octets = await first({ username: 'alice', password: 's3cret', clientId: 'id', keepaliveS: 90 }, will);
    const flags = 'ee'; // user, password, will retained with QoS 1, clean session
    expect(octets).toBe(
      hex(`10 38  0004 4d515454  04  ${flags}  005a  0002 6964`).toString('hex') +
        `0014${Buffer.from('l2tpwan/bridge/state').toString('hex')}0003${Buffer.from('off').toString('hex')}` +
        `0005${Buffer.from('alice').toString('hex')}0006${Buffer.from('s3cret').toString('hex')}`,
    );
  });

  it('is CONNECT of MQTT 5 (§3.1), with the largest packet we take', async () => {
    const octets = await first({ version: '5', clientId: 'id', keepaliveS: 60 });
    expect(octets).toBe(hex('10 14  0004 4d515454  05  02  003c  05 27 00010000  0002 6964').toString('hex'));
  });
});

describe('CONNACK', () => {
  it.each([
    [1, 'it does not speak this version of MQTT: set the other one', '1 unacceptable protocol version'],
    [2, 'it does not accept the client id', '2 identifier rejected'],
    [3, 'it is not available now', '3 server unavailable'],
    [4, 'user or password is wrong', '4 bad user name or password'],
    [5, 'user or password is wrong or missing, or this user may not connect', '5 not authorised'],
    [77, 'unknown', '77 unknown'],
  ])('of MQTT 3.1.1 with code %i', async (code, words, detail) => {
    expect(await failure(answering(Buffer.from([0x20, 2, 0, code])))).toEqual({
      stage: 'connack',
      words: `the broker refuses the connection: ${words}`,
      detail,
    });
  });

  it.each([
    [0x85, 'it does not accept the client id', '133 client identifier not valid'],
    [0x86, 'user or password is wrong', '134 bad user name or password'],
    [0x87, 'user or password is wrong or missing, or this user may not connect', '135 not authorised'],
    [0x88, 'it is not available now', '136 server unavailable'],
    [0x8a, 'this client is banned', '138 banned'],
    [0x9f, 'there are too many connects', '159 connection rate exceeded'],
  ])('of MQTT 5 with code %i', async (code, words, detail) => {
    const answer = answering(Buffer.from([0x20, 3, 0, code, 0]));
    expect(await failure(answer, { version: '5' })).toEqual({
      stage: 'connack',
      words: `the broker refuses the connection: ${words}`,
      detail,
    });
  });

  it('of MQTT 5 with words of the broker, in which no password of ours appears', async () => {
    const reason = Buffer.from('no s3cret here');
    const packet = Buffer.concat([hex('20 14 00 87 11 1f 00 0e'), reason]);
    const settings = { version: '5', username: 'alice', password: 's3cret' } as const;
    expect((await failure(answering(packet), settings)).detail).toBe('135 not authorised: no … here');
  });

  it('of a web server that repeats the token in the URL', async () => {
    door = await Door.open(answering(Buffer.from('HTTP/1.1 403 no eyJhbGci here, nor ?token=eyJhbGci\r\n\r\n')));
    const heard = new Heard();
    const settings = brokerSettings(0, { server: `ws://127.0.0.1:${door.port}`, query: '?token=eyJhbGci' });
    mqttClient.connect(settings, undefined, heard);
    expect(await heard.whenRefused()).toEqual({
      stage: 'websocket',
      words: `the web server at 127.0.0.1 port ${door.port} has no WebSocket at /`,
      detail: '403 no … here, nor ?…',
    });
  });

  it('that does not come', async () => {
    const found = await failure(answering(), { connectTimeoutMs: 200 });
    expect(found).toEqual({
      stage: 'connack',
      words: `127.0.0.1 port ${door?.port} is there, but does not answer in MQTT within 0.2 s`,
      detail: 'timeout',
    });
    await expect.poll(() => door?.guests).toBe(0);
  });

  it('in place of which the connection is closed, or something else comes', async () => {
    const closed = 'closed the connection instead of an answer, as a port does that wants TLS';
    expect(await failure(answering('end'))).toMatchObject({ stage: 'connack', words: expect.stringContaining(closed) });
    const http = answering(Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n'));
    const found = await failure(http, { connectTimeoutMs: 1000 });
    expect(found).toMatchObject({ stage: 'connack', words: expect.stringContaining('does not answer in MQTT') });
  });
});

describe('the way there', () => {
  it('is shut, unknown or endless', async () => {
    door = await Door.open(() => undefined);
    const { port } = door;
    door.close();
    const tell = (server: string) => {
      const heard = new Heard();
      mqttClient.connect(brokerSettings(0, { server, connectTimeoutMs: 500 }), undefined, heard);
      return heard.whenLost();
    };
    expect(await tell(`mqtt://127.0.0.1:${port}`)).toEqual({
      stage: 'tcp',
      words: `127.0.0.1 port ${port} refuses: no broker listens there`,
      detail: 'ECONNREFUSED',
    });
    expect(await tell(`mqtt://[::1]:${port}`)).toMatchObject({ words: expect.stringContaining(`::1 port ${port}`) });
    expect(await tell('mqtt://broker.invalid')).toMatchObject({
      stage: 'dns',
      words: expect.stringContaining('broker.invalid'),
    });
  });

  it('ends with the link: no word, and nothing left', async () => {
    const { link, heard } = await dial(answering());
    await link.end(1000);
    await link.end(1000);
    await expect(link.publish(passing('a', 'b'))).rejects.toMatchObject({ failure: { stage: 'lost' } });
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(heard.words).toEqual([]);
    await expect.poll(() => door?.guests).toBe(0);
  });
});

describe('a link that ends, or runs out of time, before it is there', () => {
  it.each(['mqtts', 'ws'])('leaves nothing behind: %s', async (scheme) => {
    door = await Door.open(() => undefined);
    const server = `${scheme}://127.0.0.1:${door.port}`;
    const heard = new Heard();
    const link = mqttClient.connect(brokerSettings(0, { server }), undefined, heard);
    await expect.poll(() => door?.guests).toBe(1);
    await link.end(100);
    await expect.poll(() => door?.guests).toBe(0);
    expect(heard.words).toEqual([]);
    const slow = new Heard();
    mqttClient.connect(brokerSettings(0, { server, connectTimeoutMs: 300 }), undefined, slow);
    expect((await slow.whenLost()).detail).toBe('timeout');
    await expect.poll(() => door?.guests).toBe(0);
  });
});

describe('a link that is connected', () => {
  it('says which topics it may not hear (3.1.1 §3.9.3: 0x80)', async () => {
    const suback = (packet: Buffer) => Buffer.concat([hex('90 05'), packet.subarray(2, 4), hex('01 80 80')]);
    const { link } = await connected(answering(CONNACK, suback));
    await expect(link.subscribe(['a/#', 'b/+/set', 'c'])).rejects.toMatchObject({
      failure: {
        stage: 'subscribe',
        words: 'the broker does not let us hear b/+/set, c: this user may not, it seems',
        detail: '128 unspecified error',
      },
    });
  });

  it.each([
    ['MQTT 5 that says so (§3.2.2.3.3)', hex('20 06 00 00 03 21 00 0a'), '5', 10],
    ['MQTT 5 that says what is forbidden', hex('20 06 00 00 03 21 00 00'), '5', 1],
    ['MQTT 5', CONNACK_5, '5', 65_535],
    ['MQTT 3.1.1', CONNACK, '3.1.1', 65_535],
  ] as const)('knows how much may be under way: %s', async (_, connack, version, most) => {
    const { link } = await connected(answering(connack), { version });
    expect(link.receiveMaximum).toBe(most);
  });

  it('says which message is not taken, and why (MQTT 5 §3.4)', async () => {
    const puback = (packet: Buffer) =>
      Buffer.concat([hex('40 0b'), packet.subarray(5, 7), hex('87 07 1f 0004 6e6f7065')]);
    const { link } = await connected(answering(CONNACK_5, puback), { version: '5' });
    await expect(link.publish(passing('a', 'b'))).rejects.toMatchObject({
      failure: {
        stage: 'publish',
        words: 'the broker does not take a: this user may not do that',
        detail: '135 not authorised: nope',
      },
    });
  });

  it('has everything that was not acknowledged refused when it is lost, and is lost once', async () => {
    const { link, heard } = await connected(answering(CONNACK, 'nothing', 'nothing', 'end'));
    const refused = expect(link.publish(passing('a', '1'))).rejects.toMatchObject({ failure: { stage: 'lost' } });
    await new Promise((resolve) => setTimeout(resolve, 50));
    const notHeard = expect(link.subscribe(['b'])).rejects.toMatchObject({ failure: { stage: 'lost' } });
    await new Promise((resolve) => setTimeout(resolve, 50));
    await expect(link.publish(passing('a', '2'))).rejects.toMatchObject({ failure: { stage: 'lost' } });
    await refused;
    await notHeard;
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(heard.words).toEqual(['connected', 'lost: lost']);
  });

  it('notices a broker that says nothing more', async () => {
    const { link, heard } = await connected(answering(CONNACK), { keepaliveS: 1 });
    const why = { failure: { stage: 'lost', detail: 'keepalive timeout' } };
    const unanswered = [link.publish(passing('a', '1')), link.subscribe(['b'])].map((each) =>
      expect(each).rejects.toMatchObject(why),
    );
    expect(await heard.whenLost()).toEqual({
      stage: 'lost',
      words: 'the broker has said nothing for 1.5 s, not even when asked',
      detail: 'keepalive timeout',
    });
    await Promise.all(unanswered);
    await expect.poll(() => door?.guests).toBe(0);
  });

  it('does not take messages that this machine may have no memory for', async () => {
    const { heard } = await connected((socket) => {
      socket.once('data', () => {
        socket.write(CONNACK);
        setTimeout(() => socket.write(hex('30 ff ff ff 7f 0001 61')), 50);
      });
    });
    expect(await heard.whenLost()).toEqual({
      stage: 'lost',
      words: 'the broker passes a message of 268435455 octets on to us, and more than 65536 are not taken',
      detail: 'packet too large',
    });
    expect(heard.messages).toEqual([]);
  });

  it('passes on why the broker leaves (MQTT 5 §3.14)', async () => {
    const { heard } = await connected(
      (socket) => {
        socket.once('data', () => {
          socket.write(CONNACK_5);
          setTimeout(() => socket.end(hex('e0 02 8e 00')), 50);
        });
      },
      { version: '5' },
    );
    expect(await heard.whenLost()).toEqual({
      stage: 'lost',
      words: 'the broker has ended the connection: another client with the same client id has connected',
      detail: '142 session taken over',
    });
  });

  it('hears nothing more once it is to end, whatever becomes of it', async () => {
    const { link, heard } = await connected(answering(CONNACK, 'end'));
    const refused = expect(link.publish(passing('a', '1'))).rejects.toMatchObject({ failure: { stage: 'lost' } });
    const since = Date.now();
    await link.end(5000);
    await refused;
    expect(Date.now() - since).toBeLessThan(1000);
    expect(heard.words).toEqual(['connected']);
  });

  it('does not wait for ever for a broker when it ends', async () => {
    const { link, heard } = await connected(answering(CONNACK));
    void link.publish(passing('a', '1')).catch(() => undefined);
    const since = Date.now();
    await link.end(200);
    expect(Date.now() - since).toBeLessThan(1000);
    expect(heard.words).toEqual(['connected']);
  });
});
