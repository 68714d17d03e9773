import type { StatementClass } from '../../../domain/index.ts'

/** The class of a statement by the parser's name for it. What fits nothing is unknown, which ranks highest. */
export function classOfKind(kind: string): StatementClass {
  if (kind === 'Query') return 'read'
  if (/^(Insert|Update|Delete|Merge|Directory)$/.test(kind)) return 'write'
  if (
    /^(CreateUser|CreateRole|AlterUser|AlterRole|CreateDatabase|DropDatabase|CreateServer|LockTables|UnlockTables|StartTransaction)$/.test(
      kind,
    )
  )
    return 'admin'
  if (/^(Create|Alter|Drop|Rename|Truncate|Comment)/.test(kind)) return 'ddl'
  if (
    /^(Set|Show|Use|Kill|Grant|Revoke|Deny|Flush|Commit|Rollback|Savepoint|ReleaseSavepoint|Begin|Load|Install|Analyze|OptimizeTable|Reset|Export|Lock)/.test(
      kind,
    )
  )
    return 'admin'
  return 'unknown' // CALL, PREPARE, EXECUTE, and what a later parser brings
}

/** The same by the first word, for text the parser cannot read: it tells people what was refused, nothing more. */
export function classOfWord(word: string): StatementClass {
  if (/^(INSERT|UPDATE|DELETE|REPLACE|LOAD|IMPORT)$/.test(word)) return 'write'
  if (/^(CREATE|ALTER|DROP|RENAME|TRUNCATE)$/.test(word)) return 'ddl'
  return /^(SET|SHOW|USE|KILL|GRANT|REVOKE|FLUSH|RESET|PURGE|CHANGE|START|STOP|COMMIT|ROLLBACK|BEGIN|SAVEPOINT|RELEASE|LOCK|UNLOCK|XA|BINLOG|INSTALL|UNINSTALL|SHUTDOWN|RESTART|ANALYZE|OPTIMIZE|REPAIR|CHECK|CHECKSUM|CACHE|BACKUP|HANDLER)$/.test(
    word,
  )
    ? 'admin'
    : 'unknown'
}
