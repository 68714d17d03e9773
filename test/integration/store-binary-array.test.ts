import { Client } from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { bigintArray, bytesArray, textArray, timeArray, uuidArray } from '../../src/platform/store/index.ts'
import { testServer } from '../support/postgres-server.ts'

const server = testServer()
const client = new Client({ ...server, database: 'postgres', password: server.password.reveal() })
beforeAll(() => client.connect())
afterAll(() => client.end())

const texts = ['plain', '', null, 'quote " and \\ and {brace}, comma', 'NULL', 'Größe 🚢', 'x'.repeat(70_000)]
const uuids = ['0198b2c1-7f00-7abc-8def-0123456789ab', null, 'ffffffff-ffff-ffff-ffff-ffffffffffff']
const bytes = [Buffer.from([0, 1, 255]), null, Buffer.alloc(0)]
const numbers = [0, -1, Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER]
const times = [new Date('2026-11-25T16:00:00.123Z'), new Date('1999-12-31T23:59:59.999Z'), new Date(0)]

test.each([
  { type: 'text', array: textArray(texts), plain: texts },
  { type: 'text', array: textArray([]), plain: [] },
  { type: 'text', array: textArray([null]), plain: [null] },
  { type: 'uuid', array: uuidArray(uuids), plain: uuids },
  { type: 'bytea', array: bytesArray(bytes), plain: bytes },
  { type: 'bigint', array: bigintArray(numbers), plain: numbers },
  { type: 'timestamptz', array: timeArray(times), plain: times.map((time) => time.toISOString()) },
])('PostgreSQL reads a binary $type[] as the driver’s own spelling of it', async ({ type, array, plain }) => {
  const sql = `SELECT $1::${type}[] IS NOT DISTINCT FROM $2::${type}[] AS same, coalesce(array_length($1::${type}[], 1), 0) AS length`
  const { rows } = await client.query<{ same: boolean; length: number }>(sql, [array, plain])
  expect(rows[0]).toEqual({ same: true, length: plain.length })
})

test.each([
  '',
  '0198b2c1',
  '0198b2c17f007abc8def0123456789ab',
  '0198b2c1-7f00-7abc-8def-0123456789ag',
  '0198b2c1-7f00-7abc-8def-0123456789abc',
  '0198b2c107f00-7abc-8def-0123456789ab',
  '0198b2c1-7f00-7abc-8def-0123456789\u01ab',
])('“%s” is no UUID', (text) => {
  expect(() => uuidArray([text])).toThrow(TypeError)
})

test('a UUID in capitals is the same', () => {
  expect(uuidArray(['0198B2C1-7F00-7ABC-8DEF-0123456789AB'])).toEqual(uuidArray(['0198b2c1-7f00-7abc-8def-0123456789ab']))
})
