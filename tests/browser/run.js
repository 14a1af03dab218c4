// Runs the browser tests: one chromium for all files, each test with a shop of its own.
//
//   node run.js [FILE…]        all files named *.test.js, or these
//
// SERVER names the binary of the server, JOBS how many files run at a time. A browser that listens for tests is at
// BROWSER_ENDPOINT for them.

import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import { chromiumOptions } from './browser.js';

const folder = fileURLToPath(new URL('.', import.meta.url));
const named = process.argv.slice(2);
const files = named.length ? named : readdirSync(folder).filter((name) => name.endsWith('.test.js')).sort();
const jobs = Number(process.env.JOBS) || Math.min(4, availableParallelism() + 1);

const started = Date.now();
const browser = await chromium.launchServer(chromiumOptions);
const options = ['--test', `--test-concurrency=${jobs}`, '--test-reporter=spec', '--test-reporter-destination=stdout', ...files];
const env = { ...process.env, BROWSER_ENDPOINT: browser.wsEndpoint() };
// A run that stops moving is a failure, and says so.
const limit = AbortSignal.timeout(20 * 60_000);
const tests = spawn(process.execPath, options, { cwd: folder, env, stdio: 'inherit', signal: limit });
const code = await new Promise((resolve) => {
  tests.on('exit', resolve);
  tests.on('error', () => resolve(1));
});
await browser.close();

const seconds = Math.round((Date.now() - started) / 1000);
const end = code === 0 ? 'the browser tests passed' : 'THE BROWSER TESTS FAILED';
console.log(`${end}: ${files.length} files in ${seconds} s`);
process.exitCode = code === 0 ? 0 : 1;
