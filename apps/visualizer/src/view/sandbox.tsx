// A swarm to play with: every setting, and what comes of it. The scene is the address: whoever gets the link sees the same.

import type { VNode } from 'preact';
import { useEffect, useMemo } from 'preact/hooks';
import { sandboxScene } from '../simulated/sandbox-scene.ts';
import { type Settings, settingsFromQuery, settingsToQuery } from '../simulated/settings.ts';
import { simulate } from '../simulated/simulation.ts';
import { Player } from './player.tsx';
import { SettingsForm } from './settings-form.tsx';
import { Show } from './show.ts';
import { prefersCalm } from './theme.ts';

export interface SandboxProps {
  readonly query: string;
  readonly onQuery: (query: string) => void;
}

export function Sandbox({ query, onQuery }: SandboxProps): VNode {
  const settings = useMemo(() => settingsFromQuery(query), [query]);
  const [simulation, show] = useMemo(() => {
    const started = simulate(sandboxScene(settings));
    const made = new Show(started.reel);
    if (!prefersCalm()) made.timeline.play();
    return [started, made] as const;
  }, [settings]);
  useEffect(() => () => simulation.stop(), [simulation]);
  const change = (changed: Partial<Settings>): void => onQuery(settingsToQuery({ ...settings, ...changed }));
  return (
    <main class="scene sandbox" id="main">
      <SettingsForm settings={settings} onChange={change} onReset={() => onQuery('')} />
      <Player
        show={show}
        arrangement={settings.topology === 'ring' ? 'ring' : 'hub'}
        boundMs={simulation.boundMs.value}
      >
        {simulation.trouble.value !== undefined && <p role="alert">{simulation.trouble.value}</p>}
      </Player>
    </main>
  );
}
