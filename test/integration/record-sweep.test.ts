import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { sql } from '../../src/platform/store/index.ts'
import { answered, ask, begin, recordRig, type RecordRig } from '../support/record-rig.ts'

let rig: RecordRig
beforeEach(async () => {
  rig = await recordRig()
})
afterEach(() => rig.close())

const stateOf = async (entryId: string): Promise<string> => (await rig.record.get(rig.actor, entryId)).state
/** Sessions that finish what they were sent. */
const stillActive = `SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND state = 'active' AND pid <> pg_backend_pid()`
const silence = (seconds: number) => rig.tamper(`UPDATE server_instance SET beat_at = now() - interval '${seconds} seconds'`)

describe('the sweep', () => {
  test('calls lost what a server has left open that is silent for half a minute', async () => {
    const dead = rig.another()
    const left = await begin(rig, 'left', dead)
    await silence(31)
    expect(await rig.record.sweepLost()).toBe(1)
    expect(await rig.record.get(rig.actor, left.entryId)).toMatchObject({
      state: 'lost',
      endedAt: expect.any(String) as string,
      rows: null,
    })
    expect(await rig.record.verify(rig.actor)).toMatchObject({ isIntact: true, openIntents: 0, lostIntents: 1 })
    expect(rig.observed.filter((seen) => seen.type === 'intents-lost')).toEqual([{ type: 'intents-lost', count: 1 }])
    await expect(dead.end(rig.actor, left, answered)).rejects.toMatchObject({ code: 'record.already-ended' })
  })

  test('leaves alone what a living server works on', async () => {
    const [theirs, mine] = [await begin(rig, 'theirs', rig.another()), await begin(rig, 'mine')]
    await silence(20)
    expect(await rig.record.sweepLost()).toBe(0)
    expect([await stateOf(theirs.entryId), await stateOf(mine.entryId)]).toEqual(['open', 'open'])
  })

  test('calls lost at once what others left, where there can be no others', async () => {
    await begin(rig, 'before the restart')
    const restarted = rig.another({ isOnlyServer: true })
    const mine = await begin(rig, 'mine', restarted)
    expect(await restarted.sweepLost()).toBe(1)
    expect(await stateOf(mine.entryId)).toBe('open')
  })

  test('finds the next time what a server had sent before it died, and the database kept only after the sweep had looked', async () => {
    const [dead, next] = [rig.another(), rig.another({ isOnlyServer: true })]
    await ask(rig, 'before', dead) // from now on a batch is one statement: nobody is needed to commit it
    let sent: Promise<unknown> = Promise.resolve()
    await rig.store.within(rig.actor, async (query) => {
      await sql`SELECT 1 FROM record_head FOR UPDATE`.execute(query)
      sent = begin(rig, 'sent', dead)
      const waiting = `SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`
      await expect.poll(() => rig.tamper(waiting)).toHaveLength(1)
      expect(await next.sweepLost()).toBe(0)
    })
    await sent
    expect(await next.verify(rig.actor)).toMatchObject({ isIntact: true, openIntents: 1 })
    expect(await next.sweepLost()).toBe(1)
    expect(await next.verify(rig.actor)).toMatchObject({ isIntact: true, openIntents: 0, lostIntents: 1 })
  })

  test('calls lost its own intent whose outcome could not be written', async () => {
    const intent = await begin(rig)
    await rig.tamper('REVOKE INSERT ON record_link FROM aishell_runtime')
    await expect(rig.record.end(rig.actor, intent, answered)).rejects.toMatchObject({ code: 'record.unavailable' })
    expect(await rig.record.sweepLost()).toBe(0) // still no way to write it
    const told = rig.observed.filter((seen) => seen.type === 'failure')
    expect(told).toEqual([
      { type: 'failure', code: 'record.sweep', error: expect.objectContaining({ code: 'record.unavailable' }) as Error },
    ])
    await rig.tamper('GRANT INSERT ON record_link TO aishell_runtime')
    expect(await rig.record.sweepLost()).toBe(1)
    expect(await stateOf(intent.entryId)).toBe('lost')
  })

  test('gives an entry one outcome when many servers sweep at once', async () => {
    const left = await begin(rig, 'left', rig.another())
    await silence(31)
    const counts = await Promise.all(Array.from({ length: 4 }, () => rig.another().sweepLost()))
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(1)
    expect(rig.observed.filter((seen) => seen.type === 'failure')).toEqual([]) // that another was first is no trouble
    expect(
      await rig.tamper(`SELECT count(*)::int AS rows FROM record_link WHERE entry_id = '${left.entryId}' AND kind = 'outcome'`),
    ).toEqual([{ rows: 1 }])
  })

  test('forgets servers that are silent for more than an hour', async () => {
    const left = await begin(rig, 'left', rig.another())
    await silence(3_700)
    await rig.record.sweepLost()
    expect(await rig.tamper('SELECT * FROM server_instance')).toEqual([])
    expect(await stateOf(left.entryId)).toBe('lost')
  })
})

test('a server killed with -9 in the middle leaves a whole chain, and its open intents become lost', async () => {
  const address = JSON.stringify({ ...rig.address, superuser: undefined, password: rig.address.password.reveal() })
  const script = join(import.meta.dirname, '..', 'support', 'record-crasher.ts')
  for (let round = 0; round < 3; round++) {
    const child = spawn(process.execPath, [script, address, JSON.stringify(rig.actor)], { stdio: ['ignore', 'pipe', 'inherit'] })
    let said = ''
    const gone = new Promise((resolve) => child.once('exit', resolve))
    child.stdout.on('data', (text: Buffer) => {
      said += text.toString()
      if (said.length > 12_000) child.kill('SIGKILL')
    })
    await gone
    await expect.poll(() => rig.tamper(stillActive), { timeout: 50_000 }).toEqual([]) // what it had sent is in now, or never will be
    const before = await rig.record.verify(rig.actor)
    expect(before.findings).toEqual([])
    await silence(31)
    expect(await rig.record.sweepLost()).toBe(before.openIntents)
    for (const [, word, id] of said.matchAll(/^(begun|ended) (\S{36})$/gm))
      expect(await stateOf(id!)).toBeOneOf(word === 'ended' ? ['answered'] : ['answered', 'lost'])
  }
  expect(await rig.record.verify(rig.actor)).toMatchObject({ isIntact: true, openIntents: 0 })
  await ask(rig) // and goes on
  expect((await rig.record.verify(rig.actor)).isIntact).toBe(true)
}, 180_000)

test('a server beats while it lives, and a beat it could not write is made up by the next', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
  try {
    const living = rig.another()
    await begin(rig, 'long', living)
    await silence(31)
    await rig.tamper('ALTER TABLE server_instance RENAME TO hidden')
    vi.advanceTimersToNextTimer()
    await expect.poll(() => rig.tamper('ALTER TABLE IF EXISTS hidden RENAME TO server_instance').then(() => 'back')).toBe('back')
    vi.advanceTimersToNextTimer()
    await expect
      .poll(() => rig.tamper(`SELECT count(*)::int AS fresh FROM server_instance WHERE beat_at > now() - interval '10 seconds'`))
      .toEqual([{ fresh: 1 }])
    await living.close()
  } finally {
    vi.useRealTimers()
  }
})
