import { strongerClass, type Reason, type Span, type StatementClass } from '../../../domain/index.ts'
import type { CatalogIndex } from '../catalog-index.ts'
import { objectNameTypes, readNodes, writeNodes } from './node-kinds.ts'
import { syntaxFunctions } from './function-exceptions.ts'
import { readFunctionNames } from './function-list.ts'
import type { Node } from './parse.ts'

const readFunctions = new Set([...readFunctionNames.trim().split(/\s+/), ...syntaxFunctions])

export interface Findings {
  class: StatementClass
  readonly problems: Reason[]
  readonly functions: string[]
  /** Every relation and column reference there is, for the resolver to account for. */
  readonly rangeVars: Node[]
  readonly columnRefs: Node[]
  highestParam: number
}

export interface InspectOptions {
  readonly index: CatalogIndex | null
  readonly safeFunctions: ReadonlySet<string>
}

/** First pass: every field of every node, whatever it is nested in. Kinds, functions, operators and types by allow-list. */
export function inspect(root: Node, options: InspectOptions): Findings {
  const findings: Findings = { class: 'read', problems: [], functions: [], rangeVars: [], columnRefs: [], highestParam: 0 }
  visitValue(root, options, findings)
  return findings
}

function visitValue(value: unknown, options: InspectOptions, findings: Findings): void {
  if (Array.isArray(value)) {
    for (const item of value) visitValue(item, options, findings)
  } else if (value !== null && typeof value === 'object') {
    const node = value as Node // the parser gives plain objects only
    for (const field of Object.keys(node)) visitField(field, node[field], options, findings)
  }
}

/** Node wrappers are fields with a capital letter; the rest are a node's own fields. */
function visitField(field: string, value: unknown, options: InspectOptions, findings: Findings): void {
  const isKind = field.charCodeAt(0) <= 90 && field.charCodeAt(0) >= 65
  if (isKind) visitKind(field, value as Node, options, findings)
  else if (field === 'intoClause') findings.class = strongerClass(findings.class, 'ddl')
  else if (field === 'lockingClause') findings.class = strongerClass(findings.class, 'write')
  else if (field === 'typeName' || field === 'type_name') checkType(value as Node, options, findings)
  if (!isKind || (field !== 'LockingClause' && field !== 'IntoClause')) visitValue(value, options, findings)
}

function visitKind(kind: string, node: Node, options: InspectOptions, findings: Findings): void {
  if (writeNodes.has(kind)) findings.class = strongerClass(findings.class, 'write')
  else if (kind === 'LockingClause') findings.class = strongerClass(findings.class, 'write')
  else if (!readNodes.has(kind)) {
    findings.class = 'unknown'
    findings.problems.push({
      code: 'guard.node-unknown',
      message: `This statement holds something AI-Shell does not know (${kind}).`,
      span: spanOf(node, 1),
      hint: 'Write it as a plain SELECT.',
    })
  }
  if (kind === 'RangeVar') findings.rangeVars.push(node)
  else if (kind === 'ColumnRef') findings.columnRefs.push(node)
  else if (kind === 'ParamRef') findings.highestParam = Math.max(findings.highestParam, Number(node['number'] ?? 0))
  else if (kind === 'FuncCall') checkFunction(node, options, findings)
  else if (kind === 'A_Expr') checkOperator(node['name'], node, options, findings)
  else if (kind === 'SubLink') checkOperator(node['operName'], node, options, findings)
  else if (kind === 'SortBy') checkOperator(node['useOp'], node, options, findings)
  else if (kind === 'TypeName') checkType(node, options, findings)
}

function checkFunction(node: Node, options: InspectOptions, findings: Findings): void {
  const parts = names(node['funcname'])
  const name = parts.at(-1) ?? ''
  const schema = parts.length > 1 ? (parts.at(-2) ?? '') : null
  const shown = parts.filter((part) => part !== 'pg_catalog').join('.')
  findings.functions.push(shown)
  if (isSafe(schema, name, options)) return
  const isBuiltIn = schema === null || schema === 'pg_catalog'
  // An own function of the same name may fit the arguments better than the server's: then it would be the one called.
  const isShadowed = schema === null && options.index?.userFunctions.has(name) === true
  if (isBuiltIn && !isShadowed && readFunctions.has(name)) return
  findings.problems.push({
    code: 'guard.function-denied',
    message: `The function ${shown} is not one a read may call.`,
    span: spanOf(node, Buffer.byteLength(parts.join('.'))),
    hint:
      isShadowed || !isBuiltIn ? 'An admin can mark a function of the database as safe in the policy.' : 'Write it without this function.',
  })
}

/** A function an admin marked safe; unqualified only when no other schema has one of that name. */
function isSafe(schema: string | null, name: string, options: InspectOptions): boolean {
  if (schema !== null) return options.safeFunctions.has(`${schema}.${name}`)
  const owners = (options.index?.catalog.functions ?? []).filter((item) => item.name === name)
  return owners.length > 0 && owners.every((item) => options.safeFunctions.has(`${item.schema}.${item.name}`))
}

function checkOperator(value: unknown, node: Node, options: InspectOptions, findings: Findings): void {
  const parts = names(value)
  const symbol = parts.at(-1) ?? ''
  const isForeign = parts.length > 1 && parts[0] !== 'pg_catalog'
  const isShadowed = parts.length === 1 && options.index?.userOperators.has(symbol) === true
  if (!isForeign && !isShadowed) return
  findings.problems.push({
    code: 'guard.operator-denied',
    message: `The operator ${symbol} is defined in this database and may run code of its own.`,
    span: spanOf(node, symbol.length),
    hint: 'Write OPERATOR(pg_catalog.…) for the server’s own, or a function instead.',
  })
}

function checkType(node: Node, options: InspectOptions, findings: Findings): void {
  const parts = names(node['names'])
  const name = parts.at(-1) ?? ''
  const isBuiltIn = parts.length > 1 && parts[0] === 'pg_catalog'
  const isOwn = !isBuiltIn && options.index?.userTypes.has(name) === true
  if (!isOwn && !objectNameTypes.has(name)) return
  findings.problems.push({
    code: 'guard.type-denied',
    message: isOwn
      ? `The type ${name} is defined in this database and may run code of its own.`
      : `A cast to ${name} tells whether an object exists.`,
    span: spanOf(node, Buffer.byteLength(name)),
    hint: 'Cast to a built-in type.',
  })
}

export function names(value: unknown): string[] {
  if (!Array.isArray(value)) return []
  return value.flatMap((item: { String?: { sval?: string } }) => (item.String === undefined ? [] : [item.String.sval ?? '']))
}

/** Where a node stands; offset 0 is left out by the parser, -1 means it does not know. */
export function spanOf(node: Node, bytes: number): Span {
  const start = Math.max(0, Number(node['location'] ?? 0))
  return { start, end: start + Math.max(1, bytes) }
}
