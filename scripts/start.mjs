// Starts everything from a fresh clone, on any Node from 18 on: `node scripts/start.mjs start | test | check | run <file>`.
// Plain JavaScript without dependencies, because it runs before there are any. It fetches what is missing (packages,
// a Node 24 where this one is older), once; afterwards it needs no network.
import { spawn, spawnSync } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

const neededMajor = 24
/** The Node that is fetched where this one is older. */
const fetchedNode = '24.21.0'
const root = dirname(dirname(fileURLToPath(import.meta.url)))
const cache = join(root, '.cache')

/** A message for people instead of a stack. */
class StartError extends Error {}

/** Makes the checkout ready to run; gives the path of a Node that is new enough. */
export async function ensureReady() {
  const node = await ensureNode()
  if (!areModulesCurrent(node))
    await underLock(
      () => areModulesCurrent(node),
      () => installModules(node),
    )
  return node
}

// ---- Node

async function ensureNode() {
  if (Number(process.versions.node.split('.')[0]) >= neededMajor) return process.execPath
  const folder = join(cache, `node-${fetchedNode}-${process.platform}-${process.arch}`)
  const binary = join(folder, 'node_modules', nodePackage(), 'bin', process.platform === 'win32' ? 'node.exe' : 'node')
  if (!existsSync(binary))
    await underLock(
      () => existsSync(binary),
      () => fetchNode(folder),
    )
  const answer = spawnSync(binary, ['--version'], { encoding: 'utf8' })
  if (answer.status === 0) return binary
  throw new StartError(
    `AI-Shell needs Node ${neededMajor}; this is ${process.version}, and the Node ${fetchedNode} from npm does not run here.\n` +
      `Install Node ${neededMajor} or newer yourself (on Alpine: apk add nodejs), then start again.`,
  )
}

function nodePackage() {
  return `node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`
}

function fetchNode(folder) {
  say(`AI-Shell needs Node ${neededMajor}, this is ${process.version}: fetching Node ${fetchedNode} into .cache (once) …`)
  const unfinished = `${folder}.${process.pid}`
  rmSync(unfinished, { recursive: true, force: true })
  mkdirSync(unfinished, { recursive: true })
  writeFileSync(join(unfinished, 'package.json'), '{"private":true}\n')
  npm(process.execPath, ['install', '--prefix', unfinished, '--ignore-scripts', '--no-save', `${nodePackage()}@${fetchedNode}`], unfinished)
  rmSync(folder, { recursive: true, force: true })
  renameSync(unfinished, folder) // whole or not there: a kill in the middle is fetched again
}

// ---- packages

const modules = join(root, 'node_modules')
const stampFile = join(modules, '.aishell-stamp')

/** What the installed packages must agree with. */
function currentStamp() {
  return createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .update(`${process.platform} ${process.arch}`)
    .digest('hex')
}

function areModulesCurrent() {
  if (readIfThere(stampFile) === currentStamp()) return true
  if (!agreesWithLockfile()) return false
  tryToStamp() // installed by hand with npm ci: nothing to do
  return true
}

/** npm notes what it installed; every package the lockfile asks for must be there in that version. */
function agreesWithLockfile() {
  const installed = readIfThere(join(modules, '.package-lock.json'))
  if (installed === null) return false
  const found = JSON.parse(installed).packages ?? {}
  const asked = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')).packages
  return Object.entries(asked).every(
    ([path, entry]) => path === '' || found[path]?.version === entry.version || (found[path] === undefined && isDispensable(entry)),
  )
}

/** Optional packages for other machines are in the lockfile and never installed, nor is what they alone need. */
function isDispensable(entry) {
  if (entry.optional !== true) return false
  if (entry.os === undefined && entry.cpu === undefined && entry.libc === undefined) return true
  const fits = (list, value) => list === undefined || list.includes(value)
  return !fits(entry.os, process.platform) || !fits(entry.cpu, process.arch) || (entry.libc !== undefined && !fits(entry.libc, libc()))
}

let knownLibc = null
function libc() {
  if (process.report) process.report.excludeNetwork = true // it would look up names of open connections
  knownLibc ??= process.report?.getReport().header.glibcVersionRuntime === undefined ? 'musl' : 'glibc'
  return knownLibc
}

function installModules(node) {
  say('Installing packages (npm ci), once …')
  npm(node, ['ci', '--include=dev', '--include=optional'], root)
  tryToStamp()
}

function tryToStamp() {
  try {
    writeFileSync(stampFile, currentStamp())
  } catch {
    // A checkout that belongs to somebody else: the packages are compared again at the next start.
  }
}

// ---- npm

function npm(node, args, cwd) {
  const quiet = ['--no-audit', '--no-fund', '--no-update-notifier', '--loglevel=error', '--prefer-offline']
  const env = { ...process.env, PATH: `${dirname(node)}${delimiter}${process.env.PATH ?? ''}`, ...npmCache() }
  delete env.NODE_ENV // `production` would leave out what the tests need
  const result = spawnSync(node, [npmCli(), ...args, ...quiet], {
    cwd,
    env,
    encoding: 'utf8',
    stdio: ['ignore', 'ignore', 'pipe'],
    maxBuffer: 1e8,
  })
  if (result.status === 0) return
  const output = `${result.stderr ?? ''}${result.error ?? ''}`.trim()
  throw new StartError(`${reasonOf(output)}\n\nnpm said:\n${output.split('\n').slice(0, 14).join('\n')}`)
}

function reasonOf(output) {
  if (/ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|ENOTCACHED|network/i.test(output))
    return 'The packages could not be fetched: the npm registry cannot be reached.\nThe first start needs the network (or a registry set in ~/.npmrc); every later one does not.'
  if (/EACCES|EPERM|EROFS/.test(output)) return notWritable(root)
  if (/ENOSPC/.test(output)) return 'The packages could not be installed: the disk is full.'
  return 'The packages could not be installed.'
}

function notWritable(folder) {
  return (
    `AI-Shell cannot write to ${folder}, where its packages belong.\n` +
    'Start it as the owner of that folder, make the folder writable, or let the owner run `npm ci` there once.'
  )
}

/** npm's own script: as `npm start` names it, beside this Node, or behind the npm on PATH. */
function npmCli() {
  const candidates = [
    process.env.npm_execpath,
    join(dirname(process.execPath), '..', 'lib', 'node_modules', 'npm', 'bin', 'npm-cli.js'),
    join(dirname(process.execPath), 'node_modules', 'npm', 'bin', 'npm-cli.js'),
    ...(process.env.PATH ?? '').split(delimiter).map((folder) => join(folder, 'npm')),
  ]
  for (const candidate of candidates) {
    if (!candidate || !existsSync(candidate)) continue
    const script = realpathSync(candidate)
    if (/npm-cli\.c?js$/.test(script)) return script
  }
  throw new StartError(
    'AI-Shell needs npm to fetch its packages, and there is none on PATH.\nInstall npm (it comes with Node), then start again.',
  )
}

/** npm keeps its cache in the home folder; users without one (services) get one in the checkout. */
function npmCache() {
  const home = process.env.npm_config_cache ?? (process.env.HOME ? join(process.env.HOME, '.npm') : null)
  if (process.platform === 'win32' || (home !== null && isWritable(existsSync(home) ? home : dirname(home)))) return {}
  return { npm_config_cache: join(cache, 'npm') }
}

function isWritable(folder) {
  try {
    accessSync(folder, constants.W_OK)
    return true
  } catch {
    return false
  }
}

// ---- one at a time

const staleLockMs = 10 * 60_000

/** Runs `work` unless another start has done it meanwhile; waits for one that is at it. */
async function underLock(isDone, work) {
  const lock = join(cache, 'install.lock')
  try {
    mkdirSync(cache, { recursive: true })
  } catch {
    throw new StartError(notWritable(root))
  }
  for (let rounds = 0; !takeLock(lock); rounds++) {
    if (rounds === 0) say('Another start is installing; waiting for it …')
    await new Promise((resolve) => setTimeout(resolve, 250))
  }
  try {
    if (!isDone()) await work()
  } finally {
    rmSync(lock, { recursive: true, force: true })
  }
}

/** A folder is made by one of many, never by two. One whose maker is gone is moved away, again by one of many. */
function takeLock(lock) {
  try {
    mkdirSync(lock)
    writeFileSync(join(lock, 'pid'), String(process.pid))
    return true
  } catch (error) {
    if (error.code !== 'EEXIST') throw new StartError(notWritable(root))
  }
  if (!isStale(lock)) return false
  const aside = `${lock}.${process.pid}.${randomBytes(4).toString('hex')}`
  try {
    renameSync(lock, aside)
    rmSync(aside, { recursive: true, force: true })
  } catch {
    // another one was quicker
  }
  return false
}

function isStale(lock) {
  try {
    const ageMs = Date.now() - statSync(lock).mtimeMs
    const pid = Number(readIfThere(join(lock, 'pid')) ?? 0)
    if (pid === 0) return ageMs > 5_000 // its maker was killed between folder and file
    return !isAlive(pid) || ageMs > staleLockMs
  } catch {
    return false
  }
}

function isAlive(pid) {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error.code === 'EPERM'
  }
}

// ---- commands

/** Runs a file under `node`; its exit code becomes ours. In this very process where this Node is new enough. */
export async function runFile(node, file, args) {
  if (node !== process.execPath) return await runChild(node, [join(root, file), ...args])
  process.argv = [node, join(root, file), ...args]
  await import(pathToFileURL(join(root, file)).href)
  return null
}

/** In a process of its own that follows this one: signals are handed on, and it ends when this one is killed. */
const followParent = 'data:text/javascript,process.channel?.unref();process.on("disconnect",()=>process.kill(process.pid,"SIGTERM"))'

function runChild(node, args) {
  const env = { ...process.env, PATH: `${dirname(node)}${delimiter}${process.env.PATH ?? ''}` }
  const child = spawn(node, ['--import', followParent, ...args], { stdio: ['inherit', 'inherit', 'inherit', 'ipc'], env })
  process.on('SIGTERM', () => child.kill('SIGTERM'))
  process.on('SIGHUP', () => child.kill('SIGHUP'))
  process.on('SIGINT', () => undefined) // the terminal sends it to both; the child decides
  return new Promise((resolve) => {
    child.once('error', (error) => resolve(fail(error)))
    child.once('exit', (code, signal) => resolve(code ?? (signal === 'SIGKILL' ? 137 : 143)))
  })
}

async function runTests(node, args) {
  const report = join(tmpdir(), `aishell-tests-${process.pid}.json`)
  const vitest = join(modules, 'vitest', 'vitest.mjs')
  const code = await runChild(node, [
    vitest,
    'run',
    '--root',
    root,
    '--reporter=default',
    '--reporter=json',
    `--reporter=${join(root, 'test', 'support', 'skip-reporter.ts')}`,
    `--outputFile.json=${report}`,
    ...args,
  ])
  const sums = summarise(readIfThere(report), code)
  rmSync(report, { force: true })
  console.log(`${sums.passed} passed, ${sums.failed} failed, ${sums.skipped} skipped`)
  return code
}

/** A run that broke before any test could fail counts as one failure: the last line never looks green when it is not. */
function summarise(text, code) {
  const report = text === null ? {} : JSON.parse(text)
  const failed = report.numFailedTests ?? 0
  return {
    passed: report.numPassedTests ?? 0,
    failed: failed === 0 && code !== 0 ? Math.max(1, report.numFailedTestSuites ?? 0) : failed,
    skipped: (report.numPendingTests ?? 0) + (report.numTodoTests ?? 0),
  }
}

const commands = {
  start: (node, args) => runFile(node, 'src/main.ts', ['start', ...args]),
  test: runTests,
  check: (node, args) => runFile(node, 'scripts/check.ts', args),
  run: (node, [file, ...args]) => {
    if (file === undefined) throw new StartError('Which file? node scripts/start.mjs run <file> [arguments]')
    return runFile(node, file, args)
  },
}

/** The whole of a start script: makes ready, runs, and turns what goes wrong into a message and an exit code. */
export async function main(work) {
  try {
    const code = await work(await ensureReady())
    if (code !== null) process.exitCode = code
  } catch (error) {
    process.exitCode = fail(error)
  }
}

function fail(error) {
  console.error(error instanceof StartError ? `\n${error.message}` : error)
  return 1
}

function say(text) {
  console.error(text)
}

function readIfThere(path) {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return null
  }
}

function isMainScript() {
  return process.argv[1] !== undefined && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)
}

if (isMainScript()) {
  const [name = 'start', ...args] = process.argv.slice(2)
  const command = Object.hasOwn(commands, name) ? commands[name] : null
  if (command === null) {
    console.error(`There is no command ${name}. Use one of: ${Object.keys(commands).join(', ')}.`)
    process.exitCode = 2
  } else await main((node) => command(node, args))
}
