import { expect, it } from 'vitest';
import { mqttScene } from '../../test/support/mqtt-scene.ts';
import { Onlooker } from './onlooker.ts';

it('tells in a line what each message is about, and nothing twice', async () => {
  const scene = await mqttScene();
  await scene.soon(1500);
  await scene.comesUp();
  await scene.soon(60_000);
  await scene.service.end();
  const onlooker = new Onlooker();
  const lines = scene.broker.log.flatMap(({ topic, payload }) => onlooker.lineOf(topic, payload) ?? []);
  const told = (topic: string) =>
    lines.filter((line) => line.startsWith(`${topic} `)).map((line) => line.replace(/^\S+ +/, ''));
  expect(told('homeassistant/device/l2tpwan_b00b1e5_wan/config')).toEqual([
    'Home Assistant, here is "router wan": connected, state, last_failure and 11 more entities',
  ]);
  expect(told('l2tpwan/wan')).toContainEqual(
    expect.stringMatching(/^up: .* by lns\.example\.net, MTU 1456, data path /),
  );
  expect(told('l2tpwan/wan/stats')).toContain('down 0.0, up 0.0 Mbit/s; 0.0 MB received, 0.0 MB sent');
  expect(told('l2tpwan/bridge/info')).toContainEqual(expect.stringMatching(/^l2tpwan 1\.2\.3 on router, node v22/));
  expect(onlooker.lineOf('l2tpwan/wan', '')).toMatch(/ \(taken away\)$/);
});
