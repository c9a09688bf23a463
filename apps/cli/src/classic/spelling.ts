// Options as the classic exercises spell them: `-folder PATH -transfer_port PORT -name NAME`.

const classic: Readonly<Record<string, string>> = {
  '-folder': '--folder',
  '-transfer_port': '--transfer-port',
  '-name': '--name',
};

/** The arguments as this program spells them. */
export const modernSpelling = (args: readonly string[]): string[] =>
  args[0] === 'client' ? args.map((arg) => classic[arg] ?? arg) : [...args];
