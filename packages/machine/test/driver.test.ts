import { describe, expect, test } from 'vitest';
import { Driver } from '../src/driver.ts';
import { type Machine, Outbox } from '../src/machine.ts';
import { after, type Instant, NEVER } from '../src/time.ts';
import { FakeClock } from '../src/testing/fake-clock.ts';

/** Says what it is told, and "tick" a second after. */
class Echo implements Machine<string> {
  readonly #out = new Outbox<string>();
  #due = NEVER;

  say(word: string, now: Instant): void {
    this.#out.push(`${word} 1`);
    this.#out.push(`${word} 2`);
    this.#due = after(now, 1000);
  }

  poll(): string | undefined {
    return this.#out.poll();
  }

  nextTimeout(): Instant {
    return this.#due;
  }

  handleTimeout(now: Instant): void {
    if (now < this.#due) return;
    this.#due = NEVER;
    this.#out.push('tick');
  }
}

describe('driver', () => {
  test('performs every output of a call before the next call, also of one made while performing', () => {
    const clock = new FakeClock();
    const said: string[] = [];
    const driver: Driver<string, Echo> = new Driver(new Echo(), clock, (output) => {
      said.push(output);
      if (output === 'a 1') driver.tell((echo, now) => echo.say('b', now));
    });
    driver.tell((echo, now) => echo.say('a', now));
    expect(said).toEqual(['a 1', 'a 2', 'b 1', 'b 2']);
  });

  test('rings the machine when it asked to be, and not after stop', () => {
    const clock = new FakeClock();
    const said: string[] = [];
    const driver: Driver<string, Echo> = new Driver(new Echo(), clock, (output) => said.push(output));
    driver.tell((echo, now) => echo.say('a', now));
    clock.advance(999);
    expect(said).not.toContain('tick');
    clock.advance(1);
    expect(said.at(-1)).toBe('tick');
    driver.tell((echo, now) => echo.say('b', now));
    driver.stop();
    clock.advance(5000);
    expect(said.filter((word) => word === 'tick')).toHaveLength(1);
  });
});
