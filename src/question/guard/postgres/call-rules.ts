import type { Reason, Span } from '../../../domain/index.ts'
import type { CatalogIndex } from '../catalog-index.ts'
import { lastOf } from '../certain.ts'
import { deniedCallPrefixes, searchTypes, syntaxFunctions } from './function-exceptions.ts'
import { readFunctionNames } from './function-list.ts'
import { objectNameTypes } from './node-kinds.ts'
import { dottedBytes, names, spanOf, type Node } from './parse.ts'
import { builtInOperatorNames, builtInTypeNames, deniedFunctionNames } from './server-names.ts'

/** What the rules on code that a statement runs go by. */
export interface CallRules {
  readonly index: CatalogIndex | null
  /** Functions and operators an admin marked safe, as `schema.name`. */
  readonly safeFunctions: ReadonlySet<string>
}

const words = (text: string): string[] => text.trim().split(/\s+/)
const readFunctions = new Set([...words(readFunctionNames), ...syntaxFunctions])
const deniedFunctions = new Set(words(deniedFunctionNames).filter((name) => !readFunctions.has(name)))
const builtInTypes = new Set([...words(builtInTypeNames), ...searchTypes])
const builtInOperators = new Set(words(builtInOperatorNames))
const sampleMethods = new Set(['bernoulli', 'system'])

/** One of the server's own that only computes. */
export function isReadFunction(name: string): boolean {
  return readFunctions.has(name)
}

/** A call by name: one the server's own list has, and nothing in the database shadows, or one marked safe. */
export function functionProblem(parts: readonly string[], node: Node, rules: CallRules): Reason | null {
  const name = lastOf(parts)
  const schema = parts.at(-2) ?? null
  const isBuiltIn = schema === null || schema === 'pg_catalog'
  // An own function of the same name may fit the arguments better than the server's: then it would be the one called.
  const isShadowed = schema === null && rules.index?.userFunctions.has(name) === true
  if (isBuiltIn && !isShadowed && readFunctions.has(name)) return null
  if (isSafe(schema, name, rules)) return null
  const shown = parts.filter((part) => part !== 'pg_catalog').join('.')
  return {
    code: 'guard.function-denied',
    message: `The function ${shown} is not one a read may call.`,
    span: spanOf(node, dottedBytes(parts)),
    hint:
      isShadowed || !isBuiltIn ? 'An admin can mark a function of the database as safe in the policy.' : 'Write it without this function.',
  }
}

/** Marked safe; unqualified only where every function that could be meant is. */
function isSafe(schema: string | null, name: string, rules: CallRules): boolean {
  if (schema !== null) return rules.safeFunctions.has(`${schema}.${name}`)
  if (deniedFunctions.has(name)) return false // the server's own comes first in the search path
  const owners = (rules.index?.catalog.functions ?? []).filter((item) => item.name === name)
  return owners.length > 0 && owners.every((item) => rules.safeFunctions.has(`${item.schema}.${item.name}`))
}

/** `(value).name` and `alias.name` call the function `name` where the value has no such field, whatever its type. */
export function attributeProblem(name: string, span: Span, rules: CallRules): Reason | null {
  const isOwn = rules.index?.userFunctions.has(name) === true && !isSafe(null, name, rules)
  if (!isOwn && !deniedFunctions.has(name) && !deniedCallPrefixes.test(name)) return null
  return {
    code: 'guard.function-denied',
    message: `“.${name}” may call the function ${name}, which a read may not call.`,
    span,
    hint: 'Give the value another name, or leave it out.',
  }
}

/** The server's own operators, where nothing in the database has the same symbol; and what is marked safe. */
export function operatorProblem(parts: readonly string[], node: Node, rules: CallRules): Reason | null {
  const symbol = parts.at(-1)
  if (symbol === undefined) return null
  const schema = parts.at(-2) ?? null
  if (schema === null && builtInOperators.has(symbol) && rules.index?.userOperators.has(symbol) !== true) return null
  const owners = rules.index?.userOperators.get(symbol) ?? []
  const isSafe = (owner: string): boolean => rules.safeFunctions.has(`${owner}.${symbol}`)
  if (schema === 'pg_catalog' ? builtInOperators.has(symbol) : schema !== null && isSafe(schema)) return null
  if (schema === null && owners.every(isSafe) && (owners.length > 0 || builtInOperators.has(symbol))) return null
  return {
    code: 'guard.operator-denied',
    message: `The operator ${symbol} is not the server’s own, or not only: it may run code of this database.`,
    span: spanOf(node, Buffer.byteLength(symbol)),
    hint: 'Write OPERATOR(pg_catalog.…) for the server’s own, or have an admin mark it as safe in the policy.',
  }
}

/** Built-in types, enums that columns have, and what is marked safe. The words are the same for a type that exists and one that does not. */
export function typeProblem(node: Node, rules: CallRules): Reason | null {
  const parts = names(node['names'])
  const [name = ''] = parts.slice(-1) // ALTER TYPE has no type node there
  const schema = parts.at(-2) ?? null
  const isServers = schema === null || schema === 'pg_catalog'
  if (isServers && builtInTypes.has(name)) return null
  if (isServers && objectNameTypes.has(name)) {
    return denyType(node, name, `A cast to ${name} tells whether an object exists.`)
  }
  const owners = rules.index?.userTypes.get(name) ?? []
  const meant = schema === null ? owners : [schema]
  if (meant.length > 0 && meant.every((owner) => rules.safeFunctions.has(`${owner}.${name}`))) return null
  if (owners.length === 0 && rules.index?.columnTypes.has(name) === true) return null
  return denyType(node, name, `The type ${name} is not one a read may cast to: it may run code of its own.`)
}

export function denyType(node: Node, name: string, message: string): Reason {
  return {
    code: 'guard.type-denied',
    message,
    span: spanOf(node, Buffer.byteLength(name)),
    hint: 'Cast to a built-in type, or have an admin mark it as safe in the policy.',
  }
}

export function sampleProblem(parts: readonly string[], node: Node): Reason | null {
  if (sampleMethods.has(lastOf(parts)) && (parts.length === 1 || parts.at(-2) === 'pg_catalog')) return null
  return {
    code: 'guard.function-denied',
    message: `The sampling method ${parts.join('.')} is not one AI-Shell knows.`,
    span: spanOf(node, 1),
    hint: 'Use TABLESAMPLE BERNOULLI or SYSTEM.',
  }
}
