import { spawnSync } from 'node:child_process'

/** The gate, the same on a laptop and in CI: types, lint, format, rooms, generated files, unit tests. */
const steps: readonly (readonly [name: string, command: string, args: readonly string[]])[] = [
  ['types', 'node_modules/.bin/tsc', ['-p', '.']],
  ['lint', 'node_modules/.bin/oxlint', ['--type-aware', '--deny-warnings', 'src', 'test', 'scripts', 'bench']],
  ['format', 'node_modules/.bin/oxfmt', ['--check', 'src', 'test', 'scripts', 'bench']],
  ['rooms', process.execPath, ['scripts/check-rooms.ts']],
  ['generated files', process.execPath, ['scripts/generate.ts', '--check']],
  ['threats', process.execPath, ['scripts/check-threats.ts']],
  ['hygiene', process.execPath, ['scripts/check-hygiene.ts']],
]

let failed = 0
for (const [name, command, args] of steps) {
  const startedMs = performance.now()
  const { status, stdout, stderr } = spawnSync(command, [...args], { encoding: 'utf8' })
  const seconds = ((performance.now() - startedMs) / 1000).toFixed(1)
  console.log(`${status === 0 ? 'ok    ' : 'FAILED'} ${name} (${seconds} s)`)
  if (status === 0) continue
  failed += 1
  console.log(`${stdout}${stderr}`.trimEnd())
}
console.log(`check: ${steps.length - failed} passed, ${failed} failed`)
process.exitCode = failed === 0 ? 0 : 1
