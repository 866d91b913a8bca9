/**
 * Runs a transcript: a conversation between our client and a server, as text.
 *
 *     # What this shows, in a sentence or two.
 *     given auth=pap tunnelSecret=sesame        settings that differ from the defaults
 *     do connect                                what the user does: connect, disconnect, redial
 *     do path-mtu octets=1400                   what the network says
 *     at 0.000  ->  SCCRQ hostName=router       we send this, now; particulars not named may be anything
 *     at 0.020  <-  SCCRP assignedTunnelId=77   the server sends this; ns, nr and ids are the right ones unless named
 *     at 0.020  <-  from 10.0.0.9:1702 SCCRP …  … from another address
 *     expect stage=up mtu=1460                  how things stand
 *     expect failure=call-busy "limit"          the last failure, and words that its detail or the peer's text contains
 *
 * `at` moves the virtual clock. Everything we send must be in the transcript, in its order and at its time.
 */
import { Client } from '../../src/protocol/client.ts';
import type { Candidate, ClientEffect, ClientInput } from '../../src/protocol/client-io.ts';
import type { Endpoint } from '../../src/protocol/machine.ts';
import type { AuthMethod, ClientSettings } from '../../src/protocol/settings.ts';
import { hex } from '../../src/wire/bytes.ts';
import { isControl, readDatagram } from '../../src/wire/l2tp-header.ts';
import { LCP_CODE } from '../../src/wire/ppp-code-table.ts';
import { readFrame } from '../../src/wire/ppp-frame.ts';
import { type PppPacket, readPacket, writePacket } from '../../src/wire/ppp-packet.ts';
import { random } from '../random.ts';
import { datagramOf, parseSaying, type Saying, sayingOf, says, show } from './transcript-words.ts';

const LOCAL: Endpoint = { address: '192.0.2.2', port: 40_000 };
/** Clock readings in a transcript are rounded to milliseconds. */
const SAME_MS = 0.6;

/** @throws Error at the first line that does not hold, with what happened instead */
export function runTranscript(text: string): void {
  const lines = text
    .split('\n')
    .map((line, index) => ({ line: line.replace(/(^|\s)#.*$/, '').trim(), number: index + 1 }));
  const given = lines.filter(({ line }) => line.startsWith('given ')).map(({ line }) => line.slice(6));
  const stage = new Stage(settingsOf(given.join(' ')));
  for (const { line, number } of lines) {
    if (line === '' || line.startsWith('given ')) continue;
    try {
      stage.perform(line);
    } catch (error) {
      throw new Error(`line ${number}: ${line}\n  ${(error as Error).message}`);
    }
  }
  stage.close();
}

class Stage {
  readonly #client: Client;
  readonly #pending: { at: number; bytes: Uint8Array; to: Endpoint }[] = [];
  readonly #events: string[] = [];
  #now = 0;
  #server: Candidate | undefined;
  #ours = { tunnelId: 0, sessionId: 0, ns: 0 };
  #theirNs = 0;
  /** Our last Configure-Request of each protocol. */
  readonly #requests = new Map<string, PppPacket>();
  /** Our last Echo-Request. */
  #echo: PppPacket | undefined;
  #papId = '';

  constructor(settings: ClientSettings) {
    const source = random(1);
    this.#client = new Client(settings, (count) => source.octets(count));
  }

  perform(line: string): void {
    const [, time, rest = line] = /^at\s+([\d.]+)\s+(.*)$/.exec(line) ?? [];
    if (time !== undefined) this.#advance(Number(time) * 1000);
    const [, verb, words = ''] = /^(->|<-|do|expect)\s*(.*)$/.exec(rest) ?? [];
    switch (verb) {
      case '->':
        this.#expectSent(words);
        return;
      case '<-':
        this.#receive(words);
        return;
      case 'do':
        this.#take(this.#inputOf(words));
        return;
      case 'expect':
        this.#expect(words);
        return;
      default:
        throw new Error('not a line of a transcript');
    }
  }

  close(): void {
    const [left] = this.#pending;
    if (left !== undefined)
      throw new Error(`at the end we had also sent, at ${left.at / 1000}: ${show(sayingOf(left.bytes))}`);
  }

  #inputOf(words: string): ClientInput {
    const { octets } = parseSaying(words).fields;
    if (octets === undefined) return { type: words, why: 'the transcript says so' } as ClientInput;
    const path = { octets: Number(octets), from: 'icmp' } as const;
    return { type: 'path-mtu', server: this.#server?.address ?? '', path };
  }

  #advance(to: number): void {
    for (;;) {
      const at = this.#client.deadline;
      if (at === undefined || at > to + SAME_MS) break;
      this.#now = Math.max(this.#now, at);
      this.#take({ type: 'tick' });
    }
    this.#now = Math.max(this.#now, to);
  }

  #take(input: ClientInput): void {
    for (const effect of this.#client.handle(input, this.#now)) this.#do(effect);
  }

  /** The host: everything works, at once. */
  #do(effect: ClientEffect): void {
    switch (effect.type) {
      case 'send':
        this.#note(effect.bytes);
        this.#pending.push({ at: this.#now, bytes: effect.bytes, to: effect.to });
        return;
      case 'resolve':
        this.#take({
          type: 'resolved',
          candidates: effect.servers.map(({ host, port }) => ({ name: host, address: host, port })),
        });
        return;
      case 'prepare':
        this.#server = effect.candidate;
        this.#theirNs = 0;
        this.#take({
          type: 'path-ready',
          path: { socket: 1, local: LOCAL, uplink: 'eth0', mtu: { octets: 1500, from: 'uplink' } },
        });
        return;
      case 'link-up':
        this.#take({ type: 'link-ready' });
        return;
      case 'release':
        this.#take({ type: 'released' });
        return;
      case 'dropped':
        this.#events.push(`dropped ${effect.why}`);
        return;
      case 'event':
        if (effect.event.kind === 'warning') this.#events.push(`warning ${effect.event.code} ${effect.event.detail}`);
        return;
      default:
        this.#events.push(effect.type);
    }
  }

  /** Learns our ids and numbers from what we send, as a server does. */
  #note(bytes: Uint8Array): void {
    const read = readDatagram(bytes);
    if (read.kind !== 'control') {
      const { head, fields } = sayingOf(bytes);
      const [, protocol] = /^(\S+) Configure-Request$/.exec(head) ?? [];
      if (head === 'LCP Echo-Request') this.#echo = readPacket(readFrame(read.payload).payload);
      if (head === 'PAP Authenticate-Request') this.#papId = fields.id ?? '';
      if (protocol !== undefined) this.#requests.set(protocol, readPacket(readFrame(read.payload).payload));
      return;
    }
    const { head, fields } = sayingOf(bytes);
    if (head !== 'ZLB') this.#ours.ns = read.header.ns + 1;
    if (fields.assignedTunnelId !== undefined) this.#ours.tunnelId = Number(fields.assignedTunnelId);
    if (fields.assignedSessionId !== undefined) this.#ours.sessionId = Number(fields.assignedSessionId);
  }

  #expectSent(words: string): void {
    const next = this.#pending.shift();
    if (next === undefined) throw new Error('we sent nothing');
    const [, address, rest = words] = /^to\s+(\S+)\s+(.*)$/.exec(words) ?? [];
    const said = sayingOf(next.bytes);
    const when = Math.abs(next.at - this.#now) > SAME_MS ? ` at ${next.at / 1000}` : '';
    const where =
      address !== undefined && address !== `${next.to.address}:${next.to.port}`
        ? ` to ${next.to.address}:${next.to.port}`
        : '';
    if (when !== '' || where !== '' || !says(said, parseSaying(rest)))
      throw new Error(`we sent${when}${where}: ${show(said)}`);
  }

  #receive(words: string): void {
    const [early] = this.#pending;
    if (early !== undefined && early.at < this.#now - SAME_MS)
      throw new Error(`before that, at ${early.at / 1000}, we sent: ${show(sayingOf(early.bytes))}`);
    const [, address, rest = words] = /^from\s+(\S+)\s+(.*)$/.exec(words) ?? [];
    const [host, port] = address?.split(':') ?? [];
    const from =
      host === undefined
        ? { address: this.#server?.address ?? '', port: this.#server?.port ?? 0 }
        : { address: host, port: Number(port) };
    if (host !== undefined && this.#server !== undefined && rest.startsWith('SCCRP'))
      this.#server = { ...this.#server, ...from };
    const saying = this.#echoing(parseSaying(rest));
    const session = /^(ICRP|CDN|WEN|SLI|OC|[A-Z0-9]*CP |PAP|CHAP|IPV)/.test(`${saying.head} `)
      ? this.#ours.sessionId
      : 0;
    const bytes = datagramOf(saying, {
      tunnelId: this.#ours.tunnelId,
      sessionId: session,
      ns: this.#theirNs,
      nr: this.#ours.ns,
    });
    if (isControl(bytes) && saying.head !== 'ZLB' && saying.fields.ns === undefined) this.#theirNs++;
    this.#take({ type: 'datagram', socket: 1, from, bytes });
  }

  /** `Echo-Reply data=same` sends back what we sent last. `Configure-Ack` without options acknowledges all of our last request; `Configure-Reject all` rejects all of it; PAP answers our last id. */
  #echoing(saying: Saying): Saying {
    if (saying.head.startsWith('PAP')) return { ...saying, fields: { id: this.#papId, ...saying.fields } };
    if (saying.head === 'LCP Echo-Reply' && saying.fields.data === 'same' && this.#echo !== undefined)
      return {
        head: saying.head,
        fields: { octets: hex(writePacket({ ...this.#echo, code: LCP_CODE.echoReply })) },
      };
    const [, protocol = '', verb] = /^(\S+) Configure-(Ack|Reject)$/.exec(saying.head) ?? [];
    const request = this.#requests.get(protocol);
    const { id, ...options } = saying.fields;
    const names = Object.keys(options).filter((name) => name !== 'all');
    if (request === undefined || names.length > 0 || (verb === 'Reject' && options.all === undefined)) return saying;
    const answer = {
      code: verb === 'Ack' ? LCP_CODE.configureAck : LCP_CODE.configureReject,
      id: Number(id ?? request.id),
      data: request.data,
    };
    return { head: saying.head, fields: { octets: hex(writePacket(answer)) } };
  }

  #expect(words: string): void {
    const [, quoted] = /"([^"]*)"/.exec(words) ?? [];
    const snapshot = this.#client.snapshot(this.#now);
    const { lastFailure } = snapshot;
    const facts: Record<string, string> = {
      stage: snapshot.stage,
      mtu: String(snapshot.mtu),
      pathMtu: `${snapshot.pathMtu?.octets}/${snapshot.pathMtu?.from}`,
      probe: snapshot.pathMtu?.finding?.result ?? 'none',
      address: String(snapshot.link?.localAddress),
      peer: String(snapshot.link?.peerAddress),
      dns: snapshot.link?.dns.join(',') ?? '',
      auth: String(snapshot.authentication?.method),
      failure: String(lastFailure?.failure.code),
      failedIn: String(lastFailure?.stage),
      ipv6: String(snapshot.ipv6InterfaceId !== undefined),
      server: String(snapshot.server?.address),
      retry: String(snapshot.nextAttemptAt !== undefined && Math.round((snapshot.nextAttemptAt - this.#now) / 1000)),
    };
    for (const [name, value] of Object.entries(parseSaying(words.replace(/"[^"]*"/, '')).fields)) {
      if (name === 'dropped' || name === 'warning') {
        if (!this.#events.some((event) => event.startsWith(name) && event.includes(quoted ?? '')))
          throw new Error(`only: ${this.#events.join('; ')}`);
      } else if (facts[name] !== value)
        throw new Error(`${name} is ${facts[name]}${name === 'failure' ? ` (${lastFailure?.failure.detail})` : ''}`);
    }
    if (quoted !== undefined && !/\b(dropped|warning)\b/.test(words)) {
      const said = JSON.stringify([
        lastFailure?.failure.detail,
        lastFailure?.failure.peer,
        snapshot.authentication?.message,
      ]);
      if (!said.includes(quoted)) throw new Error(`it says ${said}`);
    }
  }
}

function settingsOf(words: string): ClientSettings {
  const { fields } = parseSaying(words);
  const number = (name: string, usual: number) => (fields[name] === undefined ? usual : Number(fields[name]));
  const servers = (fields.servers ?? '10.0.0.1').split(',').map((host) => ({ host, port: 1701 }));
  return {
    servers,
    serverOrder: 'listed',
    acceptReplyFrom: (fields.acceptReplyFrom ?? 'listed') as ClientSettings['acceptReplyFrom'],
    connectTimeoutMs: number('connectTimeout', 5) * 1000,
    sourcePort: number('sourcePort', 0),
    mtu: number('mtu', 1460),
    mtuProbe: fields.mtuProbe !== undefined,
    redial: { firstMs: 1000, maxMs: 300_000, busyMs: 60_000, slowMs: 120_000, resetAfterMs: 60_000 },
    tunnel: {
      hostName: fields.hostName ?? 'router',
      vendorName: 'l2tpwan',
      secret: fields.tunnelSecret,
      receiveWindow: 8,
      helloIntervalMs: number('hello', 60) * 1000,
      hideAvps: fields.hideAvps !== undefined,
      tolerateUnknownMandatory: fields.tolerateUnknownMandatory !== undefined,
    },
    link: {
      username: fields.username ?? 'alice',
      password: fields.password ?? 's3cret',
      auth: (fields.auth ?? 'chap-md5,ms-chap-v2,ms-chap,pap').split(',') as AuthMethod[],
      mru: number('mtu', 1460),
      ipv6: fields.ipv6 !== undefined,
      echoIntervalMs: number('echo', 10) * 1000,
      echoFailures: 3,
    },
  };
}
