// Schemathesis makes requests from our OpenAPI document and sends them to a real server, as every role in turn. Promised: no answer of
// 5xx, and no answer that the document does not describe. Needs python3.
// node scripts/start.mjs run bench/faults/api-fuzz.ts --minutes 30 --seed 1 [--role reader] [--operation ask] [--record]
import { spawn } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { installSchemathesis } from './api-fuzz/install.ts'
import { fuzzedRoles, openFuzzWorld, type FuzzedRole } from './api-fuzz/world.ts'
import { about, saveResult } from '../report.ts'

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '30' },
    seed: { type: 'string', default: '1' },
    role: { type: 'string' },
    operation: { type: 'string' },
    record: { type: 'boolean', default: false },
  },
})
/** What is wrong in the answer itself, and what the document says must be refused and was not. */
const checks = [
  'not_a_server_error',
  'status_code_conformance',
  'content_type_conformance',
  'response_headers_conformance',
  'response_schema_conformance',
  'negative_data_rejection',
  'missing_required_header',
  'unsupported_method',
  'allow_header_conformance',
  'ignored_auth',
]
/** These end the very credential that asks; they get rounds of their own. */
const ending = ['signOut']
/** The first round, of an admin, walks the edges of each operation once, for half of the time at most; the others invent until theirs is up. */
const longestRoundS = 240
/** Rounds side by side: inventing a request takes python longer than answering it takes the server, and it has one core only. */
const lanes = 2
const folder = join(import.meta.dirname, '../../.cache/api-fuzz')

interface Round {
  readonly role: FuzzedRole
  readonly round: number
  readonly seconds: number
  readonly phases: string
  /** Ids of operations; null: all but those that end the credential. */
  readonly only: readonly string[] | null
}

interface Tally {
  readonly counts: Readonly<Record<string, number>>
  readonly faults: readonly string[]
}

const { program, tables } = installSchemathesis()
rmSync(folder, { recursive: true, force: true })
mkdirSync(folder, { recursive: true })
const world = await openFuzzWorld()
const document = join(folder, 'openapi.json')
writeFileSync(
  document,
  await (await fetch(`${world.serving.url}/openapi.json`, { headers: { authorization: `Bearer ${world.serving.adminToken}` } })).text(),
)

const minutes = Number(values.minutes)
const roles = values.role === undefined ? fuzzedRoles : fuzzedRoles.filter((role) => role === values.role)
/** Every role has its turn, also in a short run. */
const roundSeconds = Math.min(longestRoundS, Math.floor((minutes * 60 * lanes) / roles.length))
const startedAt = Date.now()
const tallies = new Map<FuzzedRole, Tally[]>()
let [rounds, failedRounds] = [0, 0]
await Promise.all(Array.from({ length: lanes }, takeRounds))
const said = world.serving.said()
await world.stop()
report()

/** One round after the other, as the next role each. */
async function takeRounds(): Promise<void> {
  while (Date.now() - startedAt < minutes * 60_000) {
    const round = rounds++
    const role = roles[round % roles.length] ?? 'admin'
    const leftS = Math.ceil(minutes * 60 - (Date.now() - startedAt) / 1000)
    const isFirst = round === 0 && role === 'admin' && values.operation === undefined && minutes >= 20
    const isEnding = values.operation === undefined && round >= roles.length && round % 7 === 6
    const seconds = isFirst ? (minutes * 60) / 2 : isEnding ? 5 : Math.max(5, Math.min(roundSeconds, leftS))
    const phases = isFirst ? 'examples,coverage' : 'fuzzing,stateful'
    if ((await fuzz({ role, round, seconds, phases, only: isEnding ? ending : null })) !== 0) failedRounds++
  }
}

/** One run of schemathesis; what it says of failures is in the round's log. */
async function fuzz({ role, round, seconds, phases, only }: Round): Promise<number> {
  const { token, known } = await world.round(role)
  const tallyFile = join(folder, `tally-${round}.json`)
  const operations =
    values.operation !== undefined
      ? [`--include-operation-id=${values.operation}`]
      : only !== null
        ? only.map((id) => `--include-operation-id=${id}`)
        : ending.map((id) => `--exclude-operation-id=${id}`)
  const args = [
    ...[
      '--config-file',
      join(import.meta.dirname, 'api-fuzz/schemathesis.toml'),
      'run',
      document,
      '--url',
      world.serving.url,
      '--seed',
      String(Number(values.seed) * 1000 + round),
      '--workers',
      '2',
    ],
    ...['--phases', phases, '--max-time', String(seconds)],
    ...['--checks', checks.join(','), '--continue-on-failure', '--no-color', '--generation-database', 'none', '--request-timeout', '20'],
    ...[
      '--suppress-health-check',
      'all',
      '--warnings',
      'off',
      ...operations,
      ...(token === null ? [] : ['-H', `Authorization: Bearer ${token}`]),
    ],
  ]
  const env = {
    ...process.env,
    SCHEMATHESIS_HOOKS: 'hooks',
    PYTHONPATH: join(import.meta.dirname, 'api-fuzz'),
    PYTHONDONTWRITEBYTECODE: '1',
    HYPOTHESIS_STORAGE_DIRECTORY: tables,
    API_FUZZ_KNOWN: JSON.stringify(known),
    API_FUZZ_TALLY: tallyFile,
  }
  const child = spawn(program, args, { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'] })
  let text = ''
  child.stdout.on('data', (part: Buffer) => (text += part.toString()))
  child.stderr.on('data', (part: Buffer) => (text += part.toString()))
  const code = await new Promise<number>((resolve) => child.once('close', (status) => resolve(status ?? 1)))
  writeFileSync(join(folder, `round-${round}-${role}.log`), text)
  const tally = JSON.parse(readFileSync(tallyFile, 'utf8')) as Tally // written by hooks.py
  tallies.set(role, [...(tallies.get(role) ?? []), tally])
  const sum = Object.values(tally.counts).reduce((all, one) => all + one, 0)
  console.log(
    `round ${round} ${role}: ${sum} requests, ${tally.faults.length} of 5xx${code === 0 ? '' : `, exit ${code}: see round-${round}-${role}.log`}`,
  )
  return code
}

function report(): void {
  const byRole = [...tallies].map(([role, all]) => {
    const statuses: Record<string, number> = {}
    for (const [key, count] of all.flatMap(({ counts }) => Object.entries(counts))) {
      const status = key.slice(key.lastIndexOf(' ') + 1)
      statuses[status] = (statuses[status] ?? 0) + count
    }
    return [role, statuses] as const
  })
  const total = byRole.flatMap(([, statuses]) => Object.values(statuses)).reduce((all, one) => all + one, 0)
  const serverErrors = byRole
    .flatMap(([, statuses]) => Object.entries(statuses))
    .reduce((all, [status, count]) => (status >= '500' ? all + count : all), 0)
  const operations = new Set(
    [...tallies.values()].flat().flatMap(({ counts }) => Object.keys(counts).map((key) => key.split(' ').slice(0, 2).join(' '))),
  )
  const result = {
    ...about(`node scripts/start.mjs run bench/faults/api-fuzz.ts --minutes ${minutes} --seed ${values.seed}`),
    promised: { serverErrors: 0, roundsWithViolations: 0 },
    seen: { serverErrors, roundsWithViolations: failedRounds },
    minutes: Math.round((Date.now() - startedAt) / 6_000) / 10,
    rounds,
    requests: total,
    operations: operations.size,
    statusesByRole: Object.fromEntries(byRole),
  }
  console.log(JSON.stringify(result, null, 2))
  for (const fault of [...tallies.values()]
    .flat()
    .flatMap(({ faults }) => faults)
    .slice(0, 20))
    console.log(fault)
  writeFileSync(join(folder, 'server.log'), said)
  if (values.record) saveResult('api-fuzz', result)
  process.exitCode = serverErrors === 0 && failedRounds === 0 ? 0 : 1
}
