import { expect, test } from 'vitest';
import { openerOf } from '../../src/live/browser.ts';

test.each([
  ['linux', { DISPLAY: ':0' }, ['xdg-open']],
  ['linux', { WAYLAND_DISPLAY: 'wayland-0' }, ['xdg-open']],
  ['linux', { DISPLAY: '' }, undefined],
  ['linux', {}, undefined],
  ['darwin', {}, ['open']],
  ['win32', {}, ['explorer.exe']],
] as const)('on %s with %o, addresses are opened by %s', (platform, environment, opener) => {
  expect(openerOf(platform, environment)).toEqual(opener);
});
