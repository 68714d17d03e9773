import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { cpus, loadavg } from 'node:os'
import { join } from 'node:path'

const folder = join(import.meta.dirname, 'results')

/** What every result says of itself: when, where, of what, and how it is made again. */
export interface About {
  readonly date: string
  readonly machine: string
  /** Of the last minute, ours and everybody's. */
  readonly load: string
  readonly commit: string
  readonly node: string
  readonly command: string
}

export function about(command: string): About {
  return {
    date: new Date().toISOString().slice(0, 10),
    machine: `${cpus().length} x ${cpus()[0]?.model ?? 'unknown'}`,
    load: (loadavg()[0] ?? 0).toFixed(0),
    commit: execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim(),
    node: process.version,
    command,
  }
}

/** Writes bench/results/NAME.json. */
export function saveResult(name: string, result: object): void {
  saveText(`${name}.json`, `${JSON.stringify(result, null, 2)}\n`)
}

/** Writes bench/results/FILE. */
export function saveText(file: string, text: string): void {
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, file), text)
}
