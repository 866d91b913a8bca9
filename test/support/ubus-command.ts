/**
 * `ubus` as far as our scripts use it: `[-S] [-t SECONDS] call OBJECT METHOD [JSON]`, `wait_for OBJECT`, `list OBJECT`. ubusd's socket
 * is the one in L2TPWAN_UBUS_SOCKET; the exit status is that of ubus.
 */
import type { Table } from '../../src/host/openwrt/ubus/blobmsg.ts';
import { UBUS_STATUS } from '../../src/host/openwrt/ubus/bus.ts';
import { RawClient } from './ubus-peers.ts';

const NO_UBUSD = 255;
const LOOK_MS = 50;

async function carryOut(client: RawClient, [verb, object = '', method = '', json = '{}']: string[]): Promise<number> {
  let id = await client.find(object);
  while (verb === 'wait_for' && id === 0) {
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    id = await client.find(object);
  }
  if (verb !== 'call') return id === 0 ? UBUS_STATUS.notFound : UBUS_STATUS.ok;
  const { status, answers } = await client.call(object, method, JSON.parse(json) as Table);
  for (const answer of answers) console.log(JSON.stringify(answer));
  return status ?? NO_UBUSD;
}

async function run(words: string[]): Promise<number> {
  let seconds = 30;
  for (let word = words[0]; word?.startsWith('-'); word = words[0]) {
    words.shift();
    if (word === '-t') seconds = Number(words.shift());
  }
  const client = await RawClient.connect(process.env.L2TPWAN_UBUS_SOCKET ?? '').catch(() => undefined);
  if (client === undefined) return NO_UBUSD;
  setTimeout(() => process.exit(UBUS_STATUS.timeout), seconds * 1000);
  return carryOut(client, words);
}

void run(process.argv.slice(2)).then((status) => process.exit(status));
