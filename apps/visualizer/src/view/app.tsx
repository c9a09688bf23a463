// The page: which scene, by the address. `#classic`, `#sandbox?peers=50`; the first when it says nothing known.

import type { VNode } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { Classic } from './classic.tsx';
import { Sandbox } from './sandbox.tsx';

const scenes = [
  { name: 'classic', title: 'Step by step' },
  { name: 'sandbox', title: 'Sandbox' },
] as const;

export function App(): VNode {
  const [hash, setHash] = useState(location.hash);
  useEffect(() => {
    const changed = (): void => setHash(location.hash);
    addEventListener('hashchange', changed);
    return () => removeEventListener('hashchange', changed);
  }, []);
  const { name, query } = sceneOf(hash);
  return (
    <>
      <a class="skip" href="#main" onClick={(event) => skip(event)}>
        Skip to the scene
      </a>
      <nav class="top" aria-label="Scenes">
        <span class="mark">shoal</span>
        {scenes.map((scene) => (
          <a key={scene.name} href={`#${scene.name}`} aria-current={scene.name === name ? 'page' : undefined}>
            {scene.title}
          </a>
        ))}
      </nav>
      {name === 'classic' ? (
        <Classic />
      ) : (
        <Sandbox query={query} onQuery={(next) => (location.hash = sandboxHash(next))} />
      )}
    </>
  );
}

function sceneOf(hash: string): { readonly name: string; readonly query: string } {
  const [name = '', query = ''] = hash.slice(1).split('?', 2);
  return { name: scenes.find((scene) => scene.name === name)?.name ?? scenes[0].name, query };
}

const sandboxHash = (query: string): string => (query === '' ? '#sandbox' : `#sandbox?${query}`);

/** The address behind # says which scene there is, so the way to it is not a link. */
function skip(event: Event): void {
  event.preventDefault();
  const main = document.getElementById('main')!;
  main.tabIndex = -1;
  main.focus();
}
