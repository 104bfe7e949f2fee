// The library of npm and the sample for Node over every delivery and every change of a single bit of it.

import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { Webhook } from 'standardwebhooks';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const { now, deliveries } = JSON.parse(readFileSync(here('deliveries.json')));
Date.now = () => now * 1000;

const page = readFileSync(here('../../../docs/WEBHOOKS.md'), 'utf8');
const [, source] = /^```js\n(.*?)^```$/ms.exec(page);
const sample = join(mkdtempSync(join(tmpdir(), 'latchkey-')), 'sample.mjs');
writeFileSync(sample, source);
const { verify } = await import(sample);

const verifiers = {
  library: (secret, headers, body) => new Webhook(secret).verify(body, headers),
  sample: verify,
};

/** Every text that differs from `bytes` in one bit. */
function* changes(bytes) {
  for (let bit = 0; bit < bytes.length * 8; bit += 1) {
    const changed = Buffer.from(bytes);
    changed[bit >> 3] ^= 1 << (bit & 7);
    yield changed;
  }
}

let refused = 0;
for (const [name, accepts] of Object.entries(verifiers)) {
  for (const { secret, headers, body } of deliveries) {
    const bytes = Buffer.from(body);
    accepts(secret, headers, bytes);
    const refuses = (headers, body) => {
      assert.throws(() => accepts(secret, headers, body), undefined, `${name}: ${JSON.stringify(headers)} ${body}`);
      refused += 1;
    };
    for (const changed of changes(bytes)) refuses(headers, changed);
    for (const header of ['webhook-id', 'webhook-timestamp']) {
      for (const changed of changes(Buffer.from(headers[header]))) {
        refuses({ ...headers, [header]: changed.toString('latin1') }, bytes);
      }
    }
    // A signature of several is enough, so each is changed where it stands alone.
    const own = headers['webhook-signature'].split(' ')[0];
    for (const changed of changes(Buffer.from(own))) {
      refuses({ ...headers, 'webhook-signature': changed.toString('latin1') }, bytes);
    }
    for (const seconds of [-301, 301]) {
      Date.now = () => (now + seconds) * 1000;
      refuses(headers, bytes);
      Date.now = () => now * 1000;
    }
  }
}
console.log(`webhooks: npm's library and the sample for Node accept ${deliveries.length} deliveries and refuse ${refused} changes`);
