// WebAssembly modules put together from their instructions when they are first needed: some hundred or thousand bytes, so
// nothing is compiled at install and nothing is built that could differ from its source. Modules made here have one
// function, and a memory that is given to them. (WebAssembly Core Specification 2.0, section 5)

export type Code = readonly number[];

export interface OneFunction {
  /** Under which it is exported. */
  readonly name: string;
  readonly parameters: Code;
  readonly results: Code;
  /** Variables after the parameters: how many of which type. */
  readonly locals: readonly (readonly [count: number, type: number])[];
  readonly body: Code;
}

/** A module that imports `host.memory`. */
export function moduleOf({ name, parameters, results, locals, body }: OneFunction): Uint8Array<ArrayBuffer> {
  const listed = (types: Code): Code => vector(types.map((type) => [type]));
  const variables = vector(locals.map(([count, type]) => [...unsigned(count), type]));
  const parts = [
    [0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0], // '\0asm', version 1
    section(1, vector([[0x60, ...listed(parameters), ...listed(results)]])),
    section(2, vector([[...text('host'), ...text('memory'), 0x02, 0x00, 0x01]])), // import a memory of at least 1 page
    section(3, vector([[0]])), // one function, of type 0
    section(7, vector([[...text(name), 0x00, 0]])), // export function 0
    section(10, vector([sized([...variables, ...body, 0x0b])])),
  ];
  return Uint8Array.from(parts.flat());
}

/** In LEB128. */
export const unsigned = (value: number): Code =>
  value < 128 ? [value] : [(value & 127) | 128, ...unsigned(value >>> 7)];

/** In LEB128 with a sign, as constants are. */
export const signed = (value: number): Code =>
  value >= -64 && value < 64 ? [value & 127] : [(value & 127) | 128, ...signed(value >> 7)];

const section = (id: number, content: Code): Code => [id, ...sized(content)];
const sized = (content: Code): Code => [...unsigned(content.length), ...content];
const vector = (items: readonly Code[]): Code => [...unsigned(items.length), ...items.flat()];
const text = (letters: string): Code => sized(Array.from(letters, (letter) => letter.codePointAt(0)!));
