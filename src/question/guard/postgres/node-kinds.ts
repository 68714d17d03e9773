import type { StatementClass } from '../../../domain/index.ts'

/** Nodes a read may be made of. A node of any other kind, also one a later grammar brings, is refused. */
const readNodes = `SelectStmt ResTarget ColumnRef A_Star A_Const A_Expr A_ArrayExpr A_Indices A_Indirection BoolExpr NullTest BooleanTest
   CaseExpr CaseWhen CoalesceExpr MinMaxExpr SubLink FuncCall NamedArgExpr TypeCast TypeName CollateClause RowExpr ParamRef
   SQLValueFunction GroupingFunc GroupingSet SortBy WindowDef List String Integer Float Boolean BitString Null
   RangeVar RangeSubselect RangeFunction RangeTableSample RangeTableFunc RangeTableFuncCol JoinExpr Alias
   CommonTableExpr WithClause CTESearchClause CTECycleClause ColumnDef XmlExpr XmlSerialize
   JsonObjectConstructor JsonArrayConstructor JsonArrayQueryConstructor JsonAggConstructor JsonObjectAgg JsonArrayAgg
   JsonKeyValue JsonValueExpr JsonFormat JsonOutput JsonReturning JsonIsPredicate JsonFuncExpr JsonBehavior JsonArgument
   JsonTable JsonTableColumn JsonTablePathSpec JsonParseExpr JsonScalarExpr JsonSerializeExpr`.split(/\s+/)

/** Statements that may stand inside a WITH and change data there, and row locks. */
const writeNodes =
  'InsertStmt UpdateStmt DeleteStmt MergeStmt OnConflictClause InferClause IndexElem MergeWhenClause SetToDefault MultiAssignRef CurrentOfExpr ReturningClause ReturningOption MergeSupportFunc LockingClause'.split(
    ' ',
  )

/** What a node of each known kind makes of a statement. */
export const kindClasses: ReadonlyMap<string, StatementClass> = new Map([
  ...readNodes.map((kind) => [kind, 'read'] as const),
  ...writeNodes.map((kind) => [kind, 'write'] as const),
])

/** Types whose input function tells whether an object of that name exists. */
export const objectNameTypes: ReadonlySet<string> = new Set([
  'regclass',
  'regcollation',
  'regnamespace',
  'regoper',
  'regoperator',
  'regproc',
  'regprocedure',
  'regrole',
  'regtype',
])
