import { looksLikeSelect } from './select-shape.ts'
import { firstWordOf, stripComments } from './sql-text.ts'

/** The beginning of a text decides; the patterns below never see more of it. */
const decidingChars = 2_000

/**
 * Tells SQL from a question. English borrows SQL's verbs ("show customers", "select the best", "with which carrier"),
 * so a keyword alone proves nothing: what follows must look like the statement it would begin. A wrong guess is
 * harmless, both ways meet the same guard; `\sql` and `\ask` settle it by hand.
 */
export function isSql(text: string): boolean {
  const sql = stripComments(text.slice(0, decidingChars)).trim()
  const word = firstWordOf(sql)
  if (sql.startsWith('(')) return /^\(+\s*(select|with|values|table)\b/i.test(sql) && isSql(sql.replace(/^[(\s]+/, ''))
  const begins = statementStarts[word]
  if (begins === undefined) return false
  return (
    begins.test(sql) ||
    (/;\s*$/.test(sql) && !isEnglish(sql.slice(word.length))) ||
    (word === 'select' && looksLikeSelect(sql) && !isEnglish(sql.slice(word.length)))
  )
}

/** Quoted by " in the standard, by ` in MySQL and MariaDB. */
const oneName = String.raw`(?:"[^"]+"|${'`'}[^${'`'}]+${'`'}|[\p{L}_][\p{L}\p{N}_$]*)`
const name = String.raw`${oneName}(?:\s*\.\s*${oneName})*`
const beginning = new RegExp(
  String.raw`^(?:select(?:\s+(?:distinct|all))?|select\s+${name}\s*,(?:\s*${name}\s*,)*(?:\s*${name})?|with(?:\s+recursive)?|insert(?:\s+into)?|delete\s+from|update\s+${name}|values)$`,
  'iu',
)

/** true: a line that can only be the beginning of a statement, such as `SELECT` or `select name, city` alone. */
export function isSqlBeginning(text: string): boolean {
  const sql = stripComments(text.slice(0, decidingChars)).trim()
  return beginning.test(sql) && !isEnglish(sql.slice(firstWordOf(sql).length))
}

const start = (pattern: string): RegExp => new RegExp(`^${pattern}`, 'iu')

/** What must follow each first word; `select` has more ways, see `looksLikeSelect`. */
const statementStarts: Readonly<Record<string, RegExp>> = {
  select: start(
    String.raw`select\s*(?:(?:distinct|all)\s+)?(?:\*|\(|'|"|\d|[-+]\s*\d|\$\d|case\s+when\b|(?:not\s+)?exists\s*\(|null\b\s*(?:$|,|;|as\b|::)|${name}\s*\()`,
  ),
  with: start(String.raw`with\s+(?:recursive\s+)?${name}\s*(?:\([^)]*\)\s*)?as\s*(?:$|(?:not\s+)?materialized\b|\()`),
  values: start(String.raw`values\s*\(`),
  table: start(String.raw`table\s+(?:only\s+)?${name}\s*(?:$|;|order\s+by\b|limit\s+\d|offset\s+\d|fetch\s+(?:first|next)\b|union\b)`),
  explain: start(
    String.raw`explain\s*(?:\([^)]*\)\s*|(?:analy[sz]e|verbose|extended|format\s*=\s*\w+|query\s+plan)\s+)*(?:select\s*(?:\*|\(|'|\d|distinct\s|${name}\s*[(,]|${name}\s+from\s)|with\s+${name}\s+as\s*\(|values\s*\(|insert\s+into\s|update\s+${name}\s+set\s|delete\s+from\s|merge\s+into\s|table\s+${name}\s*;?\s*$)`,
  ),
  show: start(
    String.raw`show\s+(?:all|timezone|time\s+zone|datestyle|intervalstyle|ssl|port|is_superuser|transaction\s+isolation\s+level|session\s+authorization|(?:search|server|client|work|statement|lock|max|default|standard|shared|temp|idle|row|transaction|maintenance|listen|data|config|hba|log|wal|autovacuum|enable|random|seq|cpu|effective)_\w+)\s*;?\s*$`,
  ),
  insert: start(String.raw`insert\s+into\s+${name}\s*(?:$|\(|values\b|select\b|default\s+values\b|as\b|overriding\b|with\b)`),
  update: start(String.raw`update\s+(?:only\s+)?${name}\s*(?:(?:as\s+)?${name}\s+)?set\s+(?:${name}\s*=|\()`),
  replace: start(String.raw`replace\s+into\s+${name}\s*(?:$|\(|values?\b|select\b|set\b)`),
  delete: start(String.raw`delete\s+from\s+(?:only\s+)?${name}\s*(?:$|;|where\b|using\b|returning\b|as\s|\w+\s+where\b)`),
  merge: start(String.raw`merge\s+into\s+${name}\s`),
  create: start(
    String.raw`create\s+(?:or\s+replace\s+)?(?:(?:global|local)\s+)?(?:temp|temporary|unlogged|unique|materialized|recursive)?\s*(?:(?:table|view)\s+(?:if\s+not\s+exists\s+)?${name}\s*(?:\(|as\b|partition\b|$)|index\s+(?:concurrently\s+)?(?:if\s+not\s+exists\s+)?(?:${name}\s+)?on\s|(?:function|procedure)\s+${name}\s*\(|(?:schema|database|role|user|extension|sequence|type|domain|trigger|policy|publication|server)\s+(?:if\s+not\s+exists\s+)?${name}\s*(?:$|;|\(|as\b|with\b|for\b|on\b|authorization\b|owner\b|password\b|before\b|after\b))`,
  ),
  alter: start(
    String.raw`alter\s+(?:table|view|index|schema|database|role|user|system|sequence|function|type|domain|policy|default\s+privileges)\s+(?:if\s+exists\s+)?(?:only\s+)?(?:${name}\s*(?:\([^)]*\)\s*)?(?:add|drop|alter|rename|owner|set|reset|enable|disable|with|password|attach|detach|inherit|validate|nosuperuser|superuser)\b|set\b|reset\b|grant\b|revoke\b|in\b)`,
  ),
  drop: start(
    String.raw`drop\s+(?:table|(?:materialized\s+)?view|index|schema|database|role|user|function|procedure|sequence|type|domain|extension|trigger|policy|owned)\s+(?:concurrently\s+)?(?:if\s+exists\s+)?(?:by\s+)?${name}\s*(?:$|;|,|\(|cascade\b|restrict\b|on\b)`,
  ),
  truncate: start(String.raw`truncate\s+(?:table\s+)?(?:only\s+)?${name}\s*(?:$|;|,|cascade\b|restrict\b|restart\b|continue\b)`),
  grant: start(String.raw`grant\s+[\w\s,()]+\s(?:on\s+.+\s)?to\s+${name}\s*(?:$|;|,|with\b)`),
  revoke: start(String.raw`revoke\s+[\w\s,()]+\s(?:on\s+.+\s)?from\s+${name}\s*(?:$|;|,|cascade\b)`),
  copy: start(String.raw`copy\s+(?:\(|${name}\s*(?:\([^)]*\)\s*)?(?:from|to)\s+(?:'|stdin|stdout|program\b))`),
  set: start(
    String.raw`set\s+(?:(?:session|local)\s+)?(?:${name}\s*=|${name}\s+to\s+\S+\s*;?\s*$|transaction\s|role\s|time\s+zone\s|session\s+authorization\s)`,
  ),
  reset: start(String.raw`reset\s+(?:all|role|${name}_${name})\s*;?\s*$`),
  vacuum: start(String.raw`vacuum\b\s*(?:$|;|\(|full\b|analy[sz]e\b|freeze\b|into\b|${name}\s*;?\s*$)`),
  pragma: start(String.raw`pragma\s+${name}\s*(?:$|;|=|\()`),
  attach: start(String.raw`attach\s+(?:database\s+)?'`),
  call: start(String.raw`call\s+${name}\s*\(`),
  do: start(String.raw`do\s+(?:language\s+\w+\s+)?(?:\$\w*\$|')`),
  lock: start(String.raw`lock\s+table\s+${name}\s*(?:$|;|,|in\b)`),
  begin: start(String.raw`begin\s*(?:$|;|transaction\b|work\b|isolation\b|read\b)`),
  commit: start(String.raw`commit\s*(?:$|;|work\b|and\b)`),
  rollback: start(String.raw`rollback\s*(?:$|;|work\b|to\b|and\b)`),
  declare: start(String.raw`declare\s+${name}\s+(?:\w+\s+)*cursor\b`),
  execute: start(String.raw`execute\s+${name}\s*(?:$|;|\()`),
  prepare: start(String.raw`prepare\s+${name}\s*(?:\([^)]*\)\s*)?as\s`),
  listen: start(String.raw`listen\s+${name}\s*;\s*$`),
  notify: start(String.raw`notify\s+${name}\s*(?:,|;)`),
  analyze: start(String.raw`analyze\s*(?:;|\(|verbose\b)`),
}

const englishWords = new Set(
  `a an the my our your their his her its this that these those every each any some which what who whose how many much
   me us top best worst most least highest lowest latest newest oldest of to for people everyone everything only just`.split(/\s+/),
)

/** The words after the verb begin as English does and SQL does not. */
function isEnglish(rest: string): boolean {
  const word = /^\s+([\p{L}]+)/u.exec(rest)?.[1]?.toLowerCase()
  return word !== undefined && englishWords.has(word) && !/^\s+[\p{L}]+\s*[,.(+*/=<>|:-]/u.test(rest)
}
