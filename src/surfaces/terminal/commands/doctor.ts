import { setTimeout as sleep } from 'node:timers/promises'
import { Option, type Command } from 'commander'
import type { CommandContext, CommonOptions } from '../context.ts'
import type { DoctorCheck } from '../environment.ts'
import { exitCodes } from '../exit-codes.ts'
import { printable } from '../render/printable.ts'
import { openSession, type Session } from '../session.ts'
import { troubleOf } from '../trouble.ts'
import { parseCount, withServerOptions } from './command-options.ts'

export function addDoctor(program: Command, context: CommandContext): void {
  const command = program
    .command('doctor')
    .summary('find what is wrong, and say the repair')
    .description('Check this machine, the server, your credentials and every connection. Exits 1 when something failed.')
  withServerOptions(command)
    .addOption(new Option('--wait <seconds>', 'for how long a server that cannot be reached is asked again').argParser(parseCount))
    .action(async () => {
      const options = command.optsWithGlobals<CommonOptions & { readonly wait?: number }>()
      const isRemote = options.server !== undefined || context.env.serverUrl !== null
      const local = isRemote ? [] : await context.env.commands.doctorLocal()
      const ofServer = local.some(keepsFromStarting) ? [notAsked] : await serverChecks(context, options, (options.wait ?? 0) * 1000)
      const checks = [...local, ...ofServer]
      if (checks.some((check) => check.state === 'failed')) context.leaveWith(exitCodes.failed)
      if (options.json === true) return context.json({ checks })
      await context.out.lines(checks.flatMap((check) => checkLines(context, check)))
    })
}

function checkLines({ paint }: CommandContext, check: DoctorCheck): string[] {
  const marks = { ok: paint.green('ok      '), degraded: paint.yellow('degraded'), failed: paint.red('failed  ') }
  const hint = check.hint === undefined ? [] : [`           ${printable(check.hint)}`]
  return [`${marks[check.state]}   ${paint.bold(printable(check.name))}: ${printable(check.detail)}`, ...hint]
}

async function serverChecks(context: CommandContext, options: CommonOptions, waitMs: number): Promise<DoctorCheck[]> {
  let session: Session
  try {
    session = await openSession(context.env, options)
  } catch (error) {
    return [failed('server', error)]
  }
  try {
    const checks: DoctorCheck[] = []
    checks.push(...(await attempt('server', () => insist(() => readiness(session), waitMs))))
    if (session.token === '') return [...checks, noToken]
    checks.push(...(await attempt('credentials', () => credentials(session))))
    checks.push(...(await attempt('connections', () => connections(session))))
    return checks
  } finally {
    await session.close()
  }
}

/** A server could not start, or would meet a store that is not in order: none is looked for, and none started. */
function keepsFromStarting({ name, state }: DoctorCheck): boolean {
  return state === 'failed' && /^(settings|data folder|port|keys|store(:.*)?)$/.test(name)
}

const notAsked: DoctorCheck = {
  name: 'server',
  state: 'degraded',
  detail: 'it was not asked, nor were connections looked at',
  hint: 'Mend the above first; `--server` asks one elsewhere.',
}

const noToken: DoctorCheck = {
  name: 'credentials',
  state: 'degraded',
  detail: 'there is no token here, so connections were not looked at',
  hint: 'Put one in AISHELL_TOKEN.',
}

async function attempt(name: string, check: () => Promise<DoctorCheck[]>): Promise<DoctorCheck[]> {
  return check().catch((error: unknown) => [failed(name, error)])
}

/** Asks again while nobody answers: a pod that has just begun may be let through a moment later. */
async function insist<Result>(ask: () => Promise<Result>, waitMs: number): Promise<Result> {
  const endMs = performance.now() + waitMs
  for (;;) {
    try {
      return await ask()
    } catch (error) {
      if (performance.now() >= endMs) throw error
      await sleep(Math.min(500, waitMs))
    }
  }
}

function failed(name: string, error: unknown): DoctorCheck {
  const { problem } = troubleOf(error)
  return { name, state: 'failed', detail: problem.detail, ...(problem.hint === undefined ? {} : { hint: problem.hint }) }
}

async function readiness(session: Session): Promise<DoctorCheck[]> {
  const ready = await session.client.ready()
  const state = ready.status === 'ready' ? 'ok' : 'failed'
  return [
    { name: 'server', state, detail: `${session.baseUrl} is ${ready.status}` },
    ...ready.checks.map((check) => ({ ...check, name: `server: ${check.name}` })),
  ]
}

async function credentials(session: Session): Promise<DoctorCheck[]> {
  const me = await session.client.whoami()
  return [{ name: 'credentials', state: 'ok', detail: `${me.name} (${me.kind}), ${me.roles.join(', ')}` }]
}

async function connections(session: Session): Promise<DoctorCheck[]> {
  const all = await session.client.connections()
  const checks: DoctorCheck[] = []
  for (const { id, name } of all) checks.push(...(await attempt(`connection ${name}`, () => connectionCheck(session, id, name))))
  return all.length === 0
    ? [{ name: 'connections', state: 'degraded', detail: 'there is none', hint: 'Save one with `aishell connections add`.' }]
    : checks
}

async function connectionCheck(session: Session, id: string, name: string): Promise<DoctorCheck[]> {
  const report = await session.client.testConnection(id)
  const label = `connection ${name}`
  if (!report.isReachable) return [{ name: label, state: 'failed', detail: report.findings[0]?.message ?? 'it cannot be reached' }]
  const { writer } = report
  if (writer?.isReachable === false)
    return [{ name: label, state: 'failed', detail: `its writer cannot sign in: ${writer.findings[0]?.message ?? 'it cannot be reached'}` }]
  const excess = [
    ...(report.level === 'least' ? [] : [`${report.databaseUser} can do more than read`]),
    ...(writer === null || writer.level === 'least' ? [] : [`its writer ${writer.databaseUser} can do more than change rows`]),
    ...(writer?.findings.some((finding) => finding.code === 'engines.writes-nothing') === true ? ['its writer may write nothing'] : []),
  ]
  const writes = writer === null ? '' : `, ${writer.databaseUser} writes`
  if (excess.length === 0) return [{ name: label, state: 'ok', detail: `reachable, ${report.databaseUser} can only read${writes}` }]
  const hint = `\`aishell connections test ${name}\` lists what, and a script for a fitting user.`
  return [{ name: label, state: 'degraded', detail: excess.join('; '), hint }]
}
