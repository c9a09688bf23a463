// What a canvas needs to know of the style sheet: it cannot use its variables.

import type { Rgb } from './palette.ts';

export interface Theme {
  readonly background: Rgb;
  readonly surface: Rgb;
  readonly track: Rgb;
  readonly text: Rgb;
  readonly quiet: Rgb;
}

/** As the page looks now. */
export function currentTheme(): Theme {
  const style = getComputedStyle(document.documentElement);
  const colour = (name: string): Rgb => {
    const written = style.getPropertyValue(`--${name}`).trim().slice(1);
    const digits = written.length === 3 ? written.replaceAll(/./g, '$&$&') : written; // a minifier writes #fff
    const part = (at: number): number => Number.parseInt(digits.slice(at, at + 2), 16);
    return [part(0), part(2), part(4)];
  };
  return {
    background: colour('background'),
    surface: colour('surface'),
    track: colour('track'),
    text: colour('text'),
    quiet: colour('quiet'),
  };
}

/** Calls back when the page changes between light and dark. */
export function onThemeChange(changed: () => void): () => void {
  const dark = matchMedia('(prefers-color-scheme: dark)');
  dark.addEventListener('change', changed);
  return () => dark.removeEventListener('change', changed);
}

/** Whether things should rather not move. */
export const prefersCalm = (): boolean => matchMedia('(prefers-reduced-motion: reduce)').matches;
