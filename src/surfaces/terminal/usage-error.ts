import { ShellError } from '../../domain/index.ts'

/** The command line is wrong in a way commander cannot see. */
export function usageError(message: string, hint?: string): ShellError {
  return new ShellError({ code: 'terminal.usage', kind: 'invalid', message, ...(hint === undefined ? {} : { hint }) })
}
