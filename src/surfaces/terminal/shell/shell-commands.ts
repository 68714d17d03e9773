/** A backslash command of the shell, as `\help` and completion list it. */
export interface ShellCommandHelp {
  readonly name: string
  readonly usage: string
  readonly does: string
}

export const shellCommands = [
  { name: '\\d', usage: '\\d [name]', does: 'list tables and views, or describe one' },
  { name: '\\dt', usage: '\\dt', does: 'list tables' },
  { name: '\\dv', usage: '\\dv', does: 'list views' },
  { name: '\\c', usage: '\\c [name]', does: 'list connections, or switch to one' },
  { name: '\\sql', usage: '\\sql <statement>', does: 'run as SQL, whatever it looks like' },
  { name: '\\ask', usage: '\\ask <question>', does: 'ask as a question, whatever it looks like' },
  { name: '\\explain', usage: '\\explain <sql or question>', does: 'draft, judge and plan; run nothing' },
  {
    name: '\\export',
    usage: '\\export csv|ndjson <file> [sql or question]',
    does: 'write all rows of the last answer, or of what is given, to a file',
  },
  { name: '\\history', usage: '\\history [count]', does: 'what you asked lately, and how it ended' },
  {
    name: '\\approvals',
    usage: '\\approvals [id] [approve|reject|cancel]',
    does: 'what waits for another person; one of them; or a decision on it',
  },
  { name: '\\x', usage: '\\x', does: 'one line per column on or off' },
  { name: '\\timing', usage: '\\timing', does: 'times of each stage on or off' },
  { name: '\\limit', usage: '\\limit [rows]', does: 'show or set the most rows an answer may have' },
  { name: '\\help', usage: '\\help', does: 'this list' },
  { name: '\\q', usage: '\\q', does: 'leave (also Ctrl-D)' },
] as const satisfies readonly ShellCommandHelp[]

export type ShellCommandName = (typeof shellCommands)[number]['name']

/** Other spellings people's fingers know. */
const aliases: Readonly<Record<string, ShellCommandName>> = {
  '\\?': '\\help',
  '\\h': '\\help',
  '\\quit': '\\q',
  '\\exit': '\\q',
  '\\connect': '\\c',
  '\\l': '\\c',
}

export interface ParsedCommand {
  readonly name: ShellCommandName
  readonly rest: string
}

/** Splits `\d customer` into its parts; null when there is no such command. */
export function parseShellCommand(text: string): ParsedCommand | null {
  const [, typed = '', rest = ''] = /^(\\\S+)\s*([\s\S]*)$/.exec(text.trim()) ?? []
  const found = shellCommands.find((command) => command.name === (aliases[typed] ?? typed))
  return found === undefined ? null : { name: found.name, rest: rest.trim() }
}
