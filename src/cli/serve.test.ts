import { once } from 'node:events';
import { expect, test } from 'vitest';
import { mdensity, refusal, startMdensity, until } from './testing.ts';

test('a server says where it is, logs JSON, and ends on SIGTERM with what it began', async () => {
  const { child, done } = startMdensity(['serve', '--port', '0', '--models', 'mnist', '--json']);
  const [line] = (await once(child.stdout!, 'data')) as [Buffer];
  const { address } = JSON.parse(String(line)) as { address: string };
  expect(address).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
  await until(async () => (await fetch(`${address}/readyz`)).ok);
  const asked = fetch(`${address}/v1/samples`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', prefer: 'wait=300' },
    body: JSON.stringify({ model: 'mnist', chains: 1, steps: 20 }),
  });
  const running = async () =>
    (await (await fetch(`${address}/metrics`)).text()).match(/jobs_running 1/);
  await until(async () => (await running()) !== null);
  child.kill('SIGTERM');
  const samples = (await (await asked).json()) as { shape: number[] };
  expect(samples.shape).toEqual([1, 1, 1, 28, 28]);
  const { code, stderr } = await done;
  expect(code).toBe(0);
  const logged = stderr.split('\n').filter((text) => text.startsWith('{'));
  expect(logged.map((text) => JSON.parse(text).msg)).toContain('job');
});

test('what cannot be served is one line', async () => {
  expect(await refusal('serve', '--port', '70000')).toMatch(/^--port: must be at most 65535/);
  expect(await refusal('serve', '--models', 'mnits')).toMatch(
    /mnits: no such run.*Did you mean "mnist"/,
  );
  expect(await refusal('serve', '--host', '0.0.0.0', '--port', '0')).toMatch(
    /^--host 0\.0\.0\.0: others reach it.*set MDENSITY_API_KEYS/,
  );
  expect((await mdensity('serve', '--help')).stdout).toContain('/openapi.json');
});
