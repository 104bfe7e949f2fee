// The program on a folder of its own, and apps on it.

import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const repository = fileURLToPath(new URL('../../..', import.meta.url));
export const target = path.resolve(repository, process.env.CARGO_TARGET_DIR ?? 'target');

const PATIENCE_MS = 60_000;

export function basic(user, secret) {
  return `Basic ${Buffer.from(`${user}:${secret}`).toString('base64')}`;
}

/** The environment of a process whose clock goes from `now` on. The program itself has no way to set its clock. */
async function clockFrom(now) {
  const folder = path.join(target, 'clients');
  const library = path.join(folder, 'shifted_clock.so');
  await mkdir(folder, { recursive: true });
  // Files of tests run side by side: a half-written library is ignored by the loader, and the clock would be today's.
  const written = `${library}.${process.pid}`;
  execFileSync('cc', ['-shared', '-fPIC', '-O2', '-o', written, fileURLToPath(new URL('shifted_clock.c', import.meta.url)), '-ldl']);
  await rename(written, library);
  const shift = Math.round((Date.parse(now) - Date.now()) / 1000);
  return { LD_PRELOAD: library, SHIFTED_CLOCK_SECONDS: String(shift) };
}

export class Server {
  /** Starts the program on a free port and an empty store, and waits until it says that it listens; with `demo`, until
   it has told the demo's API key too; with `now`, its clock goes from that instant on. */
  static async start(more = [], { demo = false, now } = {}) {
    const data = await mkdtemp(path.join(tmpdir(), 'latchkey-client-'));
    const options = ['serve', '--port', '0', '--data', data, ...(demo ? [] : ['--no-demo']), ...more];
    const env = now === undefined ? process.env : { ...process.env, ...(await clockFrom(now)) };
    const process_ = spawn(process.env.LATCHKEY_PROGRAM ?? path.join(target, 'debug/latchkey'), options, { stdio: ['ignore', 'pipe', 'pipe'], env });
    let log = '';
    process_.stderr.on('data', (text) => (log += text));
    const patience = setTimeout(() => process_.kill('SIGKILL'), PATIENCE_MS);
    const server = new Server();
    Object.assign(server, { data, process: process_ });
    for await (const line of createInterface({ input: process_.stdout })) {
      server.base ??= /listening on (http:\S+)/.exec(line)?.[1];
      server.demoKey ??= /curl --user :(\S+)/.exec(line)?.[1];
      if (server.base && (server.demoKey || !demo)) {
        break;
      }
    }
    clearTimeout(patience);
    assert.ok(server.base, `the server did not start: ${log}`);
    const body = { name: 'Clients', email: 'clients@example.com', password: 'hill valley 1885' };
    const account = await server.request('POST', '/v2/accounts', { body });
    server.first = new Map(account.data.apps.map((app) => [app.test_mode, app]));
    return server;
  }

  async stop() {
    this.process.kill();
    await once(this.process, 'exit');
    await rm(this.data, { recursive: true });
  }

  /** A request that must succeed; answers the body. */
  async request(method, path, { body, headers = {} } = {}) {
    const init = { method, headers: { ...headers } };
    if (body !== undefined) {
      init.headers['content-type'] = 'application/json';
      init.body = JSON.stringify(body);
    }
    const answer = await fetch(this.base + path, init);
    const text = await answer.text();
    assert.ok(answer.ok, `${method} ${path}: ${answer.status} ${text}`);
    return text === '' ? null : JSON.parse(text);
  }

  /** A new app, so that no test sees what another did. */
  async app(name, { live = false } = {}) {
    const headers = { authorization: basic('', this.first.get(!live).api_key) };
    const { data } = await this.request('POST', '/v2/apps', { body: { name }, headers });
    assert.equal(data.test_mode, !live);
    return new App(this, data);
  }
}

class App {
  constructor(server, { slug, api_key, widget_key }) {
    Object.assign(this, { server, slug, apiKey: api_key, widgetKey: widget_key });
  }

  /** What the app's own key is answered, without the envelope. */
  async send(method, path, body, headers = {}) {
    headers = { authorization: basic('', this.apiKey), ...headers };
    return (await this.server.request(method, path, { body, headers }))?.data;
  }

  resource(name, timezone = 'America/Los_Angeles', more = {}) {
    return this.send('POST', '/v2/resources', { name, timezone, ...more });
  }

  project(resources, more = {}) {
    return this.send('POST', '/v2/projects', { name: 'Consultation', resources: resources.map(({ id }) => id), ...more });
  }

  async bookings() {
    return this.send('GET', '/v2/bookings?include=customers,resource,event,meta');
  }
}
