import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { newId, Secret } from '../../src/domain/index.ts'
import { createFileSink, createLogSink, createS3Sink } from '../../src/platform/sinks/index.ts'
import { createKeyring } from '../../src/platform/store/index.ts'
import { verifyExport, verifyTrail } from '../../src/question/record/index.ts'
import { actorOf, addTenant, ask, begin, linesOf, openStore, recordRig, secretKey, type RecordRig } from '../support/record-rig.ts'
import { startBucket, type BucketServer } from '../support/s3-server.ts'

const folder = mkdtempSync(join(tmpdir(), 'aishell-keeping-'))
const verifier = fileURLToPath(new URL('../../bin/verify-trail.mjs', import.meta.url))
const codesOf = (found: { findings: readonly { code: string }[] }): string[] => found.findings.map((finding) => finding.code)

interface Found {
  readonly isIntact: boolean
  readonly checked: number
  readonly removed: number
  readonly findings: readonly { readonly code: string }[]
}

/** The auditor's machine: one file, the export, the public key; no package, no server. */
function auditor(lines: readonly string[], publicKey: string, outside: readonly string[] = []): Found {
  const [trail, key, checkpoints] = [join(folder, 'trail.ndjson'), join(folder, 'trail.pem'), join(folder, 'outside.ndjson')]
  writeFileSync(trail, lines.map((line) => `${line}\n`).join(''))
  writeFileSync(key, publicKey)
  writeFileSync(checkpoints, outside.map((line) => `${line}\n`).join(''))
  const { status, stdout, stderr } = spawnSync(process.execPath, [verifier, trail, key, checkpoints, '--json'], {
    encoding: 'utf8',
    cwd: folder,
    env: {},
  })
  if (stdout === '') throw new Error(stderr)
  const found = JSON.parse(stdout) as Found // its own words, see verify-trail.ts
  expect(status).toBe(found.isIntact ? 0 : 1)
  return found
}

let rig: RecordRig
let publicKey: string
beforeEach(async () => {
  rig = await recordRig()
  for (let index = 0; index < 4; index++) await ask(rig)
  ;({ publicKey } = await rig.record.publicKey(rig.actor))
})
afterEach(() => rig.close())

describe('an export, with nothing but the public key', () => {
  test('is intact, also for the library and for whoever holds the secret key', async () => {
    await rig.record.checkpoint(rig.actor)
    await ask(rig)
    const lines = await linesOf(rig.record, rig.actor)
    expect(auditor(lines, publicKey)).toMatchObject({ isIntact: true, checked: 15, removed: 0, findings: [] })
    expect(await verifyTrail(lines, publicKey)).toMatchObject({ isIntact: true, tenantId: rig.actor.tenantId, head: { sequence: 15 } })
    expect((await verifyExport(lines, await rig.record.auditKey(rig.actor))).isIntact).toBe(true)
  })

  /** Digests made to fit again after a change, as somebody would who knows how they are made. */
  async function redone(change: (bodies: string[]) => string[]): Promise<string[]> {
    const { linkDigest, emptyDigest } = await import('../../src/question/record/verify-trail.ts')
    const lines = await linesOf(rig.record, rig.actor)
    let digest = emptyDigest
    const bodies = lines.slice(0, -1).map((line) => line.slice('{"body":'.length, line.indexOf(',"mac":"')))
    const made = change(bodies).map((body) => {
      digest = linkDigest(digest, body)
      return `{"body":${body},"mac":"${'00'.repeat(32)}","digest":"${digest}"}`
    })
    return [...made, lines.at(-1) ?? '']
  }

  test.each<[string, (lines: string[]) => string[], string]>([
    ['a change', (lines) => lines.map((line) => line.replace('"rows":3', '"rows":4')), 'record.link-changed'],
    ['a deletion', (lines) => lines.toSpliced(4, 1), 'record.link-missing'],
    ['a swap', (lines) => lines.toSpliced(4, 2, lines[5] ?? '', lines[4] ?? ''), 'record.link-misplaced'],
    ['a doubled link', (lines) => lines.toSpliced(4, 0, lines[4] ?? ''), 'record.link-misplaced'],
    ['a truncation', (lines) => lines.toSpliced(9, 3), 'record.truncated'],
    ['a missing footer', (lines) => lines.slice(0, -1), 'record.export-cut'],
    ['a changed footer', (lines) => lines.with(-1, (lines.at(-1) ?? '').replace('"links":12', '"links":11')), 'record.footer-changed'],
    [
      'another head in the footer',
      (lines) => lines.with(-1, (lines.at(-1) ?? '').replace('"sequence":12', '"sequence":11')),
      'record.footer-changed',
    ],
  ])('finds %s', async (_what, change, code) => {
    const found = auditor(change(await linesOf(rig.record, rig.actor)), publicKey)
    expect(found.isIntact).toBe(false)
    expect(codesOf(found)).toContain(code)
  })

  test.each<[string, (bodies: string[]) => string[], string]>([
    ['a change', (bodies) => bodies.map((body) => body.replace('"rows":3', '"rows":4')), 'record.head-changed'],
    ['a swap', (bodies) => bodies.with(4, bodies[5] ?? '').with(5, bodies[4] ?? ''), 'record.link-misplaced'],
    ['a truncation', (bodies) => bodies.slice(0, 9), 'record.truncated'],
  ])('finds %s whose digests were made to fit', async (_what, change, code) => {
    expect(codesOf(auditor(await redone(change), publicKey))).toContain(code)
  })

  test('is not believed under another tenant’s key, nor with another tenant’s links', async () => {
    const theirs = actorOf(newId())
    await addTenant(rig.store, theirs.tenantId)
    await ask({ ...rig, actor: theirs })
    const [mine, others] = [await linesOf(rig.record, rig.actor), await linesOf(rig.record, theirs)]
    expect(codesOf(auditor(mine, (await rig.record.publicKey(theirs)).publicKey))).toContain('record.footer-changed')
    expect(codesOf(auditor(mine.with(2, others[2] ?? ''), publicKey))).toContain('record.link-misplaced')
  })

  test('says which file is no export', async () => {
    expect(() => auditor(['{"a":1}'], publicKey)).toThrow('line 1 is no link, tombstone, checkpoint or footer')
  })
})

describe('checkpoints kept outside', () => {
  const outside: string[] = []
  let record: RecordRig['record']
  beforeEach(() => {
    outside.length = 0
    record = rig.another({ sink: createLogSink((line) => void outside.push(line.trim())) })
  })

  test('are one signed line each, made only when the chain has grown', async () => {
    expect(await record.checkpoint(rig.actor)).toMatchObject({ sequence: 12, tenantId: rig.actor.tenantId })
    expect(await record.checkpoint(rig.actor)).toBeNull()
    await ask(rig)
    await record.keep(null)
    expect(outside.map((line) => (JSON.parse(line) as { checkpoint: { sequence: number } }).checkpoint.sequence)).toEqual([12, 15])
    expect(auditor(await linesOf(record, rig.actor), publicKey, outside)).toMatchObject({ isIntact: true })
    expect(await record.verify(rig.actor)).toMatchObject({ isIntact: true, checked: 15 })
  })

  test('give away an export of an older copy', async () => {
    const older = await linesOf(record, rig.actor)
    await ask(rig)
    await record.checkpoint(rig.actor)
    expect(auditor(older, publicKey).isIntact).toBe(true) // genuine in itself
    expect(codesOf(auditor(older, publicKey, outside))).toEqual(['record.truncated'])
  })

  test('give away a fork: a chain set back that went on under the same keys', async () => {
    await record.checkpoint(rig.actor)
    await rig.tamper(`DELETE FROM record_checkpoint; DELETE FROM record_link WHERE sequence > 9;
      UPDATE record_head SET sequence = 9, mac = (SELECT mac FROM record_link WHERE sequence = 9)`)
    const restarted = rig.another()
    await ask(rig, 'another story', restarted)
    const forked = await linesOf(restarted, rig.actor)
    expect(auditor(forked, publicKey).isIntact).toBe(true)
    expect(codesOf(auditor(forked, publicKey, outside))).toEqual(['record.rewritten'])
  })

  test.each<[string, string, string]>([
    ['a chain set back, checkpoints left', 'DELETE FROM record_link WHERE sequence > 9', 'record.truncated'],
    [
      'a checkpoint changed',
      `UPDATE record_checkpoint SET body = replace(body, '"sequence":12', '"sequence":11')`,
      'record.checkpoint-changed',
    ],
    [
      'a checkpoint under a signature of its own',
      `UPDATE record_checkpoint SET signature = decode(repeat('00', 64), 'hex')`,
      'record.checkpoint-changed',
    ],
    ['a checkpoint moved', `UPDATE record_checkpoint SET sequence = 11`, 'record.checkpoint-changed'],
  ])('in the store find %s', async (_what, statement, code) => {
    await record.checkpoint(rig.actor)
    await rig.tamper(statement)
    expect(codesOf(await rig.another().verify(rig.actor))).toContain(code)
  })

  test('are not signed for a chain that was changed', async () => {
    await rig.tamper(`UPDATE record_link SET body = replace(body, 'how many?', 'how much?') WHERE sequence = 4`)
    await expect(record.checkpoint(rig.actor)).rejects.toMatchObject({ code: 'record.not-signed' })
    expect(outside).toEqual([])
    await record.keep(null)
    expect(rig.observed).toContainEqual(expect.objectContaining({ type: 'failure', code: 'record.not-signed' }))
  })

  test('name each other chain of one tenant: verification asks the sink', async () => {
    const path = join(mkdtempSync(join(folder, 'sink-')), 'deep', 'checkpoints.ndjson')
    const keeper = rig.another({ sink: createFileSink(path) })
    await keeper.checkpoint(rig.actor)
    expect(readFileSync(path, 'utf8')).toMatch(/^\{"checkpoint":\{.*"sequence":12.*\},"signature":"[0-9a-f]{128}"\}\n$/)
    expect((await keeper.verify(rig.actor)).isIntact).toBe(true)
    await rig.tamper(`DELETE FROM record_checkpoint; DELETE FROM record_link WHERE sequence > 9;
      UPDATE record_head SET sequence = 9, mac = (SELECT mac FROM record_link WHERE sequence = 9)`)
    const restarted = rig.another({ sink: createFileSink(path) })
    expect(codesOf(await restarted.verify(rig.actor))).toEqual(['record.truncated'])
    for (let index = 0; index < 2; index++) await ask(rig, 'went on', restarted)
    expect(codesOf(await restarted.verify(rig.actor))).toEqual(['record.rewritten'])
  })
})

describe('retention', () => {
  const soon = (): Date => new Date(Date.now() + 60_000)

  test('removes what has ended under a tombstone, and the chain still verifies, in the store and in an export', async () => {
    await rig.record.checkpoint(rig.actor)
    const open = await begin(rig)
    await ask(rig)
    expect(await rig.record.retain(rig.actor, soon(), 'member x')).toBe(12) // up to the open one
    expect(await rig.record.verify(rig.actor)).toMatchObject({ isIntact: true, checked: 4, openIntents: 1 })
    const lines = await linesOf(rig.record, rig.actor)
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({ tombstone: { from: 1, through: 12, by: 'member x', tenantId: rig.actor.tenantId } })
    expect(auditor(lines, publicKey)).toMatchObject({ isIntact: true, checked: 4, removed: 12 })
    expect((await verifyExport(lines, await rig.record.auditKey(rig.actor))).isIntact).toBe(true)
    expect((await rig.record.list(rig.actor, { limit: 10 })).items.map((entry) => entry.id)).toContain(open.entryId)
    await ask(rig)
    expect(await rig.record.checkpoint(rig.actor)).toMatchObject({ sequence: 19 })
    expect((await rig.record.verify(rig.actor)).isIntact).toBe(true)
  })

  test('goes on where it ended, and never takes the newest link', async () => {
    expect(await rig.record.retain(rig.actor, soon(), 'x')).toBe(9)
    expect(await rig.record.retain(rig.actor, soon(), 'x')).toBe(0)
    await ask(rig)
    expect(await rig.record.retain(rig.actor, soon(), 'x')).toBe(3)
    expect(await rig.record.verify(rig.actor)).toMatchObject({ isIntact: true, checked: 3 })
    expect(await rig.record.retain(rig.actor, new Date(0), 'x')).toBe(0)
  })

  test.each<[string, string, string]>([
    ['a removed tombstone', 'DELETE FROM record_tombstone', 'record.link-missing'],
    ['a changed tombstone', `UPDATE record_tombstone SET body = replace(body, '"by":"x"', '"by":"y"')`, 'record.tombstone-changed'],
    ['links removed without one', 'DELETE FROM record_link WHERE sequence < 12', 'record.link-missing'],
    [
      'a tombstone nobody signed',
      `DELETE FROM record_link WHERE sequence <= 11; UPDATE record_tombstone SET through = 11`,
      'record.link-missing',
    ],
  ])('leaves %s to be found', async (_what, statement, code) => {
    await rig.record.retain(rig.actor, soon(), 'x')
    await rig.tamper(statement)
    expect(codesOf(await rig.another().verify(rig.actor))).toContain(code)
  })

  test('keeps what does not verify: it is evidence', async () => {
    await rig.tamper(`UPDATE record_link SET body = replace(body, 'how many?', 'how much?') WHERE sequence = 4`)
    await expect(rig.record.retain(rig.actor, soon(), 'x')).rejects.toMatchObject({ code: 'record.not-signed' })
    expect(await rig.tamper('SELECT 1 FROM record_link')).toHaveLength(12)
  })

  test('is the only way for the serving role, and only for what has ended', async () => {
    await begin(rig)
    await expect(rig.store.within(rig.actor, (query) => query.deleteFrom('record_link').execute())).rejects.toMatchObject({ code: '42501' })
    const { sql } = await import('../../src/platform/store/index.ts')
    for (const [from, through] of [
      [1, 13],
      [2, 3],
      [1, 0],
      [1, 99],
    ])
      await expect(
        rig.store.within(rig.actor, (query) => sql`SELECT record_trim(${from}, ${through}, '{}', '\\x00')`.execute(query)),
      ).rejects.toMatchObject({ code: 'RC002' })
  })
})

describe('a bucket of S3’s kind', () => {
  const keys = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'a secret of the bucket', region: 'eu-test-1' }
  let bucket: BucketServer
  beforeAll(async () => {
    bucket = await startBucket(keys)
  })
  afterAll(() => bucket.stop())
  const sinkWith = (secret: string) =>
    createS3Sink({ ...keys, endpoint: bucket.endpoint, secretAccessKey: new Secret(secret), prefix: 'a b/', timeoutMs: 5_000 })

  test('gets every checkpoint, signed in by Signature Version 4, and is asked for the newest', async () => {
    const record = rig.another({ sink: sinkWith(keys.secretAccessKey) })
    await record.checkpoint(rig.actor)
    const name = `a b/${rig.actor.tenantId}/0000000000000012.json`
    expect([...bucket.objects.keys()]).toEqual([name, `a b/${rig.actor.tenantId}/latest.json`])
    expect(auditor(await linesOf(record, rig.actor), publicKey, [bucket.objects.get(name)?.trim() ?? ''])).toMatchObject({ isIntact: true })
    expect((await record.verify(rig.actor)).isIntact).toBe(true)
    expect(bucket.refused()).toBe(0)
  })

  test('that is away gets what it missed when it is back', async () => {
    const record = rig.another({ sink: sinkWith(keys.secretAccessKey) })
    bucket.setDown(true)
    await expect(record.checkpoint(rig.actor)).rejects.toMatchObject({ code: 'sinks.unavailable' })
    await expect(record.verify(rig.actor)).rejects.toMatchObject({ code: 'sinks.unavailable' })
    bucket.setDown(false)
    await record.keep(null)
    expect(bucket.objects.has(`a b/${rig.actor.tenantId}/0000000000000012.json`)).toBe(true)
  })

  test('turns away who signs with another key', async () => {
    const record = rig.another({ sink: sinkWith('not that one') })
    await expect(record.checkpoint(rig.actor)).rejects.toMatchObject({ code: 'sinks.unavailable' })
    expect(bucket.refused()).toBeGreaterThan(0)
  })
})

describe('search', () => {
  test('finds by time, words and state, page by page, and says where to go on', async () => {
    const wanted = await ask(rig, 'How many Otters are there?')
    const listed = await rig.record.list(rig.actor, { limit: 10, text: 'otters' })
    expect(listed).toMatchObject({ items: [{ id: wanted }], next: null })
    const { startedAt } = listed.items[0] ?? { startedAt: '' }
    const ids = async (filter: object) => (await rig.record.list(rig.actor, { limit: 10, ...filter })).items.map((entry) => entry.sequence)
    expect(await ids({ from: startedAt })).toEqual([13])
    expect(await ids({ to: startedAt })).toEqual([10, 7, 4, 1])
    expect(await ids({ from: new Date(Date.now() + 3_600_000).toISOString() })).toEqual([])
    expect(await ids({ state: 'refused' })).toEqual([])
    expect(await ids({ state: 'answered', text: 'how MANY' })).toEqual([13, 10, 7, 4, 1])
    const first = await rig.record.list(rig.actor, { limit: 2, state: 'answered' })
    expect(first.next).toBe('10')
    expect((await rig.record.list(rig.actor, { limit: 9, state: 'answered', after: first.next ?? '' })).items).toHaveLength(3)
  })

  test('looks at so many entries and no more in one page', async () => {
    await Promise.all(Array.from({ length: 120 }, () => ask(rig)))
    const page = await rig.record.list(rig.actor, { limit: 5, text: 'nowhere to be found' })
    expect(page).toEqual({ items: [], next: null })
  })
})

describe('entries for a SIEM', () => {
  const lines = async (format: 'ndjson' | 'csv' | 'cef' | 'ocsf', after?: string): Promise<string[]> => {
    const found = []
    for await (const line of rig.record.exportEntries(rig.actor, format, after === undefined ? {} : { after })) found.push(line)
    return found
  }

  test('go on behind the last one somebody has', async () => {
    const all = (await lines('ndjson')).map((line) => JSON.parse(line) as { sequence: number })
    expect(all.map((entry) => entry.sequence)).toEqual([1, 4, 7, 10])
    expect(await lines('ndjson', '7')).toHaveLength(1)
  })

  test('as CSV cannot become a formula, nor break out of a field', async () => {
    await ask(rig, '=HYPERLINK("http://x"),\n"quoted"')
    const csv = (await lines('csv')).join('\n')
    expect(csv).toContain(`"'=HYPERLINK(""http://x""),\n""quoted"""`)
    expect(csv.split('\n')[0]).toContain('sequence,id,started_at')
  })

  test('as CEF cannot break out of header or field', async () => {
    await ask(rig, 'a=b|c\\d\nCEF:0|evil')
    const line = (await lines('cef')).at(-1) ?? ''
    expect(line).toMatch(/^CEF:0\|AI-Shell\|aishell\|[^|]*\|question\.answered\|Question answered\|1\|rt=\d+ /)
    expect(line).toContain('cs3=a\\=b|c\\\\d\\nCEF:0|evil')
    expect(line).not.toContain('\n')
  })

  test('as OCSF are Datastore Activity, with its required attributes', async () => {
    const event = JSON.parse((await lines('ocsf'))[0] ?? '') as Record<string, unknown>
    expect(event).toMatchObject({
      class_uid: 6005,
      category_uid: 6,
      activity_id: 4,
      type_uid: 600504,
      severity_id: 1,
      status_id: 1,
      metadata: { version: '1.3.0', product: { name: 'AI-Shell' } },
      actor: { user: { uid: rig.actor.memberId, name: 'Ada' } },
      query_info: { query_string: 'SELECT 1' },
    })
    expect(typeof event['time']).toBe('number')
  })
})

test('the keys of the record outlive a new SECRET_KEY', async () => {
  const lines = await linesOf(rig.record, rig.actor)
  const store = openStore(rig.address)
  const fresh = new Secret('another secret key for tests, long enough')
  const keyring = createKeyring({ store, secretKey: fresh, otherKeys: secretKey })
  expect(await keyring.rewrap(rig.actor)).toBe(true)
  expect(await keyring.rewrap(rig.actor)).toBe(false)
  const alone = createKeyring({ store, secretKey: fresh })
  expect((await alone.signer(rig.actor)).publicKey).toBe(publicKey)
  expect((await verifyTrail(lines, (await alone.signer(rig.actor)).publicKey)).isIntact).toBe(true)
  await expect(createKeyring({ store, secretKey }).auditKey(rig.actor)).rejects.toMatchObject({ code: 'store.wrong-secret-key' })
  await store.close()
})

test('the verifier tells how it is used', () => {
  expect(() => execFileSync(process.execPath, [verifier], { stdio: 'pipe' })).toThrow('usage: node verify-trail.mjs')
})
