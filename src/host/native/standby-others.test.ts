import { spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { readFile } from 'node:fs/promises';
import { createServer, connect as netConnect } from 'node:net';
import { MessageChannel } from 'node:worker_threads';
import { afterEach, describe, expect, it } from 'vitest';
import {
  kept,
  now,
  packets,
  READABLE,
  read,
  standingBy,
  tidyUp,
  udpSocket,
  work,
} from '../../../test/support/standing-by.ts';

afterEach(tidyUp);

describe('while somebody waits in its place', () => {
  // What is begun in a callback, with nothing else to wake anybody; and at any moment, while packets come.
  describe.each([
    { when: 'in silence', traffic: false },
    { when: 'while packets come', traffic: true },
  ])('$when there is still', ({ traffic }) => {
    const cases: Record<string, (done: () => void) => void> = {
      'a timer': (done) => setTimeout(done, 20),
      'an interval': (done) => {
        let ticks = 0;
        const timer = setInterval(() => {
          if (++ticks < 5) return;
          clearInterval(timer);
          done();
        }, 5);
      },
      'setImmediate, process.nextTick and a promise': (done) =>
        setImmediate(() => process.nextTick(() => Promise.resolve().then(() => setImmediate(done)))),
      "one of Node's own sockets": (done) => {
        const socket = createSocket('udp4', () => socket.close(done));
        socket.bind(0, '127.0.0.1', () => socket.send('x', socket.address().port, '127.0.0.1'));
      },
      'a connection': (done) => {
        const server = createServer((far) => far.pipe(far)).listen(0, '127.0.0.1', () => {
          const near = netConnect((server.address() as { port: number }).port, '127.0.0.1');
          near.once('data', () => near.end());
          near.once('close', () => server.close(() => done()));
          setTimeout(() => near.write('x'), 10);
        });
      },
      'a file': (done) => void readFile(process.execPath).then(() => done()),
      'a signal': (done) => {
        process.once('SIGUSR2', done);
        spawn('sh', ['-c', `sleep 0.03; kill -USR2 ${process.pid}`]);
      },
      'the end of a process': (done) => spawn('sleep', ['0.03']).once('exit', () => done()),
      'a message of another thread': (done) => {
        work("setTimeout(() => require('node:worker_threads').parentPort.postMessage(1), 20)").once('message', done);
      },
      'a message of this one': (done) => {
        const { port1, port2 } = new MessageChannel();
        port1.once('message', () => {
          port1.close();
          done();
        });
        port2.postMessage(1);
      },
    };

    it.each(Object.keys(cases))('%s', async (name) => {
      const begin = cases[name] as (done: () => void) => void;
      if (!traffic) return standingBy(begin);
      const { fd, port } = udpSocket();
      let directly = 0;
      const sender = packets(port, 1e6, 2);
      await new Promise<void>((resolve) => {
        kept(fd, READABLE, () => {
          read(fd);
          if (!now.isLibuvs && ++directly === 3) resolve();
        });
      });
      for (let i = 0; i < 5; i++) await new Promise<void>(begin);
      await sender.terminate();
    });
  });

  it('waits no longer than there is silence until a timer, and the timer is not early either', async () => {
    const waited = await standingBy<number>((done) => {
      const from = performance.now();
      setTimeout(() => done(performance.now() - from), 200);
    });
    expect(waited).toBeGreaterThan(198); // Node counts whole milliseconds
    expect(waited).toBeLessThan(2000);
  });

  it('has no timer fire early that is set after a long wait', async () => {
    const { fd, port } = udpSocket();
    const waited = standingBy<number>((done) => {
      kept(fd, READABLE, () => {
        read(fd);
        const from = performance.now();
        setTimeout(() => done(performance.now() - from), 150);
      });
    });
    packets(port, 1, 300);
    expect(await waited).toBeGreaterThan(148);
  });
});
