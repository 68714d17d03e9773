import { afterEach, beforeEach, expect, test } from 'vitest'
import { createLogSink } from '../../src/platform/sinks/index.ts'
import { ask, recordRig, type RecordRig } from '../support/record-rig.ts'

let rig: RecordRig
beforeEach(async () => {
  rig = await recordRig()
})
afterEach(() => rig.close())

/** More than two pages of what a checkpoint reads at once. */
const entries = 340

test.each([
  ['a body', `UPDATE record_link SET body = replace(body, 'T', 't') WHERE sequence = 601`],
  ['a mac', `UPDATE record_link SET mac = decode(repeat('ab', 32), 'hex') WHERE sequence = 602`],
  ['one that is missing', `DELETE FROM record_link WHERE sequence = 603`],
  ['the last of a page that is missing', `DELETE FROM record_link WHERE sequence = 500`],
  ['a body of two lines', `UPDATE record_link SET body = replace(body, ',', E',\\n') WHERE sequence = 604`],
  [
    'two that changed places',
    `UPDATE record_link SET sequence = -1 WHERE sequence = 601; UPDATE record_link SET sequence = 601 WHERE sequence = 604;
     UPDATE record_link SET sequence = 604 WHERE sequence = -1`,
  ],
])('a chain of several pages is signed, and not where one link is wrong: %s', async (_what, change) => {
  const outside: string[] = []
  const record = rig.another({ sink: createLogSink((line) => outside.push(line)) })
  await Promise.all(Array.from({ length: entries }, () => ask(rig)))
  const signed = await record.checkpoint(rig.actor)
  expect(signed).toMatchObject({ sequence: 3 * entries })
  expect(outside).toHaveLength(1)
  expect((await record.verify(rig.actor)).isIntact).toBe(true)
  await rig.tamper(`DELETE FROM record_checkpoint; ${change}`)
  await expect(record.checkpoint(rig.actor)).rejects.toMatchObject({ code: 'record.not-signed' })
  expect(outside).toHaveLength(1)
})
