import { beforeEach, afterEach, describe, expect, test } from 'vitest'
import { newId } from '../../src/domain/index.ts'
import { verifyExport } from '../../src/question/record/index.ts'
import { addTenant, actorOf, ask, begin, linesOf, recordRig, type RecordRig } from '../support/record-rig.ts'

let rig: RecordRig
/** Four entries of three links each: sequences 1 to 12. */
beforeEach(async () => {
  rig = await recordRig()
  for (let index = 0; index < 4; index++) await ask(rig)
})
afterEach(() => rig.close())

const codesOf = (verification: { findings: readonly { code: string }[] }): string[] => verification.findings.map((finding) => finding.code)
const hexHead = (head: { sequence: number; mac: string } | null) => ({ sequence: head!.sequence, mac: Buffer.from(head!.mac, 'hex') })

const swap = (columns: string): string =>
  `UPDATE record_link l SET (${columns}) = (SELECT ${columns
    .split(', ')
    .map((column) => `o.${column}`)
    .join(', ')} FROM record_link o WHERE o.sequence = 9 - l.sequence) WHERE sequence IN (4, 5)`

describe('verification finds', () => {
  test.each([
    ['a changed text', `UPDATE record_link SET body = replace(body, 'how many?', 'how much?') WHERE sequence = 4`, ['record.link-changed']],
    [
      'one changed digit',
      `UPDATE record_link SET body = replace(body, '"rows":3', '"rows":4') WHERE sequence = 6`,
      ['record.link-changed'],
    ],
    ['white space added', `UPDATE record_link SET body = body || ' ' WHERE sequence = 6`, ['record.link-changed']],
    ['a body that is no JSON', `UPDATE record_link SET body = '{' WHERE sequence = 6`, ['record.link-changed']],
    ['a body that is JSON and no link', `UPDATE record_link SET body = 'null' WHERE sequence = 6`, ['record.link-changed']],
    ['a changed mac', `UPDATE record_link SET mac = sha256('x') WHERE sequence = 4`, ['record.link-changed', 'record.link-changed']],
    ['a mac of another length', `UPDATE record_link SET mac = '\\x00' WHERE sequence = 4`, ['record.link-changed', 'record.link-changed']],
    ['a deleted link', `DELETE FROM record_link WHERE sequence = 5`, ['record.link-missing', 'record.link-changed']],
    ['two deleted links', `DELETE FROM record_link WHERE sequence IN (5, 6)`, ['record.link-missing', 'record.link-changed']],
    ['a deleted first link', `DELETE FROM record_link WHERE sequence = 1`, ['record.link-missing', 'record.link-changed']],
    ['a deleted last link', `DELETE FROM record_link WHERE sequence = 12`, ['record.truncated']],
    ['all links deleted', `DELETE FROM record_link`, ['record.truncated']],
    ['two swapped bodies', swap('body'), ['record.link-misplaced', 'record.link-misplaced']],
    ['two swapped links', swap('body, mac, kind, entry_id'), ['record.link-misplaced', 'record.link-misplaced', 'record.link-changed']],
    [
      'links moved up behind a gap',
      `UPDATE record_link SET sequence = sequence + 100 WHERE sequence > 8`,
      ['record.link-missing', ...Array<string>(4).fill('record.link-misplaced'), 'record.beyond-head'],
    ],
    ['a deleted head', `DELETE FROM record_head`, ['record.head-missing']],
    ['a changed head', `UPDATE record_head SET mac = sha256('x')`, ['record.head-changed']],
    [
      'a head set back',
      `UPDATE record_head SET sequence = 11, mac = (SELECT mac FROM record_link WHERE sequence = 11)`,
      ['record.beyond-head'],
    ],
    ['a head set forward', `UPDATE record_head SET sequence = 13`, ['record.truncated']],
    [
      'chain and head both set back',
      `DELETE FROM record_link WHERE sequence > 9; UPDATE record_head SET sequence = 9, mac = (SELECT mac FROM record_link WHERE sequence = 9)`,
      ['record.truncated'],
    ],
    [
      'a link added by hand',
      `INSERT INTO record_link SELECT tenant_id, 13, gen_random_uuid(), 'note', at, NULL, NULL, replace(body, '"sequence":12', '"sequence":13'), mac
         FROM record_link WHERE sequence = 12; UPDATE record_head SET sequence = 13`,
      ['record.link-changed'],
    ],
    ['a link before the first', `UPDATE record_link SET sequence = 0 WHERE sequence = 1`, ['record.link-misplaced', 'record.link-missing']],
    ['another member in the column', `UPDATE record_link SET member_id = gen_random_uuid() WHERE sequence = 4`, ['record.column-changed']],
    ['another connection in the column', `UPDATE record_link SET connection = 'x' WHERE sequence = 4`, ['record.column-changed']],
    ['another kind in the column', `UPDATE record_link SET kind = 'note' WHERE sequence = 5`, ['record.column-changed']],
    ['another entry in the column', `UPDATE record_link SET entry_id = gen_random_uuid() WHERE sequence = 5`, ['record.column-changed']],
    ['another time in the column', `UPDATE record_link SET at = at + interval '1 hour' WHERE sequence = 5`, ['record.column-changed']],
  ])('%s', async (_what, statement, codes) => {
    expect((await rig.record.verify(rig.actor)).isIntact).toBe(true)
    await rig.tamper(statement)
    const verification = await rig.record.verify(rig.actor)
    expect(verification.isIntact).toBe(false)
    expect(codesOf(verification)).toEqual(codes)
  })

  test('a link of another tenant’s chain', async () => {
    const theirs = actorOf(newId())
    await addTenant(rig.store, theirs.tenantId)
    for (let index = 0; index < 4; index++) await ask({ ...rig, actor: theirs })
    await rig.tamper(`DELETE FROM record_link WHERE tenant_id = '${rig.actor.tenantId}' AND sequence = 4;
      UPDATE record_link SET tenant_id = '${rig.actor.tenantId}' WHERE tenant_id = '${theirs.tenantId}' AND sequence = 4`)
    expect(codesOf(await rig.record.verify(rig.actor))).toContain('record.link-misplaced')
    expect(codesOf(await rig.record.verify(theirs))).toContain('record.link-missing')
  })

  test('a chain that was set back and went on: it forked from what this server has seen', async () => {
    await rig.tamper(`DELETE FROM record_link WHERE sequence > 9;
      UPDATE record_head SET sequence = 9, mac = (SELECT mac FROM record_link WHERE sequence = 9)`)
    await ask(rig, 'another story', rig.another())
    expect(codesOf(await rig.record.verify(rig.actor))).toEqual(['record.rewritten'])
    expect((await rig.another().verify(rig.actor)).isIntact).toBe(true) // genuine in itself: only who saw the other one can tell
  })

  test('open intents, and says how many', async () => {
    await begin(rig)
    expect(await rig.record.verify(rig.actor)).toMatchObject({ isIntact: true, checked: 13, openIntents: 1, lostIntents: 0 })
  })
})

test('a long chain is read in pages', async () => {
  await Promise.all(Array.from({ length: 700 }, () => ask(rig)))
  expect(await rig.record.verify(rig.actor)).toMatchObject({ isIntact: true, checked: 2112 })
  expect(await linesOf(rig.record, rig.actor)).toHaveLength(2113)
})

describe('an export', () => {
  let lines: string[]
  let key: Uint8Array
  beforeEach(async () => {
    lines = await linesOf(rig.record, rig.actor)
    key = await rig.record.auditKey(rig.actor)
  })

  test('is checked with its key alone, blank lines and all', async () => {
    const verification = await rig.record.verify(rig.actor)
    expect(await verifyExport([...lines, ''], key)).toEqual(verification)
    expect(await verifyExport(lines, key, [hexHead(verification.head)])).toMatchObject({ isIntact: true })
  })

  test('of an empty chain is one footer', async () => {
    const empty = actorOf(newId())
    await addTenant(rig.store, empty.tenantId)
    const only = await linesOf(rig.record, empty)
    expect(only).toHaveLength(1)
    expect(await verifyExport(only, await rig.record.auditKey(empty))).toMatchObject({ isIntact: true, checked: 0, head: null })
  })

  test.each<[string, (lines: readonly string[]) => readonly string[], string]>([
    [
      'a changed word',
      (all) => all.map((line, index) => (index === 3 ? line.replace('how many?', 'how much?') : line)),
      'record.link-changed',
    ],
    ['a line that was left out', (all) => all.filter((_, index) => index !== 3), 'record.link-missing'],
    ['the last link left out', (all) => all.filter((_, index) => index !== 11), 'record.truncated'],
    ['two swapped lines', (all) => [...all.slice(0, 2), all[3]!, all[2]!, ...all.slice(4)], 'record.link-changed'],
    ['a line given twice', (all) => [...all.slice(0, 3), all[2]!, ...all.slice(3)], 'record.export-cut'],
    ['a missing footer', (all) => all.slice(0, -1), 'record.export-cut'],
    [
      'a footer with another count',
      (all) => [...all.slice(0, -1), all.at(-1)!.replace('"links":12', '"links":11')],
      'record.footer-changed',
    ],
    ['nothing at all', () => [], 'record.export-cut'],
    ['a footer’s mac cut short', (all) => [...all.slice(0, -1), all.at(-1)!.replace(/"mac":"..../, '"mac":"')], 'record.footer-changed'],
    ['a sequence that is no number', (all) => all.map((line) => line.replace('"sequence":4,', '"sequence":"x",')), 'record.link-changed'],
    ['a tenant that is no text', (all) => all.map((line) => line.replace(/"tenantId":"[^"]*"/, '"tenantId":7')), 'record.link-misplaced'],
  ])('shows %s', async (_what, change, code) => {
    const verification = await verifyExport(change(lines), key)
    expect(verification.isIntact).toBe(false)
    expect(codesOf(verification)).toContain(code)
  })

  test('does not pass under another tenant’s key', async () => {
    expect(codesOf(await verifyExport(lines, Buffer.alloc(32)))).toContain('record.footer-changed')
  })

  test('made after the chain was set back does not hold a head noted before', async () => {
    const noted = hexHead((await rig.record.verify(rig.actor)).head)
    await rig.tamper(`DELETE FROM record_link WHERE sequence > 9;
      UPDATE record_head SET sequence = 9, mac = (SELECT mac FROM record_link WHERE sequence = 9)`)
    const later = await linesOf(rig.another(), rig.actor)
    expect((await verifyExport(later, key)).isIntact).toBe(true)
    expect(codesOf(await verifyExport(later, key, [noted]))).toEqual(['record.truncated'])
    expect(codesOf(await verifyExport(lines.slice(0, 0), key, [noted]))).toContain('record.truncated')
  })

  test('carries what is there, also where links are missing or there is no head', async () => {
    await rig.tamper('DELETE FROM record_link WHERE sequence = 5')
    expect(codesOf(await verifyExport(await linesOf(rig.record, rig.actor), key))).toContain('record.link-missing')
    await rig.tamper('DELETE FROM record_head')
    expect(codesOf(await verifyExport(await linesOf(rig.record, rig.actor), key))).toContain('record.beyond-head')
  })

  test.each([
    ['no JSON', 'hello'],
    ['no object', 'null'],
    ['an object without a mac', '{"body":{}}'],
    ['neither link nor footer', '{"mac":"00"}'],
    ['a link without a body', '{"body":null,"mac":"00"}'],
  ])('is refused where a line is %s', async (_what, line) => {
    await expect(verifyExport([lines[0]!, line], key)).rejects.toMatchObject({
      code: 'record.not-an-export',
      message: expect.stringContaining('line 2') as string,
    })
  })

  test('is refused where lines follow the footer', async () => {
    await expect(verifyExport([...lines, lines[0]!], key)).rejects.toMatchObject({ code: 'record.not-an-export' })
  })
})
