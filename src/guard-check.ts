import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { catalogFileShape, catalogOfFile, policyShape } from './contract/index.ts'
import {
  ceilingLimits,
  defaultLimits,
  dialectFacts,
  isShellError,
  ShellError,
  type Catalog,
  type Decision,
  type Param,
  type Policy,
} from './domain/index.ts'
import { policyOf } from './platform/connections/index.ts'
import { createGuard, type GuardContext, type GuardSubject } from './question/guard/index.ts'
import type { GuardCheckOptions } from './surfaces/terminal/index.ts'

/** A line beyond this is no statement; the guard itself refuses statements long before. */
const longestLine = 16 * 1024 * 1024

interface Line extends GuardSubject {
  readonly id: string | number | null
}

interface Streams {
  readonly input: NodeJS.ReadableStream
  /** Resolves when the reader is ready for more. */
  readonly write: (text: string) => Promise<void>
}

/**
 * Judges statements from a stream of JSON lines, in order, one verdict per line. Starts and contacts nothing. Gives the exit
 * code: 1 where a line could not be read, 3 where a verdict is as bad as `failOn` asks about, else 0.
 */
export async function checkStatements(options: GuardCheckOptions, { input, write }: Streams): Promise<number> {
  const context = contextOf(options)
  const guard = createGuard({ cachedVerdicts: 1 })
  let isBroken = false
  let isRefused = false
  let number = 0
  try {
    for await (const text of createInterface({ input, crlfDelay: Infinity })) {
      number += 1
      if (text.trim() === '') continue
      const startedMs = performance.now()
      try {
        const { id, ...subject } = readLine(text)
        const { verdict } = await guard.guard(subject, { ...context, now: new Date() })
        isRefused ||= counts(verdict.decision, options.failOn)
        const { class: statementClass, tables, columns, functions } = verdict
        const codes = [...new Set(verdict.reasons.map((reason) => reason.code))]
        const ms = Number((performance.now() - startedMs).toFixed(3))
        await write(`${JSON.stringify({ id, verdict: verdict.decision, class: statementClass, codes, tables, columns, functions, ms })}\n`)
      } catch (error) {
        if (!isShellError(error)) throw error
        isBroken = true
        await write(`${JSON.stringify({ id: null, line: number, error: { code: error.code, message: error.message } })}\n`)
      }
    }
  } finally {
    await guard.close()
  }
  return isBroken ? 1 : isRefused ? 3 : 0
}

function counts(decision: Decision, failOn: GuardCheckOptions['failOn']): boolean {
  return failOn !== 'never' && (decision === 'refuse' || (failOn === 'confirm' && decision === 'confirm'))
}

function readLine(text: string): Line {
  if (text.length > longestLine) throw badLine(`it is longer than ${longestLine} characters`)
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw badLine('it is not JSON')
  }
  if (value === null || typeof value !== 'object' || Array.isArray(value)) throw badLine('it is not an object')
  const { id = null, sql, params = null } = value as Readonly<Record<string, unknown>> // an object, as was just asked
  if (typeof sql !== 'string') throw badLine('`sql` is not a text')
  if (id !== null && typeof id !== 'string' && typeof id !== 'number') throw badLine('`id` is neither a text nor a number')
  if (params !== null && !isParams(params)) throw badLine('`params` is not a list of texts and nulls')
  return { id, sql, params }
}

function isParams(value: unknown): value is readonly Param[] {
  return Array.isArray(value) && value.every((item) => item === null || typeof item === 'string')
}

function badLine(why: string): ShellError {
  return new ShellError({ code: 'main.bad-line', kind: 'invalid', message: `This line cannot be judged: ${why}.` })
}

function contextOf(options: GuardCheckOptions): GuardContext {
  const policy = options.policy === null ? policyOf(null, serverLimits) : readPolicy(options.policy)
  const catalog = options.catalog === null ? null : readCatalog(options.catalog, options)
  return { catalog, dialect: options.dialect, policy, roles: options.role.split(','), connectionId: 'check', limits: policy.defaults }
}

const serverLimits = { defaults: defaultLimits, ceiling: ceilingLimits }

function readPolicy(file: string): Policy {
  const parsed = policyShape.safeParse(readJson(file))
  if (parsed.success) return policyOf(parsed.data, serverLimits)
  throw badFile(file, 'policy', parsed.error.issues[0], '`aishell connections policy get` prints one.')
}

function readCatalog(file: string, { dialect }: GuardCheckOptions): Catalog {
  const parsed = catalogFileShape.safeParse(readJson(file))
  if (!parsed.success) throw badFile(file, 'catalog', parsed.error.issues[0], '`aishell catalog dump` writes one.')
  if (parsed.data.dialect === dialect) return catalogOfFile(parsed.data, dialectFacts[dialect].defaultSchema)
  const issue = { path: ['dialect'], message: `${parsed.data.dialect} is not ${dialect}` }
  throw badFile(file, 'catalog', issue, `Give --dialect ${parsed.data.dialect}, or another catalog.`)
}

function readJson(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch (cause) {
    throw new ShellError({
      code: 'main.unreadable-file',
      kind: 'invalid',
      message: `${file} cannot be read as JSON: ${cause instanceof Error ? cause.message : ''}`,
      hint: 'Give a file that holds one JSON object.',
    })
  }
}

function badFile(
  file: string,
  what: string,
  issue: { readonly path: readonly PropertyKey[]; readonly message: string } | undefined,
  hint: string,
): ShellError {
  const place = issue?.path.map(String).join('.') ?? ''
  return new ShellError({
    code: `main.bad-${what}-file`,
    kind: 'invalid',
    message: `${file} is no ${what}: at ${place === '' ? 'its top' : place}, ${issue?.message ?? ''}.`,
    hint,
  })
}
