// The page.

import type { VNode } from 'preact';

export function App(): VNode {
  return <h1>shoal</h1>;
}
