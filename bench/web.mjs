// What the web interface costs: bytes and time of a first load, memory and CPU of open pages, clicks while the gateway is at full load.
//   node bench/web.mjs load | memory [pages] | table [pairs] | queries [rounds] | click [clicks] | many [keys]
// Needs ./dev build, a build of tests/Keypace.EndToEnd -c Release (its browser driver), and Debian's chromium, nginx and wrk. README.md says what each figure is.
import { spawn, execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { Agent, request } from 'node:http';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';

const root = path.resolve(import.meta.dirname, '..');
const { KEYPACE_EXECUTABLE, ...environment } = process.env; // the program knows no such setting
const program = KEYPACE_EXECUTABLE ?? path.join(root, 'artifacts/keypace/keypace');
const driver = path.join(root, 'artifacts/bin/Keypace.EndToEnd/release/.playwright/package');
for (const needed of [program, driver, '/usr/bin/chromium', '/usr/sbin/nginx', '/usr/bin/wrk'])
  if (!existsSync(needed)) { console.error(`${needed} is missing. ./dev bench web makes what it needs first.`); process.exit(3); }
const { chromium } = createRequire(import.meta.url)(driver);

const email = 'bench@example.test', password = 'a long password for the bench', secret = 'pretend-hub-key-not-a-secret-0001';
const pause = ms => new Promise(done => setTimeout(done, ms));
const median = values => { const sorted = [...values].sort((a, b) => a - b), half = sorted.length >> 1; return sorted.length % 2 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2; };
const percentile = (values, share) => [...values].sort((a, b) => a - b)[Math.min(values.length - 1, Math.ceil(share * values.length) - 1)];
const range = n => [...Array(n).keys()];

// --- the server, a hub, a browser -----------------------------------------------------------------------------------
const work = mkdtempSync(path.join(tmpdir(), 'keypace-web-'));
const children = [];
const start = (command, args, env) => { const child = spawn(command, args, { env: { ...environment, ...env, HOME: work }, stdio: 'ignore' }); children.push(child); return child; };
const freePort = () => new Promise(done => { // below 32768, where outgoing connections do not take their ports from
  const port = 15_000 + Math.floor(Math.random() * 17_000), probe = createServer();
  probe.once('error', () => freePort().then(done)).listen(port, '127.0.0.1', () => probe.close(() => done(port)));
});
const hubPort = await freePort(), port = await freePort(), base = `http://127.0.0.1:${port}`;
const answer = JSON.stringify({ id: 'chatcmpl-1', object: 'chat.completion', created: 1767225600, model: 'm', choices: [{ index: 0, message: { role: 'assistant', content: '0'.repeat(800) }, finish_reason: 'stop' }], usage: { prompt_tokens: 11, completion_tokens: 7, total_tokens: 18 } });
const startHub = () => {
  const at = name => path.join(work, name);
  writeFileSync(at('hub.conf'), `worker_processes 1; daemon off; pid ${at('pid')}; error_log ${at('err')}; events { worker_connections 4096; }
http { access_log off; keepalive_requests 100000000; client_body_temp_path ${at('b')}; proxy_temp_path ${at('p')}; fastcgi_temp_path ${at('f')}; uwsgi_temp_path ${at('u')}; scgi_temp_path ${at('s')};
server { listen 127.0.0.1:${hubPort}; location / { default_type application/json; return 200 '${answer}'; } } }`);
  start('/usr/sbin/nginx', ['-c', at('hub.conf'), '-p', work, '-e', at('err')]);
};
let server, token, browser, signedIn;
const api = async (method, route, body) => {
  const reply = await fetch(base + route, { method, headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' }, body: body && JSON.stringify(body) });
  if (!reply.ok) throw new Error(`${method} ${route}: ${reply.status} ${await reply.text()}`);
  return reply.json();
};
const serve = async () => {
  writeFileSync(path.join(work, 'password'), password + '\n', { mode: 0o600 });
  const at = ['--data', path.join(work, 'data'), '--kek-file', path.join(work, 'kek')];
  execFileSync(program, ['init', ...at, '--owner-email', email, '--password-file', path.join(work, 'password'), '--token-file', path.join(work, 'token')], { env: { ...environment, HOME: work }, stdio: 'ignore' });
  token = readFileSync(path.join(work, 'token'), 'utf8').trim();
  startHub();
  server = start(program, ['serve', ...at, '--urls', base], { KEYPACE_EGRESS__ALLOW: `127.0.0.1:${hubPort}` });
  for (;; await pause(50)) {
    if (server.exitCode !== null) throw new Error(`keypace serve ended with ${server.exitCode}.`);
    try { if ((await fetch(base + '/healthz')).ok) break; } catch { /* not there yet */ }
  }
};
const storeKeys = (names, limit) => Promise.all(names.map(name => api('POST', '/v1/api-keys', { name, hub: 'custom', value: `${secret}-${name}`, url: `http://127.0.0.1:${hubPort}/v1`, rate_limit_per_interval: limit[0], rate_limit_interval: limit[1] })));
const browse = async (size = { width: 1280, height: 900 }) => {
  browser ??= await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox', '--renderer-process-limit=2'] });
  if (!signedIn) {
    const context = await browser.newContext({ baseURL: base }), page = await context.newPage();
    await page.goto('/keys');
    await page.getByLabel('Email').fill(email);
    await page.getByLabel('Password').fill(password);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await live(page);
    signedIn = await context.storageState();
    await context.close();
  }
  return browser.newContext({ baseURL: base, storageState: signedIn, viewport: size, bypassCSP: true }); // the clicks are timed by a script of ours
};
const live = page => page.locator('.team:not(:empty)').first().waitFor({ state: 'attached' });
const open = async (context, route) => { const page = await context.newPage(); await page.goto(route); await live(page); return page; };
const openMany = async (context, routes) => { const left = [...routes]; await Promise.all(range(8).map(async () => { while (left.length) await open(context, left.pop()); })); };
const cpuMs = () => { const fields = readFileSync(`/proc/${server.pid}/stat`, 'utf8').replace(/.*\) /s, '').split(' '); return (Number(fields[11]) + Number(fields[12])) * 10; }; // 100 ticks a second
const residentMiB = () => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${server.pid}/status`, 'utf8'))[1]) / 1024;
const cpuDuring = async (ms, during = () => pause(ms)) => { const before = cpuMs(), at = performance.now(); const result = await during(); return { share: (cpuMs() - before) / (performance.now() - at), ms: cpuMs() - before, result }; };

const fullLoad = seconds => new Promise((done, fail) => { // wrk over one key whose limit never binds; how many queries were answered
  writeFileSync(path.join(work, 'load.lua'), `wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json" wrk.headers["Authorization"] = "Bearer ${token}" wrk.headers["x-keypace-key"] = "bench"
wrk.body = '{"model":"m","messages":[{"role":"user","content":"' .. string.rep("x", 459) .. '"}]}'
function done(summary) local e = summary.errors io.stderr:write(summary.requests .. " " .. e.connect + e.read + e.write + e.status + e.timeout) end`);
  const wrk = spawn('/usr/bin/wrk', ['-t2', '-c32', `-d${seconds}s`, '-s', path.join(work, 'load.lua'), `${base}/v1/chat/completions`], { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  wrk.stderr.on('data', text => { said += text; });
  wrk.on('exit', () => { const [queries, errors] = said.trim().split(' ').map(Number); if (errors || !queries) fail(new Error(`wrk: ${said}`)); else done(queries); });
});
const steadyLoad = (names, perSecond) => { // a query every so often, over all keys in turn; returns how to stop it
  const agent = new Agent({ keepAlive: true, maxSockets: 64 }), body = '{"model":"m","messages":[{"role":"user","content":"hello"}]}';
  let next = 0, due = performance.now();
  const timer = setInterval(() => {
    for (; due < performance.now(); due += 1000 / perSecond) {
      const query = request(`${base}/v1/chat/completions`, { method: 'POST', agent, headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json', 'x-keypace-key': names[next++ % names.length], 'Content-Length': body.length } }, reply => reply.resume());
      query.on('error', () => {});
      query.end(body);
    }
  }, 10);
  return () => { clearInterval(timer); agent.destroy(); };
};

// --- what is measured ------------------------------------------------------------------------------------------------
const measures = {
  async load() {
    await storeKeys(range(12).map(n => `key-${n}`), [60, 60]);
    await (await browse()).close(); // warm, as a server is that has run for a while
    const rows = [];
    for (const route of ['/sign-in', '/keys', '/', '/playground']) {
      const context = route === '/sign-in' ? await browser.newContext({ baseURL: base }) : await browse();
      const page = await context.newPage(), wire = await context.newCDPSession(page);
      let bytes = 0, frames = 0;
      await wire.send('Network.enable');
      wire.on('Network.loadingFinished', event => { bytes += event.encodedDataLength; });
      wire.on('Network.webSocketFrameReceived', event => { frames += event.response.opcode === 1 ? event.response.payloadData.length : event.response.payloadData.length * 0.75; });
      const at = performance.now();
      await page.goto(route, { waitUntil: 'commit' });
      if (route === '/sign-in') await page.getByRole('button', { name: 'Sign in' }).waitFor(); else await live(page);
      if (route === '/keys') await page.getByRole('link', { name: 'key-11', exact: true }).waitFor();
      const usable = performance.now() - at;
      await page.waitForLoadState('networkidle');
      rows.push({ page: route, 'KB over the wire': ((bytes + frames) / 1000).toFixed(0), 'of which frames': (frames / 1000).toFixed(0), 'ms until usable': usable.toFixed(0) });
      await context.close();
    }
    console.table(rows);
  },
  async memory(pages = '200') {
    await storeKeys(range(12).map(n => `key-${n}`), [60, 60]);
    const context = await browse();
    console.log(`${residentMiB().toFixed(0)} MiB after one page`);
    await openMany(context, range(Number(pages)).map(n => ['/keys', '/', '/agents', '/usage'][n % 4]));
    for (const wait of [1, 10, 30]) { await pause(wait * 1000); console.log(`${residentMiB().toFixed(0)} MiB with ${pages} pages, ${wait} s later`); }
    console.log(`CPU at rest with ${pages} pages: ${(100 * (await cpuDuring(10_000)).share).toFixed(1)} % of a core`);
  },
  async table(pairs = '4') {
    const names = range(200).map(n => `key-${String(n).padStart(3, '0')}`);
    await storeKeys(names, [100, 10]);
    const contexts = { '1280 x 900': await browse(), 'all 200 rows in sight': await browse({ width: 1280, height: 10_000 }) };
    const stop = steadyLoad(names, 400);
    await (await open(contexts['1280 x 900'], '/keys')).close(); // what is compiled at first use is compiled now
    await pause(15_000);
    for (const [what, context] of Object.entries(contexts)) {
      const rises = [];
      for (let pair = 0; pair < Number(pairs); pair++) {
        const without = await cpuDuring(6000);
        const page = await open(context, '/keys');
        await page.getByRole('link', { name: 'key-005', exact: true }).waitFor();
        await pause(2000);
        const withPage = await cpuDuring(6000);
        await page.close();
        await pause(1500);
        rises.push(100 * (withPage.share - without.share));
        console.log(`${what}: ${(100 * without.share).toFixed(1)} % of a core without the page, ${(100 * withPage.share).toFixed(1)} % with it`);
      }
      console.log(`${what}: the page costs ${median(rises).toFixed(1)} % of a core (median of ${pairs}, ${Math.min(...rises).toFixed(1)} to ${Math.max(...rises).toFixed(1)})`);
    }
    stop();
  },
  async queries(rounds = '3') {
    await storeKeys(['bench'], [1_000_000, 1]);
    await storeKeys(range(11).map(n => `key-${n}`), [60, 60]);
    await browse();
    await fullLoad(8);
    const one = async () => { const spent = await cpuDuring(0, async () => { const queries = await fullLoad(3); await pause(1500); return queries; }); return 1000 * spent.ms / spent.result; };
    const withPages = async () => { const context = await browse(); await openMany(context, range(50).map(n => ['/keys', '/'][n % 2])); await pause(1000); const us = await one(); await context.close(); await pause(1500); return us; };
    const rises = [];
    for (let round = 0; round <= Number(rounds); round++) { // the first is not counted: there is still being compiled
      let none, fifty;
      if (round % 2) { fifty = await withPages(); none = await one(); } else { none = await one(); fifty = await withPages(); }
      const rise = 100 * (fifty / none - 1);
      if (round) rises.push(rise);
      console.log(`CPU a query: ${none.toFixed(1)} us without pages, ${fifty.toFixed(1)} us with 50 (${rise.toFixed(1)} %)${round ? '' : ', not counted'}`);
    }
    console.log(`median rise ${median(rises).toFixed(1)} % of ${rounds} rounds`);
  },
  async click(clicks = '60') {
    await storeKeys(['bench', ...range(40).map(n => `key-${n}`)], [1_000_000, 1]);
    const page = await open(await browse(), '/keys');
    await fullLoad(4);
    let isOver = false;
    const load = fullLoad(Math.ceil(Number(clicks) * 0.35) + 4).finally(() => { isOver = true; });
    await pause(1500);
    const times = { sort: [], dialog: [], search: [] };
    // In the page, from the press to the first frame after the change that it asked for.
    const timed = (press, isDone) => page.evaluate(([press, isDone]) => new Promise(done => {
      const at = performance.now(), check = new Function(`return ${isDone}`);
      const observer = new MutationObserver(() => { if (!check()) return; observer.disconnect(); requestAnimationFrame(() => done(performance.now() - at)); });
      observer.observe(document.body, { subtree: true, childList: true, attributes: true, characterData: true });
      new Function(press)();
    }), [press, isDone]);
    for (let n = 0; n < Number(clicks) && !isOver; n += 3) {
      times.sort.push(await timed(`window.was = document.querySelector('th[aria-sort]').ariaSort; document.querySelector('th[aria-sort] button').click()`, `document.querySelector('th[aria-sort]')?.ariaSort !== window.was`));
      times.dialog.push(await timed(`document.querySelector('[data-new]').click()`, `document.querySelector('dialog[open] input[name=name]')`));
      await page.evaluate(() => document.querySelector('dialog[open] [data-close]').click());
      await page.locator('dialog[open]').waitFor({ state: 'detached' });
      times.search.push(await timed(`const s = document.querySelector('[data-search]'); s.value = s.value ? '' : 'key-3'; s.dispatchEvent(new Event('input', { bubbles: true }))`, `document.querySelector('.table-foot span').textContent.startsWith(document.querySelector('[data-search]').value ? '11 of' : '41 of')`));
      await pause(100);
    }
    const queries = await load;
    for (const [what, each] of Object.entries(times)) console.log(`${what}: p50 ${percentile(each, 0.5).toFixed(0)} ms, p95 ${percentile(each, 0.95).toFixed(0)} ms, most ${Math.max(...each).toFixed(0)} ms of ${each.length}`);
    const all = Object.values(times).flat();
    console.log(`all: p50 ${percentile(all, 0.5).toFixed(0)} ms, p95 ${percentile(all, 0.95).toFixed(0)} ms of ${all.length}, while ${queries} queries went through`);
  },
  async many(keys = '10000') {
    for (let at = 0; at < Number(keys); at += 100) await storeKeys(range(100).map(n => `key-${String(at + n).padStart(5, '0')}`), [60, 60]);
    const context = await browse(), began = performance.now(), page = await open(context, '/keys');
    await page.getByRole('link', { name: 'key-00000', exact: true }).waitFor();
    console.log(`${keys} keys: first rows after ${(performance.now() - began).toFixed(0)} ms, ${await page.locator('tr[data-row]').count()} rows in the page`);
    const timed = async (what, act, seen) => { const at = performance.now(); await act(); await seen.waitFor(); console.log(`${what}: ${(performance.now() - at).toFixed(0)} ms`); };
    const link = name => page.getByRole('link', { name, exact: true });
    await timed('search for one', () => page.getByLabel('Search', { exact: true }).fill('key-07777'), link('key-07777'));
    await timed('search emptied', () => page.getByLabel('Search', { exact: true }).fill(''), link('key-00000'));
    await timed('order turned round', () => page.getByRole('button', { name: 'Name', exact: true }).click(), link(`key-${String(Number(keys) - 1).padStart(5, '0')}`));
    await timed('scrolled to the end', () => page.evaluate(() => scrollTo(0, document.documentElement.scrollHeight)), link('key-00000'));
    console.log(`server: ${(100 * (await cpuDuring(10_000)).share).toFixed(1)} % of a core with the page open, ${residentMiB().toFixed(0)} MiB`);
  },
};

const [what = 'load', ...rest] = process.argv.slice(2);
let failed = false;
try {
  if (!measures[what]) throw new Error(`There is no '${what}': ${Object.keys(measures).join(', ')}.`);
  await serve();
  await measures[what](...rest);
} catch (error) {
  failed = true;
  console.error(error);
} finally {
  await browser?.close();
  for (const child of children) child.kill();
  await pause(1500);
  rmSync(work, { recursive: true, force: true });
  process.exit(failed ? 1 : 0);
}
