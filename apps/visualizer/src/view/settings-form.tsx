// The controls of the sandbox. Every change is a new scene.

import type { ComponentChildren, VNode } from 'preact';
import {
  limits,
  type NumberName,
  policies,
  type Policy,
  type Settings,
  topologies,
  within,
} from '../simulated/settings.ts';

export interface SettingsFormProps {
  readonly settings: Settings;
  readonly onChange: (changed: Partial<Settings>) => void;
  readonly onReset: () => void;
}

const policyNames: Readonly<Record<Policy, string>> = {
  rarestFirst: 'Rarest first',
  random: 'Random',
  sequential: 'In order',
};

export function SettingsForm({ settings, onChange, onReset }: SettingsFormProps): VNode {
  const number = (name: NumberName, label: string, unit = '', note?: string): VNode => (
    <NumberField {...{ name, label, unit, settings, onChange, note }} />
  );
  const isLossy = settings.lossPercent > 0;
  return (
    <form class="settings" aria-label="Settings" onSubmit={(event) => event.preventDefault()}>
      <Group title="Swarm">
        {number('peers', 'Peers')}
        {number('chunks', 'Chunks')}
        <Choice
          label="Neighbours"
          value={settings.topology}
          options={topologies.map((name) => [name, name === 'mesh' ? 'Mesh' : 'Ring'])}
          onChange={(topology) => onChange({ topology })}
        />
        <Choice
          label="Next chunk"
          value={settings.policy}
          options={policies.map((name) => [name, policyNames[name]])}
          onChange={(policy) => onChange({ policy })}
        />
      </Group>
      <Group title="Network">
        {!isLossy && number('ownerMbit', "Owner's uplink", 'Mbit/s')}
        {number('peerMbit', isLossy ? 'Uplinks' : "Peers' uplinks", 'Mbit/s')}
        {!isLossy && number('spread', 'Fastest to slowest', '×')}
        {number('delayMs', 'Delay, one way', 'ms')}
        {number('lossPercent', 'Loss', '%', isLossy ? 'Every packet is simulated now, which takes longer.' : undefined)}
      </Group>
      <Group title="Behaviour">
        {number('ownerCopies', 'Owner leaves after', 'copies', settings.ownerCopies === 0 ? 'It stays.' : undefined)}
        {number('liars', 'Liars')}
        <Toggle
          label="Owner gives each other chunks first"
          value={settings.firstCopies}
          onChange={(firstCopies) => onChange({ firstCopies })}
        />
        <Toggle
          label="Peers leave when complete"
          value={settings.selfish}
          onChange={(selfish) => onChange({ selfish })}
        />
      </Group>
      <Group title="Chance">
        <label class="field">
          <span>Seed</span>
          <input
            type="text"
            maxLength={40}
            value={settings.seed}
            onChange={(event) => onChange({ seed: event.currentTarget.value })}
          />
        </label>
        <div class="buttons">
          <button type="button" onClick={() => onChange({ seed: nextSeed(settings.seed) })}>
            Another seed
          </button>
          <button type="button" onClick={onReset}>
            Reset
          </button>
        </div>
      </Group>
    </form>
  );
}

/** 7 after 6, and "a.2" after "a". */
function nextSeed(seed: string): string {
  const [, words = '', digits] = /^(.*?)(\d{1,9})?$/s.exec(seed)!;
  return digits === undefined ? `${words}.2` : `${words}${Number(digits) + 1}`;
}

const Group = ({ title, children }: { readonly title: string; readonly children: ComponentChildren }): VNode => (
  <fieldset>
    <legend>{title}</legend>
    {children}
  </fieldset>
);

interface NumberFieldProps {
  readonly name: NumberName;
  readonly label: string;
  readonly unit: string;
  readonly note: string | undefined;
  readonly settings: Settings;
  readonly onChange: (changed: Partial<Settings>) => void;
}

/** A slider for the hand, whose steps grow with the number where the range is wide, and a number for who wants it exact. */
function NumberField({ name, label, unit, note, settings, onChange }: NumberFieldProps): VNode {
  const { least, most, step } = limits[name];
  const value = settings[name];
  const set = (text: string): void => onChange({ [name]: within(name, text) });
  return (
    <label class="field">
      <span>
        {label}
        {unit !== '' && <small> {unit}</small>}
      </span>
      <input
        type="number"
        min={least}
        max={most}
        step={step}
        value={value}
        onChange={(event) => set(event.currentTarget.value)}
      />
      <input
        type="range"
        min="0"
        max="100"
        tabIndex={-1}
        aria-hidden="true"
        value={partOf(value, least, most) * 100}
        onChange={(event) => set(String(valueAt(Number(event.currentTarget.value) / 100, least, most)))}
      />
      {note !== undefined && <small class="note">{note}</small>}
    </label>
  );
}

const partOf = (value: number, least: number, most: number): number =>
  Math.log1p(value - least) / Math.log1p(most - least);
const valueAt = (part: number, least: number, most: number): number =>
  least + Math.expm1(part * Math.log1p(most - least));

interface ChoiceProps<T extends string> {
  readonly label: string;
  readonly value: T;
  readonly options: readonly (readonly [T, string])[];
  readonly onChange: (value: T) => void;
}

function Choice<T extends string>({ label, value, options, onChange }: ChoiceProps<T>): VNode {
  return (
    <label class="field">
      <span>{label}</span>
      <select value={value} onChange={(event) => onChange(event.currentTarget.value as T)}>
        {options.map(([name, words]) => (
          <option key={name} value={name} selected={name === value}>
            {words}
          </option>
        ))}
      </select>
    </label>
  );
}

interface ToggleProps {
  readonly label: string;
  readonly value: boolean;
  readonly onChange: (value: boolean) => void;
}

const Toggle = ({ label, value, onChange }: ToggleProps): VNode => (
  <label class="toggle">
    <input type="checkbox" checked={value} onChange={(event) => onChange(event.currentTarget.checked)} />
    <span>{label}</span>
  </label>
);
