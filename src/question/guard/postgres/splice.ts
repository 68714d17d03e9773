import { scanSync } from 'libpg-query'
import type { Reason, Span } from '../../../domain/index.ts'
import { certain } from '../certain.ts'
import { cannotBeMasked } from '../mask/mask-reasons.ts'
import { names, parse, spanOf, type Node, type Parsed } from './parse.ts'
import { changeTree, isSameTree } from '../same-tree.ts'
import { eachNode, isPlace } from './tree-nodes.ts'
import { quoteName } from './render-mask.ts'
import { systemColumns } from './scope.ts'

/** A relation to be replaced wherever the statement names it. */
export interface Replacement {
  /** Where the name stands, as the resolver has it. */
  readonly span: Span
  readonly schema: string
  readonly name: string
  /** The SELECT that stands for it, without brackets. `isOnly`: without the relation's parts. */
  readonly select: (isOnly: boolean) => string
}

export interface SplicedText {
  readonly sql: string
  /** Our own parts of it, in bytes. */
  readonly own: readonly Span[]
}

interface Edit extends Span {
  readonly text: string
  /** Where our own part lies in `text`, in bytes; null: none of it is ours. */
  readonly own: Span | null
}

interface Target {
  readonly replacement: Replacement
  readonly node: Node
  readonly select: string
}

/**
 * Replaces relations in a SELECT by selects over them, at the parser's own offsets, under the same alias. Then proves it: the
 * new text must parse to the very tree of the old one with the relations changed for our selects, and nothing else.
 */
export function splice(sql: string, replacements: readonly Replacement[]): SplicedText | Reason {
  const parsed = certain(selectOf(sql)) // it has been analysed
  const targets = targetsOf(parsed.node, replacements)
  if ('code' in targets) return targets
  const qualified = qualifiedReferences(parsed.node, targets)
  if ('code' in qualified) return qualified
  const tokens = scanSync(sql).tokens.filter((token) => !/^(--|\/\*)/.test(token.text))
  const edits = [...targets.values()].map((target) => editOf(target, tokens))
  const cuts = qualified.map((node) => cutOf(node, tokens))
  const spliced = applyEdits(Buffer.from(sql), parsed.statement, [...edits, ...cuts])
  if (isProven(parsed.node, spliced.sql, targets, qualified)) return spliced
  const { name, span } = certain(replacements[0])
  return cannotBeMasked(name, span, 'its place in the statement cannot be rewritten', 'Write the statement more simply.')
}

/** null: it is no SELECT, or too large or too deep to be one. */
function selectOf(sql: string): Parsed | null {
  const parsed = parse(sql)
  return 'kind' in parsed && parsed.kind === 'SelectStmt' ? parsed : null
}

/** The nodes the names stand for, each of which must be there. One in a place that takes no select is a problem. */
function targetsOf(root: Node, replacements: readonly Replacement[]): Map<Node, Target> | Reason {
  const byPlace = new Map(replacements.map((one) => [one.span.start, one]))
  const targets = new Map<Node, Target>()
  let sampled: Replacement | null = null
  eachNode(root, (kind, node) => {
    if (kind === 'RangeTableSample') {
      const inner = certain((node['relation'] as Node)['RangeVar'] as Node | undefined) // a sample is of a table
      sampled ??= byPlace.get(spanOf(inner, 1).start) ?? null
    }
    const replacement = kind === 'RangeVar' ? byPlace.get(spanOf(node, 1).start) : undefined
    if (replacement !== undefined) targets.set(node, { replacement, node, select: replacement.select(node['inh'] !== true) })
  })
  if (sampled !== null) {
    const { name, span } = sampled as Replacement // the callback above has set it
    return cannotBeMasked(name, span, 'a sample of it cannot be taken', 'Leave TABLESAMPLE out.')
  }
  for (const one of replacements) certain([...targets.values()].find((target) => target.replacement === one))
  return targets
}

/** `schema.table.column` of a replaced relation: the schema has to go. Columns of the system are not there any more. */
function qualifiedReferences(root: Node, targets: ReadonlyMap<Node, Target>): Node[] | Reason {
  const found: Node[] = []
  let problem: Reason | null = null
  const bare = [...targets.values()].filter(({ node }) => node['alias'] === undefined).map((target) => target.replacement)
  const aliases = aliasCounts(root)
  eachNode(root, (kind, node) => {
    if (kind !== 'ColumnRef') return
    const fields = node['fields'] as readonly Node[]
    const path = names(fields)
    const place = spanOf(node, Buffer.byteLength(path.join('.')))
    const last = path.at(-1) ?? ''
    const [only] = targets.values()
    if (systemColumns.has(last) && only !== undefined)
      problem ??= cannotBeMasked(only.replacement.name, place, `${last} cannot be asked of it`, `Leave ${last} out.`)
    if (fields.length < 3) return
    const [schema, table] = [nameAt(fields, -3), nameAt(fields, -2)]
    const meant = bare.find((one) => one.schema === schema && one.name === table)
    if (meant === undefined) return
    if (certain(aliases.get(meant.name)) > 1)
      problem ??= cannotBeMasked(meant.name, place, 'its name stands for more than one thing here', 'Give each table an alias.')
    found.push(node)
  })
  return problem ?? found
}

function nameAt(fields: readonly Node[], at: number): string | undefined {
  return names([fields.at(at)])[0]
}

/** How often each name stands for something in a FROM. */
function aliasCounts(root: Node): ReadonlyMap<string, number> {
  const counts = new Map<string, number>()
  eachNode(root, (_kind, node) => {
    const alias = (node['alias'] as Node | undefined)?.['aliasname'] ?? node['relname']
    if (typeof alias === 'string') counts.set(alias, (counts.get(alias) ?? 0) + 1)
  })
  return counts
}

type Token = ReturnType<typeof scanSync>['tokens'][number]

/** From ONLY, or TABLE, to the name, its brackets and its star; the alias stays as it is written. */
function editOf({ replacement, node, select }: Target, tokens: readonly Token[]): Edit {
  const at = tokens.findIndex((token) => token.start === replacement.span.start)
  let last = at + (node['schemaname'] === undefined ? 0 : 2)
  let first = at
  const word = (index: number): string => (tokens[index]?.text ?? '').toUpperCase()
  const isBracketed = word(first - 1) === '(' && word(first - 2) === 'ONLY'
  if (isBracketed) {
    first -= 2
    last += 1
  } else if (word(first - 1) === 'ONLY') first -= 1
  if (word(last + 1) === '*') last += 1
  const isTable = word(first - 1) === 'TABLE'
  const [from, to] = [certain(tokens[isTable ? first - 1 : first]), certain(tokens[last])]
  const before = isTable ? 'SELECT * FROM (' : '('
  const after = node['alias'] === undefined ? `) AS ${quoteName(replacement.name)}` : ')'
  const start = Buffer.byteLength(before)
  return { start: from.start, end: to.end, text: before + select + after, own: { start, end: start + Buffer.byteLength(select) } }
}

/** Takes the schema and its dot out of `schema.table.column`. */
function cutOf(node: Node, tokens: readonly Token[]): Edit {
  const at = tokens.findIndex((token) => token.start === spanOf(node, 1).start)
  const extra = (node['fields'] as readonly Node[]).length - 2
  const [from, dot] = [certain(tokens[at]), certain(tokens[at + 2 * extra - 1])] // that only this goes, the proof shows
  return { start: from.start, end: dot.end, text: '', own: null }
}

function applyEdits(text: Buffer, statement: Span, edits: readonly Edit[]): SplicedText {
  const parts: Buffer[] = []
  const own: Span[] = []
  let length = 0
  let at = statement.start
  const add = (part: Buffer): void => {
    parts.push(part)
    length += part.length
  }
  for (const edit of edits.toSorted((a, b) => a.start - b.start)) {
    add(text.subarray(at, edit.start))
    if (edit.own !== null) own.push({ start: length + edit.own.start, end: length + edit.own.end })
    add(Buffer.from(edit.text))
    at = edit.end
  }
  add(text.subarray(at, statement.end))
  return { sql: Buffer.concat(parts).toString(), own }
}

function isProven(old: Node, spliced: string, targets: ReadonlyMap<Node, Target>, qualified: readonly Node[]): boolean {
  const parsed = selectOf(spliced)
  const shortened = new Set(qualified)
  const expected = changeTree(old, (kind, content) => {
    const node = content as Node // of the kinds that are looked for
    const target = targets.get(node)
    if (target !== undefined) return selectNode(target)
    if (kind !== 'ColumnRef' || !shortened.has(node)) return null
    return { ColumnRef: { ...node, fields: (node['fields'] as readonly Node[]).slice(-2) } }
  })
  return parsed !== null && isSameTree(expected, parsed.node, isPlace)
}

function selectNode({ select, node, replacement }: Target): Node {
  const parsed = certain(selectOf(select))
  return { RangeSubselect: { subquery: { SelectStmt: parsed.node }, alias: node['alias'] ?? { aliasname: replacement.name } } }
}
