// Takes keys, a pipe or a command line, and the process around them; gives answers on a screen, files, an exit code.
// It is an HTTP client like any other: whatever it shows came through the contract.
// Touches the terminal, the history file, files it is told to read or write, and the network through the client.
// Refuses anything of the server, environment variables and global streams: `main.ts` hands it both.
export { renderCliReference } from './cli-reference.ts'
export type {
  AuditKeys,
  DoctorCheck,
  GuardCheckOptions,
  ServerCommands,
  ServerHandle,
  TerminalEnvironment,
  TerminalInput,
} from './environment.ts'
export { Output } from './output.ts'
export { createProgram } from './program.ts'
export { runTerminal } from './run-terminal.ts'
export { runShell } from './shell/run-shell.ts'
