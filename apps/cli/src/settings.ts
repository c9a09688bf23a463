// What was not said on the command line: taken from SHOAL_… variables, and then from the config file. Precedence: flag,
// variable, config file, default. Each value counts as if its flag had been given.

import { existsSync } from 'node:fs';
import { UsageError } from '@shoal/machine';
import { type Command, CommanderError, type Option } from 'commander';
import { type FlagName, flags, variableOf } from './flags.ts';
import { configPath } from './folders.ts';
import { readText } from './options.ts';

/** A value and who said so, as an error names it. */
interface Said {
  readonly value: unknown;
  readonly by: string;
}

/** Where settings come from: what it says of a flag. */
type Source = (name: string) => Said | undefined;

/** The options of a parsed command, filled in. Throws a UsageError that names the variable or the key that is wrong. */
export function settle(command: Command, commands: readonly string[], env: NodeJS.ProcessEnv): Record<string, unknown> {
  fillIn(command, inEnvironment(env), 'env');
  fillIn(command, inConfig(command, commands), 'config');
  return command.opts();
}

function fillIn(command: Command, said: Source, source: 'env' | 'config'): void {
  for (const option of command.options) {
    const key = option.attributeName();
    const before = command.getOptionValueSource(key);
    const found = before === undefined || before === 'default' ? said(flagNameOf(option)) : undefined;
    const value = found && valueOf(option, found, Array.isArray(command.getOptionValue(key)));
    if (value !== undefined) command.setOptionValueWithSource(key, value, source);
  }
}

const inEnvironment =
  (env: NodeJS.ProcessEnv): Source =>
  (name) => {
    const by = variableOf(name);
    const value = env[by];
    return value === undefined || value === '' ? undefined : { value, by };
  };

/** The flag's own name: `noDiscovery`, where commander's attribute is `discovery`. */
const flagNameOf = (option: Option): string =>
  option.negate ? `no${option.attributeName().replace(/^./, (first) => first.toUpperCase())}` : option.attributeName();

/** Undefined when it says nothing: a switch that is off is one that was not given. */
function valueOf(option: Option, said: Said, isList: boolean): unknown {
  if (!option.required && !option.optional) return isOn(said) ? !option.negate : undefined;
  if (isList) return listOf(said);
  const text = String(said.value);
  try {
    return option.parseArg === undefined ? text : option.parseArg(text, undefined);
  } catch (error) {
    if (error instanceof CommanderError) throw new UsageError(said.by, error.message);
    throw error;
  }
}

function isOn({ value, by }: Said): boolean {
  const text = String(value).toLowerCase();
  if (['1', 'true', 'yes', 'on'].includes(text)) return true;
  if (['0', 'false', 'no', 'off'].includes(text)) return false;
  throw new UsageError(by, `"${text}" is neither on nor off: say 1 or 0`);
}

const listOf = ({ value }: Said): string[] =>
  Array.isArray(value)
    ? value.map(String)
    : String(value)
        .split(/[\s,]+/)
        .filter((word) => word !== '');

/** Keys are flags' names; an object under a command's name holds for that command alone, and comes first. */
function inConfig(command: Command, commands: readonly string[]): Source {
  const given: unknown = command.getOptionValue('config');
  const path = typeof given === 'string' ? given : configPath();
  if (given === undefined && !existsSync(path)) return () => undefined;
  const all = readObject(path);
  const isSection = (key: string): boolean => commands.includes(key) && isObject(all[key]);
  const own = isSection(command.name()) ? (all[command.name()] as Record<string, unknown>) : {};
  for (const key of Object.keys(all)) if (!isSection(key)) checkKey(key, path, Object.keys(flags));
  const known = command.options.map(flagNameOf);
  for (const key of Object.keys(own)) checkKey(key, `${path}, ${command.name()}`, known);
  const values = { ...Object.fromEntries(Object.entries(all).filter(([key]) => !isSection(key))), ...own };
  return (name) => (values[name] === undefined ? undefined : { value: values[name], by: `${name} in ${path}` });
}

function checkKey(key: string, where: string, known: readonly string[]): void {
  const fits = known.filter((name) => !(['config', 'withStdin'] satisfies FlagName[] as string[]).includes(name));
  if (!fits.includes(key))
    throw new UsageError('--config', `${where} has "${key}", which is none of: ${fits.toSorted().join(', ')}`);
}

function readObject(path: string): Record<string, unknown> {
  try {
    const values: unknown = JSON.parse(readText('--config', path));
    if (isObject(values)) return values;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new UsageError('--config', `${path} is no JSON (${error.message})`);
  }
  throw new UsageError('--config', `${path} holds no object`);
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
