import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Reply, Serve } from '../../ports/control-channel.ts';
import { askControl, type ControlServer, SocketRefused, serveControl } from './control-socket.ts';

let directory: string;
let path: string;
let server: ControlServer | undefined;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'l2tpwan-'));
  path = join(directory, 'control.sock');
});
afterEach(async () => {
  await server?.close();
  server = undefined;
  rmSync(directory, { recursive: true });
});

const echo: Serve = (request, reply) => {
  reply.write(`heard ${request}`);
  reply.end();
  return () => undefined;
};

const ask = async (request: string) => {
  const answers: string[] = [];
  await askControl(path, request, (answer) => answers.push(answer));
  return answers;
};

const raw = (): Promise<Socket> =>
  new Promise((resolve) => {
    const socket = connect(path, () => resolve(socket));
    socket.on('error', () => undefined);
  });

const closed = (socket: Socket): Promise<void> =>
  new Promise((resolve) => socket.resume().once('close', () => resolve()));

describe('the control socket', () => {
  it('answers', async () => {
    server = await serveControl(path, echo);
    expect(await ask('{"method":"status"}')).toEqual(['heard {"method":"status"}']);
    expect(await ask('ü')).toEqual(['heard ü']);
  });

  it('is for its owner alone', async () => {
    server = await serveControl(path, echo);
    expect((statSync(path).mode & 0o777).toString(8)).toBe('600');
  });

  it('is removed in the end', async () => {
    const running = await serveControl(path, echo);
    await running.close();
    await expect(ask('x')).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('is refused where a daemon is alive', async () => {
    server = await serveControl(path, echo);
    await expect(serveControl(path, echo)).rejects.toMatchObject({
      why: 'taken',
      message: `${path}: another daemon is already running there`,
    });
    expect(await ask('x')).toEqual(['heard x']);
  });

  it('replaces the socket of a dead daemon', async () => {
    const script = `require('net').createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 'SIGKILL'))`;
    spawnSync(process.execPath, ['-e', script]);
    expect(statSync(path).isSocket()).toBe(true);
    await expect(ask('x')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    server = await serveControl(path, echo);
    expect(await ask('x')).toEqual(['heard x']);
  });

  it('does not remove what is no socket', async () => {
    writeFileSync(path, 'precious');
    await expect(serveControl(path, echo)).rejects.toThrow(SocketRefused);
    expect(statSync(path).size).toBe(8);
  });

  it('that may not be made is a matter of permission, whoever is said to be there', async () => {
    const refusal = { why: 'forbidden', message: expect.stringContaining('run as root') };
    const anywhere = join('/proc/sys', 'control.sock'); // a directory where root may make nothing either
    await expect(serveControl(anywhere, echo)).rejects.toMatchObject(refusal);
  });

  it('says so when the path is too long for a socket', async () => {
    await expect(serveControl(join(directory, 'x'.repeat(200)), echo)).rejects.toThrow('choose another run directory');
  });
});

describe('daemons that start at once', () => {
  const leaveSocket = (at: string) =>
    spawnSync(process.execPath, [
      '-e',
      `require('net').createServer().listen(${JSON.stringify(at)}, () => process.kill(process.pid, 'SIGKILL'))`,
    ]);

  it.each([
    ['where there was none', () => undefined],
    ['over the socket of a dead one', () => leaveSocket(path)],
    ['over a draft of a dead one', () => leaveSocket(`${path}.abc123`)],
  ])('%s leave one that answers, and the others know', async (_where, prepare) => {
    prepare();
    for (let round = 0; round < 5; round++) {
      const starts = await Promise.allSettled(
        Array.from({ length: 4 }, (_, i) =>
          serveControl(path, (_request, reply) => echo(`${i}`, reply)).then((running) => ({ i, running })),
        ),
      );
      const up = starts.flatMap((start) => (start.status === 'fulfilled' ? [start.value] : []));
      const down = starts.flatMap((start) => (start.status === 'rejected' ? [start.reason.why] : []));
      expect(up).toHaveLength(1);
      expect(down).toEqual(['taken', 'taken', 'taken']);
      expect(await ask('who')).toEqual([`heard ${up[0]?.i}`]);
      expect(readdirSync(directory)).toEqual(['control.sock']);
      await up[0]?.running.close();
      expect(readdirSync(directory)).toEqual([]);
    }
  });

  it('leave files alone that only look like theirs', async () => {
    writeFileSync(`${path}.backup`, '');
    server = await serveControl(path, echo);
    expect(readdirSync(directory)).toEqual(['control.sock', 'control.sock.backup']);
  });
});

describe('a client that', () => {
  it('asks in pieces is understood', async () => {
    server = await serveControl(path, echo);
    const socket = await raw();
    const said: string[] = [];
    socket.on('data', (bytes) => said.push(String(bytes)));
    socket.write('sta');
    await new Promise((resolve) => setTimeout(resolve, 20));
    socket.write('tus\nand more\n');
    await closed(socket);
    expect(said.join('')).toBe('heard status\n');
  });

  it('never ends its line is cut off', async () => {
    let asked = 0;
    server = await serveControl(path, (...request) => {
      asked++;
      return echo(...request);
    });
    const socket = await raw();
    socket.write('x'.repeat(20_000));
    await closed(socket);
    expect(asked).toBe(0);
  });

  it('does not read is cut off', async () => {
    let reply: Reply | undefined;
    const gone = new Promise<void>((resolve) => {
      server = undefined;
      void serveControl(path, (_, to) => {
        reply = to;
        return resolve;
      }).then((running) => {
        server = running;
      });
    });
    while (server === undefined) await new Promise((resolve) => setTimeout(resolve, 5));
    const socket = await raw();
    socket.pause().write('follow\n');
    while (reply === undefined) await new Promise((resolve) => setTimeout(resolve, 5));
    for (let i = 0; i < 3000; i++) reply.write('x'.repeat(1000));
    await gone;
    socket.destroy();
  });

  it('goes away is noticed, and the others are not disturbed', async () => {
    let follower: Reply | undefined;
    let left = 0;
    server = await serveControl(path, (request, reply) => {
      if (request !== 'follow') return echo(request, reply);
      follower = reply;
      return () => left++;
    });
    const socket = await raw();
    socket.write('follow\n');
    while (follower === undefined) await new Promise((resolve) => setTimeout(resolve, 5));
    socket.destroy();
    while (left === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    follower.write('into the void');
    expect(await ask('x')).toEqual(['heard x']);
    expect(left).toBe(1);
  });

  it('is one too many is told so, until another leaves', async () => {
    let following = 0;
    server = await serveControl(path, (request, reply) => {
      if (request !== 'follow') return echo(request, reply);
      following++;
      return () => following--;
    });
    const followers = await Promise.all(Array.from({ length: 32 }, raw));
    for (const follower of followers) follower.write('follow\n');
    while (following < 32) await new Promise((resolve) => setTimeout(resolve, 5));
    for (const request of ['follow', 'x']) {
      const [answer = '', ...more] = await ask(request);
      expect(JSON.parse(answer)).toEqual({ error: 'busy', words: expect.stringContaining('32 others') });
      expect(more).toEqual([]);
    }
    followers[7]?.destroy();
    while (following > 31) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(await ask('x')).toEqual(['heard x']);
    for (const follower of followers) follower.destroy();
  });

  it('is one of very many waits its turn or is refused, and the daemon lives', async () => {
    server = await serveControl(path, echo);
    const sockets = await Promise.all(Array.from({ length: 40 }, raw));
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(await ask('x')).toEqual(['heard x']);
  });
});

describe('somebody else’s socket', () => {
  it('that answers counts as alive', async () => {
    const other = createServer((socket) => socket.end()).listen(path);
    await new Promise((resolve) => other.once('listening', resolve));
    await expect(serveControl(path, echo)).rejects.toMatchObject({ why: 'taken' });
    await new Promise((resolve) => other.close(resolve));
  });
});
