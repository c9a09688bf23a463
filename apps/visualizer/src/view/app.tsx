// The page: which scene, by the address. `#classic`, `#sandbox?peers=50`; the first when it says nothing known.

import type { VNode } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { LiveSource } from '../live/live-source.ts';
import { Classic } from './classic.tsx';
import { Live } from './live.tsx';
import { useDroppedFiles } from './open-button.tsx';
import { Recorded } from './recorded.tsx';
import { Sandbox } from './sandbox.tsx';

const scenes = [
  { name: 'classic', title: 'Step by step' },
  { name: 'sandbox', title: 'Sandbox' },
  { name: 'recording', title: 'Recording' },
] as const;

type SceneName = (typeof scenes)[number]['name'] | 'live';

/** With `source`, shoal feeds the page, and that comes first. */
export function App({ source }: { readonly source: LiveSource | undefined }): VNode {
  useDroppedFiles();
  const shown = source === undefined ? scenes : [{ name: 'live', title: 'Live' } as const, ...scenes];
  const [hash, setHash] = useState(location.hash);
  useEffect(() => {
    const changed = (): void => setHash(location.hash);
    addEventListener('hashchange', changed);
    return () => removeEventListener('hashchange', changed);
  }, []);
  const { name, query } = sceneOf(hash, shown);
  return (
    <>
      <a class="skip" href="#main" onClick={(event) => skip(event)}>
        Skip to the scene
      </a>
      <nav class="top" aria-label="Scenes">
        <span class="mark">shoal</span>
        {shown.map((scene) => (
          <a key={scene.name} href={`#${scene.name}`} aria-current={scene.name === name ? 'page' : undefined}>
            {scene.title}
          </a>
        ))}
      </nav>
      {name === 'live' && <Live source={source!} />}
      {name === 'classic' && <Classic />}
      {name === 'sandbox' && <Sandbox query={query} onQuery={(next) => (location.hash = sandboxHash(next))} />}
      {name === 'recording' && <Recorded />}
    </>
  );
}

function sceneOf(
  hash: string,
  shown: readonly { readonly name: SceneName }[],
): { readonly name: SceneName; readonly query: string } {
  const [name = '', query = ''] = hash.slice(1).split('?', 2);
  return { name: shown.find((scene) => scene.name === name)?.name ?? shown[0]!.name, query };
}

const sandboxHash = (query: string): string => (query === '' ? '#sandbox' : `#sandbox?${query}`);

/** The address behind # says which scene there is, so the way to it is not a link. */
function skip(event: Event): void {
  event.preventDefault();
  const main = document.getElementById('main')!;
  main.tabIndex = -1;
  main.focus();
}
