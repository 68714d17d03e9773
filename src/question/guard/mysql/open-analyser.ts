import type { Relation } from '../../../domain/index.ts'
import type { Analyser, AnalyseOptions } from '../analyser.ts'
import type { Analysis, RelationUse } from '../analysis.ts'
import { certain } from '../certain.ts'
import type { Effort } from '../effort.ts'
import { noSources, sourcesOfView, type ViewSources } from '../view-sources.ts'
import { analyseReading, readStatement, type Reading } from './analyse.ts'
import type { Profile } from './functions.ts'
import { maskMysql } from './mask.ts'
import { Parser } from './parser.ts'
import { boundValue } from './render-mask.ts'

/** One parser thread for statements and the views they name; a view's text is parsed once. */
export async function openMysqlAnalyser(profile: Profile, effort: Effort): Promise<Analyser> {
  const parser = new Parser()
  const parse = (text: string): ReturnType<Parser['parse']> => parser.parse(text)
  const views = new WeakMap<Relation, Reading>()
  /** Views of which all that stand behind them have been read too. */
  const isRead = new WeakSet<Relation>()
  const rulesOf = ({ index, safeFunctions }: AnalyseOptions) => ({ index, safeFunctions, profile, effort })
  const viewRules = (options: AnalyseOptions) => ({ ...rulesOf(options), paramCount: null })

  /** `sourcesOf` may not wait, so the texts of all views behind a statement are read with it. */
  const readViews = async (analysis: Analysis, options: AnalyseOptions): Promise<void> => {
    const waiting = viewsOf(analysis)
    const met = new Set(waiting)
    for (const view of waiting) {
      if (isRead.has(view)) continue
      const definition = certain(view.definition)
      const reading = views.get(view) ?? (await readStatement(definition, parse))
      views.set(view, reading)
      for (const below of viewsOf(analyseReading(reading, definition, viewRules(options)))) {
        if (!met.has(below)) waiting.push(below)
        met.add(below)
      }
    }
    for (const view of waiting) isRead.add(view)
  }

  const sourcesOf = (use: RelationUse, _analysis: Analysis, options: AnalyseOptions): ViewSources => {
    if (use.relation === null) return noSources
    return sourcesOfView(use.relation, {
      key: `${profile} ${[...options.safeFunctions].join('\u0000')}`,
      analyse: (definition, view) => analyseReading(certain(views.get(view)), definition, viewRules(options)), // read with the statement
    })
  }

  return {
    analyse: async (sql, options) => {
      const reading = await readStatement(sql, parse)
      const analysis = analyseReading(reading, sql, { ...rulesOf(options), paramCount: options.paramCount })
      await readViews(analysis, options)
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

function viewsOf({ relations }: Analysis): Relation[] {
  const views = relations.map((use) => use.relation).filter((one) => one?.kind === 'view' && one.definition !== null)
  return [...new Set(views)].filter((one) => one !== null && one !== undefined)
}
