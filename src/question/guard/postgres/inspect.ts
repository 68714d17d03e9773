import { strongerClass, type Reason, type StatementClass } from '../../../domain/index.ts'
import { attributeProblem, functionProblem, operatorProblem, sampleProblem, typeProblem, type CallRules } from './call-rules.ts'
import { lastOf } from '../certain.ts'
import { kindClasses } from './node-kinds.ts'
import { conversionOf, type Conversion } from './own-code.ts'
import { names, spanOf, type Node } from './parse.ts'

export interface Findings {
  class: StatementClass
  readonly problems: Reason[]
  readonly functions: string[]
  /** Every relation and column reference there is, for the resolver to account for. */
  readonly rangeVars: Node[]
  readonly columnRefs: Node[]
  /** Types that values are cast to. */
  readonly casts: Node[]
  /** Calls that turn values of any type into others by the type's own casts and checks. */
  readonly conversions: Conversion[]
  highestParam: number
}

/** First pass: every field of every node, whatever it is nested in. Kinds, functions, operators and types by allow-list. */
export function inspect(root: Node, options: CallRules): Findings {
  const findings: Findings = {
    class: 'read',
    problems: [],
    functions: [],
    rangeVars: [],
    columnRefs: [],
    casts: [],
    conversions: [],
    highestParam: 0,
  }
  visitValue(root, options, findings)
  return findings
}

function visitValue(value: unknown, options: CallRules, findings: Findings): void {
  if (Array.isArray(value)) for (const item of value) visitValue(item, options, findings)
  else if (value !== null && typeof value === 'object') visitNode(value as Node, options, findings) // the parser gives plain objects only
}

/** Node wrappers are fields with a capital letter; the rest are a node's own fields. */
function visitNode(node: Node, options: CallRules, findings: Findings): void {
  for (const field in node) {
    const inner = node[field] // plain objects: nothing is inherited, and no list of names is made
    const isKind = field.charCodeAt(0) <= 90 && field.charCodeAt(0) >= 65
    if (isKind) visitKind(field, inner as Node, options, findings)
    else if (field === 'intoClause') findings.class = strongerClass(findings.class, 'ddl')
    else if (field === 'lockingClause') findings.class = strongerClass(findings.class, 'write')
    else if (field === 'typeName') {
      findings.casts.push(inner as Node)
      add(typeProblem(inner as Node, options), findings)
    }
    // What is in these does not matter: they decide the class by being there.
    if (typeof inner === 'object' && field !== 'LockingClause' && field !== 'IntoClause') visitValue(inner, options, findings)
  }
}

function visitKind(kind: string, node: Node, options: CallRules, findings: Findings): void {
  const kindClass = kindClasses.get(kind)
  if (kindClass === undefined) {
    findings.class = 'unknown'
    findings.problems.push(unknownNode(kind, node))
  } else if (kindClass !== 'read') findings.class = strongerClass(findings.class, kindClass)
  const conversion = options.index?.hasOwnTypes === true ? conversionOf(kind, node) : null
  if (conversion !== null) findings.conversions.push(conversion)
  if (kind === 'RangeVar') findings.rangeVars.push(node)
  else if (kind === 'ColumnRef') findings.columnRefs.push(node)
  else if (kind === 'ParamRef') findings.highestParam = Math.max(findings.highestParam, Number(node['number'] ?? Infinity)) // $0 is left out, and is none there can be
  else checkCalls(kind, node, options, findings)
}

function unknownNode(kind: string, node: Node): Reason {
  return {
    code: 'guard.node-unknown',
    message: `This statement holds something AI-Shell does not know (${kind}).`,
    span: spanOf(node, 1),
    hint: 'Write it as a plain SELECT.',
  }
}

/** Everything that runs code: calls, operators written or implied, casts, attributes, sampling. */
function checkCalls(kind: string, node: Node, options: CallRules, findings: Findings): void {
  switch (kind) {
    case 'FuncCall': {
      const path = names(node['funcname'])
      findings.functions.push(path.length === 1 ? lastOf(path) : toldPath(path))
      return add(functionProblem(path, node, options), findings)
    }
    case 'A_Expr':
      if (node['kind'] !== 'AEXPR_OP' && String(node['kind']).includes('BETWEEN'))
        return addOperators(betweenOperators, node, options, findings) // its own name is a word
      return add(operatorProblem(names(node['name']), node, options), findings)
    case 'SubLink':
      if (node['subLinkType'] === 'ANY_SUBLINK' && node['operName'] === undefined) return addOperators(equals, node, options, findings) // IN
      return add(operatorProblem(names(node['operName']), node, options), findings)
    case 'SortBy':
      return add(operatorProblem(names(node['useOp']), node, options), findings)
    case 'CaseExpr':
      return node['arg'] === undefined ? undefined : addOperators(equals, node, options, findings)
    case 'JoinExpr':
      return node['usingClause'] === undefined && node['isNatural'] !== true ? undefined : addOperators(equals, node, options, findings)
    case 'A_Indirection':
      for (const name of names(node['indirection'])) add(attributeProblem(name, spanOf(node, 1), options), findings)
      return
    case 'RangeTableSample':
      return add(sampleProblem(names(node['method']), node), findings)
    case 'TypeName':
      return add(typeProblem(node, options), findings)
    default:
  }
}

/** A function of the server's own is told by its name alone. */
function toldPath(path: readonly string[]): string {
  return path.filter((part, at) => at === path.length - 1 || part !== 'pg_catalog').join('.')
}

const equals = [['=']]
const betweenOperators = [['<'], ['<='], ['>'], ['>=']]

function add(problem: Reason | null, { problems }: Findings): void {
  if (problem !== null) problems.push(problem)
}

function addOperators(symbols: readonly (readonly string[])[], node: Node, options: CallRules, findings: Findings): void {
  for (const symbol of symbols) add(operatorProblem(symbol, node, options), findings)
}
