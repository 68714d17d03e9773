import type { Relation } from '../../../domain/index.ts'
import type { Analyser, AnalyseOptions } from '../analyser.ts'
import type { Analysis, RelationUse } from '../analysis.ts'
import { certain } from '../certain.ts'
import { noSources, sourcesOfView, type ViewSources } from '../view-sources.ts'
import { analyseReading, readStatement, type Reading } from './analyse.ts'
import type { Profile } from './functions.ts'
import { maskMysql } from './mask.ts'
import { Parser } from './parser.ts'
import { boundValue } from './render-mask.ts'

const deepestView = 16

/** One parser thread for statements and the views they name; a view's text is parsed once. */
export async function openMysqlAnalyser(profile: Profile): Promise<Analyser> {
  const parser = new Parser()
  const parse = (text: string): ReturnType<Parser['parse']> => parser.parse(text)
  const views = new WeakMap<Relation, Reading>()
  const rulesOf = ({ index, safeFunctions }: AnalyseOptions) => ({ index, safeFunctions, profile })
  const viewRules = (options: AnalyseOptions) => ({ ...rulesOf(options), paramCount: null })

  /** `sourcesOf` may not wait, so the texts of all views behind a statement are read with it. */
  const readViews = async (analysis: Analysis, options: AnalyseOptions, depth: number): Promise<void> => {
    for (const { relation } of analysis.relations) {
      if (relation?.kind !== 'view' || relation.definition === null || views.has(relation) || depth > deepestView) continue
      const reading = await readStatement(relation.definition, parse)
      views.set(relation, reading)
      await readViews(analyseReading(reading, relation.definition, viewRules(options)), options, depth + 1)
    }
  }

  const sourcesOf = (use: RelationUse, _analysis: Analysis, options: AnalyseOptions): ViewSources => {
    if (use.relation === null) return noSources
    return sourcesOfView(use.relation, {
      key: `${profile} ${[...options.safeFunctions].join('\u0000')}`,
      analyse: (definition, view) => analyseReading(certain(views.get(view)), definition, viewRules(options)), // read with the statement, as deep as they are followed,
    })
  }

  return {
    analyse: async (sql, options) => {
      const reading = await readStatement(sql, parse)
      const analysis = analyseReading(reading, sql, { ...rulesOf(options), paramCount: options.paramCount })
      await readViews(analysis, options, 0)
      return analysis
    },
    sourcesOf,
    masker: {
      mask: (request, options) =>
        maskMysql(request, { ...rulesOf(options), parse, sourcesOf: (use) => sourcesOf(use, request.analysis, options) }),
      bound: boundValue,
    },
    close: () => parser.close(),
  }
}
