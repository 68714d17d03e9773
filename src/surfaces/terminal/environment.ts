import type { Dialect } from '../../domain/index.ts'
import type { Check, Verification } from '../../contract/index.ts'

/** The keyboard, or whatever is piped in. `setRawMode` exists on a real terminal only. */
export type TerminalInput = NodeJS.ReadableStream & {
  readonly isTTY?: boolean
  setRawMode?(raw: boolean): unknown
}

/** One line of a doctor's report. */
export type DoctorCheck = Check

/** A running server the terminal may talk to. */
export interface ServerHandle {
  /** `http://127.0.0.1:8000`, without a trailing slash. */
  readonly baseUrl: string
  readonly token: string
  /** Lets go of it; stops the server only where `connect` started it for this process. */
  stop(): Promise<void>
}

/** What `guard check` judges by; files as the command line names them. */
export interface GuardCheckOptions {
  readonly dialect: Dialect
  readonly catalog: string | null
  readonly policy: string | null
  /** Names of roles, separated by commas. */
  readonly role: string
  /** Which verdicts make the exit code 3. */
  readonly failOn: 'never' | 'refuse' | 'confirm'
}

/** The chain's secret key, or the public one, perhaps with checkpoints that were kept elsewhere. */
export type AuditKeys = { readonly keyFile: string } | { readonly publicKeyFile: string; readonly checkpointsFile: string | null }

/** What the server's side of the house does when asked from the command line. Each resolves to an exit code unless it says otherwise. */
export interface ServerCommands {
  serve(): Promise<number>
  migrate(options: { readonly json: boolean }): Promise<number>
  mcpStdio(): Promise<number>
  /** Looks at this machine: settings, data directory, store, model. */
  doctorLocal(): Promise<readonly DoctorCheck[]>
  /** Judges statements from stdin, one JSON object a line, without a server. */
  guardCheck(options: GuardCheckOptions): Promise<number>
  /** Wraps every tenant's data key with the present SECRET_KEY, straight on the store. */
  rotateKeys(): Promise<{ readonly tenants: number; readonly rewrapped: number; readonly failed: number }>
  /** Checks an exported trail without any server. */
  verifyAuditFile(file: string, keys: AuditKeys): Promise<Verification>
}

/** Everything the terminal takes from the process around it. It reads no environment variable, argv or global stream itself. */
export interface TerminalEnvironment {
  readonly stdin: TerminalInput
  readonly stdout: NodeJS.WritableStream
  readonly stderr: NodeJS.WritableStream
  /** true: a person sits at both ends, keys come in and the screen shows the output. */
  readonly isTty: boolean
  /** true: what is written to stdout lands on a screen. */
  readonly isOutputTty: boolean
  /** true: stderr is a screen; spinners go there. */
  readonly isErrorTty: boolean
  /** NO_COLOR is set, or the terminal is dumb. */
  readonly noColor: boolean
  /** Width and height of the screen, now. */
  readonly columns: () => number
  readonly rows: () => number
  /** AISHELL_SERVER; null: a local server is looked for, or started on loopback. */
  readonly serverUrl: string | null
  /** AISHELL_TOKEN. */
  readonly token: string | null
  /** Where `aishell login` keeps tokens; null: nowhere. */
  readonly credentialsFile: string | null
  /** The machine’s name, for people who confirm a login. */
  readonly machine: string
  /** AISHELL_CONNECTION: the connection asked when none is named. */
  readonly connection: string | null
  /** Finds a running local server or starts one on loopback. */
  connect(): Promise<ServerHandle>
  readonly version: string
  /** Where the shell keeps what was typed; null: nowhere. */
  readonly historyFile: string | null
  /** Calls back on SIGINT and returns a way to stop listening. While nobody listens, the signal ends the process. */
  onInterrupt(listener: () => void): () => void
  readonly commands: ServerCommands
}
