import type { AnalyseOptions, Analyser } from '../analyser.ts'
import type { RelationUse } from '../analysis.ts'
import type { Effort } from '../effort.ts'
import { noSources, sourcesOfView, type ViewSources } from '../view-sources.ts'
import { analysePostgres } from './analyse.ts'
import { maskPostgres } from './mask.ts'
import { openGrammar } from './parse.ts'
import { boundValue } from './render-mask.ts'

export async function openPostgresAnalyser(effort: Effort): Promise<Analyser> {
  await openGrammar()
  const sourcesOf = (use: RelationUse, _analysis: unknown, options: AnalyseOptions): ViewSources => sources(use, options, effort)
  return {
    analyse: (sql, options) => analysePostgres(sql, { ...options, effort, isLenient: false }),
    sourcesOf,
    masker: {
      mask: (request, options) => maskPostgres(request, { ...options, effort, sourcesOf: (use) => sourcesOf(use, null, options) }),
      bound: boundValue,
    },
    close: async () => undefined,
  }
}

function sources(use: RelationUse, { index, safeFunctions }: AnalyseOptions, effort: Effort): ViewSources {
  if (use.relation === null) return noSources
  return sourcesOfView(use.relation, {
    key: [...safeFunctions].join('\u0000'),
    analyse: (definition) => analysePostgres(definition, { index, safeFunctions, paramCount: null, effort, isLenient: true }),
  })
}
