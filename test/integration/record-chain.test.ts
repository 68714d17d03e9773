import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { newId } from '../../src/domain/index.ts'
import { createKeyring } from '../../src/platform/store/index.ts'
import { createRecord } from '../../src/question/record/index.ts'
import { answered, ask, begin, drafted, linesOf, openStore, question, recordRig, secretKey, type RecordRig } from '../support/record-rig.ts'

let rig: RecordRig
beforeAll(async () => {
  rig = await recordRig()
})
afterAll(() => rig.close())

describe('an entry', () => {
  test('tells what was asked, drafted, decided and given', async () => {
    const id = await ask(rig, 'how many orders?')
    expect(await rig.record.get(rig.actor, id)).toMatchObject({
      id,
      actor: { memberId: rig.actor.memberId, name: 'Ada', kind: 'person', surface: 'http', tokenId: null },
      connection: 'harbor-goods',
      question: 'how many orders?',
      drafter: 'builtin',
      model: null,
      sql: 'SELECT 1',
      decision: 'allow',
      class: 'read',
      reasons: [],
      state: 'answered',
      rows: 3,
      bytes: 42,
      timings: { askMs: 1.5, guardMs: 0.25, runMs: 2, totalMs: 4 },
    })
  })

  test('is open until its outcome is written', async () => {
    const intent = await begin(rig)
    const open = await rig.record.get(rig.actor, intent.entryId)
    expect(open).toMatchObject({ state: 'open', endedAt: null, sql: null, drafter: null, rows: null, timings: null })
    await rig.record.end(rig.actor, intent, { ...answered, state: 'failed', failureCode: 'run.timeout' })
    expect(await rig.record.get(rig.actor, intent.entryId)).toMatchObject({ state: 'failed', failureCode: 'run.timeout' })
  })

  test('shows the last of its attempts, and the model it came from', async () => {
    const intent = await begin(rig)
    const modelUse = { provider: 'ollama', model: 'small', promptHash: 'ef', inputTokens: 1, outputTokens: 2 }
    const refusal = {
      ...drafted.verdict!,
      decision: 'refuse' as const,
      reasons: [{ code: 'guard.unknown-table', message: 'No such table.' }],
    }
    await rig.record.attempt(rig.actor, intent, { ...drafted, verdict: refusal })
    const draft = {
      kind: 'drafted' as const,
      drafter: 'model' as const,
      sql: 'SELECT 2',
      params: ['a', null],
      explanation: '',
      assumptions: [],
      modelUse,
    }
    await rig.record.attempt(rig.actor, intent, { ...drafted, attempt: 2, draft })
    expect(await rig.record.get(rig.actor, intent.entryId)).toMatchObject({
      drafter: 'model',
      model: 'small',
      sql: 'SELECT 2',
      decision: 'allow',
    })
    await rig.record.end(rig.actor, intent, answered)
  })

  test('of SQL by hand carries its verdict in the intent: one link less', async () => {
    const asked = question('', { input: { kind: 'sql', sql: 'SELECT 7', params: [] } })
    const before = (await rig.record.verify(rig.actor)).checked
    const draft = { ...drafted.draft, drafter: 'verbatim' as const, sql: 'SELECT 7' } as typeof drafted.draft
    await rig.record.begin(rig.actor, { question: asked, connection: 'harbor-goods', firstAttempt: { ...drafted, draft } })
    expect(await rig.record.get(rig.actor, asked.id)).toMatchObject({
      question: null,
      sql: 'SELECT 7',
      drafter: 'verbatim',
      decision: 'allow',
    })
    expect((await rig.record.verify(rig.actor)).checked).toBe(before + 1)
  })

  test('of SQL by hand shows that SQL also when no draft came of it', async () => {
    const input = { kind: 'sql' as const, sql: 'SELECT 8', params: [] }
    const [plain, abstained] = [question('', { input }), question('', { input })]
    await rig.record.begin(rig.actor, { question: plain, connection: 'x', firstAttempt: null })
    expect(await rig.record.get(rig.actor, plain.id)).toMatchObject({ sql: 'SELECT 8', drafter: null })
    const draft = { kind: 'abstained' as const, drafter: 'verbatim' as const, reason: 'Empty.' }
    await rig.record.begin(rig.actor, { question: abstained, connection: 'x', firstAttempt: { ...drafted, draft, verdict: null } })
    expect(await rig.record.get(rig.actor, abstained.id)).toMatchObject({
      sql: 'SELECT 8',
      drafter: 'verbatim',
      decision: null,
      class: null,
      reasons: [],
    })
  })

  test.each([
    ['NUL and lone surrogates', 'a\0b\uD800c'],
    ['quotes, backslashes and line ends', `'"\\\r\n\u2028`],
    ['other scripts', 'שלום 你好 🦀'],
    ['much text', 'x'.repeat(300_000)],
    ['an empty text', ''],
  ])('keeps %s exactly', async (_what, text) => {
    const asked = question(text, { connection: text.slice(0, 50) })
    await rig.record.begin(rig.actor, { question: asked, connection: text.slice(0, 50), firstAttempt: null })
    expect(await rig.record.get(rig.actor, asked.id)).toMatchObject({ question: text, connection: text.slice(0, 50) })
    expect((await rig.record.verify(rig.actor)).findings).toEqual([])
  })

  test('ends once: a second outcome, a late attempt and the outcome of nothing are refused', async () => {
    const intent = await begin(rig)
    await rig.record.end(rig.actor, intent, answered)
    const unknown = { entryId: newId() }
    for (const late of [
      rig.record.end(rig.actor, intent, answered),
      rig.record.attempt(rig.actor, intent, drafted),
      rig.record.end(rig.actor, unknown, answered),
    ])
      await expect(late).rejects.toMatchObject({ code: 'record.already-ended', kind: 'conflict' })
    const racing = await begin(rig)
    const outcomes = await Promise.allSettled(Array.from({ length: 5 }, () => rig.record.end(rig.actor, racing, answered)))
    expect(outcomes.filter((one) => one.status === 'fulfilled')).toHaveLength(1)
  })

  test('is unknown to other tenants and under names that are no ids', async () => {
    const id = await ask(rig)
    await expect(rig.record.get({ tenantId: newId() }, id)).rejects.toMatchObject({ code: 'record.unknown', kind: 'missing' })
    await expect(rig.record.get(rig.actor, `'; --`)).rejects.toMatchObject({ code: 'record.unknown' })
  })

  test('begins under a UUID only, and only once', async () => {
    const fields = { connection: 'x', firstAttempt: null }
    await expect(rig.record.begin(rig.actor, { ...fields, question: question('', { id: 'one' }) })).rejects.toMatchObject({
      code: 'record.bad-entry-id',
    })
    const twice = question('twice')
    const others = Array.from({ length: 5 }, () => question('fine'))
    const outcomes = await Promise.allSettled(
      [twice, twice, ...others].map((asked) => rig.record.begin(rig.actor, { ...fields, question: asked })),
    )
    expect(outcomes.filter((one) => one.status === 'fulfilled')).toHaveLength(6)
    expect(outcomes.find((one) => one.status === 'rejected')?.reason).toMatchObject({ code: 'record.unavailable' })
    expect((await rig.record.verify(rig.actor)).findings).toEqual([])
  })
})

describe('the chain', () => {
  test('stays whole under 64 writers, in far fewer commits than links', async () => {
    const commits = rig.observed.filter((seen) => seen.type === 'record-committed').length
    await Promise.all(
      Array.from({ length: 64 }, async () => {
        for (let round = 0; round < 4; round++) await ask(rig)
      }),
    )
    const verification = await rig.record.verify(rig.actor)
    expect(verification).toMatchObject({ isIntact: true, findings: [] })
    const used = rig.observed.filter((seen) => seen.type === 'record-committed').length - commits
    expect(used).toBeLessThan((64 * 4 * 3) / 4)
  })

  test('stays whole when two servers append to it at once', async () => {
    const other = openStore(rig.address)
    const theirs = createRecord({
      store: other,
      keyring: createKeyring({ store: other, secretKey }),
      observe: () => undefined,
      serverId: newId(),
      isEnabled: true,
    })
    const before = (await rig.record.verify(rig.actor)).checked
    await Promise.all(Array.from({ length: 60 }, (_, index) => ask(rig, 'together', index % 2 === 0 ? rig.record : theirs)))
    expect(await theirs.verify(rig.actor)).toMatchObject({ isIntact: true, checked: before + 180 })
    expect(await rig.record.verify(rig.actor)).toMatchObject({ isIntact: true, checked: before + 180 })
    await theirs.close()
    await other.close()
  })

  test('holds notes of actions that are no questions', async () => {
    await rig.record.note(rig.actor, 'token-created', 'laptop')
    const last = JSON.parse((await linesOf(rig.record, rig.actor)).at(-2) ?? '')
    expect(last.body).toMatchObject({ kind: 'note', action: 'token-created', subject: 'laptop', actor: { name: 'Ada' } })
  })

  test('of a tenant that never asked is whole and empty', async () => {
    expect(await rig.record.verify(rig.actor)).not.toMatchObject({ head: null })
    const fresh = await recordRig()
    expect(await fresh.record.verify(fresh.actor)).toEqual({
      isIntact: true,
      checked: 0,
      openIntents: 0,
      lostIntents: 0,
      head: null,
      findings: [],
    })
    expect(await fresh.record.list(fresh.actor, { limit: 10 })).toEqual({ items: [], next: null })
    await fresh.close()
  })
})

describe('a list', () => {
  test('goes newest first, page by page, and stays put while entries are added', async () => {
    const mine = await recordRig()
    const ids = []
    for (let index = 0; index < 5; index++) ids.unshift(await ask(mine))
    const first = await mine.record.list(mine.actor, { limit: 2 })
    await ask(mine)
    const second = await mine.record.list(mine.actor, { limit: 2, after: first.next! })
    const third = await mine.record.list(mine.actor, { limit: 2, after: second.next! })
    expect([...first.items, ...second.items, ...third.items].map((item) => item.id)).toEqual(ids)
    expect(third.next).toBe(null)
    await mine.close()
  })

  test('is narrowed to a member and to a connection', async () => {
    const other = { ...rig.actor, memberId: newId() }
    const asked = question('mine')
    await rig.record.begin(other, { question: asked, connection: 'elsewhere', firstAttempt: null })
    const ids = async (options: { memberId?: string; connection?: string }): Promise<string[]> =>
      (await rig.record.list(rig.actor, { limit: 500, ...options })).items.map((item) => item.id)
    expect(await ids({ memberId: other.memberId })).toEqual([asked.id])
    expect(await ids({ connection: 'elsewhere' })).toEqual([asked.id])
    expect(await ids({ memberId: other.memberId, connection: 'harbor-goods' })).toEqual([])
  })

  test('refuses a cursor that is none', async () => {
    await expect(rig.record.list(rig.actor, { limit: 1, after: '1; DROP' })).rejects.toMatchObject({
      code: 'record.bad-cursor',
      kind: 'invalid',
    })
  })
})

describe('a record that cannot be written', () => {
  test('lets nothing begin', async () => {
    const gone = openStore({ ...rig.address, port: 1 })
    const record = createRecord({
      store: gone,
      keyring: createKeyring({ store: gone, secretKey }),
      observe: () => undefined,
      serverId: newId(),
      isEnabled: true,
    })
    const fields = { question: question('?'), connection: 'x', firstAttempt: null }
    for (let attempt = 0; attempt < 2; attempt++)
      await expect(record.begin(rig.actor, fields)).rejects.toMatchObject({ code: 'record.unavailable' })
    await expect(record.end(rig.actor, { entryId: newId() }, answered)).rejects.toMatchObject({ code: 'record.unavailable' })
    await record.close()
    await gone.close()
  })

  test('notices a head that was changed while it held the lock', async () => {
    const mine = await recordRig()
    await ask(mine)
    // A trigger that drops the update stands for whatever could lose it.
    await mine.tamper(`CREATE FUNCTION lose() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
      CREATE TRIGGER lose BEFORE UPDATE ON record_head FOR EACH ROW EXECUTE FUNCTION lose()`)
    await expect(ask(mine)).rejects.toMatchObject({ code: 'record.unavailable', cause: { code: 'record.head-moved' } })
    await mine.close()
  })
})

describe('a record that is switched off', () => {
  test('writes nothing, and what was written before can still be read and verified', async () => {
    const silent = rig.another({ isEnabled: false })
    const before = await silent.verify(rig.actor)
    const intent = await begin(rig, 'unseen', silent)
    await silent.attempt(rig.actor, intent, drafted)
    await silent.end(rig.actor, intent, answered)
    await silent.note(rig.actor, 'token-created', 'laptop')
    expect(await silent.sweepLost()).toBe(0)
    expect(await silent.verify(rig.actor)).toEqual(before)
    expect(before.isIntact).toBe(true)
    await expect(silent.get(rig.actor, intent.entryId)).rejects.toMatchObject({ code: 'record.unknown' })
  })
})
