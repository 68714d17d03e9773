import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { openPolicy, type Dialect } from '../../src/domain/index.ts'
import { createGuard } from '../../src/question/guard/index.ts'
import { Generator } from './fuzz/generate.ts'
import { mutate } from './fuzz/mutate.ts'
import { openMysqlWorld } from './fuzz/mysql-world.ts'
import { openPostgresWorld } from './fuzz/postgres-world.ts'
import { Random } from './fuzz/random.ts'
import { openSqliteWorld } from './fuzz/sqlite-world.ts'
import type { World } from './fuzz/world.ts'
import { about, saveResult } from '../report.ts'

/**
 * `npm run fuzz -- --seed N --minutes M [--dialect D]`: statements from the corpus and fresh ones, hurt and whole, are judged as a
 * reader's; whatever the guard lets through runs on a real server as somebody who may do anything. Nothing may change there,
 * nothing may be thrown, and no judging may hold the event loop longer than ten milliseconds.
 */
const worlds = {
  postgres: openPostgresWorld,
  sqlite: openSqliteWorld,
  mariadb: () => openMysqlWorld('mariadb'),
  mysql: () => openMysqlWorld('mysql'),
} as const
type FuzzDialect = keyof typeof worlds
const longestHoldMs = 10

interface Tally {
  readonly dialect: Dialect
  judged: number
  allowed: number
  ranWithoutError: number
  refused: number
  thrown: number
  /** Judgings that held the event loop too long, by this thread's own processor time. */
  held: number
  longestHoldMs: number
  readonly changes: { readonly sql: string; readonly change: string }[]
  readonly thrownAt: string[]
  readonly heldBy: { readonly ms: number; readonly bytes: number; readonly sql: string }[]
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      seed: { type: 'string', default: '1' },
      minutes: { type: 'string', default: '1' },
      dialect: { type: 'string' },
      record: { type: 'boolean', default: false },
    },
  })
  const dialects = (Object.keys(worlds) as FuzzDialect[]).filter((name) => values.dialect === undefined || name === values.dialect)
  if (dialects.length === 0) throw new Error(`There is no world for ${values.dialect}; there are: ${Object.keys(worlds).join(', ')}.`)
  const minutes = Number(values.minutes)
  const random = new Random(Number(values.seed))
  const startedAt = new Date()
  const tallies: Tally[] = []
  const awake = setInterval(() => {}, 10_000) // neither the witness nor a sandbox keeps the process alive
  for (const dialect of dialects) tallies.push(await fuzz(dialect, new Random(random.below(2 ** 31)), minutes)) // one at a time: they would hold each other up
  clearInterval(awake)
  const report = {
    ...about(
      `npm run fuzz -- --seed ${values.seed} --minutes ${values.minutes}${values.dialect === undefined ? '' : ` --dialect ${values.dialect}`}`,
    ),
    startedAt: startedAt.toISOString(),
    endedAt: new Date().toISOString(),
    tallies,
  }
  console.log(JSON.stringify(report, null, 2))
  if (values.record) saveResult(`guard-fuzz${values.dialect === undefined ? '' : `-${values.dialect}`}`, report)
  process.exitCode = tallies.some((tally) => tally.changes.length + tally.thrown > 0) ? 1 : 0
}

async function fuzz(dialect: FuzzDialect, random: Random, minutes: number): Promise<Tally> {
  let world = await worlds[dialect]()
  const guard = createGuard({ cachedVerdicts: 10 })
  const tally: Tally = {
    dialect,
    judged: 0,
    allowed: 0,
    ranWithoutError: 0,
    refused: 0,
    thrown: 0,
    held: 0,
    longestHoldMs: 0,
    changes: [],
    thrownAt: [],
    heldBy: [],
  }
  const corpus = readCorpus(dialect)
  const generator = new Generator(random, world.catalog, await sorted(world))
  const untilMs = Date.now() + minutes * 60_000
  const judgeOne = async (sql: string): Promise<boolean> => {
    const context = {
      catalog: world.catalog,
      dialect,
      policy: openPolicy,
      roles: ['reader'],
      connectionId: 'fuzz',
      limits: openPolicy.defaults,
    }
    const before = process.threadCpuUsage()
    try {
      const { verdict } = await guard.guard({ sql, params: null }, context)
      return verdict.decision === 'allow' && verdict.class === 'read'
    } catch (error) {
      tally.thrown += 1
      tally.thrownAt.push(`${JSON.stringify(sql)}: ${String(error)}`)
      return false
    } finally {
      const spent = process.threadCpuUsage(before)
      const ms = (spent.user + spent.system) / 1000
      if (tally.judged > 2_000) noteHold(tally, ms, sql) // behind the warm-up of the engine
    }
  }
  while (Date.now() < untilMs) {
    const sql = nextStatement(random, generator, corpus)
    const isRead = await judgeOne(sql)
    tally.judged += 1
    if (!isRead) {
      tally.refused += 1
      continue
    }
    tally.allowed += 1
    const { error, change, isGone = false } = await world.run(sql)
    if (error === null) tally.ranWithoutError += 1
    if (change !== null) tally.changes.push({ sql, change: change.slice(0, 1_000) })
    if (change !== null) console.error(`${dialect}: CHANGED by ${JSON.stringify(sql)}`)
    if (isGone) world = await worlds[dialect]()
  }
  await guard.close()
  await world.close()
  return tally
}

function noteHold(tally: Tally, ms: number, sql: string): void {
  tally.longestHoldMs = Math.max(tally.longestHoldMs, ms)
  if (ms <= longestHoldMs) return
  tally.held += 1
  if (tally.heldBy.length < 20) tally.heldBy.push({ ms, bytes: Buffer.byteLength(sql), sql: sql.slice(0, 300) })
}

/** Functions the guard lets through without arguments, and the others: most calls should get as far as the server. */
async function sorted(world: World): Promise<{ readonly passing: string[]; readonly others: string[] }> {
  const guard = createGuard()
  const { catalog } = world
  const context = {
    catalog,
    dialect: catalog.dialect,
    policy: openPolicy,
    roles: ['reader'],
    connectionId: 'sort',
    limits: openPolicy.defaults,
  }
  const passing: string[] = []
  const others: string[] = []
  for (const name of world.functions) {
    const { verdict } = await guard.guard({ sql: `SELECT ${name}(1)`, params: null }, context)
    const isDenied = verdict.reasons.some((reason) => reason.code === 'guard.function-denied')
    ;(isDenied ? others : passing).push(name)
  }
  await guard.close()
  return { passing, others }
}

function nextStatement(random: Random, generator: Generator, corpus: readonly string[]): string {
  let sql = random.chance(0.5) ? generator.statement() : random.pick(corpus)
  for (let hurts = random.below(3); hurts > 0; hurts--)
    sql = mutate(random, sql, random.chance(0.5) ? random.pick(corpus) : generator.statement())
  return sql.slice(0, 20_000)
}

function readCorpus(dialect: Dialect): string[] {
  const folder = join(import.meta.dirname, '../../test/corpus/guard', dialect)
  const files = readdirSync(folder).map((name) => join(folder, name))
  return files.flatMap(
    (file) =>
      readFileSync(file, 'utf8')
        .trim()
        .split('\n')
        .map((line) => (JSON.parse(line) as { sql: string }).sql), // our own files
  )
}

await main()
