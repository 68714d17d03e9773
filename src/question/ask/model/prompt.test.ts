import { expect, test } from 'vitest'
import type { Catalog, Relation } from '../../../domain/index.ts'
import { modelPrompt } from './index.ts'
import { estimateTokens } from './prompt-size.ts'

const table = (schema: string, name: string, columns: readonly string[], refers: Readonly<Record<string, string>> = {}): Relation => ({
  schema,
  name,
  kind: 'table',
  comment: null,
  columns: columns.map((column) => {
    const [title = '', value] = column.split('=')
    const statistics =
      value === undefined ? null : { distinct: null, nullShare: null, values: [value], isComplete: false, min: null, max: null }
    return { name: title, type: 'text', isNullable: true, comment: null, statistics }
  }),
  primaryKey: [],
  uniqueKeys: [],
  foreignKeys: Object.entries(refers).map(([column, target]) => ({
    name: column,
    columns: [column],
    target: { schema, name: target, columns: ['id'] },
  })),
  estimatedRows: null,
  sizeBytes: null,
  definition: null,
  parents: [],
})

const archive = Array.from({ length: 300 }, (_, at) => table('archive', `form_${at}`, ['id', 'title', 'filed_on', 'officer', `box_${at}`]))
const club = [
  table('club', 'swimmer', ['id', 'full_name=Nora Quill']),
  table('club', 'race', ['id', 'distance']),
  table('club', 'entry', ['swimmer_id', 'race_id', 'lane'], { swimmer_id: 'swimmer', race_id: 'race' }),
  table('club', 'staff_member', ['id', 'boss_name']),
]

function promptOf(text: string, relations: readonly Relation[], maxTokens: number): string {
  const view: Catalog = {
    dialect: 'postgres', database: 'd', serverVersion: '18', version: 'v', searchPath: ['public'], functions: [], operators: [], types: [], relations,
  } // prettier-ignore
  const { system, user } = modelPrompt(text, { view, today: '2026-11-24', disclosure: 'statistics', repair: null }, maxTokens)
  expect(estimateTokens(system + user)).toBeLessThanOrEqual(maxTokens + 10)
  return user
}

test('a catalog that fits is told whole, values and all', () => {
  const prompt = promptOf('anything', club, 4_000)
  for (const { name } of club) expect(prompt).toContain(`table club.${name}\n`)
  expect(prompt).toContain('values "Nora Quill"')
})

test('of a large catalog the prompt holds the tables named and the one that links them', () => {
  const prompt = promptOf('Which swimmers took part in which race?', [...archive, ...club], 1_000)
  for (const name of ['swimmer', 'race', 'entry']) expect(prompt).toContain(`table club.${name}`)
})

test('a stored value leads to its table', () => {
  expect(promptOf('What did Nora Quill do?', [...archive, ...club], 1_000)).toContain('table club.swimmer')
})

test('another word for the same thing leads to its table', () => {
  expect(promptOf('List the supervisor of every employee', [...archive, ...club], 1_000)).toContain('table club.staff_member')
})
