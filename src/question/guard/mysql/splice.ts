import type { Reason, Span } from '../../../domain/index.ts'
import { certain } from '../certain.ts'
import type { HiddenValue } from '../mask/masked-text.ts'
import { cannotBeMasked } from '../mask/mask-reasons.ts'
import { readOf, readStatement, type Parse, type Reading } from './analyse.ts'
import { spanOfIdent } from './inspect.ts'
import { identOf, identsOf, type Ident } from './names.ts'
import { listOf, nodeOf, type Node } from './node.ts'
import { quoteName } from './render-mask.ts'
import { changeTree, eachField, isSameTree } from '../same-tree.ts'
import { spanOf } from './tokens.ts'

/** A relation to be replaced wherever the statement names it. */
export interface Replacement {
  /** Where the name stands, as the resolver has it. */
  readonly span: Span
  readonly schema: string
  readonly name: string
  /** The SELECT that stands for it, without brackets. */
  readonly select: string
  /** What its `?` are bound to, in the order of its text. */
  readonly hidden: readonly HiddenValue[]
}

/** A value of the asker's own, by its place from 0, or one that is hidden. */
export type Bound = number | HiddenValue

export interface SplicedText {
  readonly sql: string
  /** Our own parts of it, in bytes. */
  readonly own: readonly Span[]
  /** What each `?` of it is bound to, in the order of the text. */
  readonly bound: readonly Bound[]
}

interface Target {
  readonly replacement: Replacement
  /** As the parser has it: TableFactor::Table. */
  readonly table: Node
  readonly written: Ident
}

interface Edit extends Span {
  readonly text: string
  readonly replacement: Replacement | null
}

type Read = Exclude<Reading, Reason>

/**
 * Replaces relations in a SELECT by selects over them, at the parser's own offsets, under the same alias. Then proves it: the
 * new text must parse to the very tree of the old one with the relations changed for our selects, and nothing else.
 */
export async function splice(reading: Read, replacements: readonly Replacement[], parse: Parse): Promise<SplicedText | Reason> {
  const root = reading.statements?.[0]
  const targets = targetsOf(reading, root, replacements)
  if ('code' in targets) return targets
  const qualified = qualifiedNames(reading, root, targets)
  if ('code' in qualified) return qualified
  const edits = [...targets.map(editOf), ...qualified.map((path) => cutOf(reading, path))]
  const spliced = applyEdits(reading, edits)
  const expected = await expectedTree(root, targets, qualified, parse)
  const again = readOf(await readStatement(spliced.sql, parse))
  const isProven = again?.statements?.length === 1 && isSameTree(expected, again.statements[0], (field) => field === 'span')
  if (isProven) return spliced
  const { name, span } = certain(replacements[0])
  return cannotBeMasked(name, span, 'its place in the statement cannot be rewritten', 'Write the statement more simply.')
}

/** The nodes the names stand for. A replacement without its node, or a node that says more than a name, is a problem. */
function targetsOf({ source }: Read, root: unknown, replacements: readonly Replacement[]): readonly Target[] | Reason {
  const byPlace = new Map(replacements.map((one) => [one.span.start, one]))
  const targets: Target[] = []
  eachField(root, (field, content) => {
    const [first] = field === 'Table' ? identsOf(nodeOf(content)['name']) : []
    const replacement = first === undefined ? undefined : byPlace.get(source.places.span(spanOfIdent(first)).start)
    const written = identsOf(nodeOf(content)['name']).at(-1)
    if (replacement !== undefined && written !== undefined) targets.push({ replacement, table: nodeOf(content), written })
  })
  for (const one of replacements) {
    const { table } = certain(targets.find(({ replacement }) => replacement === one))
    if (listOf(table['index_hints']).length + listOf(table['partitions']).length > 0)
      return cannotBeMasked(one.name, one.span, 'only the table itself has indexes and partitions', 'Leave index hints and PARTITION out.')
  }
  return targets
}

/** `schema.alias.column` and `schema.alias.*` of a replaced relation: the schema has to go. */
function qualifiedNames({ source }: Read, root: unknown, targets: readonly Target[]): readonly (readonly Ident[])[] | Reason {
  const found: (readonly Ident[])[] = []
  let problem: Reason | null = null
  const visible = targets.map(({ replacement, table, written }) => ({
    schema: replacement.schema,
    name: (identOf(nodeOf(table['alias'])['name']) ?? written).value,
  }))
  const aliases = aliasCounts(root)
  const look = (path: readonly Ident[], least: number): void => {
    const [first] = path
    const meant = path.length < least ? undefined : visible.find((one) => isNamed(path[0], one.schema) && isNamed(path[1], one.name))
    if (meant === undefined || first === undefined) return
    if (certain(aliases.get(meant.name.toLowerCase())) > 1)
      problem ??= cannotBeMasked(
        meant.name,
        source.places.span(spanOfIdent(first)),
        'its name stands for more than one thing here',
        'Give each table an alias.',
      )
    found.push(path)
  }
  eachField(root, (field, content) => {
    if (field === 'CompoundIdentifier') look(identsOf(content), 3)
    else if (field === 'QualifiedWildcard') look(identsOf(wildcardName(content)), 2)
  })
  return problem ?? found
}

function wildcardName(content: unknown): unknown {
  return nodeOf(listOf(content)[0])['ObjectName']
}

function isNamed(ident: Ident | undefined, name: string): boolean {
  return ident?.value.toLowerCase() === name.toLowerCase()
}

/** How often each name stands for something in a FROM. */
function aliasCounts(root: unknown): ReadonlyMap<string, number> {
  const counts = new Map<string, number>()
  eachField(root, (field, content) => {
    if (field !== 'Table' && field !== 'Derived' && field !== 'JsonTable') return
    const node = nodeOf(content)
    const name = (identOf(nodeOf(node['alias'])['name']) ?? identsOf(node['name']).at(-1))?.value.toLowerCase()
    if (name !== undefined) counts.set(name, (counts.get(name) ?? 0) + 1)
  })
  return counts
}

function editOf({ replacement, table, written }: Target): Edit {
  const alias = table['alias'] == null ? ` AS ${quoteName(written.value)}` : ''
  return { ...replacement.span, text: `(${replacement.select})${alias}`, replacement }
}

/** Takes the schema and its dot out. */
function cutOf({ source }: Read, [schema, table]: readonly Ident[]): Edit {
  const { start } = source.places.span(spanOfIdent(certain(schema)))
  const { start: end } = source.places.span(spanOfIdent(certain(table)))
  return { start, end, text: '', replacement: null }
}

function applyEdits({ source }: Read, edits: readonly Edit[]): SplicedText {
  const text = Buffer.from(source.sql)
  const end = spanOf(source.sql, 0, source.end).end
  const marks = source.tokens.filter((token) => token.kind === 'param').map((token) => spanOf(source.sql, 0, token.start).end)
  const parts: Buffer[] = []
  const own: Span[] = []
  const bound: Bound[] = []
  let [length, at, mark] = [0, 0, 0]
  const add = (part: Buffer): void => {
    parts.push(part)
    length += part.length
  }
  const upTo = (place: number): void => {
    add(text.subarray(at, place))
    for (; (marks[mark] ?? Infinity) < place; mark++) bound.push(mark)
  }
  for (const edit of edits.toSorted((a, b) => a.start - b.start)) {
    upTo(edit.start)
    if (edit.replacement !== null) own.push({ start: length, end: length + Buffer.byteLength(edit.text) })
    bound.push(...(edit.replacement?.hidden ?? []))
    add(Buffer.from(edit.text))
    at = edit.end
  }
  upTo(end)
  return { sql: Buffer.concat(parts).toString(), own, bound }
}

/** The tree that the new text must have. */
async function expectedTree(
  root: unknown,
  targets: readonly Target[],
  qualified: readonly (readonly Ident[])[],
  parse: Parse,
): Promise<unknown> {
  const made = new Map<Node, Node>()
  for (const { replacement, table, written } of targets) {
    const derived = await derivedNode(`SELECT 1 FROM (${replacement.select}) AS ${quoteName(written.value)}`, parse)
    made.set(table, table['alias'] == null ? derived : { ...derived, alias: table['alias'] })
  }
  const cut = new Set(qualified.map((path) => path[0]?.node))
  return changeTree(root, (kind, content) => {
    const derived = kind === 'Table' ? made.get(nodeOf(content)) : undefined
    if (derived !== undefined) return { Derived: derived }
    const path = kind === 'CompoundIdentifier' || kind === 'ObjectName' ? identsOf(content) : []
    return path[0] !== undefined && cut.has(path[0].node) && Array.isArray(content) ? { [kind]: content.slice(1) } : null
  })
}

async function derivedNode(sql: string, parse: Parse): Promise<Node> {
  const reading = certain(readOf(await readStatement(sql, parse)))
  const found: Node[] = []
  eachField(reading.statements, (field, content) => {
    if (field === 'Derived') found.push(nodeOf(content))
  })
  return certain(found[0])
}
