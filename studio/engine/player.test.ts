import { expect, test } from 'vitest';
import { createPlayer } from './player.ts';

const soon = () => new Promise((resolve) => setTimeout(resolve, 0));

/** Rounds that end when they are told to. */
function controlled(last = Number.POSITIVE_INFINITY) {
  const log: string[] = [];
  let finish: (() => void) | undefined;
  let rounds = 0;
  const player = createPlayer({
    round: async () => {
      rounds += 1;
      const own = rounds;
      log.push(`begin ${own}`);
      await new Promise<void>((resolve) => {
        finish = resolve;
      });
      log.push(`end ${own}`);
      if (own === 7) throw new Error('the seventh');
      return own < last;
    },
    onFailure: (error) => log.push(`failed: ${(error as Error).message}`),
  });
  const end = async () => {
    finish?.();
    await soon();
  };
  return { player, log, end };
}

test('rounds follow each other until a pause, which the round under way outlives', async () => {
  const { player, log, end } = controlled();
  player.play();
  await soon();
  await end();
  player.pause();
  await end();
  expect(log).toEqual(['begin 1', 'end 1', 'begin 2', 'end 2']);
});

test('a play right after a pause goes on with one loop', async () => {
  const { player, log, end } = controlled();
  player.play();
  player.pause();
  player.play();
  await soon();
  await end();
  await end();
  player.pause();
  await end();
  expect(log).toEqual(['begin 1', 'end 1', 'begin 2', 'end 2', 'begin 3', 'end 3']);
});

test('tasks come between rounds, in order, and an error is theirs alone', async () => {
  const { player, log, end } = controlled();
  player.play();
  await soon();
  const first = player.between(async () => log.push('task'));
  const second = player.between(async () => Promise.reject(new Error('no')));
  expect(log).toEqual(['begin 1']);
  const refused = expect(second).rejects.toThrow('no');
  await end();
  await first;
  await refused;
  await soon();
  expect(log).toEqual(['begin 1', 'end 1', 'task', 'begin 2']);
  player.pause();
  await end();
});

test('the last round ends it, and a failure is told once', async () => {
  const done = controlled(2);
  done.player.play();
  await soon();
  for (let i = 0; i < 4; i++) await done.end();
  expect(done.log).toEqual(['begin 1', 'end 1', 'begin 2', 'end 2']);

  const failing = controlled();
  failing.player.play();
  await soon();
  for (let i = 0; i < 9; i++) await failing.end();
  expect(failing.log.slice(-3)).toEqual(['begin 7', 'end 7', 'failed: the seventh']);
  failing.player.play();
  await soon();
  expect(failing.log.at(-1)).toBe('begin 8');
});
