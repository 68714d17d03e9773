import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

/**
 * The README as its readers meet it: `npm start`, then each `$` command against the server it started, then the links of
 * all pages. Prints one line per command and fails on the first that does not end well.
 */
const root = dirname(import.meta.dirname)
const folder = mkdtempSync(join(tmpdir(), 'aishell-readme-'))
const env = { ...process.env, DATA_DIR: join(folder, 'data'), PORT: '0', LOG_LEVEL: 'warn' }

const readme = readFileSync(join(root, 'README.md'), 'utf8')
const commands = readme
  .split('\n')
  .filter((line) => line.startsWith('$ '))
  .map((line) => line.slice(2).replace('-o orders.csv', `-o ${join(folder, 'orders.csv')}`))

const server = spawn('npm', ['start', '--silent'], { cwd: root, env, stdio: ['ignore', 'ignore', 'inherit'], detached: true })
try {
  await untilAnnounced(server)
  for (const command of commands) checkShown(command, run(command))
  if (readFileSync(join(folder, 'orders.csv'), 'utf8').split('\n').length < 1000) throw new Error('the export is too short')
  checkLinks()
  console.log(`readme: ${commands.length} commands passed, 0 failed`)
} finally {
  stop(server)
  await sleep(3_000)
  rmSync(folder, { recursive: true, force: true })
}

function run(command: string): string {
  const { status, stdout, stderr } = spawnSync('sh', ['-c', command], { cwd: root, env, encoding: 'utf8' })
  if (status !== 0) throw new Error(`${command}\nended with ${status}\n${stdout}${stderr}`)
  console.log(`ok ${command.replace(folder, '…')}`)
  return `${stdout}${stderr}`
}

/** Where the page shows an answer right below a command, its statement is the one that comes. Dates go with the calendar. */
function checkShown(command: string, said: string): void {
  const [, below = ''] = readme.split(`$ ${command}\n\`\`\`\n\n\`\`\`\n`)
  const shown = below.split('\n\n')[0]?.split('\n') ?? []
  const undated = (line: string): string => line.replaceAll(/\d{4}-\d{2}-\d{2}/g, 'DATE')
  const came = new Set(said.split('\n').map(undated))
  const missing = shown.find((line) => line !== '' && !came.has(undated(line)))
  if (missing !== undefined) throw new Error(`README.md shows this below ${command}, and it did not come:\n${missing}`)
}

async function untilAnnounced(child: ChildProcess): Promise<void> {
  for (let waitedMs = 0; waitedMs < 120_000; waitedMs += 200) {
    if (existsSync(join(folder, 'data', 'server.json'))) return
    if (child.exitCode !== null) throw new Error(`npm start ended with ${child.exitCode}`)
    await sleep(200)
  }
  throw new Error('npm start did not announce a server within two minutes')
}

function stop(child: ChildProcess): void {
  if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, 'SIGTERM')
}

/** Relative links of the pages at the root lead to files that are there. */
function checkLinks(): void {
  for (const page of ['README.md', 'ARCHITECTURE.md', 'CONTRIBUTING.md', 'SECURITY.md']) {
    const text = readFileSync(join(root, page), 'utf8')
    const links = [...text.matchAll(/\]\(([^)#:]+)\)/g), ...text.matchAll(/`((?:src|test|docs|demo|bench|scripts)\/[^`*{}<> ]*)`/g)]
    for (const [, path] of links)
      if (path !== undefined && !existsSync(join(root, path))) throw new Error(`${page} names ${path}, which is not there`)
  }
}
