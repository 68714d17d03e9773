import type { TerminalEnvironment } from './environment.ts'
import { exitCodes, worstCode, type ExitCode } from './exit-codes.ts'
import { Output } from './output.ts'
import { ansiPaint, noPaint, type Paint } from './render/paint.ts'
import type { Screen } from './render/screen.ts'
import { Spinner } from './render/spinner.ts'
import { chooseConnection, openSession, type Session, type SessionOptions } from './session.ts'
import { isAbort } from './trouble.ts'

/** Options that every command takes. */
export interface CommonOptions extends SessionOptions {
  readonly json?: boolean
}

/** What one run of the program holds: the process around it, its output, and the code it will leave with. */
export class CommandContext {
  readonly env: TerminalEnvironment
  readonly out: Output
  readonly err: Output
  readonly paint: Paint
  readonly errPaint: Paint
  #exitCode: ExitCode = exitCodes.answered

  constructor(env: TerminalEnvironment) {
    this.env = env
    this.out = new Output(env.stdout)
    this.err = new Output(env.stderr)
    this.paint = env.isOutputTty && !env.noColor ? ansiPaint : noPaint
    this.errPaint = env.isErrorTty && !env.noColor ? ansiPaint : noPaint
  }

  get exitCode(): ExitCode {
    return this.#exitCode
  }

  /** The worst code of all that happened is the one we leave with. */
  leaveWith(code: ExitCode): void {
    this.#exitCode = worstCode(this.#exitCode, code)
  }

  /** A program reads compact lines, a person reads indented ones. */
  async json(value: unknown): Promise<void> {
    await this.out.write(`${JSON.stringify(value, null, this.env.isOutputTty ? 2 : undefined)}\n`)
  }

  /** Something worth knowing that is not the result. */
  async note(text: string): Promise<void> {
    await this.err.lines([text])
  }

  /** Where one-shot commands show answers: rows on stdout, talk on stderr unless both are the same screen. */
  screen(): Screen {
    const isOneScreen = this.env.isOutputTty && this.env.isErrorTty
    return {
      out: this.out,
      paint: this.paint,
      talk: isOneScreen ? this.out : this.err,
      talkPaint: isOneScreen ? this.paint : this.errPaint,
      isTalkOnScreen: this.env.isErrorTty,
      style: this.env.isOutputTty ? 'screen' : 'ascii',
      spinner: new Spinner(this.env.isErrorTty ? this.env.stderr : null),
      columns: () => this.env.columns(),
      rows: () => this.env.rows(),
      page: null,
    }
  }

  /** Runs `work` with a session that is closed afterwards, and tells it when the user interrupts. */
  async withSession<Result>(options: CommonOptions, work: (session: Session, signal: AbortSignal) => Promise<Result>): Promise<Result> {
    return this.interruptible(async (signal) => {
      const session = await openSession(this.env, options)
      try {
        if (session.warning !== null) await this.note(`${this.errPaint.yellow('warning')}: ${session.warning}`)
        return await work(session, signal)
      } finally {
        await session.close()
      }
    })
  }

  /** The first Ctrl-C aborts the signal; while `work` winds up, a second one ends the process as usual. */
  async interruptible<Result>(work: (signal: AbortSignal) => Promise<Result>): Promise<Result> {
    const abort = new AbortController()
    let stop = (): void => {}
    stop = this.env.onInterrupt(() => {
      stop()
      abort.abort()
    })
    try {
      return await work(abort.signal)
    } catch (error) {
      if (abort.signal.aborted && isAbort(error)) this.leaveWith(exitCodes.interrupted)
      throw error
    } finally {
      stop()
    }
  }

  async connectionName(session: Session, named: string | undefined): Promise<string> {
    const wanted = named ?? this.env.connection
    return wanted ?? chooseConnection(await session.client.connections(), null).name
  }
}
