import { expect, test } from 'vitest'
import type { Relation } from '../../domain/index.ts'
import { catalogFrom } from '../../../test/support/catalog-from.ts'
import type { Analysis } from './analysis.ts'
import { indexOf, type CatalogIndex } from './catalog-index.ts'
import { TooMuchWork } from './effort.ts'
import { sourcesOfView, type ViewReader, type ViewSources } from './view-sources.ts'

/** `v3` names what its definition names; `reads` counts how often a definition was read. */
function reading(definitions: Readonly<Record<string, string>>) {
  const views = Object.entries(definitions).map(([name, definition]) => ({ name, kind: 'view' as const, columns: ['id'], definition }))
  const index = indexOf(catalogFrom('postgres', [{ name: 't', columns: ['id'] }, ...views]))
  const reads: string[] = []
  const effort: { error: Error | null } = { error: null }
  const reader: ViewReader = {
    key: 'test',
    analyse: (definition, view) => {
      if (effort.error !== null) throw effort.error
      reads.push(view.name)
      return analysisOf(definition.split(' '), index)
    },
  }
  const sourcesOf = (name: string): ViewSources => sourcesOfView(index.findInPath(name) as Relation, reader) // it is in the catalog
  return { reads, effort, sourcesOf }
}

function analysisOf(names: readonly string[], index: CatalogIndex): Analysis {
  const span = { start: 0, end: 1 }
  const relations = names.map((name) => ({ schema: 'public', name, relation: index.findInPath(name), writtenSchema: 'public', span }))
  const columns = names.map((relation) => ({
    schema: 'public',
    relation,
    column: 'id',
    told: `public.${relation}.id`,
    span,
    isNamed: true,
  }))
  return { class: 'read', problems: [], relations, columns, missingColumns: [], functions: [], writes: [], statement: span }
}

const chain = (length: number, text: (below: string) => string): Record<string, string> =>
  Object.fromEntries(Array.from({ length }, (_, at) => [`v${at}`, text(at === 0 ? 't' : `v${at - 1}`)]))

test('each view is read once, and told of once, however many ways lead to it', () => {
  const { reads, sourcesOf } = reading(chain(17, (below) => `${below} ${below} ${below}`))
  const sources = sourcesOf('v16')
  expect(sources.isKnown).toBe(true)
  expect(reads.length).toBe(17)
  expect(sources.relations.map(({ name }) => name).toSorted()).toEqual(['t', ...Object.keys(chain(16, String))].toSorted())
  expect(sources.columns.length).toBe(17)
  sourcesOf('v16')
  expect(reads.length).toBe(17)
})

test('how high a view stands does not depend on which one was asked about first', () => {
  const fromAbove = reading(chain(21, String))
  expect(fromAbove.sourcesOf('v20').isKnown).toBe(false)
  expect(fromAbove.reads.length).toBe(21)
  expect(['v3', 'v16', 'v17', 'v20'].map((name) => fromAbove.sourcesOf(name).isKnown)).toEqual([true, true, false, false])
  expect(fromAbove.reads.length).toBe(21)
})

test('of a view that stands on itself nothing is known', () => {
  const { reads, sourcesOf } = reading({ a: 'b', b: 'a t', c: 'a' })
  expect(['c', 'a', 'b'].map((name) => sourcesOf(name).isKnown)).toEqual([false, false, false])
  expect(reads.toSorted()).toEqual(['a', 'b', 'c'])
})

test('a view that breaks its reader is not read again', () => {
  const { sourcesOf, effort } = reading(chain(1, String))
  effort.error = new RangeError('Maximum call stack size exceeded')
  expect(() => sourcesOf('v0')).toThrow(RangeError)
  effort.error = null
  expect(sourcesOf('v0').isKnown).toBe(false)
})

test('what was too much work here is read again elsewhere', () => {
  const { effort, sourcesOf } = reading(chain(2, String))
  effort.error = new TooMuchWork()
  expect(() => sourcesOf('v1')).toThrow(TooMuchWork)
  effort.error = null
  expect(sourcesOf('v1').isKnown).toBe(true)
})
