import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'

const script = join(import.meta.dirname, '..', '..', 'scripts', 'start.mjs')
const folder = mkdtempSync(join(tmpdir(), 'aishell-start-'))
chmodSync(folder, 0o755)
const children: ChildProcess[] = []
afterAll(() => {
  for (const child of children) child.kill('SIGKILL')
  rmSync(folder, { recursive: true, force: true })
})

/** Stands for vitest: writes the report it is told to, or waits to be stopped. */
const fakeVitest = `
import { writeFileSync } from 'node:fs'
const option = process.argv.find((word) => word.startsWith('--outputFile.json='))
const [mode = 'green'] = process.argv.slice(-1)
if (mode === 'wait') {
  writeFileSync('waiting', String(process.pid))
  process.on('SIGTERM', () => { writeFileSync('stopped', ''); process.exit(0) })
  setInterval(() => undefined, 1000)
} else if (mode !== 'crash') {
  const failed = mode === 'red' ? 2 : 0
  writeFileSync(option.slice(18), JSON.stringify({ numPassedTests: 5, numFailedTests: failed, numPendingTests: 1, numTodoTests: 1 }))
}
if (mode === 'red' || mode === 'crash') process.exitCode = 1
`

/** A checkout with the start script and one package that needs no network. */
function checkout(name: string): string {
  const root = join(folder, name)
  for (const path of ['scripts', 'src', 'local/vitest']) mkdirSync(join(root, path), { recursive: true })
  cpSync(script, join(root, 'scripts', 'start.mjs'))
  writeFileSync(join(root, 'src', 'main.ts'), `const words: string[] = process.argv.slice(2)\nconsole.log('main', ...words)\n`)
  writeFileSync(join(root, 'local/vitest/vitest.mjs'), fakeVitest)
  writeFileSync(join(root, 'local/vitest/package.json'), '{"name":"vitest","version":"1.0.0"}')
  writeFileSync(join(root, 'package.json'), JSON.stringify({ name: 'x', version: '1.0.0', dependencies: { vitest: 'file:local/vitest' } }))
  writeLock(root, {})
  return root
}

function writeLock(root: string, more: object): void {
  const packages = {
    '': { name: 'x', version: '1.0.0', dependencies: { vitest: 'file:local/vitest' } },
    'local/vitest': { version: '1.0.0', name: 'vitest' },
    'node_modules/vitest': { resolved: 'local/vitest', link: true },
    ...more,
  }
  writeFileSync(
    join(root, 'package-lock.json'),
    JSON.stringify({ name: 'x', version: '1.0.0', lockfileVersion: 3, requires: true, packages }),
  )
}

const { NODE_OPTIONS: _vitests, ...inherited } = process.env
const withNpm = { ...inherited, PATH: `${dirname(process.execPath)}:${process.env['PATH'] ?? ''}` }
const withoutNpm = { HOME: folder, PATH: '/nonexistent', npm_execpath: '' }
const offline = {
  ...withNpm,
  npm_config_registry: 'http://127.0.0.1:1',
  npm_config_fetch_retries: '0',
  npm_config_cache: join(folder, 'cache'),
}

function start(root: string, words: readonly string[], options: { env?: NodeJS.ProcessEnv; uid?: number } = {}) {
  const identity = options.uid === undefined ? {} : { uid: options.uid, gid: options.uid }
  return spawnSync(process.execPath, ['scripts/start.mjs', ...words], {
    cwd: root,
    env: options.env ?? withNpm,
    encoding: 'utf8',
    ...identity,
  })
}

async function startAsync(root: string, words: readonly string[]): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const child = spawn(process.execPath, ['scripts/start.mjs', ...words], { cwd: root, env: withNpm })
  children.push(child)
  let [stdout, stderr] = ['', '']
  child.stdout.on('data', (text: Buffer) => (stdout += text.toString()))
  child.stderr.on('data', (text: Buffer) => (stderr += text.toString()))
  const code = await new Promise<number | null>((resolve) => child.once('exit', resolve))
  return { code, stdout, stderr }
}

const lastLine = (text: string): string | undefined => text.trimEnd().split('\n').at(-1)

describe('the first start', () => {
  test('installs once; the next one runs with no npm and no network at all', () => {
    const root = checkout('once')
    const first = start(root, ['start', '--port', '0'])
    expect(first.stderr).toContain('Installing packages')
    expect(first.stdout).toBe('main start --port 0\n')
    const second = start(root, ['start'], { env: withoutNpm })
    expect([second.status, second.stdout, second.stderr]).toEqual([0, 'main start\n', ''])
  })

  test('installs again after the lockfile has changed, and takes what was installed by hand', () => {
    const root = checkout('changed')
    start(root, ['start'])
    writeLock(root, { 'node_modules/other': { version: '1.0.0', optional: true, os: ['beos'] } })
    expect(start(root, ['start'], { env: withoutNpm }).status).toBe(0) // a package for another machine changes nothing here
    writeLock(root, { 'local/other': { version: '1.0.0', name: 'other' } })
    expect(start(root, ['start'], { env: withoutNpm }).stderr).toContain('there is none on PATH')
  })

  test('happens once when many start at the same time', async () => {
    const root = checkout('many')
    const all = await Promise.all(Array.from({ length: 3 }, () => startAsync(root, ['start'])))
    expect(all.map((one) => [one.code, one.stdout])).toEqual(Array(3).fill([0, 'main start\n']))
    expect(all.filter((one) => one.stderr.includes('Installing packages'))).toHaveLength(1)
    expect(existsSync(join(root, '.cache', 'install.lock'))).toBe(false)
  })

  test('takes over the lock of a start that was killed', () => {
    const root = checkout('killed')
    mkdirSync(join(root, '.cache', 'install.lock'), { recursive: true })
    const gone = spawnSync(process.execPath, ['-e', ''])
    writeFileSync(join(root, '.cache', 'install.lock', 'pid'), String(gone.pid))
    expect(start(root, ['start'])).toMatchObject({ status: 0, stdout: 'main start\n' })
  })
})

describe('a start that cannot go on says why', () => {
  test('where there is no npm', () => {
    const { status, stderr } = start(checkout('no-npm'), ['start'], { env: withoutNpm })
    expect(status).toBe(1)
    expect(stderr).toContain('AI-Shell needs npm')
    expect(stderr).not.toContain('    at ')
  })

  test('where the registry cannot be reached', () => {
    const root = checkout('offline')
    const dependencies = { vitest: 'file:local/vitest', 'left-out': '1.0.0' }
    writeFileSync(join(root, 'package.json'), JSON.stringify({ name: 'x', version: '1.0.0', dependencies }))
    writeLock(root, {
      '': { name: 'x', version: '1.0.0', dependencies },
      'node_modules/left-out': { version: '1.0.0', integrity: `sha512-${'A'.repeat(86)}==` },
    })
    const { status, stderr } = start(root, ['start'], { env: offline })
    expect(status).toBe(1)
    expect(stderr).toContain('the npm registry cannot be reached')
  })

  test.skipIf(process.getuid?.() !== 0)('where the folder cannot be written to (needs root to become another user)', () => {
    const { status, stderr } = start(checkout('closed'), ['start'], { uid: 65_534 })
    expect(status).toBe(1)
    expect(stderr).toContain(`cannot write to ${join(folder, 'closed')}`)
  })

  test.skipIf(process.getuid?.() !== 0)('but not where its owner has installed already (needs root to become another user)', () => {
    const root = checkout('installed')
    start(root, ['start'])
    rmSync(join(root, 'node_modules', '.aishell-stamp'))
    expect(start(root, ['start'], { uid: 65_534 })).toMatchObject({ status: 0, stdout: 'main start\n', stderr: '' })
  })

  test('where the command is none', () => {
    const { status, stderr } = start(checkout('unknown'), ['strat'])
    expect(status).toBe(2)
    expect(stderr).toContain('Use one of: start, test, check, run')
    expect(start(checkout('which'), ['run']).stderr).toContain('Which file?')
  })
})

describe('npm test', () => {
  test.each([
    ['green', 0, '5 passed, 0 failed, 2 skipped'],
    ['red', 1, '5 passed, 2 failed, 2 skipped'],
    ['crash', 1, '0 passed, 1 failed, 0 skipped'],
  ])('of a %s run ends with %i and a last line to count by', (mode, code, line) => {
    const { status, stdout } = start(checkout(`test-${mode}`), ['test', mode])
    expect([status, lastLine(stdout)]).toEqual([code, line])
  })

  test.each(['SIGTERM', 'SIGKILL'] as const)('stopped by %s leaves nothing running', async (signal) => {
    const root = checkout(`signal-${signal}`)
    start(root, ['start'])
    const child = spawn(process.execPath, ['scripts/start.mjs', 'test', 'wait'], { cwd: root, env: withNpm, stdio: 'ignore' })
    children.push(child)
    await expect
      .poll(() => existsSync(join(root, 'waiting')) && readFileSync(join(root, 'waiting'), 'utf8') !== '', { timeout: 20_000 })
      .toBe(true)
    child.kill(signal)
    await expect.poll(() => existsSync(join(root, 'stopped')), { timeout: 20_000 }).toBe(true)
  })
})

/** Set to e.g. 18,20,22: fetches these from the npm registry, so it is not part of an offline run. */
const oldNodes = (process.env['AISHELL_TEST_OLD_NODES'] ?? '').split(',').filter((version) => version !== '')

describe.skipIf(oldNodes.length === 0)('an older Node (AISHELL_TEST_OLD_NODES names versions to fetch)', () => {
  test.each(oldNodes)(
    '%s starts with the Node it fetches, and needs no network for it again',
    (version) => {
      const root = checkout(`old-${version}`)
      const home = join(folder, `node-${version}`)
      mkdirSync(home)
      const fetched = spawnSync('npm', ['install', '--prefix', home, '--no-save', `node-${process.platform}-${process.arch}@${version}`], {
        env: withNpm,
      })
      expect(fetched.status).toBe(0)
      const old = join(home, 'node_modules', `node-${process.platform}-${process.arch}`, 'bin', 'node')
      const run = (env: NodeJS.ProcessEnv) => spawnSync(old, ['scripts/start.mjs', 'start', 'again'], { cwd: root, env, encoding: 'utf8' })
      expect(run(withNpm)).toMatchObject({ status: 0, stdout: 'main start again\n' })
      expect(run(withoutNpm)).toMatchObject({ status: 0, stdout: 'main start again\n', stderr: '' })
    },
    180_000,
  )
})
