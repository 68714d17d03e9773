// The terminal alone, as a process of its own: what `main.ts` does, without a server behind it.
import { isatty } from 'node:tty'
import { runTerminal, type TerminalEnvironment } from '../../src/surfaces/terminal/index.ts'

const { stdin, stdout, stderr, env } = process

const environment: TerminalEnvironment = {
  stdin,
  stdout,
  stderr,
  isTty: isatty(0) && isatty(1),
  isOutputTty: isatty(1),
  isErrorTty: isatty(2),
  noColor: env['NO_COLOR'] !== undefined,
  columns: () => stdout.columns ?? 80,
  rows: () => stdout.rows ?? 24,
  serverUrl: env['AISHELL_SERVER'] ?? null,
  token: env['AISHELL_TOKEN'] === '' ? null : (env['AISHELL_TOKEN'] ?? null),
  credentialsFile: env['AISHELL_CREDENTIALS'] ?? null,
  machine: 'test machine',
  connection: env['AISHELL_CONNECTION'] ?? null,
  connect: async () => {
    throw new Error('this process has no server of its own')
  },
  version: '0.0.0',
  historyFile: env['AISHELL_HISTORY'] ?? null,
  onInterrupt: (listener) => {
    process.on('SIGINT', listener)
    return () => process.off('SIGINT', listener)
  },
  commands: {
    serve: async () => 0,
    migrate: async () => 0,
    mcpStdio: async () => 0,
    guardCheck: async () => 0,
    doctorLocal: async () => [{ name: 'data directory', state: 'ok', detail: 'writable' }],
    rotateKeys: async () => ({ tenants: 2, rewrapped: 1, failed: 0 }),
    verifyAuditFile: async () => ({ isIntact: true, checked: 1, openIntents: 0, lostIntents: 0, head: null, findings: [] }),
  },
}

process.exitCode = await runTerminal(environment, process.argv.slice(2))
