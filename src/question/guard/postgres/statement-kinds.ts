import type { StatementClass } from '../../../domain/index.ts'

/** Verbs over the objects of a schema, and the objects whose making is the server's business instead. */
const objectVerb =
  /^(Create|Alter|Drop|Define|Index|View|Rename|Truncate|Comment|Rule|Composite|SecLabel|RefreshMatView|ImportForeignSchema|Reassign)/
const serverObject =
  /(db|Database|Role|TableSpace|Subscription|Publication|UserMapping|ForeignServer|Fdw|Extension|EventTrig|PLang|System|Owned|DefaultPriv|CreateAm)/
const serverVerb =
  /^(Grant|Variable|Transaction|Vacuum|Cluster|Repack|Reindex|CheckPoint|Load|Listen|Unlisten|Notify|Discard|Lock|Copy|Constraints|DeclareCursor|Fetch|ClosePortal|Reassign)/

/** The class of a statement by its node. What fits nothing is unknown, which ranks highest. */
export function classOfKind(kind: string): StatementClass {
  if (/^(Insert|Update|Delete|Merge)Stmt$/.test(kind)) return 'write'
  if (serverVerb.test(kind)) return 'admin'
  if (objectVerb.test(kind)) return serverObject.test(kind) ? 'admin' : 'ddl'
  return 'unknown' // DO, CALL, PREPARE, EXECUTE, and what a later grammar brings
}
