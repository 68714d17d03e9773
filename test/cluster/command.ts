import { execFile } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'

export interface Ran {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** Runs a program to its end; never throws for its exit code. */
export async function run(program: string, args: readonly string[], input?: string, timeoutMs = 600_000): Promise<Ran> {
  return await new Promise((resolve) => {
    const child = execFile(program, args, { maxBuffer: 1e8, timeout: timeoutMs }, (error, stdout, stderr) => {
      const code = error === null ? 0 : typeof error.code === 'number' ? error.code : 1
      resolve({ code, stdout, stderr: stderr === '' && error !== null ? error.message : stderr })
    })
    if (input !== undefined) child.stdin?.end(input)
  })
}

/** The output, or an Error with the last lines of what went wrong. */
export async function must(program: string, args: readonly string[], input?: string, timeoutMs?: number): Promise<string> {
  const ran = await run(program, args, input, timeoutMs)
  if (ran.code === 0) return ran.stdout
  const said = `${ran.stdout}\n${ran.stderr}`.trim().split('\n').slice(-12).join('\n')
  throw new Error(`${program} ${args.slice(0, 6).join(' ')} … ended with ${ran.code}:\n${said}`)
}

export const kubectl = (...args: readonly string[]): Promise<string> => must('kubectl', args)

export async function kubectlJson<Shape>(...args: readonly string[]): Promise<Shape> {
  return JSON.parse(await kubectl(...args, '-o', 'json')) as Shape // kubectl's own JSON; the caller knows the kind
}

export const apply = (manifest: object): Promise<string> => must('kubectl', ['apply', '-f', '-'], JSON.stringify(manifest))

/** Asks again until it holds; throws with the last reason when the time is over. */
export async function until(what: string, seconds: number, holds: () => Promise<boolean | string>): Promise<void> {
  const end = Date.now() + seconds * 1000
  let last = ''
  for (;;) {
    const held = await holds().catch((error: unknown) => String(error))
    if (held === true) return
    if (typeof held === 'string') last = held
    if (Date.now() > end) throw new Error(`gave up after ${seconds} s waiting for ${what}${last === '' ? '' : `: ${last}`}`)
    await sleep(500)
  }
}
