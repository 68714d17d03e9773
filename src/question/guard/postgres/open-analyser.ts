import type { AnalyseOptions, Analyser } from '../analyser.ts'
import type { RelationUse } from '../analysis.ts'
import { noSources, sourcesOfView, type ViewSources } from '../view-sources.ts'
import { analysePostgres } from './analyse.ts'
import { maskPostgres } from './mask.ts'
import { openGrammar } from './parse.ts'
import { boundValue } from './render-mask.ts'

export async function openPostgresAnalyser(): Promise<Analyser> {
  await openGrammar()
  return {
    analyse: (sql, options) => analysePostgres(sql, { ...options, isLenient: false }),
    sourcesOf,
    masker: {
      mask: (request, options) => maskPostgres(request, { ...options, sourcesOf: (use) => sourcesOf(use, null, options) }),
      bound: boundValue,
    },
    close: async () => undefined,
  }
}

function sourcesOf(use: RelationUse, _analysis: unknown, { index, safeFunctions }: AnalyseOptions): ViewSources {
  if (use.relation === null) return noSources
  return sourcesOfView(use.relation, {
    key: [...safeFunctions].join('\u0000'),
    analyse: (definition) => analysePostgres(definition, { index, safeFunctions, paramCount: null, isLenient: true }),
  })
}
