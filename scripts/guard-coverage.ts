import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join, relative } from 'node:path'

/**
 * `node scripts/guard-coverage.ts [PART]`: which branches of `src/question/guard` its tests walk, in the process and in the
 * threads that SQLite, the MySQL parser and large statements are read in. Prints every branch that none of them walks, of files
 * whose path holds PART, and leaves with 1 where there is one.
 */
const root = join(import.meta.dirname, '..')

interface Place {
  readonly line: number
  readonly column: number
}

/** Of coverage-final.json, as much as is read. */
interface FileCoverage {
  readonly branchMap: Readonly<Record<string, { readonly type: string; readonly loc: Range; readonly locations: readonly Range[] }>>
  readonly b: Readonly<Record<string, readonly number[]>>
}

interface Range {
  readonly start: Place | Record<string, never>
}

interface Branch {
  readonly line: number
  readonly text: string
  count: number
}

/** Each branch once: of what runs in threads the report tells twice, and the two differ in where a branch ends, and in its brackets. */
function branchesOf(file: string, { branchMap, b }: FileCoverage): Branch[] {
  const lines = readFileSync(file, 'utf8').split('\n')
  const found = new Map<string, Branch>()
  for (const [id, { type, loc, locations }] of Object.entries(branchMap)) {
    locations.forEach((location, at) => {
      const place = placeOf(location) ?? placeOf(loc)
      if (place === null) return
      const written = lines[place.line - 1] ?? ''
      const start = { line: place.line, column: place.column + (/^\(*/.exec(written.slice(place.column))?.[0].length ?? 0) }
      const key = `${start.line}:${start.column} ${type} ${at}`
      const text = `${type}[${at}] at column ${start.column + 1}: ${written.trim()}`
      const branch = found.get(key) ?? { line: start.line, text, count: 0 }
      branch.count += b[id]?.[at] ?? 0
      found.set(key, branch)
    })
  }
  return [...found.values()]
}

/** An `else` that is not written has no place of its own. */
function placeOf({ start }: Range): Place | null {
  return 'line' in start && start.line !== undefined ? (start as Place) : null
}

function report(part: string): number {
  const file = join(root, '.cache/guard-coverage/coverage-final.json')
  const covered = JSON.parse(readFileSync(file, 'utf8')) as Record<string, FileCoverage> // istanbul's format
  const all = Object.entries(covered).map(([path, coverage]) => [relative(root, path), branchesOf(path, coverage)] as const)
  let missed = 0
  for (const [path, branches] of all.filter(([path]) => path.includes(part))) {
    for (const { line, text, count } of branches) if (count === 0) console.log(`${path}:${line} ${text}`)
    missed += branches.filter(({ count }) => count === 0).length
  }
  const branches = all.flatMap(([, own]) => own)
  const walked = branches.filter(({ count }) => count > 0).length
  console.log(`guard coverage: ${walked} of ${branches.length} branches, ${((100 * walked) / branches.length).toFixed(2)} %`)
  return missed
}

const [part = ''] = process.argv.slice(2)
const vitest = [join(root, 'node_modules/vitest/vitest.mjs'), 'run', '--config', 'scripts/guard-coverage/vitest.config.ts']
const { status, stdout, stderr } = spawnSync(process.execPath, [...vitest, '--reporter=dot'], {
  cwd: root,
  encoding: 'utf8',
  maxBuffer: 1e9,
})
if (status !== 0) console.error(`${stdout}${stderr}`.slice(-8_000))
const missed = report(part)
process.exitCode = status === 0 && missed === 0 ? 0 : 1
