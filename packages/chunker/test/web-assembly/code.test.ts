import fc from 'fast-check';
import { expect, test } from 'vitest';
import { moduleOf, signed } from '../../src/web-assembly/code.ts';
import { webAssembly } from '../../src/web-assembly/web-assembly.ts';

const i32 = 0x7f;

function run(body: readonly number[], ...values: number[]): number {
  const parameters = values.map(() => i32);
  const program = moduleOf({ name: 'run', parameters, results: [i32], locals: [[200, i32]], body });
  const memory = new webAssembly.Memory({ initial: 1 });
  const { exports } = new webAssembly.Instance(new webAssembly.Module(program), { host: { memory } });
  return (exports.run as (...values: number[]) => number)(...values);
}

test('a constant is itself, whatever its sign and size', () => {
  fc.assert(fc.property(fc.integer(), (value) => run([0x41, ...signed(value)]) === value));
  for (const value of [0, 63, 64, 127, 128, -1, -64, -65, 2 ** 31 - 1, -(2 ** 31)])
    expect(run([0x41, ...signed(value)])).toBe(value);
});

test('parameters come before the variables, which are zero', () => {
  expect(run([0x20, 0, 0x20, 1, 0x6b], 7, 9)).toBe(-2);
  expect(run([0x20, 2], 7, 9)).toBe(0);
});
