import { InvalidArgumentError, Option, type Command } from 'commander'

/** Adds what every command that talks to a server takes. */
export function withServerOptions(command: Command): Command {
  return command
    .addOption(
      new Option('--server <url>', 'the AI-Shell server to ask (AISHELL_SERVER; default: the one on this machine)').helpGroup('Server:'),
    )
    .addOption(new Option('--token-file <file>', 'a file holding the token (or AISHELL_TOKEN)').helpGroup('Server:'))
    .option('--json', 'print JSON, errors too (problem documents)')
}

export function parseCount(text: string): number {
  const count = Number(text.replaceAll('_', ''))
  if (!Number.isSafeInteger(count) || count < 1) throw new InvalidArgumentError('It takes a whole number from 1.')
  return count
}

/** Gathers a repeatable option. */
export function gather(value: string, previous: readonly string[] | undefined): readonly string[] {
  return [...(previous ?? []), value]
}

/** `\N` is NULL, as in COPY; anything else is the text itself. */
export function parseParam(value: string, previous: readonly (string | null)[] | undefined): readonly (string | null)[] {
  return [...(previous ?? []), value === '\\N' ? null : value]
}
