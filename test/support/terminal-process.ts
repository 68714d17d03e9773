import { execFileSync, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { ScriptedServer } from './terminal-server.ts'

const main = fileURLToPath(new URL('./terminal-main.ts', import.meta.url))

export interface Finished {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

export interface RunOptions {
  readonly input?: string
  readonly env?: Readonly<Record<string, string>>
  /** Sees what is said on stderr so far. */
  readonly onTalk?: (err: string) => void
  /** Called once when something has been written to stdout or the server was asked. */
  readonly interruptWhen?: () => boolean
}

/** Where a terminal signs in, and with what. */
export type ServerAt = Pick<ScriptedServer, 'baseUrl' | 'token'>

function environmentFor(server: ServerAt): Record<string, string> {
  return { PATH: process.env['PATH'] ?? '', HOME: '/nonexistent', AISHELL_SERVER: server.baseUrl, AISHELL_TOKEN: server.token }
}

/** Runs the terminal as a process of its own, in pipes. */
export async function runPiped(server: ServerAt, args: readonly string[], options: RunOptions = {}): Promise<Finished> {
  const child = spawn(process.execPath, [main, ...args], { env: { ...environmentFor(server), ...options.env } })
  let out = ''
  let err = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    err += text
    options.onTalk?.(err)
  })
  child.stdin.on('error', () => {}) // a process that needs no input may be gone first
  child.stdin.end(options.input ?? '')
  const { interruptWhen } = options
  if (interruptWhen !== undefined) {
    await until(interruptWhen)
    child.kill('SIGINT')
  }
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve))
  return { code, out, err }
}

/** Waits for something to become true; the test's own time limit is the only clock. */
export async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await new Promise((resolve) => setTimeout(resolve, 20))
}

/** A real pseudo-terminal with the shell in it, by tmux. */
export class TerminalScreen {
  readonly #socket = `aishell-test-${process.pid}-${Math.random().toString(36).slice(2)}`

  constructor(
    server: ScriptedServer,
    options: {
      readonly args?: string
      readonly env?: Readonly<Record<string, string>>
      readonly columns?: number
      readonly rows?: number
    } = {},
  ) {
    const env = Object.entries({ ...environmentFor(server), ...options.env }).map(([name, value]) => `${name}='${value}'`)
    const command = `env -i TERM=tmux-256color ${env.join(' ')} '${process.execPath}' '${main}' ${options.args ?? ''}; echo "left with $?"; cat > /dev/null`
    this.#tmux(['-f', '/dev/null', 'new-session', '-d', '-x', String(options.columns ?? 100), '-y', String(options.rows ?? 30), command])
  }

  /** Types text as it stands. */
  type(text: string): void {
    this.#tmux(['send-keys', '-l', escaped(text)])
  }

  /** Presses named keys: `Enter`, `C-c`, `Up`, `Tab`. */
  press(...keys: readonly string[]): void {
    for (const key of keys) this.#tmux(['send-keys', key])
  }

  enter(text: string): void {
    this.type(text)
    this.press('Enter')
  }

  paste(text: string): void {
    this.#tmux(['set-buffer', escaped(text)])
    this.#tmux(['paste-buffer', '-p'])
  }

  show(): string {
    return this.#tmux(['capture-pane', '-p'])
  }

  /** With colours and other attributes as escapes. */
  showStyled(): string {
    return this.#tmux(['capture-pane', '-p', '-e'])
  }

  /** Waits until the screen shows something and gives the screen. */
  async sees(text: string | RegExp): Promise<string> {
    const isThere = (screen: string): boolean => (typeof text === 'string' ? screen.includes(text) : text.test(screen))
    await until(() => isThere(this.show()))
    return this.show()
  }

  close(): void {
    this.#tmux(['kill-server'])
  }

  #tmux(args: readonly string[]): string {
    return execFileSync('tmux', ['-L', this.#socket, ...args], { encoding: 'utf8' })
  }
}

/** To tmux a semicolon at the end of an argument begins its next command. */
function escaped(text: string): string {
  return text.endsWith(';') ? `${text.slice(0, -1)}\\;` : text
}

/** null: there is a tmux. */
export function whyNoScreen(): string | null {
  try {
    execFileSync('tmux', ['-V'])
    return null
  } catch {
    return 'tmux is not installed, so there is no pseudo-terminal to test in'
  }
}
