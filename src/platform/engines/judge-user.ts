import type { DatabaseUserReport } from '../../contract/index.ts'
import type { Purpose } from './write-lease.ts'

/** Of more tables a script names the schemas. */
export const namedTables = 50

export type Finding = DatabaseUserReport['findings'][number]

/** Code and message of what it may write, which is what a writer is for. `what`: tables, or privileges. */
export function writesFinding(what: string, purpose: Purpose): readonly [string, string] {
  const more = {
    read: ' It need not: approved writes run as the writer of the connection.',
    write: '',
    both: ' Approved writes can have a user of their own, the `writer` of the connection.',
  }
  return ['engines.writes', `It may write: ${what}.${more[purpose]}`]
}

export const writesNothing = [
  'engines.writes-nothing',
  'It may write nothing, so every approved write will be refused by the database.',
] as const

const fitsWriter: ReadonlySet<string> = new Set(['engines.writes', 'engines.writes-nothing'])

export function levelOf(findings: readonly Finding[], purpose: Purpose): DatabaseUserReport['level'] {
  return findings.every((finding) => purpose === 'write' && fitsWriter.has(finding.code)) ? 'least' : 'excess'
}
